//! Every kind of bad request: told why in the one form that errors have, and without any effect.

use reqwest::Method;
use serde_json::{Value, json};
use std::fmt;
use tenure_server::operator::{AuditWish, CompanyRequest, OperatorReply};
use tenure_testkit::{Reply, TestCompany, TestServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const INVALID: &str = "request.invalid";
const NOT_JSON: &str = "request.not_json";
const BAD_QUERY: &str = "request.bad_query";
const UNKNOWN_TEAMMATE: &str = "teammate.unknown";
const UNKNOWN_TEAM: &str = "team.unknown";

/// The operations that write one teammate.
const TEAMMATE_WRITES: [(&str, &str); 2] = [("POST", "/teammates"), ("PATCH", "/teammates/tea_2")];
/// The operations that write a team's members.
const MEMBER_WRITES: [(&str, &str); 2] =
    [("POST", "/teams/tim_1/teammates"), ("DELETE", "/teams/tim_1/teammates")];
/// The lists that have a second page in the fixture.
const PAGED: [&str; 4] = ["/teammates", "/teams", "/teams/tim_1/teammates", "/teammates/custom_fields"];
/// The lists that are empty as long as there are no conversations.
const EMPTY: [&str; 2] = ["/teammates/tea_1/inboxes", "/teammates/tea_1/conversations"];

/// Acme has the last admin `tea_1`, `tea_2`, the blocked `tea_3`, `tea_4`, the teams `tim_1` (with `tea_1` and `tea_2`)
/// and `tim_2`, and had `tim_3`. Globex has more of everything, so that some of its ids exist in it alone.
struct Fixture {
    server: TestServer,
    acme: TestCompany,
    globex: TestCompany,
    pages: PageTokens,
}

/// Tokens of second pages, in the order of [`PAGED`].
struct PageTokens {
    own: Vec<String>,
    foreign: Vec<String>,
}

impl Fixture {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let ours =
            ["ada@acme.example", "ben@acme.example", "cleo@acme.example", "jos\u{e9}@b\u{fc}cher.example"];
        let theirs = ["ann", "bob", "carl", "dora", "eve", "finn", "gina"]
            .map(|name| format!("{name}@globex.example"));
        let acme = furnished(&server, "Acme", &ours, &["Support", "Sales", "Gone"]).await;
        let globex =
            furnished(&server, "Globex", &theirs, &["Support", "Sales", "Law", "Press", "Abroad"]).await;
        acme.delete("/teammates/tea_3").await.expect(204);
        acme.operate(&server, CompanyRequest::DeleteTeam { team: "tim_3".to_owned() }).await;
        assert_eq!(acme.get("/teammates").await.ids(), ["tea_1", "tea_2", "tea_3", "tea_4"]);
        keyed(add_to_support("tea_1"), "used").send(&acme).await.expect(204);
        let pages = PageTokens { own: second_pages(&acme).await, foreign: second_pages(&globex).await };
        Self { server, acme, globex, pages }
    }

    /// All that happened and all that is, in both companies.
    async fn everything(&self) -> Vec<(OperatorReply, String, String)> {
        let mut everything = Vec::new();
        for company in [&self.acme, &self.globex] {
            let audit = company.operate(&self.server, CompanyRequest::Audit(AuditWish::default())).await;
            let (teammates, teams) = (company.get("/teammates").await, company.get("/teams").await);
            everything.push((audit, teammates.text(), teams.text()));
        }
        everything
    }
}

async fn furnished(
    server: &TestServer,
    name: &str,
    emails: &[impl AsRef<str>],
    teams: &[&str],
) -> TestCompany {
    const FIELDS: [(&str, &str, &[&str]); 7] = [
        ("nickname", "string", &[]),
        ("level", "number", &[]),
        ("is_remote", "boolean", &[]),
        ("joined", "datetime", &[]),
        ("grade", "enum", &["A", "B"]),
        ("mentor", "teammate", &[]),
        ("desk", "inbox", &[]),
    ];
    let company = server.company(name).await;
    // Invitations that are sent while the table runs would be changes that no request made.
    company.set(server, "invitations=hold").await;
    for (field, kind, choices) in FIELDS {
        company.custom_field(server, field, kind, choices).await;
    }
    for (index, email) in emails.iter().enumerate() {
        let email: &str = email.as_ref();
        company.post("/teammates", json!({ "email": email, "is_admin": index == 0 })).await.expect(201);
    }
    for team in teams {
        company.team(server, team).await;
    }
    company.join("tim_1", &["tea_1", "tea_2"]).await;
    company
}

async fn second_pages(company: &TestCompany) -> Vec<String> {
    let mut tokens = Vec::new();
    for list in PAGED {
        let next = company.get(&format!("{list}?limit=1")).await.next().expect("the list has two pages");
        let (_, token) = next.split_once("page_token=").expect("the next page has a token");
        tokens.push(token.to_owned());
    }
    tokens
}

/// A request that is to be refused.
struct Ask {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
}

fn ask(method: &'static str, path: impl Into<String>) -> Ask {
    Ask { method, path: path.into(), headers: vec![], body: None }
}

fn keyed(ask: Ask, key: &str) -> Ask {
    ask.header("idempotency-key", key)
}

/// A request that would change nothing even if it were carried out.
fn add_to_support(teammate: &str) -> Ask {
    ask("POST", "/teams/tim_1/teammates").json(json!({ "teammate_ids": [teammate] }).to_string())
}

impl Ask {
    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    fn json(self, body: impl Into<Vec<u8>>) -> Self {
        self.header("content-type", "application/json").body(body)
    }

    fn gets(self, status: u16, code: &'static str, part: impl Into<String>) -> Row {
        Row { ask: self, status, code, part: part.into(), allow: &[] }
    }

    async fn send(&self, company: &TestCompany) -> Reply {
        let method = Method::from_bytes(self.method.as_bytes()).expect("a method is letters");
        let mut request = company.request(method, &self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, value.as_bytes());
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        company.send(request).await
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(self.body.as_deref().unwrap_or_default());
        let start: String = body.chars().take(120).collect();
        write!(f, "{} {:.120} {:?} {start:?}", self.method, self.path, self.headers)
    }
}

/// A bad request, and how it is answered: the status, the code, and a part of the message or of a detail.
struct Row {
    ask: Ask,
    status: u16,
    code: &'static str,
    part: String,
    /// The methods of `Allow`, sorted; empty where there is no such header.
    allow: &'static [&'static str],
}

