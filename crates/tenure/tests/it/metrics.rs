//! `/metrics`: what it tells, that the dashboard and the alerts in `docs/` ask for nothing else, and that it tells nothing
//! of a person.

use crate::process::{Api, Demo};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

/// The metrics once a text is among them.
async fn metrics_with(api: &Api, text: &str) -> String {
    let until = Instant::now() + PATIENCE;
    loop {
        let metrics = api.get("/metrics").await.expect(200).text();
        if metrics.contains(text) {
            return metrics;
        }
        assert!(Instant::now() < until, "no {text} in\n{metrics}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn docs(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)).unwrap()
}

/// The names of metrics of ours in a text, less what a summary adds to them.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = words.filter(|word| word.starts_with("tenure_") || word.starts_with("process_"));
    ours.map(|word| word.trim_end_matches("_sum").trim_end_matches("_count")).collect()
}

#[tokio::test]
async fn metrics_tell_of_requests_commits_queues_followers_and_memory() {
    let demo = Demo::start();
    let api = demo.server.api(&demo.token);
    api.get("/teammates").await.expect(200);
    api.post("/teammates", json!({ "email": "ines@metrics.example" })).await.expect(201);
    api.get("/teammates/tea_zzz").await.expect(404);
    let metrics = metrics_with(&api, "tenure_company_memory_bytes{company=\"cmp_1\"}").await;
    for line in [
        r#"tenure_requests_total{method="POST",route="/teammates",status="201"} 1"#,
        r#"tenure_requests_total{method="GET",route="/teammates/{teammate_id}",status="404"} 1"#,
        r#"tenure_request_seconds_count{method="POST",route="/teammates"} 1"#,
        "tenure_commit_seconds_count ",
        "tenure_commit_commands_sum ",
        r#"tenure_queue_length{lane="normal"} "#,
        r#"tenure_queue_length{lane="urgent"} "#,
        r#"tenure_follower_oldest_event_seconds{follower="invitation"} "#,
        r#"tenure_follower_oldest_due_seconds{follower="invitation"} "#,
        r#"tenure_follower_retrying{follower="invitation"} 0"#,
        "tenure_companies_loaded 1",
        "tenure_node_failed 0",
    ] {
        assert!(metrics.contains(line), "no {line} in\n{metrics}");
    }
}

#[tokio::test]
async fn metrics_tell_nothing_of_a_person() {
    let demo = Demo::start();
    let api = demo.server.api(&demo.token);
    let body = json!({ "email": "ines@metrics.example", "first_name": "Inésita", "last_name": "Quispe" });
    api.post("/teammates", body).await.expect(201);
    api.get("/teammates/alt:email:ines@metrics.example").await.expect(200);
    api.try_send(Method::GET, "/nobody/ines@metrics.example?q=Quispe", None).await.unwrap().expect(404);
    let metrics = metrics_with(&api, "tenure_company_memory_bytes{").await;
    for personal in ["@", "ines", "Inésita", "Quispe", "tea_", "tnr_", "tok_", "Harbor"] {
        assert!(!metrics.contains(personal), "{personal} is in\n{metrics}");
    }
}

#[tokio::test]
async fn the_dashboard_and_the_alerts_ask_for_metrics_that_there_are() {
    let demo = Demo::start();
    let api = demo.server.api(&demo.token);
    api.get("/teammates").await.expect(200);
    let metrics = metrics_with(&api, "tenure_company_memory_bytes{").await;
    let mut there = names(&metrics);
    // Appears with the first line that is dropped (`outlets.rs`).
    there.insert("tenure_log_lines_dropped_total");
    // Appears with the first attempt at a webhook.
    there.insert("tenure_webhook_attempts_total");
    for file in ["grafana-dashboard.json", "prometheus-alerts.yml"] {
        let text = docs(file);
        let asked: Vec<_> = names(&text).into_iter().filter(|name| !there.contains(name)).collect();
        assert!(asked.is_empty(), "{file} asks for {asked:?}, and there are only {there:?}");
    }
    serde_json::from_str::<serde_json::Value>(&docs("grafana-dashboard.json")).unwrap();
}
