//! `tenure serve`: starting, the demo, logs, signals, and everything that keeps it from starting.

use crate::process::{Api, Demo, RunningServer, Tenure, keys, token_in};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

const BODY: &str = r#"{"email":"ana@acme.example"}"#;

/// Options that keep a server from starting, the exit code, and what the message must tell.
const BAD_OPTIONS: [(&[&str], i32, &str); 14] = [
    (&["--listen", "here"], 64, "--listen"),
    (&["--listen", "127.0.0.1"], 64, "--listen"),
    (&["--public-url", "tenure.example.com"], 64, "`tenure.example.com` is no public URL"),
    (&["--public-url", "ftp://tenure.example.com"], 64, "`ftp://tenure.example.com` is no public URL"),
    (&["--public-url", "https://tenure.example.com/?a=b"], 64, "is no public URL"),
    (&["--tls-cert", "cert.pem"], 64, "--tls-key"),
    (&["--tls-key", "key.pem"], 64, "--tls-cert"),
    (&["--tls-cert", "cert.pem", "--tls-key", "key.pem"], 1, "cannot read cert.pem"),
    (&["--journal", "mysql"], 64, "--journal"),
    (&["--log", "loud"], 64, "--log"),
    (&["--drain-delay", "soon"], 64, "--drain-delay"),
    (&["--trusted-proxy", "everybody"], 64, "--trusted-proxy"),
    (&["--config", "tenure.toml"], 1, "cannot read tenure.toml"),
    (&["--output", "plain"], 64, "--output plain"),
];

/// Configuration files that keep a server from starting, and what the message must tell beside the file's name.
const BAD_FILES: [(&str, &str); 5] = [
    ("lisen = \"127.0.0.1:0\"", "unknown field `lisen`"),
    ("listen = \"here\"", "listen"),
    ("[limits]\nbody-megabytes = 1", "unknown field `body-megabytes`"),
    ("[limits]\nbody-bytes = -1", "body-bytes"),
    ("listen", "line 1"),
];

/// What lies in the data folder of a running server, and its mode.
const MODES: [(&str, u32); 5] = [
    ("", 0o700),
    ("operator.sock", 0o600),
    ("journal.db", 0o600),
    ("journal.db-wal", 0o600),
    ("outbox", 0o700),
];

