//! `tenure webhook`.

use crate::process::{RunningServer, Tenure, eventually, keys};
use serde_json::{Value, json};
use tenure_testkit::{Answering, Receiver};

const URL: &str = "https://hooks.example.com/tenure";
/// What lets a server reach the receivers of these tests.
const ALLOW: [&str; 2] = ["--webhook-allow", "127.0.0.1/32"];

/// Wishes that cannot be, and what the message must tell.
const BAD_WISHES: [(&[&str], &str); 8] = [
    (&["--url", "hooks"], "url must be a URL such as"),
    (&["--url", "ftp://hooks.example.com/"], "url must be a URL such as"),
    (&["--url", "https://ana:hunter2@hooks.example.com/"], "url must not contain a user name"),
    (&["--url", URL, "--events", "teammates.*"], "events must be `*`"),
    (&["--url", URL, "--events", ""], "events must be `*`"),
    (&["--url", URL, "--format", "xml"], "format must be one of: event, front-application, front-rule"),
    (&["--url", URL, "--description", "a\u{202e}b"], "description must not contain control"),
    (&["--url", URL, "--channel", "cha_9"], "Unknown channel ID cha_9"),
];

/// Commands about a webhook that is not there.
const ABOUT_NONE: [&[&str]; 12] = [
    &["show", "whk_9"],
    &["disable", "whk_9"],
    &["enable", "whk_9"],
    &["rotate-secret", "whk_9"],
    &["validate", "whk_9"],
    &["ping", "whk_9"],
    &["deliveries", "whk_9"],
    &["delivery", "whk_9", "dlv_1"],
    &["replay", "whk_9", "dlv_1"],
    &["recover", "whk_9", "--since", "0"],
    &["replay-missing", "whk_9", "--since", "0"],
    &["delete", "whk_9"],
];

fn create(tenure: &Tenure, args: &[&str]) -> Value {
    tenure.json(&[&["webhook", "create"][..], args].concat())
}

fn with_webhook() -> Tenure {
    let tenure = Tenure::with_company();
    create(&tenure, &["--url", URL]);
    tenure
}

/// A running server with a webhook to a receiver, and a teammate who was there before it.
struct Served {
    server: RunningServer,
    receiver: Receiver,
    token: String,
    tenure: Tenure,
}

impl Served {
    async fn start(status: u16) -> Self {
        let (tenure, receiver) = (Tenure::with_company(), Receiver::start().await);
        let server = tenure.serve(&ALLOW);
        let stand = Self { token: tenure.token(), server, receiver, tenure };
        stand.add("ana@acme.example").await;
        create(&stand.tenure, &["--url", &stand.receiver.url(), "--events", "teammate.*"]);
        stand.receiver.answer(Answering::With(status));
        stand
    }

    async fn add(&self, email: &str) {
        self.server.api(&self.token).post("/teammates", json!({ "email": email })).await.expect(201);
    }

    /// What is listed of the webhook's deliveries, once there are so many.
    fn deliveries(&self, status: &str, wanted: usize) -> Vec<Value> {
        eventually(|| {
            let listed = self.tenure.json(&["webhook", "deliveries", "whk_1", "--status", status]);
            listed.as_array().filter(|listed| listed.len() == wanted).cloned()
        })
    }

    fn attempts(&self, delivery: &str) -> usize {
        let shown = self.tenure.json(&["webhook", "delivery", "whk_1", delivery]);
        shown["attempts"].as_array().unwrap().len()
    }
}

#[test]
fn create_shows_the_secret_once() {
    let tenure = Tenure::with_company();
    let output = tenure.ok(&["webhook", "create", "--company", "acme", "--url", URL]);
    let before = "webhook whk_1 was created. This is its secret; it is never shown again:\n\n  whsec_";
    assert!(output.stdout.starts_with(before) && output.stderr.is_empty(), "{output}");
    assert!(output.stdout.contains("validation    pending"), "{output}");
    let shown = tenure.ok(&["webhook", "show", "whk_1"]);
    assert!(!shown.stdout.contains("whsec_"), "{shown}");
}

