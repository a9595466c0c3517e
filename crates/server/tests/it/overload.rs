//! More writes than can wait: they are told so at once, nothing of them is done, and whoever ends somebody's access is not
//! held up by them.

use reqwest::Method;
use serde_json::json;
use tenure_testkit::{Reply, TestCompany, TestServer};

/// So many that one place in the queue cannot hold them.
const WRITERS: usize = 64;

async fn flood(company: &TestCompany) -> Vec<Reply> {
    let requests = (0..WRITERS).map(|number| {
        let body = json!({ "email": format!("n{number}@flood.example") });
        company.send(company.request(Method::POST, "/teammates").json(&body))
    });
    futures_util::future::join_all(requests).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_wait_is_refused_at_once_and_not_done() {
    let server = TestServer::with_queue(1).await;
    let company = server.company("Acme").await;
    let replies = flood(&company).await;
    let shed: Vec<_> = replies.iter().filter(|reply| reply.status != 201).collect();
    assert!(!shed.is_empty(), "{WRITERS} writers never filled a queue of one");
    for reply in &shed {
        assert_eq!((reply.status, reply.code().as_str()), (503, "server.overloaded"), "{reply}");
        assert_eq!((reply.header("retry-after"), reply.header("retry-after-ms")), (Some("1"), Some("200")));
    }
    let done = company.get("/teammates?limit=100").await.ids();
    assert_eq!(done.len(), WRITERS - shed.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocking_a_teammate_has_a_lane_of_its_own() {
    let server = TestServer::with_queue(1).await;
    let company = server.company("Acme").await;
    let mut leavers = Vec::new();
    for number in 0..8 {
        leavers.push(company.teammate(&format!("leaver{number}@flood.example")).await);
    }
    let block = async {
        for leaver in &leavers {
            company.delete(&format!("/teammates/{leaver}")).await.expect(204);
        }
    };
    let (replies, ()) = tokio::join!(flood(&company), block);
    assert!(replies.iter().any(|reply| reply.status == 503), "nothing was ever refused");
}