/// Sends the head of a request. The server is in the midst of it when it asks for the body.
fn request_in_flight(server: &RunningServer, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let length = BODY.len();
    let head = format!(
        "POST /teammates HTTP/1.1\r\nHost: tenure\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

/// Tells a server to stop, and waits until it has begun to.
fn told_to_stop(server: &mut RunningServer, signal: &str) {
    server.process.signal(signal);
    server.process.until(|_, stderr| stderr.contains("stopping").then_some(()));
}

fn takes_no_more(server: &RunningServer) -> bool {
    let mut tries = 0..2000;
    tries.any(|_| {
        std::thread::sleep(Duration::from_millis(2));
        TcpStream::connect(server.address()).is_err()
    })
}

async fn count(api: &Api, path: &str) -> usize {
    api.get(path).await.expect(200).json()["_results"].as_array().unwrap().len()
}

#[test]
fn a_server_without_a_company_says_which_command_creates_one() {
    let ended = Tenure::new().serve(&[]).terminate();
    insta::assert_snapshot!(ended, @"
    exit: 0
    --- stdout
    tenure: ready at http://[ADDR]

    --- stderr
    note: there is no company yet; create one with `tenure company create NAME`
    [TIME]  INFO stopping
    ");
}

#[test]
fn the_ready_line_is_all_of_stdout() {
    let tenure = Tenure::with_company();
    let server = tenure.serve(&[]);
    let expected = format!("tenure: ready at http://{}\n", server.address());
    assert_eq!(server.terminate().stdout, expected);
}

#[tokio::test]
async fn the_open_paths_need_no_token_and_the_metrics_count_requests() {
    let tenure = Tenure::new();
    let server = tenure.serve(&[]);
    let stranger = server.api("none");
    for path in ["/healthz", "/readyz", "/openapi.json", "/docs"] {
        assert_eq!(stranger.get(path).await.status, 200, "{path}");
    }
    let metrics = stranger.get("/metrics").await.expect(200).text();
    let counted = |line: &str| line.starts_with("tenure_requests_total") && line.contains("/healthz");
    assert!(metrics.lines().any(counted), "{metrics}");
}

#[test]
fn what_lies_in_the_data_folder_is_for_the_owner_alone() {
    let tenure = Tenure::new();
    let _server = tenure.serve(&[]);
    tenure.ok(&["company", "create", "Acme"]);
    for (name, mode) in MODES {
        let path = tenure.path("data").join(name);
        let found = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{} has mode {found:o}", path.display());
    }
}

#[test]
fn a_second_server_on_the_folder_refuses_and_names_the_process() {
    let tenure = Tenure::with_company();
    let first = tenure.serve(&[]);
    let second = tenure.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(second.stderr.contains(&format!("held by process {};", first.process.id())), "{second}");
    insta::assert_snapshot!(second, @"
    exit: 1
    --- stdout

    --- stderr
    error: the data folder [DATA] is held by process [PID]; stop it first, or name another folder with --data
    ");
}

#[test]
fn options_that_cannot_be_are_refused_each_with_its_exit_code() {
    let tenure = Tenure::new();
    for (options, code, told) in BAD_OPTIONS {
        let mut serve = tenure.command(&["serve"]);
        let output = tenure.start(serve.args(options).env("TENURE_LISTEN", "127.0.0.1:0")).wait();
        assert_eq!((output.code, output.stdout.as_str()), (code, ""), "{options:?}\n{output}");
        assert!(output.stderr.contains(told), "{options:?}\n{output}");
    }
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    insta::assert_snapshot!(Tenure::new().run(&["serve", "--listen", &address]), @"
    exit: 1
    --- stdout

    --- stderr
    error: cannot listen on [ADDR]: Address already in use (os error 98); name another address with --listen
    ");
}

#[test]
fn a_configuration_file_that_cannot_be_is_refused_with_its_name() {
    let tenure = Tenure::new();
    for (text, told) in BAD_FILES {
        tenure.write("tenure.toml", text);
        let output = tenure.run(&["serve", "--listen", "127.0.0.1:0", "--config", "tenure.toml"]);
        assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{text}\n{output}");
        assert!(output.stderr.contains("tenure.toml") && output.stderr.contains(told), "{text}\n{output}");
    }
}

#[test]
fn an_unknown_key_is_shown_where_it_stands() {
    let tenure = Tenure::new();
    tenure.write("tenure.toml", "log = \"json\"\nlisen = \"127.0.0.1:0\"\n");
    insta::assert_snapshot!(tenure.run(&["serve", "--config", "tenure.toml"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: tenure.toml, line 2, `lisen`: unknown field `lisen`, expected one of `data`, `journal`, `listen`, `public-url`, `log`, `drain-delay`, `tls-cert`, `tls-key`, `trusted-proxy`, `cors-origin`, `limits`, `mail`, `webhook-allow`, `webhook-http`, `webhook-proxy`, `webhook-roots`
    hint: docs/configuration.md lists what the file may hold
    ");
}

#[test]
fn a_journal_on_postgresql_is_refused_without_repeating_the_password() {
    const URL: &str = "postgres://tenure:hunter2@db.example/tenure";
    let tenure = Tenure::new();
    tenure.write("tenure.toml", &format!("journal = \"{URL}\"\n"));
    let mut from_environment = tenure.command(&["serve"]);
    from_environment.env("TENURE_JOURNAL", URL);
    let mut help = tenure.command(&["serve", "--help"]);
    help.env("TENURE_JOURNAL", URL);
    let from_option = tenure.command(&["serve", "--journal", URL]);
    let from_file = tenure.command(&["serve", "--config", "tenure.toml"]);
    for mut command in [from_option, from_environment, from_file] {
        let output = tenure.start(&mut command).wait();
        assert!(output.code == 1 && output.stderr.contains("PostgreSQL"), "{output}");
        assert!(!output.stderr.contains("hunter2"), "{output}");
    }
    assert!(!tenure.start(&mut help).wait().stdout.contains("hunter2"));
}

#[tokio::test]
async fn the_option_wins_over_the_environment_and_that_over_the_file() {
    let tenure = Tenure::with_company();
    let token = tenure.token();
    tenure.write("tenure.toml", "listen = \"127.0.0.1:0\"\npublic-url = \"http://file.example\"\n");
    let serve = |more: &[&str]| tenure.command(&[&["serve", "--config", "tenure.toml"][..], more].concat());
    let (mut third, mut second, mut first) =
        (serve(&[]), serve(&[]), serve(&["--public-url", "http://option.example/"]));
    second.env("TENURE_PUBLIC_URL", "http://environment.example");
    first.env("TENURE_PUBLIC_URL", "http://environment.example");
    for (command, expected) in [
        (&mut first, "http://option.example/me"),
        (&mut second, "http://environment.example/me"),
        (&mut third, "http://file.example/me"),
    ] {
        let server = tenure.serve_with(command);
        let me = server.api(&token).get("/me").await.expect(200).json();
        assert_eq!(me["_links"]["self"], expected);
        server.terminate();
    }
}

#[tokio::test]
async fn a_limit_in_the_file_counts() {
    let tenure = Tenure::with_company();
    tenure.write("tenure.toml", "[limits]\nbody-bytes = 16\n");
    let server = tenure.serve(&["--config", "tenure.toml"]);
    let api = server.api(&tenure.token());
    api.post("/teammates", json!({ "email": "ana@acme.example" })).await.expect(413);
}

#[tokio::test]
async fn the_demo_has_24_teammates_5_teams_custom_fields_and_single_sign_on() {
    let demo = Demo::start();
    let api = demo.server.api(&demo.token);
    let counts = (
        count(&api, "/teammates?limit=100").await,
        count(&api, "/teams").await,
        count(&api, "/teammates/custom_fields").await,
    );
    assert_eq!(counts, (24, 5, 5));
    assert_eq!(demo.tenure.json(&["sso", "show"])["is_set"], true);
}

#[tokio::test]
async fn the_lines_that_the_demo_prints_to_try_work() {
    let demo = Demo::start();
    let api = demo.server.api(&demo.token);
    let printed = demo.server.printed();
    let mut statuses = Vec::new();
    for line in printed.lines().filter_map(|line| line.trim().strip_prefix("curl -s ")) {
        assert!(line.contains(&format!("'Authorization: Bearer {}'", demo.token)), "{line}");
        let url = line.split(' ').next().unwrap().trim_matches('\'');
        let body = line.split_once("-d '").map(|(_, body)| body.trim_end_matches('\''));
        let reply = match body {
            Some(body) => api.post(url, serde_json::from_str(body).unwrap()).await,
            None => api.get(url).await,
        };
        statuses.push(reply.status);
    }
    assert_eq!(statuses, [200, 201, 200]);
}

#[tokio::test]
async fn the_demos_other_tokens_work_for_what_they_are() {
    let demo = Demo::start();
    let printed = demo.server.printed();
    let teammate = demo.server.api(&token_in(&printed, "tnr_tm_"));
    assert_eq!(teammate.get("/me").await.expect(200).json()["token"]["teammate_id"], "tea_3");
    let scim = demo.server.api(&token_in(&printed, "tnr_scim_"));
    assert_eq!(scim.get("/teammates").await.expect(403).code(), "token.wrong_kind");
}

#[test]
fn what_the_demo_prints_is_a_page_to_start_from() {
    insta::assert_snapshot!(Demo::start().server.terminate(), @r#"
    exit: 0
    --- stdout
    Harbor Coffee is ready to try: 24 teammates, 5 teams, custom fields, single sign-on.

    Its tokens, shown this once:
      company   [TOKEN]
      teammate  [TOKEN] (acts as tea_3)
      scim      [TOKEN]

    Try next:
      curl -s 'http://[ADDR]/teammates?limit=3' -H 'Authorization: Bearer [TOKEN]'
      curl -s http://[ADDR]/teammates -H 'Authorization: Bearer [TOKEN]' -H 'Content-Type: application/json' -d '{"email":"you@example.com","first_name":"You"}'
      curl -s http://[ADDR]/teams/tim_1/teammates -H 'Authorization: Bearer [TOKEN]'
    The reference: http://[ADDR]/docs

    tenure: ready at http://[ADDR]

    --- stderr
    [TIME]  INFO stopping
    "#);
}

#[test]
fn the_demo_as_json_prints_its_tokens_as_an_object() {
    let tenure = Tenure::new();
    let printed = tenure.serve(&["--demo", "--output", "json"]).printed();
    let demo: Value = serde_json::from_str(printed.lines().next().unwrap()).unwrap();
    assert_eq!(keys(&demo), ["company", "teammates", "teams", "tokens"]);
    assert_eq!(keys(&demo["tokens"]), ["company", "scim", "teammate"]);
}

#[test]
fn the_demo_on_a_folder_with_a_company_changes_nothing() {
    let tenure = Tenure::with_company();
    let before = tenure.json(&["company", "export"]);
    let ended = tenure.serve(&["--demo"]).terminate();
    assert_eq!(tenure.json(&["company", "export"]), before);
    insta::assert_snapshot!(ended, @"
    exit: 0
    --- stdout
    tenure: ready at http://[ADDR]

    --- stderr
    note: the data folder has a company already, so --demo changed nothing; `tenure token create` makes a new token
    [TIME]  INFO stopping
    ");
}

#[test]
fn the_demo_prints_its_tokens_once() {
    let tenure = Demo::start().stop();
    let again = tenure.serve(&["--demo"]).terminate();
    assert!(!again.to_string().contains("[TOKEN]"), "{again}");
}

#[test]
fn a_request_in_flight_ends_well_after_either_signal() {
    for signal in ["TERM", "INT"] {
        let tenure = Tenure::with_company();
        let token = tenure.token();
        let mut server = tenure.serve(&[]);
        let mut stream = request_in_flight(&server, &token);
        told_to_stop(&mut server, signal);
        assert!(takes_no_more(&server), "{signal}: still accepts");
        stream.write_all(BODY.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 "), "{signal}: {answer}");
        assert_eq!(server.process.wait().code, 0, "{signal}");
        assert_eq!(tenure.json(&["company", "show"])["active_teammates"], 1, "{signal}");
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let tenure = Tenure::with_company();
    let token = tenure.token();
    let mut server = tenure.serve(&[]);
    let _waits = request_in_flight(&server, &token);
    told_to_stop(&mut server, "TERM");
    server.process.signal("INT");
    assert_eq!(server.process.wait().code, 130);
}

#[tokio::test]
async fn while_it_drains_it_answers_and_says_that_it_is_not_ready() {
    let tenure = Tenure::new();
    let mut server = tenure.serve(&["--drain-delay", "2"]);
    told_to_stop(&mut server, "TERM");
    let stranger = server.api("none");
    let mut ready = 200;
    while ready == 200 {
        ready = stranger.get("/readyz").await.status;
    }
    assert_eq!((ready, stranger.get("/healthz").await.status), (503, 200));
    assert_eq!(server.process.wait().code, 0);
}

#[tokio::test]
async fn a_hang_up_without_tls_does_nothing() {
    let tenure = Tenure::new();
    let server = tenure.serve(&[]);
    let stranger = server.api("none");
    for _ in 0..3 {
        server.process.signal("HUP");
        stranger.get("/healthz").await.expect(200);
    }
    let ended = server.terminate();
    assert!(ended.code == 0 && !ended.stderr.contains("ERROR"), "{ended}");
}

#[tokio::test]
async fn each_request_is_one_line_of_json_without_anything_secret_or_personal() {
    let tenure = Tenure::with_company();
    let token = tenure.token();
    let server = tenure.serve(&["--log", "json"]);
    let api = server.api(&token);
    let replies = [
        api.post("/teammates", json!({ "email": "canary@acme.example" })).await.expect(201),
        api.get("/teammates/alt:email:canary@acme.example").await.expect(200),
        api.get("/canary").await.expect(404),
        server.api("tnr_co_canary").get("/teammates").await.expect(401),
    ];
    let log = server.terminate().stderr;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let requests: Vec<_> = lines.iter().filter(|line| line["message"] == "request").collect();
    let told = |line: &&Value| {
        json!([line["method"], line["route"], line["status"], line["company"], line["token"]])
    };
    let expected = json!([
        ["POST", "/teammates", 201, "cmp_1", "tok_1"],
        ["GET", "/teammates/{teammate_id}", 200, "cmp_1", "tok_1"],
        ["GET", "-", 404, "cmp_1", "tok_1"],
        ["GET", "/teammates", 401, null, null]
    ]);
    assert_eq!(requests.iter().map(told).collect::<Value>(), expected);
    for (request, reply) in requests.iter().zip(&replies) {
        assert_eq!(request["request_id"].as_str(), reply.header("x-request-id"));
        assert!(request["latency_us"].is_u64(), "{request}");
    }
    assert!(!log.contains(&token) && !log.contains("canary"), "{log}");
}