#[test]
fn create_as_json_prints_the_object() {
    let created = create(&Tenure::with_company(), &["--url", URL]);
    assert_eq!(
        keys(&created),
        [
            "created_at",
            "description",
            "events",
            "format",
            "id",
            "is_enabled",
            "require_validation",
            "secret",
            "updated_at",
            "url",
            "validation"
        ]
    );
    let told = json!([created["id"], created["url"], created["events"], created["is_enabled"]]);
    assert_eq!(told, json!(["whk_1", URL, ["*"], true]));
}

#[test]
fn create_keeps_what_was_wished() {
    let tenure = Tenure::with_company();
    let wish = [
        "--url",
        URL,
        "--events",
        "teammate.*",
        "--events",
        "team.created,team.deleted",
        "--format",
        "front-application",
        "--description",
        "for the HR sync",
        "--disabled",
        "--require-validation",
    ];
    let created = create(&tenure, &wish);
    assert_eq!(created["events"], json!(["teammate.*", "team.created", "team.deleted"]));
    let told = json!([created["format"], created["description"], created["require_validation"]]);
    assert_eq!(told, json!(["front-application", "for the HR sync", true]));
    assert_eq!(json!([created["is_enabled"], created["disabled"]["reason"]]), json!([false, "asked"]));
}

#[test]
fn a_wish_that_cannot_be_is_refused_and_makes_no_webhook() {
    let tenure = Tenure::with_company();
    for (args, told) in BAD_WISHES {
        let output = tenure.run(&[&["webhook", "create"][..], args].concat());
        // A channel that is not there is no mistake in the command line.
        let code = if told.contains("cha_9") { 1 } else { 64 };
        assert_eq!((output.code, output.stdout.as_str()), (code, ""), "{args:?}\n{output}");
        assert!(output.stderr.contains(told) && !output.stderr.contains("hunter2"), "{args:?}\n{output}");
    }
    assert_eq!(tenure.json(&["webhook", "list"]), json!([]));
}

#[test]
fn list_shows_webhooks_without_their_secrets() {
    let tenure = with_webhook();
    create(&tenure, &["--url", "https://b.example/", "--events", "team.*", "--disabled"]);
    let output = tenure.ok(&["webhook", "list"]);
    let lines: Vec<Vec<_>> = output.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        lines,
        [
            ["ID", "STATE", "VALIDATION", "FORMAT", "EVENTS", "URL"],
            ["whk_1", "enabled", "pending", "event", "*", URL],
            ["whk_2", "disabled", "pending", "event", "team.*", "https://b.example/"],
        ]
    );
}

#[test]
fn show_tells_how_a_webhook_fares() {
    let shown = with_webhook().json(&["webhook", "show", "--company", "acme", "whk_1"]);
    assert_eq!(shown["health"], json!({ "pending": 0, "failed": 0, "last_attempts": [] }));
}

#[test]
fn disable_enable_and_delete_print_what_was_done() {
    let tenure = with_webhook();
    for (command, done) in [("disable", "disabled"), ("enable", "enabled"), ("delete", "deleted")] {
        let output = tenure.ok(&["webhook", command, "whk_1"]);
        assert_eq!(output.stdout, format!("webhook whk_1 ({URL}) was {done}\n"));
    }
    assert_eq!(tenure.json(&["webhook", "list"]), json!([]));
}

#[test]
fn a_disabled_webhook_tells_why_until_it_is_enabled() {
    let tenure = with_webhook();
    let disabled = tenure.json(&["webhook", "disable", "whk_1"]);
    assert_eq!(json!([disabled["is_enabled"], disabled["disabled"]["reason"]]), json!([false, "asked"]));
    let enabled = tenure.json(&["webhook", "enable", "whk_1"]);
    assert_eq!(json!([enabled["is_enabled"], enabled["disabled"]]), json!([true, null]));
}

#[test]
fn a_new_secret_is_shown_once_and_tells_until_when_the_old_one_signs() {
    let tenure = Tenure::with_company();
    let first = create(&tenure, &["--url", URL]);
    let second = tenure.json(&["webhook", "rotate-secret", "whk_1"]);
    assert!(second["secret"].as_str().unwrap().starts_with("whsec_"), "{second}");
    assert_ne!(first["secret"], second["secret"]);
    assert!(second["previous_secret_until"].as_str() > second["updated_at"].as_str(), "{second}");
    let output = tenure.ok(&["webhook", "rotate-secret", "whk_1"]);
    assert!(output.stdout.starts_with("webhook whk_1 was given a new secret."), "{output}");
}