impl Row {
    /// What of an answer is not as it must be.
    fn fault(&self, reply: &Reply) -> Option<String> {
        let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let error = &answer["_error"];
        let message = error["message"].as_str().unwrap_or_default();
        let details = error["details"].as_array().into_iter().flatten();
        let details: Vec<_> = details.filter_map(Value::as_str).collect();
        let told = format!("{message}\n{}", details.join("\n"));
        let is_number = |name| reply.header(name).is_some_and(|value| value.parse::<u64>().is_ok());
        let is_about_the_body = matches!(self.code, INVALID | NOT_JSON);
        let has_a_place = told.contains(" line ") || told.contains(" offset ");
        let checks = [
            ("status", reply.status == self.status),
            ("_error.status", error["status"] == self.status),
            ("_error.title", error["title"] == title_of(self.status)),
            ("_error.message", !message.is_empty() && told.contains(&self.part)),
            ("_error.code", error["code"] == self.code),
            ("leading words", !is_about_the_body || message.starts_with("Body did not satisfy requirements")),
            ("_error.details", !is_about_the_body || !details.is_empty()),
            ("the place", self.code != NOT_JSON || has_a_place),
            ("allow", allowed_by(reply) == self.allow),
            ("content-type", reply.header("content-type") == Some("application/json")),
            ("x-request-id", reply.header("x-request-id").is_some_and(|id| !id.is_empty())),
            ("x-ratelimit-limit", is_number("x-ratelimit-limit")),
            ("x-ratelimit-remaining", is_number("x-ratelimit-remaining")),
            ("x-ratelimit-reset", is_number("x-ratelimit-reset")),
        ];
        let wrong: Vec<_> = checks.iter().filter(|(_, holds)| !holds).map(|(what, _)| *what).collect();
        let Self { ask, status, code, part, .. } = self;
        (!wrong.is_empty()).then(|| {
            format!("{ask}\n  wanted {status} {code} {part:?}; wrong: {}\n{reply}\n", wrong.join(", "))
        })
    }
}

fn allowed_by(reply: &Reply) -> Vec<&str> {
    let allow = reply.header("allow").unwrap_or_default();
    let mut methods: Vec<_> = allow.split(',').map(str::trim).filter(|method| !method.is_empty()).collect();
    methods.sort_unstable();
    methods
}

fn title_of(status: u16) -> &'static str {
    match status {
        400 => "Bad request",
        403 => "Forbidden",
        404 => "Not found",
        405 => "Method not allowed",
        409 => "Conflict",
        412 => "Precondition failed",
        414 => "URI too long",
        415 => "Unsupported media type",
        422 => "Unprocessable entity",
        other => panic!("no row expects {other}"),
    }
}

