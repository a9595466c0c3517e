//! What `docs/webhooks.md` tells receivers, tried on what is signed here: its examples run as programs.
//!
//! The examples that need a library run where it is found; `PYTHONPATH` and `NODE_PATH` tell where to look.

use reqwest::header::HeaderMap;
use standardwebhooks::Webhook;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};
use tenure_delivery::webhook::signature::{self, SigningKey};

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/webhooks.md"));
const BODY: &str = r#"{"type":"teammate.updated","id":"evt_2f","target":{"data":{"first_name":"Zoë"}}}"#;
const ID: &str = "whk_1_evt_2f";

/// More than the 5 minutes that receivers allow.
const OLD_S: i64 = 400;

/// A delivery as its receiver has it. What a kind of signature does not have is empty.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) secret: String,
    pub(crate) id: String,
    pub(crate) timestamp: String,
    pub(crate) signature: String,
    pub(crate) body: Vec<u8>,
}

/// The three ways to sign.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Standard,
    Application,
    Rule,
}

impl Kind {
    /// A delivery that was made some seconds ago.
    fn sent(self, ago_s: i64) -> Received {
        let (key, body) = (current(), BODY.as_bytes());
        let sent_ms = now_ms() - ago_s * 1000;
        let seconds = sent_ms / 1000;
        let (timestamp, signature) = match self {
            Self::Standard => (seconds.to_string(), signature::standard(&[&key], ID, seconds, body)),
            Self::Application => (sent_ms.to_string(), signature::front_application(&key, sent_ms, body)),
            Self::Rule => (String::new(), signature::front_rule(&key, body)),
        };
        Received { secret: key.secret_text(), id: ID.to_owned(), timestamp, signature, body: body.to_vec() }
    }

    /// Deliveries that a receiver must take, and what is special about each.
    pub(crate) fn good(self) -> Vec<(&'static str, Received)> {
        let good = self.sent(0);
        if self != Self::Standard {
            return vec![("nothing", good)];
        }
        let seconds = good.timestamp.parse().unwrap();
        let both = signature::standard(&[&current(), &previous()], ID, seconds, BODY.as_bytes());
        let rotated = Received { signature: both, ..good.clone() };
        let late = Received { secret: previous().secret_text(), ..rotated.clone() };
        vec![
            ("nothing", good),
            ("two signatures and the new secret", rotated),
            ("two signatures and the old secret", late),
        ]
    }

    /// Deliveries that a receiver must refuse, and why.
    pub(crate) fn bad(self) -> Vec<(&'static str, Received)> {
        let good = self.sent(0);
        let changed_body = BODY.replace("evt_2f", "evt_2g").into_bytes();
        let mut bad = vec![
            ("a changed body", Received { body: changed_body, ..good.clone() }),
            ("another secret", Received { secret: stranger().secret_text(), ..good.clone() }),
            ("no signature", Received { signature: String::new(), ..good.clone() }),
        ];
        if self == Self::Standard {
            let bare = good.signature.strip_prefix("v1,").unwrap().to_owned();
            bad.push(("a signature without its prefix", Received { signature: bare, ..good.clone() }));
            bad.push(("another id", Received { id: format!("{ID}a"), ..good.clone() }));
        } else {
            let bare = good.secret.strip_prefix("whsec_").unwrap().to_owned();
            bad.push(("a secret without its prefix", Received { secret: bare, ..good.clone() }));
        }
        if self != Self::Rule {
            bad.push(("an old timestamp", self.sent(OLD_S)));
            let unsigned = self.sent(60).timestamp;
            bad.push(("a timestamp that is not signed", Received { timestamp: unsigned, ..good }));
        }
        bad
    }

    /// The environment variables of an example.
    fn variables(self, received: &Received) -> Vec<(&'static str, &str)> {
        let Received { secret, id, timestamp, signature, body: _ } = received;
        let [secret, id, timestamp, signature] = [secret, id, timestamp, signature].map(String::as_str);
        match self {
            Self::Standard => vec![
                ("SECRET", secret),
                ("WEBHOOK_ID", id),
                ("WEBHOOK_TIMESTAMP", timestamp),
                ("WEBHOOK_SIGNATURE", signature),
            ],
            Self::Application => {
                vec![("SECRET", secret), ("FRONT_TIMESTAMP", timestamp), ("FRONT_SIGNATURE", signature)]
            }
            Self::Rule => vec![("SECRET", secret), ("FRONT_SIGNATURE", signature)],
        }
    }
}

/// What runs the examples of a language.
#[derive(Clone, Copy)]
struct Interpreter {
    language: &'static str,
    program: &'static str,
    flag: &'static str,
}

const PYTHON: Interpreter = Interpreter { language: "python", program: "python3", flag: "-c" };
const NODE: Interpreter = Interpreter { language: "javascript", program: "node", flag: "-e" };

impl Interpreter {
    #[expect(clippy::print_stderr, reason = "whoever reads the tests' output should see what was not tried")]
    fn has(self, needs: &str) -> bool {
        let tried = Command::new(self.program).args([self.flag, needs]).stdin(Stdio::null()).output();
        let has = tried.is_ok_and(|output| output.status.success());
        if !has {
            eprintln!("skipped: `{}` is not there or cannot run `{needs}`", self.program);
        }
        has
    }

