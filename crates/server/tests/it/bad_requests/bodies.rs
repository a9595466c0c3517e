//! Bodies that are no JSON, no object, of another type or too large.

use super::fixture::Fixture;
use super::rows::{Ask, Row, ask};
use super::{CONVERSATION_WRITES, INVALID, MEMBER_WRITES, NOT_JSON, TEAMMATE_WRITES};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_body_above_one_mebibyte_is_refused_on_every_path_that_takes_one() {
    let fixture = Fixture::new().await;
    let beyond = " ".repeat(1024 * 1024 + 1);
    let announced = ("content-length: 2097152", String::new());
    let chunked = ("transfer-encoding: chunked", format!("{:x}\r\n{beyond}", beyond.len()));
    for (method, path) in writes() {
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

/// The operations that take a body.
fn writes() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEAMMATE_WRITES.into_iter().chain(MEMBER_WRITES).chain(CONVERSATION_WRITES)
}

fn with_body(body: &[u8]) -> Vec<Ask> {
    writes().map(|(method, path)| ask(method, path).json(body)).collect()
}

pub(super) fn bodies_that_are_no_json() -> Vec<Row> {
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
    let rows = bodies
        .flat_map(|(body, part)| with_body(body).into_iter().map(move |ask| ask.gets(400, NOT_JSON, part)));
    rows.collect()
}

pub(super) fn bodies_that_are_no_object() -> Vec<Row> {
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
        with_body(body.as_bytes()).into_iter().map(move |ask| ask.gets(400, INVALID, part.as_str()))
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

pub(super) fn other_types_of_content() -> Vec<Row> {
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
    for (method, path) in writes() {
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