#[tokio::test]
async fn every_bad_request_is_told_why_in_the_one_form() {
    let fixture = Fixture::new().await;
    let mut faults = Vec::new();
    for row in table(&fixture.pages) {
        faults.extend(row.fault(&row.ask.send(&fixture.acme).await));
    }
    assert!(faults.is_empty(), "{} rows are answered wrongly:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn hundreds_of_bad_requests_change_nothing() {
    let fixture = Fixture::new().await;
    let rows = table(&fixture.pages);
    assert!(rows.len() >= 200, "{} rows", rows.len());
    let before = fixture.everything().await;
    for row in rows {
        row.ask.send(&fixture.acme).await;
    }
    assert_eq!(fixture.everything().await, before);
}

#[tokio::test]
async fn every_invalid_field_is_told_at_once() {
    let fixture = Fixture::new().await;
    let body = json!({
        "email": "x", "username": "X", "first_name": 1, "last_name": "a\u{202e}", "is_admin": "yes", "is_blocked": true,
        "id": "tea_9", "is_blcoked": true, "custom_fields": { "level": "5", "colour": 1 },
    });
    let told = fixture.acme.post("/teammates", body).await.expect(400).json()["_error"]["details"].clone();
    let told: Vec<String> = serde_json::from_value(told).unwrap();
    let mut fields: Vec<_> = told.iter().filter_map(|detail| detail.split(' ').next()).collect();
    fields.sort_unstable();
    let wanted = [
        "custom_fields.colour",
        "custom_fields.level",
        "email",
        "first_name",
        "id",
        "is_admin",
        "is_blcoked",
        "is_blocked",
        "last_name",
        "username",
    ];
    assert_eq!(fields, wanted);
}

#[tokio::test]
async fn a_body_above_one_mebibyte_is_refused_on_every_path_that_takes_one() {
    let fixture = Fixture::new().await;
    let beyond = " ".repeat(1024 * 1024 + 1);
    let announced = ("content-length: 2097152", String::new());
    let chunked = ("transfer-encoding: chunked", format!("{:x}\r\n{beyond}", beyond.len()));
    for (method, path) in TEAMMATE_WRITES.into_iter().chain(MEMBER_WRITES) {
        for (framing, body) in [&announced, &chunked] {
            let answer = raw(&fixture, &format!("{method} {path}"), framing, body).await;
            let wanted =
                ["HTTP/1.1 413 ", "\r\nx-ratelimit-remaining: ", "\"status\":413", "\"request.too_large\""];
            for part in wanted {
                assert!(answer.contains(part), "{method} {path} {framing}: no {part} in {answer}");
            }
        }
    }
}

/// Sends no more than the server must read, and so learns the answer instead of a reset connection.
async fn raw(fixture: &Fixture, line: &str, framing: &str, body: &str) -> String {
    let mut socket = TcpStream::connect(fixture.server.address()).await.expect("the server accepts");
    let token = &fixture.acme.token;
    let request = format!(
        "{line} HTTP/1.1\r\nhost: tenure.test\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\n{framing}\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("the server answers and closes");
    answer
}

fn table(pages: &PageTokens) -> Vec<Row> {
    let topics = [
        wrong_types(),
        unknown_fields(),
        duplicate_keys(),
        missing_and_read_only_fields(),
        bad_emails(),
        bad_usernames(),
        bad_names(),
        bad_custom_fields(),
        bad_limits(),
        offset_pagination(),
        bad_page_tokens(pages),
        bad_moments(),
        unknown_teammates(),
        unknown_teams(),
        bodies_that_are_no_json(),
        bodies_that_are_no_object(),
        other_types_of_content(),
        bad_members(),
        bad_if_match(),
        bad_idempotency_keys(),
        unknown_paths(),
        wrong_methods(),
        conflicts(),
    ];
    topics.into_iter().flatten().collect()
}

fn wrong_types() -> Vec<Row> {
    const NO_TEXTS: [(&str, &str); 5] =
        [("null", "null"), ("7", "a number"), ("true", "a boolean"), ("[]", "an array"), ("{}", "an object")];
    const NO_FLAGS: [(&str, &str); 5] = [
        ("null", "null"),
        ("1", "a number"),
        ("\"true\"", "a string"),
        ("[]", "an array"),
        ("{}", "an object"),
    ];
    const NO_OBJECTS: [(&str, &str); 5] = [
        ("null", "null"),
        ("1", "a number"),
        ("\"x\"", "a string"),
        ("true", "a boolean"),
        ("[]", "an array"),
    ];
    let texts =
        ["email", "username", "first_name", "last_name"].map(|field| (field, "must be a string", NO_TEXTS));
    let flags =
        ["is_admin", "is_available", "is_blocked"].map(|field| (field, "must be true or false", NO_FLAGS));
    let objects = [("custom_fields", "must be an object", NO_OBJECTS)];
    let mut rows = Vec::new();
    for (field, rule, values) in texts.into_iter().chain(flags).chain(objects) {
        for (value, kind) in values {
            for (method, path) in TEAMMATE_WRITES {
                let part = match (method, field) {
                    ("POST", "is_blocked") => "is_blocked is read-only on create".to_owned(),
                    _ => format!("{field} {rule}, not {kind}"),
                };
                let body = format!("{{\"{field}\":{value}}}");
                rows.push(ask(method, path).json(body).gets(400, INVALID, part));
            }
        }
    }
    rows
}

fn unknown_fields() -> Vec<Row> {
    let mut rows = Vec::new();
    for field in
        "is_blcoked|Email|e-mail|emails|email |teams|signature|__proto__|is_blocked\u{200b}|".split('|')
    {
        let body = json!({ "email": "new@acme.example", field: true }).to_string();
        let part = format!("{} is not a field of", field.escape_debug());
        for (method, path) in TEAMMATE_WRITES {
            rows.push(ask(method, path).json(body.as_str()).gets(400, INVALID, part.as_str()));
        }
    }
    for field in ["teammates", "teammateIds", "ids", ""] {
        let body = json!({ "teammate_ids": ["tea_1"], field: ["tea_2"] }).to_string();
        for (method, path) in MEMBER_WRITES {
            let part = format!("{field} is not a field of this request; the fields are: teammate_ids");
            rows.push(ask(method, path).json(body.as_str()).gets(400, INVALID, part));
        }
    }
    rows
}

fn duplicate_keys() -> Vec<Row> {
    const TEAMMATE: [&str; 4] = [
        r#"{"email":"a@acme.example","email":"b@acme.example"}"#,
        r#"{"is_admin":false,"is_admin":true}"#,
        r#"{"first_name":"A","first\u005fname":"B"}"#,
        r#"{"custom_fields":{"level":1,"level":2}}"#,
    ];
    const MEMBERS: [&str; 2] = [
        r#"{"teammate_ids":["tea_1"],"teammate_ids":["tea_2"]}"#,
        r#"{"teammate_ids":["tea_1"],"x":{"y":1,"y":1}}"#,
    ];
    let teammate = TEAMMATE_WRITES.into_iter().flat_map(|write| TEAMMATE.map(|body| (write, body)));
    let members = MEMBER_WRITES.into_iter().flat_map(|write| MEMBERS.map(|body| (write, body)));
    let asks = teammate.chain(members).map(|((method, path), body)| ask(method, path).json(body));
    asks.map(|ask| ask.gets(400, NOT_JSON, "is there twice")).collect()
}

fn missing_and_read_only_fields() -> Vec<Row> {
    const CREATE: [(&str, &str); 9] = [
        ("{}", "email is required"),
        (r#"{"first_name":"Ana"}"#, "email is required"),
        (r#"{"Email":"new@acme.example"}"#, "email is required"),
        (r#"{"email":"new@acme.example","is_blocked":true}"#, "is_blocked is read-only on create"),
        (r#"{"email":"new@acme.example","is_blocked":false}"#, "is_blocked is read-only on create"),
        (r#"{"email":"new@acme.example","id":"tea_9"}"#, "id is system-generated"),
        (r#"{"email":"new@acme.example","type":"user"}"#, "type is system-generated"),
        (r#"{"email":"new@acme.example","license_type":"full"}"#, "license_type is system-generated"),
        (r#"{"email":"new@acme.example","_links":{}}"#, "_links is system-generated"),
    ];
    const UPDATE: [(&str, &str); 9] = [
        (r#"{"id":"tea_1"}"#, "id is system-generated"),
        (r#"{"id":"TEA_2"}"#, "id is system-generated"),
        (r#"{"id":null}"#, "id is system-generated"),
        (r#"{"type":"visitor"}"#, "type is system-generated"),
        (r#"{"license_type":"lite"}"#, "license_type is system-generated"),
        (r#"{"_links":{}}"#, "_links is system-generated"),
        (r#"{"_links":null}"#, "_links is system-generated"),
        (r#"{"_links":{"self":"http://evil.example/teammates/tea_2"}}"#, "_links is system-generated"),
        (r#"{"first_name":"B","id":"tea_1"}"#, "id is system-generated"),
    ];
    let create = CREATE.map(|(body, part)| ask("POST", "/teammates").json(body).gets(400, INVALID, part));
    let update =
        UPDATE.map(|(body, part)| ask("PATCH", "/teammates/tea_2").json(body).gets(400, INVALID, part));
    create.into_iter().chain(update).collect()
}

/// The same rule on creating and on changing.
fn on_both_writes(field: &str, value: &str, part: &str) -> [Row; 2] {
    TEAMMATE_WRITES.map(|(method, path)| {
        let mut body = json!({ "email": "new@acme.example" });
        body[field] = value.into();
        ask(method, path).json(body.to_string()).gets(400, INVALID, part)
    })
}

/// Characters that are not seen, or that reorder what is.
const HIDDEN: &str = "\t\n\r\u{1b}\u{7f}\u{85}\u{ad}\u{34f}\u{61c}\u{180e}\u{200b}\u{200d}\u{200f}\u{2028}\u{202a}\
    \u{202e}\u{2060}\u{2066}\u{2069}\u{3164}\u{feff}\u{fffb}\u{e0041}";

fn bad_emails() -> Vec<Row> {
    const WORDS: &str = "a @ @@ a@ @c.example a@c a@localhost tea_1 a@@c.example a@c@d.example a@c.example,b@d.example \
        \"a@b\"@c.example \"a\"@c.example a\"b@c.example a@[127.0.0.1] a@[IPv6:::1] a@127.0.0.1 a@2130706433 a@c.123 \
        a@-c.example a@c-.example a@c..example a@.c.example a@c.example. a@. a..b@c.example .a@c.example a.@c.example \
        .@c.example <a@c.example> mailto:a@c.example alt:email:ada@acme.example a,b@c.example a;b@c.example a:b@c.example \
        a(b)@c.example a[b]@c.example a\\b@c.example a@c_d.example a@c/d.example a@c.example:25 a@c.example?subject=x \
        a@c.example#x a@c%2e.example a@c!.example a@xn--a.example a\u{ff20}c.example a@\u{3002}example \
        tea_1@erased.invalid";
    const SPACED: [&str; 9] = [
        "",
        "a b@c.example",
        "a@c .example",
        " a@c.example",
        "a@c.example ",
        "\"a b\"@c.example",
        "Ana <ana@c.example>",
        "a\u{a0}b@c.example",
        "a\u{3000}b@c.example",
    ];
    let too_long = [
        format!("{}@c.example", "a".repeat(65)),
        format!("{}@c.example", "\u{e9}".repeat(33)),
        format!("a@{}.example", "c".repeat(64)),
        format!("a@{}example", "c.".repeat(130)),
    ];
    let hidden =
        HIDDEN.chars().flat_map(|hidden| [format!("a{hidden}b@c.example"), format!("a@c{hidden}.example")]);
    let seen = WORDS.split(' ').chain(SPACED).map(str::to_owned);
    let emails = seen.chain(too_long).chain(hidden);
    emails.flat_map(|email| on_both_writes("email", &email, "email must be")).collect()
}

fn bad_usernames() -> Vec<Row> {
    let odd = "|Ana|ANA|a-b|a.b|a b| ana|ana |ana\n|@ana|ana@c.example|a/b|ana!|\u{e9}|\u{ff41}na|\u{430}na|a\u{200b}";
    let too_long = "a".repeat(65);
    let part = "username must be 1 to 64 characters of a to z, 0 to 9 and _";
    let usernames = odd.split('|').chain([too_long.as_str()]);
    usernames.flat_map(|username| on_both_writes("username", username, part)).collect()
}

fn bad_names() -> Vec<Row> {
    let mut rows = Vec::new();
    for field in ["first_name", "last_name"] {
        for hidden in HIDDEN.chars() {
            let part =
                format!("{field} must not contain control, bidirectional or zero-width characters; found U+");
            rows.extend(on_both_writes(field, &format!("a{hidden}b"), &part));
        }
        for long in ["a".repeat(257), "\u{e9}".repeat(257)] {
            let part = format!("{field} must be at most 256 characters; this one has 257");
            rows.extend(on_both_writes(field, &long, &part));
        }
    }
    rows
}

fn bad_custom_fields() -> Vec<Row> {
    const NO_MENTOR: &str = "custom_fields.mentor must be the id of a teammate of this company";
    let long = "x".repeat(4097);
    let fields = [
        (json!({ "nickname": 1 }), "custom_fields.nickname must be of type string, not a number"),
        (json!({ "nickname": true }), "custom_fields.nickname must be of type string, not a boolean"),
        (json!({ "nickname": [] }), "custom_fields.nickname must be of type string, not an array"),
        (json!({ "nickname": {} }), "custom_fields.nickname must be of type string, not an object"),
        (json!({ "nickname": "a\u{202e}" }), "custom_fields.nickname must not contain control"),
        (json!({ "nickname": long }), "custom_fields.nickname must be at most 4096 characters"),
        (json!({ "level": "5" }), "custom_fields.level must be of type number, not a string"),
        (json!({ "level": true }), "custom_fields.level must be of type number, not a boolean"),
        (json!({ "level": [5] }), "custom_fields.level must be of type number, not an array"),
        (json!({ "is_remote": 1 }), "custom_fields.is_remote must be of type boolean, not a number"),
        (json!({ "is_remote": "true" }), "custom_fields.is_remote must be of type boolean, not a string"),
        (
            json!({ "joined": "2026-01-01" }),
            "custom_fields.joined must be a number (epoch seconds), not a string",
        ),
        (json!({ "joined": false }), "custom_fields.joined must be a number (epoch seconds), not a boolean"),
        (json!({ "grade": "C" }), "custom_fields.grade must be one of: A, B"),
        (json!({ "grade": "a" }), "custom_fields.grade must be one of: A, B"),
        (json!({ "grade": "" }), "custom_fields.grade must be one of: A, B"),
        (json!({ "grade": 1 }), "custom_fields.grade must be of type enum, not a number"),
        (json!({ "mentor": "tea_zz" }), NO_MENTOR),
        (json!({ "mentor": "tea_7" }), NO_MENTOR),
        (json!({ "mentor": "TEA_1" }), NO_MENTOR),
        (json!({ "mentor": "tim_1" }), NO_MENTOR),
        (json!({ "mentor": "" }), NO_MENTOR),
        (json!({ "mentor": "ada@acme.example" }), NO_MENTOR),
        (json!({ "mentor": "alt:email:gina@globex.example" }), NO_MENTOR),
        (json!({ "mentor": 1 }), "custom_fields.mentor must be of type teammate, not a number"),
        (json!({ "desk": "inb_1" }), "custom_fields.desk must be the id of an inbox of this company"),
        (json!({ "desk": 1 }), "custom_fields.desk must be of type inbox, not a number"),
        (
            json!({ "colour": "red" }),
            "custom_fields.colour is not configured; the custom fields are: nickname, level, is_remote, joined, grade, \
             mentor, desk",
        ),
        (json!({ "colour": null }), "custom_fields.colour is not configured"),
        (json!({ "Level": 1 }), "custom_fields.Level is not configured"),
        (json!({ "level ": 1 }), "custom_fields.level  is not configured"),
        (json!({ "fld_1": "x" }), "custom_fields.fld_1 is not configured"),
        (json!({ "": 1 }), "custom_fields. is not configured"),
        (json!({ "nickname": "x", "level": "5" }), "custom_fields.level must be of type number"),
    ];
    let rows = fields.into_iter().flat_map(|(values, part)| {
        TEAMMATE_WRITES.map(|(method, path)| {
            let body = json!({ "email": "new@acme.example", "custom_fields": values });
            ask(method, path).json(body.to_string()).gets(400, INVALID, part)
        })
    });
    rows.collect()
}

fn bad_limits() -> Vec<Row> {
    const LIMITS: &str = "0 101 255 256 x -1 1.5 1e1 0x10 %2B5 +5 99999999999999999999 50%00 null %D9%A1";
    let (range, once) = ("limit must be a whole number from 1 to 100", "limit must be given once");
    let mut rows = Vec::new();
    for list in PAGED.into_iter().chain(EMPTY) {
        for limit in LIMITS.split(' ').chain([""]) {
            rows.push(ask("GET", format!("{list}?limit={limit}")).gets(400, BAD_QUERY, range));
        }
        rows.push(ask("GET", format!("{list}?limit=5&limit=5")).gets(400, BAD_QUERY, once));
    }
    rows
}

fn offset_pagination() -> Vec<Row> {
    let mut rows = Vec::new();
    for list in PAGED.into_iter().chain(EMPTY) {
        for query in ["offset=0", "offset=10&limit=5", "offset", "page=1", "page="] {
            let part = "offset pagination is not supported";
            rows.push(ask("GET", format!("{list}?{query}")).gets(400, BAD_QUERY, part));
        }
    }
    rows
}

fn bad_page_tokens(pages: &PageTokens) -> Vec<Row> {
    let (other, once) = (
        "page_token is damaged, or was made for another list or other parameters",
        "page_token must be given once",
    );
    let mut rows = Vec::new();
    let mut bad = |list: &str, query: &str, part: &str| {
        rows.push(ask("GET", format!("{list}?{query}")).gets(400, BAD_QUERY, part));
    };
    for (index, list) in PAGED.into_iter().enumerate() {
        let (own, foreign) = (&pages.own[index], &pages.foreign[index]);
        let of_another_list = &pages.own[(index + 1) % PAGED.len()];
        bad(list, &format!("limit=1&page_token={foreign}"), other);
        bad(list, &format!("page_token={foreign}"), other);
        bad(list, &format!("limit=1&page_token={of_another_list}"), other);
        bad(list, &format!("limit=2&page_token={own}"), other);
        bad(list, &format!("limit=1&page_token={own}&as_of=1767225600"), other);
        bad(list, &format!("limit=1&page_token={own}&page_token={own}"), once);
        let (reversed, longer): (String, String) = (own.chars().rev().collect(), format!("{own}A"));
        for damaged in ["", "x", "%00", "%FF", "null", "tea_1", reversed.as_str(), longer.as_str(), &own[1..]]
        {
            bad(list, &format!("limit=1&page_token={damaged}"), other);
        }
    }
    for list in EMPTY {
        bad(list, &format!("limit=1&page_token={}", pages.own[0]), other);
    }
    bad("/teams/tim_2/teammates", &format!("limit=1&page_token={}", pages.own[2]), other);
    rows
}

fn bad_moments() -> Vec<Row> {
    const MOMENTS: &str = "now -1 yesterday 2026-01-01 2026-01-01T00:00:00 2026-13-01T00:00:00Z 2026-01-32T00:00:00Z \
        2026-01-01T25:00:00Z 1e9 1.2345 99999999999999999999 Infinity";
    let (form, once) = ("as_of must be a time in ISO 8601 with a zone", "as_of must be given once");
    let unborn = "at that time this company did not exist yet";
    let mut rows = Vec::new();
    let single = ["/teammates/tea_1", "/teammates/tea_1/invitation", "/teams/tim_1"];
    for path in PAGED.into_iter().chain(EMPTY).chain(single) {
        for moment in MOMENTS.split(' ').chain([""]) {
            rows.push(ask("GET", format!("{path}?as_of={moment}")).gets(400, BAD_QUERY, form));
        }
        rows.push(ask("GET", format!("{path}?as_of=1&as_of=1")).gets(400, BAD_QUERY, once));
        rows.push(ask("GET", format!("{path}?as_of=1")).gets(404, "request.before_the_company", unborn));
    }
    rows
}

/// Every operation on one teammate, with a body where it needs one.
fn on_one_teammate(given: &str) -> [Ask; 7] {
    let path = format!("/teammates/{given}");
    [
        ask("GET", path.as_str()),
        ask("PATCH", path.as_str()).json(r#"{"first_name":"X"}"#),
        ask("DELETE", path.as_str()),
        ask("GET", format!("{path}/inboxes")),
        ask("GET", format!("{path}/conversations")),
        ask("GET", format!("{path}/invitation")),
        ask("POST", format!("{path}/invitation/resend")),
    ]
}

fn unknown_teammates() -> Vec<Row> {
    const ELSEWHERE: &str =
        "tea_zz tea_7 tim_1 TEA_1 alt:email:gina@globex.example alt:email:nobody@acme.example";
    const ODD: &str = "tea_0 tea_5 tea_ tea Tea_1 tea_01 tea_1%20 %20tea_1 tea_-1 tea_+1 tea_1.0 tea_1%2F tea_1,tea_2 \
        tea_3w5e11264sgsg tea_zzzzzzzzzzzzzzzzzzzz tea_%EF%BC%91 fld_1 cmp_1 tok_1 inb_1 1 me ada null * %00 %FF %C3%28 \
        %E2%80%AEtea_1 alt:email: alt:email alt:email:ada alt:email:tea_1 alt:email:%20ada@acme.example alt:username:ada \
        alt%3Aemail%3Anobody%40acme.example ext_ada";
    const BARE: &str =
        "ada@acme.example ada%40acme.example ALT:EMAIL:ada@acme.example alt:Email:ada@acme.example";
    const HINT: &str = "; use the teammate's id (tea_…), or the alias alt:email:";
    let unknown = |ask: Ask| ask.gets(404, UNKNOWN_TEAMMATE, "Unknown teammate ID ");
    let hinted = |ask: Ask| ask.gets(404, UNKNOWN_TEAMMATE, HINT);
    let elsewhere = ELSEWHERE.split(' ').flat_map(on_one_teammate).map(unknown);
    let odd = ODD.split(' ').map(|given| unknown(ask("GET", format!("/teammates/{given}"))));
    let bare = BARE.split(' ').flat_map(on_one_teammate).map(hinted);
    elsewhere.chain(odd).chain(bare).collect()
}

fn unknown_teams() -> Vec<Row> {
    const GIVEN: &str = "tim_zz tim_5 tim_3 tim_0 tim_ TIM_1 Tim_1 tim_01 tim_1%20 tim_-1 tim_zzzzzzzzzzzzzzzzzzzz tea_1 \
        fld_1 cmp_1 1 Support alt:name:Support ada@acme.example %00 %FF null";
    let members = r#"{"teammate_ids":["tea_1"]}"#;
    let asks = GIVEN.split(' ').flat_map(|given| {
        let (team, its_members) = (format!("/teams/{given}"), format!("/teams/{given}/teammates"));
        [
            ask("GET", team),
            ask("GET", its_members.as_str()),
            ask("POST", its_members.as_str()).json(members),
            ask("DELETE", its_members).json(members),
        ]
    });
    asks.map(|ask| ask.gets(404, UNKNOWN_TEAM, "Unknown team ID ")).collect()
}

/// The operations that take a body.
fn with_body(body: &[u8]) -> [Ask; 4] {
    let [create, update] = TEAMMATE_WRITES;
    let [add, remove] = MEMBER_WRITES;
    [create, update, add, remove].map(|(method, path)| ask(method, path).json(body))
}

fn bodies_that_are_no_json() -> Vec<Row> {
    const BODIES: [(&[u8], &str); 46] = [
        (b"   ", "EOF"),
        (b"{", "EOF"),
        (br#"{"email":"a@acme.example""#, "EOF"),
        (br#"{"email":"a@acme"#, "EOF"),
        (br#"{"email":"#, "EOF"),
        (b"{} x", "trailing characters"),
        (b"{}{}", "trailing characters"),
        (b"{},", "trailing characters"),
        (b"\xef\xbb\xbf{}", "expected value"),
        (b"{\"email\":\"\xff@acme.example\"}", "offset 10"),
        (b"{\"email\":\"\xc0\x80@acme.example\"}", "offset 10"),
        (b"{\"email\":\"\xed\xa0\x80@acme.example\"}", "offset 10"),
        (b"{\"email\":\"\xe2\x82\"}", "offset 10"),
        (b"\xff\xfe{\0}\0", "offset 0"),
        (br#"{"email":"\ud800@acme.example"}"#, "hex escape"),
        (br#"{"email":"\udc00@acme.example"}"#, "hex escape"),
        (br#"{"email":"\ud800\ud800@acme.example"}"#, "hex escape"),
        (br#"{"\ud800":1}"#, "hex escape"),
        (br#"{"email":"\u0000@acme.example"}"#, "U+0000"),
        (br#"{"\u0000":1}"#, "U+0000"),
        (b"{\"email\":\"\0\"}", "control character"),
        (b"{\"email\":\"a\nb@acme.example\"}", "control character"),
        (b"\0", "expected value"),
        (br#"{"level":1e400}"#, "out of range"),
        (br#"{"level":-1e400}"#, "out of range"),
        (br#"{"level":1e16}"#, "between"),
        (br#"{"level":9007199254740992}"#, "between"),
        (br#"{"level":-9007199254740992}"#, "between"),
        (br#"{"level":12345678901234567890123}"#, "between"),
        (br#"{"custom_fields":{"level":[9007199254740992]}}"#, "between"),
        (br#"{"level":01}"#, "invalid number"),
        (br#"{"level":1.}"#, "invalid number"),
        (br#"{"level":+1}"#, "expected value"),
        (br#"{"level":.5}"#, "expected value"),
        (br#"{"level":0x1}"#, "expected `,` or `}`"),
        (br#"{"level":NaN}"#, "expected value"),
        (br#"{"level":Infinity}"#, "expected value"),
        (br#"{"level":True}"#, "expected value"),
        (br#"{"email":'a@acme.example'}"#, "expected value"),
        (br#"{email:"a@acme.example"}"#, "key must be a string"),
        (br#"{"email" "a@acme.example"}"#, "expected `:`"),
        (br#"{"level":1,}"#, "trailing comma"),
        (br#"{"email":"\q"}"#, "invalid escape"),
        (b"/* hello */{}", "expected value"),
        (b"<teammate/>", "expected value"),
        (b"email=a%40acme.example", "expected value"),
    ];
    let deep =
        ["[".repeat(10_000), r#"{"a":"#.repeat(10_000), format!("{}{}", "[".repeat(65), "]".repeat(65))];
    let nested = deep.iter().map(|body| (body.as_bytes(), "at most 64 deep"));
    let bodies = BODIES.into_iter().chain(nested);
    bodies.flat_map(|(body, part)| with_body(body).map(|ask| ask.gets(400, NOT_JSON, part))).collect()
}

fn bodies_that_are_no_object() -> Vec<Row> {
    let as_deep_as_may_be = format!("{}{}", "[".repeat(64), "]".repeat(64));
    let bodies = [
        ("null", "null"),
        ("true", "a boolean"),
        ("1", "a number"),
        ("\"x\"", "a string"),
        ("[]", "an array"),
        (r#"[{"email":"new@acme.example"}]"#, "an array"),
        (as_deep_as_may_be.as_str(), "an array"),
    ];
    let others = bodies.into_iter().flat_map(|(body, kind)| {
        let part = format!("body must be a JSON object, not {kind}");
        with_body(body.as_bytes()).map(|ask| ask.gets(400, INVALID, part.as_str()))
    });
    let part = "Body did not satisfy requirements: a JSON object is needed, and there is no body";
    let empty = with_body(b"").into_iter().flat_map(|ask| {
        let bare = Ask { headers: vec![], body: None, path: ask.path.clone(), ..ask };
        [ask, bare]
    });
    let empty = empty.map(|ask| ask.gets(400, "request.body_missing", part));
    // This one takes no body, or one without fields.
    let resend = |body: &str| ask("POST", "/teammates/tea_2/invitation/resend").json(body);
    let needless = [
        resend("[]").gets(400, INVALID, "body must be a JSON object, not an array"),
        resend(r#"{"email":"new@acme.example"}"#).gets(400, INVALID, "email is not a field of this request"),
        resend("{").gets(400, NOT_JSON, "EOF"),
    ];
    others.chain(empty).chain(needless).collect()
}

fn other_types_of_content() -> Vec<Row> {
    const TYPES: [&str; 12] = [
        "text/plain",
        "text/json",
        "json",
        "application/json5",
        "application/vnd.api+json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/*",
        "text/plain, application/json",
        "application/json; charset=utf-16",
        "application/json; charset=\"ISO-8859-1\"",
        "application/json;CHARSET=latin1",
    ];
    const CODINGS: [&str; 5] = ["gzip", "br", "deflate", "identity, gzip", "nonsense"];
    let mut rows = Vec::new();
    for (method, path) in TEAMMATE_WRITES.into_iter().chain(MEMBER_WRITES) {
        let of_type = |given: &str| ask(method, path).body("{}").header("content-type", given);
        for given in TYPES {
            let part = "the body must be application/json in UTF-8, not ";
            rows.push(of_type(given).gets(415, "request.not_json_type", part));
        }
        let part = "the body needs the header `Content-Type: application/json`";
        rows.push(of_type("").gets(415, "request.not_json_type", part));
        rows.push(ask(method, path).body("{}").gets(415, "request.not_json_type", part));
        for coding in CODINGS {
            let part = "bodies must come without a Content-Encoding";
            let encoded = ask(method, path).json("{}").header("content-encoding", coding);
            rows.push(encoded.gets(415, "request.encoded", part));
        }
    }
    rows
}

fn bad_members() -> Vec<Row> {
    let too_many = json!({ "teammate_ids": vec!["tea_1"; 1001] }).to_string();
    let faults = [
        ("{}", "teammate_ids is required"),
        (r#"{"teammate_ids":[]}"#, "teammate_ids must list 1 to 1000 teammate ids; this one lists 0"),
        (too_many.as_str(), "teammate_ids must list 1 to 1000 teammate ids; this one lists 1001"),
        (r#"{"teammate_ids":null}"#, "teammate_ids must be an array of strings, not null"),
        (r#"{"teammate_ids":"tea_1"}"#, "teammate_ids must be an array of strings, not a string"),
        (r#"{"teammate_ids":1}"#, "teammate_ids must be an array of strings, not a number"),
        (r#"{"teammate_ids":true}"#, "teammate_ids must be an array of strings, not a boolean"),
        (r#"{"teammate_ids":{"0":"tea_1"}}"#, "teammate_ids must be an array of strings, not an object"),
        (r#"{"teammate_ids":[1]}"#, "teammate_ids[0] must be a string, not a number"),
        (r#"{"teammate_ids":[null]}"#, "teammate_ids[0] must be a string, not null"),
        (r#"{"teammate_ids":["tea_1",true]}"#, "teammate_ids[1] must be a string, not a boolean"),
        (r#"{"teammate_ids":[["tea_1"]]}"#, "teammate_ids[0] must be a string, not an array"),
        (r#"{"teammate_ids":[{"id":"tea_1"}]}"#, "teammate_ids[0] must be a string, not an object"),
    ];
    let unknown = [
        (r#"["tea_zz"]"#, "Unknown teammate ID tea_zz"),
        (r#"["tea_1","tea_zz","tea_2","tea_7"]"#, "Unknown teammate IDs tea_zz, tea_7"),
        (r#"["tea_3","tea_zz"]"#, "Unknown teammate ID tea_zz"),
        (r#"["TEA_1"]"#, "Unknown teammate ID TEA_1"),
        (r#"["tim_1"]"#, "Unknown teammate ID tim_1"),
        (r#"[""]"#, "Unknown teammate ID"),
        (
            r#"["ada@acme.example"]"#,
            "Unknown teammate ID ada@acme.example; use the teammate's id (tea_…), or the alias",
        ),
        (r#"["alt:email:nobody@acme.example"]"#, "Unknown teammate ID alt:email:nobody@acme.example"),
        (r#"["alt:email:gina@globex.example"]"#, "Unknown teammate ID alt:email:gina@globex.example"),
    ];
    let blocked = [r#"["tea_3"]"#, r#"["tea_4","tea_3"]"#, r#"["alt:email:CLEO@acme.example"]"#];
    let mut rows = Vec::new();
    for (method, path) in MEMBER_WRITES {
        let of_ids = |ids: &str| ask(method, path).json(format!("{{\"teammate_ids\":{ids}}}"));
        rows.extend(faults.map(|(body, part)| ask(method, path).json(body).gets(400, INVALID, part)));
        rows.extend(unknown.map(|(ids, part)| of_ids(ids).gets(404, UNKNOWN_TEAMMATE, part)));
    }
    let part = "Body did not satisfy requirements: blocked teammates cannot be added to a team: tea_3";
    let add = |ids: &str| ask("POST", "/teams/tim_2/teammates").json(format!("{{\"teammate_ids\":{ids}}}"));
    rows.extend(blocked.map(|ids| add(ids).gets(400, "team.teammate_blocked", part)));
    rows
}

fn bad_if_match() -> Vec<Row> {
    const MALFORMED: [&str; 10] =
        ["", "12", "\"12", "12\"", "'12'", "\"1\" \"2\"", "W/12", "w/\"12\"", "*, \"1\"", "\"1\"; \"2\""];
    const STALE: [&str; 5] = ["\"999999\"", "\"0\"", "W/\"1\"", "\"x\"", "\"999998\", \"999999\""];
    let writes = || {
        [
            ask("PATCH", "/teammates/tea_2").json(r#"{"first_name":"X"}"#),
            ask("DELETE", "/teammates/tea_2"),
            add_to_support("tea_4"),
            ask("DELETE", "/teams/tim_1/teammates").json(r#"{"teammate_ids":["tea_1"]}"#),
        ]
    };
    let malformed = MALFORMED.into_iter().flat_map(|tag| {
        let part = "If-Match must be * or a list of ETags";
        writes().map(|ask| ask.header("if-match", tag).gets(400, "request.bad_etag", part))
    });
    let stale = STALE.into_iter().flat_map(|tag| {
        let part = "it was changed since you read it";
        writes().map(|ask| ask.header("if-match", tag).gets(412, "request.changed_since", part))
    });
    malformed.chain(stale).collect()
}

fn bad_idempotency_keys() -> Vec<Row> {
    let too_long = "k".repeat(256);
    let keys = ["", "\"\"", "\"", "\"open", "a b", "a\tb", "a\"b", "a\\b", "cl\u{e9}", too_long.as_str()];
    let posts = || {
        [
            ask("POST", "/teammates").json(r#"{"email":"new@acme.example"}"#),
            add_to_support("tea_4"),
            ask("POST", "/teammates/tea_2/invitation/resend"),
        ]
    };
    let (code, part) =
        ("request.bad_idempotency_key", "Idempotency-Key must be there once, with 1 to 255 visible");
    let malformed = keys.into_iter().flat_map(|key| posts().map(|ask| keyed(ask, key).gets(400, code, part)));
    let twice = posts().map(|ask| keyed(keyed(ask, "one"), "two").gets(400, code, part));
    // The fixture used this key for another request.
    let part = "this Idempotency-Key was used for another request";
    let reused = posts().map(|ask| keyed(ask, "used").gets(422, "request.key_reused", part));
    let quoted = posts().map(|ask| keyed(ask, "\"used\"").gets(422, "request.key_reused", part));
    malformed.chain(twice).chain(reused).chain(quoted).collect()
}

fn unknown_paths() -> Vec<Row> {
    const PATHS: &str = "/ /teammate /Teammates /TEAMS //teammates /v1/teammates /api/teammates /teammates.json \
        /teammates%20 /teammates%2Ftea_1 /teammates/tea_1/nothing /teammates/tea_1/inboxes/inb_1 \
        /teammates/tea_1/invitation/cancel /teams/tim_1/members /teams/tim_1/teammates/tea_1 /me/token /nothing?limit=0 \
        /%00 /%E2%80%AE /teammates//tea_1";
    const SLASHED: &str = "/teammates/ /teammates/tea_1/ /teammates/custom_fields/ /teammates/tea_1/inboxes/ /teams/ \
        /teams/tim_1/ /teams/tim_1/teammates/ /me/";
    let code = "request.unknown_path";
    let unknown = PATHS.split(' ').map(|path| ask("GET", path).gets(404, code, "there is nothing at /"));
    let slashed = SLASHED.split(' ').flat_map(|path| {
        ["GET", "POST", "PATCH", "DELETE"]
            .map(|method| ask(method, path).gets(404, code, "paths have no slash at their end"))
    });
    let long = ask("GET", format!("/teammates?limit=1&x={}", "a".repeat(8 * 1024)));
    let too_long = long.gets(414, "request.url_too_long", "the URL is longer than 8192 bytes");
    unknown.chain(slashed).chain([too_long]).collect()
}

fn wrong_methods() -> Vec<Row> {
    const READ: &[&str] = &["GET", "HEAD", "OPTIONS"];
    const LIST: &[&str] = &["GET", "HEAD", "OPTIONS", "POST"];
    const ONE: &[&str] = &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH"];
    const MEMBERS: &[&str] = &["DELETE", "GET", "HEAD", "OPTIONS", "POST"];
    let asked: [(&str, &[&str], &[&'static str]); 17] = [
        ("/me", READ, &["POST", "PUT", "PATCH", "DELETE"]),
        ("/teammates", LIST, &["PUT", "PATCH", "DELETE", "TRACE", "BREW"]),
        ("/teammates/custom_fields", READ, &["POST", "PUT", "PATCH", "DELETE"]),
        ("/teammates/tea_2", ONE, &["POST", "PUT", "TRACE", "BREW"]),
        ("/teammates/tea_zz", ONE, &["POST", "PUT"]),
        ("/teammates/tea_2/inboxes", READ, &["POST", "DELETE"]),
        ("/teammates/tea_2/conversations", READ, &["POST", "DELETE"]),
        ("/teammates/tea_2/invitation", READ, &["POST", "PUT", "DELETE"]),
        ("/teammates/tea_2/invitation/resend", &["OPTIONS", "POST"], &["GET", "PUT", "DELETE"]),
        ("/teams", READ, &["POST", "PUT", "PATCH", "DELETE"]),
        ("/teams/tim_1", READ, &["POST", "PUT", "PATCH", "DELETE"]),
        ("/teams/tim_1/teammates", MEMBERS, &["PUT", "PATCH"]),
        ("/invitations/x", LIST, &["PUT", "DELETE"]),
        ("/healthz", READ, &["POST"]),
        ("/readyz", READ, &["POST"]),
        ("/metrics", READ, &["POST"]),
        ("/openapi.json", READ, &["POST"]),
    ];
    let mut rows = Vec::new();
    for (path, allow, methods) in asked {
        for &method in methods {
            let part = format!("this path does not take {method}; it takes ");
            let row = ask(method, path).gets(405, "request.method_not_allowed", part);
            rows.push(Row { allow, ..row });
        }
    }
    rows
}

fn conflicts() -> Vec<Row> {
    const LAST_ADMIN: &str = "teammate tea_1 is the last unblocked administrator";
    const BLOCKED: &str =
        "teammate tea_3 is blocked and this company does not allow reactivation over the API";
    let taken = [
        (json!({ "email": "ada@acme.example" }), "teammate.email_taken", "teammate tea_1 has this address"),
        (json!({ "email": "ADA@Acme.EXAMPLE" }), "teammate.email_taken", "teammate tea_1 has this address"),
        (json!({ "email": "cleo@acme.example" }), "teammate.email_taken", "teammate tea_3 has this address"),
        (json!({ "email": "CLEO@ACME.EXAMPLE" }), "teammate.email_taken", "teammate tea_3 has this address"),
        (
            json!({ "email": "jose\u{301}@XN--BCHER-KVA.example" }),
            "teammate.email_taken",
            "teammate tea_4 has this address",
        ),
        (
            json!({ "email": "new@acme.example", "username": "ada" }),
            "teammate.username_taken",
            "teammate tea_1 has this username",
        ),
        (
            json!({ "email": "new@acme.example", "username": "cleo" }),
            "teammate.username_taken",
            "teammate tea_3 has this username",
        ),
        (
            json!({ "email": "ada@acme.example", "username": "cleo" }),
            "teammate.email_taken",
            "teammate tea_3 has this username",
        ),
    ];
    let mut rows = Vec::new();
    for (body, code, part) in taken {
        let on_both = TEAMMATE_WRITES.map(|(method, path)| ask(method, path).json(body.to_string()));
        rows.extend(on_both.map(|ask| ask.gets(409, code, part)));
    }
    for path in ["/teammates/tea_1", "/teammates/alt:email:Ada@acme.example"] {
        let asks = [
            ask("PATCH", path).json(r#"{"is_admin":false}"#),
            ask("PATCH", path).json(r#"{"is_blocked":true}"#),
            ask("PATCH", path).json(r#"{"is_blocked":true,"is_admin":false,"first_name":"X"}"#),
            ask("DELETE", path),
            ask("DELETE", path).header("if-match", "*"),
        ];
        rows.extend(asks.map(|ask| ask.gets(409, "teammate.last_admin", LAST_ADMIN)));
    }
    for path in ["/teammates/tea_3", "/teammates/alt:email:cleo@acme.example"] {
        for body in [r#"{"is_blocked":false}"#, r#"{"is_blocked":false,"first_name":"X","is_admin":true}"#] {
            let code = "teammate.reactivation_needs_a_person";
            rows.push(ask("PATCH", path).json(body).gets(403, code, BLOCKED));
        }
        let resend = ask("POST", format!("{path}/invitation/resend"));
        rows.push(resend.gets(409, "teammate.blocked", "teammate tea_3 is blocked"));
    }
    rows
}