    /// The exit code, and what was said on standard error: a program that fell over said something.
    fn run(self, code: &str, variables: &[(&str, &str)], body: &[u8]) -> (Option<i32>, String) {
        let mut child = Command::new(self.program)
            .args([self.flag, code])
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(body).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Runs an example on good deliveries and bad ones, if its interpreter can run what it needs.
fn try_example(interpreter: Interpreter, name: &str, kind: Kind, needs: &str) {
    if !interpreter.has(needs) {
        return;
    }
    let code = block(interpreter.language, name);
    let outcome = |received: &Received| interpreter.run(code, &kind.variables(received), &received.body);
    for (special, received) in kind.good() {
        assert_eq!(outcome(&received), (Some(0), String::new()), "good, with {special}");
    }
    for (why, received) in kind.bad() {
        assert_eq!(outcome(&received), (Some(1), String::new()), "bad, for {why}");
    }
}

/// The code of an example.
fn block(language: &str, name: &str) -> &'static str {
    let (_, rest) = PAGE
        .split_once(&format!("\n```{language} {name}\n"))
        .unwrap_or_else(|| panic!("docs/webhooks.md has no block ```{language} {name}"));
    rest.split_once("\n```\n").unwrap().0
}

fn current() -> SigningKey {
    SigningKey::new([0xA7; 32])
}

fn previous() -> SigningKey {
    SigningKey::new([0x5C; 32])
}

fn stranger() -> SigningKey {
    SigningKey::new([0x31; 32])
}

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

#[test]
fn the_python_example_for_standard_webhooks_tells_good_from_bad() {
    try_example(PYTHON, "standard", Kind::Standard, "");
}

#[test]
fn the_python_example_for_applications_tells_good_from_bad() {
    try_example(PYTHON, "front-application", Kind::Application, "");
}

#[test]
fn the_python_example_for_rules_tells_good_from_bad() {
    try_example(PYTHON, "front-rule", Kind::Rule, "");
}

#[test]
fn the_python_example_with_the_library_tells_good_from_bad() {
    try_example(PYTHON, "standardwebhooks", Kind::Standard, "import standardwebhooks");
}

#[test]
fn the_node_example_for_standard_webhooks_tells_good_from_bad() {
    try_example(NODE, "standard", Kind::Standard, "");
}

#[test]
fn the_node_example_for_applications_tells_good_from_bad() {
    try_example(NODE, "front-application", Kind::Application, "");
}

#[test]
fn the_node_example_for_rules_tells_good_from_bad() {
    try_example(NODE, "front-rule", Kind::Rule, "");
}

#[test]
fn the_node_example_with_the_library_tells_good_from_bad() {
    try_example(NODE, "standardwebhooks", Kind::Standard, "require('standardwebhooks')");
}

#[test]
fn the_rust_examples_of_the_page_are_those_that_are_compiled() {
    let compiled = include_str!("receivers_rust.rs");
    for name in ["standard", "front-application", "front-rule"] {
        assert!(
            compiled.contains(block("rust", name)),
            "the Rust example `{name}` of docs/webhooks.md is not in receivers_rust.rs word for word: copy it"
        );
    }
}

#[test]
fn every_example_of_the_page_is_tried() {
    let fences = PAGE.lines().filter_map(|line| line.strip_prefix("```"));
    let mut named: Vec<_> = fences.filter(|info| info.contains(' ')).collect();
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "javascript front-application",
            "javascript front-rule",
            "javascript standard",
            "javascript standardwebhooks",
            "python front-application",
            "python front-rule",
            "python standard",
            "python standardwebhooks",
            "rust front-application",
            "rust front-rule",
            "rust standard",
        ]
    );
}

#[test]
fn the_bodies_on_the_page_are_json() {
    let bodies: Vec<_> = PAGE.split("\n```json\n").skip(1).collect();
    assert!(!bodies.is_empty());
    for body in bodies {
        let (body, _) = body.split_once("\n```\n").unwrap();
        let parsed = serde_json::from_str::<serde_json::Value>(body);
        assert!(parsed.is_ok_and(|body| body.is_object()), "{body}");
    }
}

#[test]
fn the_public_library_signs_as_we_do() {
    let key = current();
    let theirs = Webhook::new(&key.secret_text()).unwrap().sign(ID, 1_790_000_000, BODY.as_bytes());
    assert_eq!(signature::standard(&[&key], ID, 1_790_000_000, BODY.as_bytes()), theirs.unwrap());
}

#[test]
fn the_public_library_takes_what_a_receiver_must_take_and_nothing_else() {
    let takes = |received: &Received| {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", received.id.parse().unwrap());
        headers.insert("webhook-timestamp", received.timestamp.parse().unwrap());
        headers.insert("webhook-signature", received.signature.parse().unwrap());
        Webhook::new(&received.secret).unwrap().verify(&received.body, &headers).is_ok()
    };
    for (special, received) in Kind::Standard.good() {
        assert!(takes(&received), "good, with {special}");
    }
    for (why, received) in Kind::Standard.bad() {
        assert!(!takes(&received), "bad, for {why}");
    }
}
