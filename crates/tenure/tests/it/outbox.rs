//! `tenure outbox`.

use crate::process::{Api, RunningServer, Tenure, eventually, keys};
use serde_json::{Value, json};

/// A running server with a company that holds invitations, in which teammates with these addresses were created.
async fn held(emails: &[&str]) -> (Tenure, RunningServer, Api) {
    let tenure = Tenure::with_company();
    let server = tenure.serve(&[]);
    tenure.ok(&["company", "set", "invitations=hold"]);
    let api = server.api(&tenure.token());
    for email in emails {
        api.post("/teammates", json!({ "email": email, "first_name": "Ana" })).await.expect(201);
    }
    listed(&tenure, emails.len());
    (tenure, server, api)
}

/// What waits, once it is so much.
fn listed(tenure: &Tenure, wanted: usize) -> Vec<Value> {
    eventually(|| {
        let listed = tenure.json(&["outbox", "list"]);
        listed.as_array().filter(|listed| listed.len() == wanted).cloned()
    })
}

/// The names of the files in the outbox folder, in order.
fn files(tenure: &Tenure) -> Vec<String> {
    let entries = std::fs::read_dir(tenure.path("data").join("outbox")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort_unstable();
    names
}

/// The names, once there are so many.
fn sent(tenure: &Tenure, wanted: usize) -> Vec<String> {
    eventually(|| Some(files(tenure)).filter(|names| names.len() == wanted))
}

async fn status_of(api: &Api, teammate: &str) -> Value {
    api.get(&format!("/teammates/{teammate}/invitation")).await.expect(200).json()["status"].clone()
}

#[test]
fn an_empty_outbox_is_told() {
    let tenure = Tenure::with_company();
    assert_eq!(tenure.ok(&["outbox", "list"]).stdout, "No invitation waits.\n");
    assert_eq!(tenure.ok(&["outbox", "release", "--all"]).stdout, "No invitation is held.\n");
    assert_eq!(tenure.json(&["outbox", "list", "--company", "acme"]), json!([]));
    assert_eq!(tenure.json(&["outbox", "release", "--all"]), json!([]));
}

#[tokio::test]
async fn list_tells_for_what_an_invitation_waits() {
    let (tenure, _server, _) = held(&["ana@acme.example"]).await;
    let waiting = listed(&tenure, 1).remove(0);
    assert_eq!(
        keys(&waiting),
        ["attempts", "company", "company_id", "email", "key", "since", "state", "teammate_id"]
    );
    let told = json!([waiting["company"], waiting["teammate_id"], waiting["email"], waiting["state"]]);
    assert_eq!(told, json!(["acme", "tea_1", "ana@acme.example", "held"]));
    let table = tenure.ok(&["outbox", "list", "--company", "acme"]).stdout;
    let row: Vec<_> = table.lines().nth(1).unwrap().split_whitespace().collect();
    let key = waiting["key"].as_str().unwrap();
    assert_eq!(row[..5], [key, "acme", "tea_1", "ana@acme.example", "held"]);
}

#[tokio::test]
async fn the_mail_of_another_company_is_left_out() {
    let (tenure, _server, _) = held(&["ana@acme.example"]).await;
    tenure.ok(&["company", "create", "Bakery"]);
    assert_eq!(tenure.json(&["outbox", "list", "--company", "bakery"]), json!([]));
    assert_eq!(tenure.json(&["outbox", "list"]).as_array().unwrap().len(), 1);
    let unknown = tenure.run(&["outbox", "list", "--company", "brewery"]);
    assert!(unknown.code == 1 && unknown.stderr.contains("there is no company `brewery`"), "{unknown}");
}

#[tokio::test]
async fn a_held_invitation_is_released_and_sent_once_while_others_wait() {
    let (tenure, _server, api) = held(&["ana@acme.example", "bo@acme.example"]).await;
    let released = tenure.ok(&["outbox", "release", "--company", "acme", "tea_1"]);
    assert_eq!(released.stdout, "the invitation of teammate tea_1 <ana@acme.example> was released\n");
    let name = sent(&tenure, 1).remove(0);
    assert!(name.starts_with("cmp_1-tea_1-invitation-"), "{name}");
    assert_eq!(listed(&tenure, 1)[0]["teammate_id"], "tea_2");
    let statuses = (status_of(&api, "tea_1").await, status_of(&api, "tea_2").await);
    assert_eq!(statuses, (json!("pending"), json!("held")));
    let again = tenure.run(&["outbox", "release", "tea_1"]);
    assert_eq!((again.code, again.stdout.as_str()), (1, ""), "{again}");
    assert!(again.stderr.contains("no invitation of teammate tea_1 is held"), "{again}");
    let rest = tenure.json(&["outbox", "release", "--all"]);
    let bo = json!({ "company_id": "cmp_1", "teammate_id": "tea_2", "email": "bo@acme.example" });
    assert_eq!(rest, json!([bo]));
    let names = sent(&tenure, 2);
    listed(&tenure, 0);
    assert_eq!(files(&tenure), names);
}

#[tokio::test]
async fn without_a_server_a_release_is_noted_and_the_next_start_sends_it() {
    let (tenure, server, _) = held(&["ana@acme.example", "bo@acme.example"]).await;
    server.terminate();
    let released = tenure.json(&["outbox", "release", "alt:email:ana@acme.example"]);
    assert_eq!(released[0]["teammate_id"], "tea_1");
    let states: Vec<_> = listed(&tenure, 2).iter().map(|waiting| waiting["state"].clone()).collect();
    assert!(states.contains(&json!("due")) && states.contains(&json!("held")), "{states:?}");
    let _server = tenure.serve(&[]);
    assert!(sent(&tenure, 1)[0].starts_with("cmp_1-tea_1-"));
    assert_eq!(listed(&tenure, 1)[0]["state"], "held");
}

#[tokio::test]
async fn several_are_released_together_or_none() {
    let (tenure, _server, _) = held(&["ana@acme.example"]).await;
    for wrong in ["tea_9", "bo@acme.example"] {
        let output = tenure.run(&["outbox", "release", "tea_1", wrong]);
        assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{output}");
        assert!(output.stderr.contains(&format!("Unknown teammate ID {wrong}")), "{output}");
    }
    assert_eq!(listed(&tenure, 1)[0]["state"], "held");
    assert_eq!(files(&tenure), [""; 0]);
}

#[tokio::test]
async fn show_prints_a_mail_of_the_outbox() {
    let (tenure, _server, _) = held(&["ana@acme.example"]).await;
    tenure.ok(&["outbox", "release", "--all"]);
    let file = sent(&tenure, 1).remove(0);
    let mail = std::fs::read_to_string(tenure.path("data").join("outbox").join(&file)).unwrap();
    let name = file.trim_end_matches(".eml");
    for given in [file.as_str(), name] {
        assert_eq!(tenure.ok(&["outbox", "show", given]).stdout, mail);
    }
    assert_eq!(tenure.json(&["outbox", "show", name]), json!({ "name": name, "mail": mail }));
}

#[tokio::test]
async fn show_tells_what_waits_and_why() {
    let (tenure, _server, _) = held(&["ana@acme.example"]).await;
    let key = listed(&tenure, 1)[0]["key"].as_str().unwrap().to_owned();
    let shown = tenure.ok(&["outbox", "show", &key]).stdout;
    for told in [
        "Ana <ana@acme.example>",
        "You are invited to join Acme",
        "`tenure outbox release --company acme tea_1` sends it",
        "The link is made when the mail is sent.",
    ] {
        assert!(shown.contains(told), "{told}\n{shown}");
    }
    assert!(!shown.contains("/invitations/"), "{shown}");
}

#[test]
fn a_mail_that_is_not_there_is_named() {
    let tenure = Tenure::with_company();
    for name in ["nothing", "nothing.eml", "..", "journal.db", ""] {
        let output = tenure.run(&["outbox", "show", name]);
        assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{name}\n{output}");
        assert!(output.stderr.contains(&format!("there is no mail `{name}`")), "{name}\n{output}");
    }
    for key in ["cmp_1/tea_1/7", "../journal.db"] {
        let output = tenure.run(&["outbox", "show", key]);
        assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{key}\n{output}");
        assert!(output.stderr.contains(&format!("nothing waits under the key `{key}`")), "{key}\n{output}");
    }
}