#[test]
fn an_unknown_webhook_is_refused_with_its_id() {
    let tenure = with_webhook();
    for args in ABOUT_NONE {
        let output = tenure.run(&[&["webhook"][..], args].concat());
        assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{args:?}\n{output}");
        assert!(output.stderr.contains("Unknown webhook ID whk_9"), "{args:?}\n{output}");
        assert!(output.stderr.contains("hint: `tenure webhook list`"), "{args:?}\n{output}");
    }
}

#[test]
fn an_unknown_delivery_is_refused_with_its_id() {
    let tenure = with_webhook();
    for command in ["delivery", "replay"] {
        for given in ["dlv_7", "seven"] {
            let output = tenure.run(&["webhook", command, "whk_1", given]);
            let told = format!("webhook whk_1 has no delivery {given}");
            assert!(output.code == 1 && output.stderr.contains(&told), "{command}\n{output}");
        }
    }
}

#[test]
fn values_that_cannot_be_are_refused() {
    let tenure = with_webhook();
    let commands: [(&[&str], &str); 3] = [
        (&["deliveries", "whk_1", "--status", "lost"], "status must be one of: pending, delivered, failed"),
        (&["recover", "whk_1", "--since", "yesterday"], "since must be a time in ISO 8601"),
        (&["replay-missing", "whk_1", "--since", "1e9"], "since must be a time in ISO 8601"),
    ];
    for (args, told) in commands {
        let output = tenure.run(&[&["webhook"][..], args].concat());
        assert!(output.code == 64 && output.stderr.contains(told), "{args:?}\n{output}");
    }
}

#[test]
fn what_must_be_sent_at_once_needs_a_running_server() {
    let tenure = with_webhook();
    let commands: [&[&str]; 2] = [&["ping", "whk_1"], &["replay-missing", "whk_1", "--since", "0"]];
    for args in commands {
        let output = tenure.run(&[&["webhook"][..], args].concat());
        assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{args:?}\n{output}");
        assert!(output.stderr.contains("needs a running server"), "{args:?}\n{output}");
    }
    let asked = tenure.ok(&["webhook", "validate", "whk_1"]);
    assert!(asked.stdout.contains("validation    pending: a running server asks"), "{asked}");
    let recovered = tenure.ok(&["webhook", "recover", "whk_1", "--since", "0"]);
    assert_eq!(recovered.stdout, "nothing is sent again to webhook whk_1\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_tells_at_once_whether_an_endpoint_is_valid() {
    let (tenure, receiver) = (Tenure::with_company(), Receiver::start().await);
    let _server = tenure.serve(&ALLOW);
    let good = create(&tenure, &["--url", &receiver.url()]);
    assert_eq!(good["validation"]["status"], "validated", "{good}");
    // Nobody listens there.
    let bad = create(&tenure, &["--url", "http://127.0.0.1:9/"]);
    assert_eq!(json!([bad["validation"]["status"], bad["is_enabled"]]), json!(["failed", true]), "{bad}");
    let again = tenure.json(&["webhook", "validate", "whk_1"]);
    assert_eq!(again["validation"]["status"], "validated", "{again}");
}

#[test]
fn a_running_server_takes_no_endpoint_inside() {
    let tenure = Tenure::with_company();
    let _server = tenure.serve(&[]);
    for url in
        ["http://127.0.0.1:8400/", "https://10.0.0.1/", "https://localhost/", "http://hooks.example.com/"]
    {
        let output = tenure.run(&["webhook", "create", "--url", url]);
        assert_eq!((output.code, output.stdout.as_str()), (64, ""), "{url}\n{output}");
        assert!(output.stderr.contains("url may not be reached from here"), "{url}\n{output}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ping_tells_what_the_endpoint_answers() {
    let (tenure, receiver) = (Tenure::with_company(), Receiver::start().await);
    let _server = tenure.serve(&ALLOW);
    create(&tenure, &["--url", &receiver.url()]);
    receiver.answer(Answering::With(204));
    let pinged = tenure.json(&["webhook", "ping", "whk_1"]);
    assert_eq!(json!([pinged["id"], pinged["delivered"], pinged["status"]]), json!(["whk_1", true, 204]));
    receiver.answer(Answering::With(500));
    let output = tenure.run(&["webhook", "ping", "whk_1"]);
    assert!(output.code == 1 && output.stdout.contains("status 500"), "{output}");
    assert!(output.stderr.contains("did not take the ping"), "{output}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_is_listed_shown_and_sent_again() {
    let served = Served::start(204).await;
    served.add("bo@acme.example").await;
    let delivered = served.deliveries("delivered", 1).remove(0);
    let id = delivered["id"].as_str().unwrap();
    assert_eq!(json!([id, delivered["sequence"], delivered["tries"]]), json!(["dlv_1", 1, 1]));
    assert_eq!(served.attempts(id), 1);
    let again = served.tenure.ok(&["webhook", "replay", "whk_1", id]);
    assert_eq!(again.stdout, "1 delivery is sent again to webhook whk_1\n");
    eventually(|| (served.attempts(id) == 2).then_some(()));
    let shown = served.tenure.ok(&["webhook", "delivery", "whk_1", id]);
    assert!(shown.stdout.starts_with("delivery dlv_1\n") && shown.stdout.contains("status 204"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_never_sent_can_be_sent() {
    let served = Served::start(204).await;
    let missing = ["webhook", "replay-missing", "whk_1", "--since", "0"];
    // Ana was there before the webhook.
    assert_eq!(served.tenure.json(&missing), json!({ "id": "whk_1", "deliveries": 1 }));
    served.deliveries("delivered", 1);
    assert_eq!(served.tenure.json(&missing)["deliveries"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_goes_out_once_the_webhook_is_enabled_again() {
    let served = Served::start(500).await;
    let tenure = &served.tenure;
    served.add("bo@acme.example").await;
    let waits = eventually(|| served.deliveries("pending", 1).pop().filter(|found| found["tries"] != 0));
    assert!(waits["next_attempt_at"].is_string(), "{waits}");
    tenure.ok(&["webhook", "disable", "whk_1"]);
    let refused = tenure.run(&["webhook", "recover", "whk_1", "--since", "0"]);
    assert!(
        refused.code == 1 && refused.stderr.contains("webhook whk_1 is disabled; enable it"),
        "{refused}"
    );
    served.receiver.answer(Answering::With(200));
    tenure.ok(&["webhook", "enable", "whk_1"]);
    let recovered = tenure.json(&["webhook", "recover", "whk_1", "--since", "0"]);
    assert_eq!(recovered, json!({ "id": "whk_1", "deliveries": 0 }), "nothing was given up");
    served.deliveries("delivered", 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_is_in_no_file_no_log_and_no_later_output() {
    let (tenure, receiver) = (Tenure::with_company(), Receiver::start().await);
    let mut serve = tenure.command(&["serve", "--listen", "127.0.0.1:0", "--log", "json"]);
    let server = tenure.serve_with(serve.args(ALLOW).env("TENURE_LOG", "trace"));
    let secrets = [
        create(&tenure, &["--url", &receiver.url()])["secret"].clone(),
        tenure.json(&["webhook", "rotate-secret", "whk_1"])["secret"].clone(),
    ];
    tenure.ok(&["webhook", "ping", "whk_1"]);
    let later: [&[&str]; 6] = [
        &["webhook", "list", "--output", "json"],
        &["webhook", "show", "whk_1", "--output", "json"],
        &["webhook", "validate", "whk_1", "--output", "json"],
        &["company", "export"],
        &["audit"],
        &["audit", "--output", "json"],
    ];
    let said: Vec<_> = later.iter().map(|args| tenure.ok(args).stdout).collect();
    // Killed, so that the journal's log is still there to be looked through.
    let log = server.kill_9().stderr;
    assert!(log.contains("webhook create"), "the log tells no request");
    for secret in &secrets {
        let secret = secret.as_str().unwrap();
        assert!(!log.contains(secret), "the log holds the secret");
        assert!(said.iter().all(|said| !said.contains(secret)), "{said:?}");
        let found = tenure.files_with(secret);
        assert!(found.is_empty(), "{found:?}");
    }
    assert!(said.iter().all(|said| !said.contains("salt")), "{said:?}");
}
