//! The shell around every request, byte by byte: heads, framing, time-outs, connections, headers.

use flate2::read::GzDecoder;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::time::Duration;
use tenure_server::http::Limits;
use tenure_testkit::{PUBLIC_URL, TestCompany, TestServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

/// How long a test waits for something that is to happen soon.
const PATIENCE: Duration = Duration::from_secs(10);
/// A limit that is short enough to be waited for.
const SOON: Duration = Duration::from_millis(200);

/// What an attacker would smuggle behind another request.
const SMUGGLED: &str = "GET /healthz HTTP/1.1\r\nHost: tenure.test\r\n\r\n";
/// A body of 30 bytes, `1e` in a chunk.
const BODY: &str = r#"{"email":"smuggled@x.example"}"#;

/// A connection of which every byte is ours.
struct Wire(TcpStream);

impl Wire {
    async fn open(server: &TestServer) -> Self {
        Self(TcpStream::connect(server.address()).await.expect("the server listens"))
    }

    /// Sends as much as the server takes: one that refuses may be gone already.
    async fn send(&mut self, bytes: &str) {
        let _ = self.0.write_all(bytes.as_bytes()).await;
    }

    /// Everything until the server closes.
    async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let closed = timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.is_ok();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(closed, "the server did not close after: {text}");
        text
    }

    /// What comes until it ends like this.
    async fn until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end.as_bytes()) {
            let byte = timeout(PATIENCE, self.0.read_u8()).await.expect("an answer comes in time");
            bytes.push(byte.expect("the connection stays open"));
        }
        String::from_utf8(bytes).expect("the answer is text")
    }

    /// Sends a little again and again until the server closes; all that it said.
    async fn trickle(&mut self, drop: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut said = Vec::new();
        while Instant::now() < until {
            self.send(drop).await;
            if timeout(SOON / 10, self.0.read_to_end(&mut said)).await.is_ok() {
                return String::from_utf8_lossy(&said).into_owned();
            }
        }
        panic!("the server waits on; it said: {}", String::from_utf8_lossy(&said))
    }
}

/// All that the server says to these bytes until it closes.
async fn exchange(server: &TestServer, bytes: &str) -> String {
    let mut wire = Wire::open(server).await;
    wire.send(bytes).await;
    wire.rest().await
}

/// The statuses of all answers in what a server said.
fn statuses(said: &str) -> Vec<u16> {
    let answers = said.split("HTTP/1.").skip(1);
    answers.map(|answer| answer[2..5].parse().expect("a status follows the version")).collect()
}

/// A request that ends the connection.
fn last(method: &str, target: &str, headers: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: tenure.test\r\n{headers}Connection: close\r\n\r\n")
}

/// The head of a POST that creates a teammate, less its framing.
fn creation(company: &TestCompany) -> String {
    let token = &company.token;
    format!(
        "POST /teammates HTTP/1.1\r\nHost: tenure.test\r\nAuthorization: Bearer {token}\r\nContent-Type: \
         application/json\r\n"
    )
}

/// Limits under which a connection that waits for more is closed soon.
fn impatient() -> Limits {
    Limits { head_timeout: SOON, idle_timeout: SOON, body_grace: SOON, ..Limits::default() }
}

/// Sends each shape with something smuggled behind it, and says which were not refused once and for all.
async fn not_refused(
    server: &TestServer,
    shapes: impl IntoIterator<Item = (&'static str, String)>,
) -> Vec<String> {
    let mut not_refused = Vec::new();
    for (name, bytes) in shapes {
        let said = exchange(server, &format!("{bytes}{SMUGGLED}")).await;
        if !matches!(statuses(&said).as_slice(), [] | [400 | 431 | 501]) {
            not_refused.push(format!("{name}: {:?}", statuses(&said)));
        }
    }
    not_refused
}

const BAD_HEADS: [(&str, &str); 30] = [
    ("space before the colon", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A : 1\r\n\r\n"),
    ("folded line", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A: 1\r\n 2\r\n\r\n"),
    ("folded with a tab", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A: 1\r\n\t2\r\n\r\n"),
    ("space before the first header", "GET /healthz HTTP/1.1\r\n Host: t\r\n\r\n"),
    ("NUL in a value", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A: a\0b\r\n\r\n"),
    ("NUL in a name", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-\0A: 1\r\n\r\n"),
    ("control in a value", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A: a\x07b\r\n\r\n"),
    ("DEL in a value", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A: a\x7fb\r\n\r\n"),
    ("bare CR in a value", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A: a\rb\r\n\r\n"),
    ("bare CR as line end", "GET /healthz HTTP/1.1\rHost: t\r\r"),
    ("bare LF as line end", "GET /healthz HTTP/1.1\nHost: t\n\n"),
    ("bare LF after a header", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-A: 1\nX-B: 2\r\n\r\n"),
    ("bare LF as end of the head", "GET /healthz HTTP/1.1\r\nHost: t\r\n\n"),
    ("no colon", "GET /healthz HTTP/1.1\r\nHost: t\r\nnonsense\r\n\r\n"),
    ("no name", "GET /healthz HTTP/1.1\r\nHost: t\r\n: 1\r\n\r\n"),
    ("name with a quote", "GET /healthz HTTP/1.1\r\nHost: t\r\n\"X\": 1\r\n\r\n"),
    ("name beyond ASCII", "GET /healthz HTTP/1.1\r\nHost: t\r\nX-\u{e9}: 1\r\n\r\n"),
    ("control in the target", "GET /health\x01z HTTP/1.1\r\nHost: t\r\n\r\n"),
    ("space in the target", "GET /health z HTTP/1.1\r\nHost: t\r\n\r\n"),
    ("two spaces", "GET  /healthz HTTP/1.1\r\nHost: t\r\n\r\n"),
    ("tabs for spaces", "GET\t/healthz\tHTTP/1.1\r\nHost: t\r\n\r\n"),
    ("space before the method", " GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"),
    ("method that is no token", "GE(T /healthz HTTP/1.1\r\nHost: t\r\n\r\n"),
    ("no version", "GET /healthz\r\nHost: t\r\n\r\n"),
    ("another version", "GET /healthz HTTP/1.2\r\nHost: t\r\n\r\n"),
    ("version 2", "GET /healthz HTTP/2.0\r\nHost: t\r\n\r\n"),
    ("version in lower case", "GET /healthz http/1.1\r\nHost: t\r\n\r\n"),
    ("something behind the version", "GET /healthz HTTP/1.1 x\r\nHost: t\r\n\r\n"),
    ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\x7c\x03\x03"),
];

#[tokio::test]
async fn a_malformed_head_is_refused_and_ends_the_connection() {
    let server = TestServer::with_limits(impatient()).await;
    let shapes = BAD_HEADS.map(|(name, head)| (name, head.to_owned()));
    assert_eq!(not_refused(&server, shapes).await, [""; 0]);
}

#[tokio::test]
async fn a_refused_head_is_answered_as_other_requests_are() {
    let server = TestServer::start().await;
    let too_many_lines = last("GET", "/healthz", &"X-A: 1\r\n".repeat(99));
    for (bytes, code) in [("GET\r\n\r\n", "malformed"), (too_many_lines.as_str(), "head_too_large")] {
        let said = exchange(&server, bytes).await;
        assert!(said.contains(&format!("\"code\":\"request.{code}\"")), "{said}");
        for header in ["x-request-id", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
            assert!(said.to_lowercase().contains(&format!("\r\n{header}: ")), "{said}");
        }
    }
}

#[tokio::test]
async fn a_request_without_exactly_one_host_is_refused() {
    let server = TestServer::with_limits(impatient()).await;
    let shapes = [
        ("none", "GET /healthz HTTP/1.1\r\n\r\n".to_owned()),
        ("two", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned()),
        ("with a space", "GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n".to_owned()),
    ];
    assert_eq!(not_refused(&server, shapes).await, [""; 0]);
}

/// Framings of [`BODY`] that two servers could read in two ways.
const BAD_FRAMINGS: [&str; 31] = [
    "Content-Length: 30\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 30",
    "Content-Length: 0\r\nTransfer-Encoding: chunked",
    "Content-Length: 30\r\nContent-Length: 0",
    "Content-Length: 0\r\nContent-Length: 30",
    "Content-Length: 30, 30",
    "Content-Length: 30, 0",
    "Content-Length: +30",
    "Content-Length: -30",
    "Content-Length: -1",
    "Content-Length: 0x1e",
    "Content-Length: 1e",
    "Content-Length: 3 0",
    "Content-Length: 30.0",
    "Content-Length: \"30\"",
    "Content-Length: ",
    "Content-Length: 99999999999999999999",
    "Content-Length : 30",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: gzip",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: chunked;x",
    "Transfer-Encoding: \"chunked\"",
    "Transfer-Encoding:\x0bchunked",
    "Transfer-Encoding : chunked",
    "X-A: 1\nTransfer-Encoding: chunked",
    "X-A: 1\r\n Transfer-Encoding: chunked",
];

#[tokio::test]
async fn a_body_whose_end_is_in_doubt_is_refused_and_ends_the_connection() {
    let server = TestServer::with_limits(impatient()).await;
    let company = server.company("Acme").await;
    let head = creation(&company);
    let shapes = BAD_FRAMINGS.map(|framing| {
        let body =
            if framing.contains("chunked") { format!("1e\r\n{BODY}\r\n0\r\n\r\n") } else { BODY.to_owned() };
        (framing, format!("{head}{framing}\r\n\r\n{body}"))
    });
    assert_eq!(not_refused(&server, shapes).await, [""; 0]);
    assert!(company.get("/teammates").await.ids().is_empty());
}

#[tokio::test]
async fn chunks_over_http_1_0_are_refused() {
    let server = TestServer::with_limits(impatient()).await;
    let company = server.company("Acme").await;
    let head = creation(&company).replace("HTTP/1.1", "HTTP/1.0");
    let request = format!("{head}Transfer-Encoding: chunked\r\n\r\n1e\r\n{BODY}\r\n0\r\n\r\n");
    assert_eq!(not_refused(&server, [("chunks", request)]).await, [""; 0]);
}

/// Bodies in chunks that are not as they must be; `BODY` stands for the body.
const BAD_CHUNKS: [(&str, &str); 17] = [
    ("no size", "\r\nBODY\r\n0\r\n\r\n"),
    ("a size that is no number", "g\r\nBODY\r\n0\r\n\r\n"),
    ("a size with 0x", "0x1e\r\nBODY\r\n0\r\n\r\n"),
    ("a size with a plus", "+1e\r\nBODY\r\n0\r\n\r\n"),
    ("a size with a minus", "-1e\r\nBODY\r\n0\r\n\r\n"),
    ("a size behind a space", " 1e\r\nBODY\r\n0\r\n\r\n"),
    ("a size in two", "1 e\r\nBODY\r\n0\r\n\r\n"),
    ("a size beyond 64 bits", "1000000000000001e\r\nBODY\r\n0\r\n\r\n"),
    ("a size that is too small", "1d\r\nBODY\r\n0\r\n\r\n"),
    ("a size that is too large", "1f\r\nBODY\r\n0\r\n\r\n"),
    ("bare LF after the size", "1e\nBODY\r\n0\r\n\r\n"),
    ("bare CR after the size", "1e\rBODY\r\n0\r\n\r\n"),
    ("LF in an extension", "1e;a\nb\r\nBODY\r\n0\r\n\r\n"),
    ("nothing after the data", "1e\r\nBODY0\r\n\r\n"),
    ("bare LF after the data", "1e\r\nBODY\n0\r\n\r\n"),
    ("bare LF at the end", "1e\r\nBODY\r\n0\n\n"),
    ("a trailer without a colon", "1e\r\nBODY\r\n0\r\nnonsense\r\n\r\n"),
];

#[tokio::test]
async fn malformed_chunks_are_refused_and_end_the_connection() {
    let server = TestServer::with_limits(impatient()).await;
    let company = server.company("Acme").await;
    let head = format!("{}Transfer-Encoding: chunked\r\n\r\n", creation(&company));
    let shapes = BAD_CHUNKS.map(|(name, chunks)| (name, format!("{head}{}", chunks.replace("BODY", BODY))));
    assert_eq!(not_refused(&server, shapes).await, [""; 0]);
    assert!(company.get("/teammates").await.ids().is_empty());
}

#[tokio::test]
async fn chunks_as_they_must_be_are_taken() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let head = creation(&company);
    let (start, end) = BODY.split_at(5);
    let chunks = format!("5;a=b\r\n{start}\r\n019\r\n{end}\r\n0\r\nX-A: 1\r\n\r\n");
    let request = format!("{head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunks}");
    assert_eq!(statuses(&exchange(&server, &request).await), [201]);
}

#[tokio::test]
async fn a_malformed_head_behind_a_chunked_body_is_refused_all_the_same() {
    let server = TestServer::with_limits(impatient()).await;
    let head = creation(&server.company("Acme").await);
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n1e\r\n{BODY}\r\n0\r\n\r\n");
    for hidden in [
        "GET /healthz HTTP/1.1\nHost: t\n\n",
        "GET /healthz HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        let said = exchange(&server, &format!("{chunked}{hidden}{SMUGGLED}")).await;
        let is_refused = matches!(statuses(&said).as_slice(), [] | [400 | 201 | 409] | [201 | 409, 400]);
        assert!(is_refused, "{hidden:?}: {:?}", statuses(&said));
    }
}

#[tokio::test]
async fn a_request_inside_a_body_is_not_answered() {
    let server = TestServer::with_limits(impatient()).await;
    let length = SMUGGLED.len();
    let request = format!("GET /healthz HTTP/1.1\r\nHost: t\r\nContent-Length: {length}\r\n\r\n{SMUGGLED}");
    assert_eq!(statuses(&exchange(&server, &request).await), [200]);
}

#[tokio::test]
async fn a_head_of_32_kib_is_the_most() {
    let server = TestServer::start().await;
    let line = format!("X-A: {}\r\n", "a".repeat(1016));
    let fits = last("GET", "/healthz", &line.repeat(31));
    assert_eq!(statuses(&exchange(&server, &fits).await), [200]);
    let too_large = last("GET", "/healthz", &line.repeat(33));
    let said = exchange(&server, &too_large).await;
    assert!(matches!(statuses(&said).as_slice(), [] | [400 | 431]), "{said}");
}

#[tokio::test]
async fn a_head_of_100_lines_is_the_most() {
    let server = TestServer::start().await;
    // `last` has two lines of its own.
    let fits = last("GET", "/healthz", &"X-A: 1\r\n".repeat(98));
    assert_eq!(statuses(&exchange(&server, &fits).await), [200]);
    let too_many = last("GET", "/healthz", &"X-A: 1\r\n".repeat(99));
    let said = exchange(&server, &too_many).await;
    assert!(matches!(statuses(&said).as_slice(), [] | [400 | 431]), "{said}");
}

#[tokio::test]
async fn a_url_of_8_kib_is_the_longest() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for path in ["/me?", "/healthz?"] {
        let fits = format!("{path}{}", "a".repeat(8192 - path.len()));
        assert_eq!(company.get(&fits).await.status, 200, "{path}");
        assert_eq!(company.get(&format!("{fits}a")).await.status, 414, "{path}");
    }
    insta::assert_snapshot!(company.get(&format!("/me?{}", "a".repeat(8192))).await, @r#"
    414
    content-type: application/json

    {
      "_error": {
        "code": "request.url_too_long",
        "message": "the URL is longer than 8192 bytes",
        "status": 414,
        "title": "URI too long"
      }
    }
    "#);
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let server = TestServer::with_limits(Limits { head_timeout: SOON, ..Limits::default() }).await;
    assert_eq!(Wire::open(&server).await.rest().await, "");
}

#[tokio::test]
async fn a_head_that_stops_half_way_is_given_up() {
    let server = TestServer::with_limits(Limits { head_timeout: SOON, ..Limits::default() }).await;
    let said = exchange(&server, "GET /healthz HTTP/1.1\r\nHost: ten").await;
    assert!(matches!(statuses(&said).as_slice(), [] | [408]), "{said}");
}

#[tokio::test]
async fn a_head_that_trickles_is_given_up() {
    let server = TestServer::with_limits(Limits { head_timeout: SOON, ..Limits::default() }).await;
    let mut wire = Wire::open(&server).await;
    wire.send("GET /healthz HTTP/1.1\r\n").await;
    let said = wire.trickle("X").await;
    assert!(matches!(statuses(&said).as_slice(), [] | [408]), "{said}");
}

#[tokio::test]
async fn the_second_head_of_a_connection_has_no_more_time_than_the_first() {
    let server = TestServer::with_limits(Limits { head_timeout: SOON, ..Limits::default() }).await;
    let mut wire = Wire::open(&server).await;
    wire.send(SMUGGLED).await;
    wire.until("ok\n").await;
    let said = wire.trickle("X").await;
    assert!(matches!(statuses(&said).as_slice(), [] | [408]), "{said}");
}

#[tokio::test]
async fn a_connection_that_rests_too_long_is_closed() {
    let server = TestServer::with_limits(Limits { idle_timeout: SOON, ..Limits::default() }).await;
    let mut wire = Wire::open(&server).await;
    wire.send(SMUGGLED).await;
    wire.until("ok\n").await;
    assert_eq!(wire.rest().await, "");
}

#[tokio::test]
async fn a_body_that_stops_half_way_is_given_up_and_nothing_is_done() {
    let server = TestServer::with_limits(Limits { body_grace: SOON, ..Limits::default() }).await;
    let company = server.company("Acme").await;
    let head = creation(&company);
    let said = exchange(&server, &format!("{head}Content-Length: 30\r\n\r\n{}", &BODY[..15])).await;
    assert_eq!(statuses(&said), [408], "{said}");
    assert!(
        said.contains("\"request.too_slow\"") && said.to_lowercase().contains("x-ratelimit-reset"),
        "{said}"
    );
    assert!(company.get("/teammates").await.ids().is_empty());
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up() {
    let server = TestServer::with_limits(Limits { body_grace: SOON, ..Limits::default() }).await;
    let mut wire = Wire::open(&server).await;
    let head = creation(&server.company("Acme").await);
    wire.send(&format!("{head}Content-Length: 1000000\r\n\r\n")).await;
    let said = wire.trickle(" ").await;
    assert_eq!(statuses(&said), [408], "{said}");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let server = TestServer::with_limits(Limits { request_timeout: SOON, ..Limits::default() }).await;
    let head = creation(&server.company("Acme").await);
    let said = exchange(&server, &format!("{head}Content-Length: 30\r\n\r\n")).await;
    assert_eq!(statuses(&said), [408], "{said}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused_and_nothing_is_done() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let head = creation(&company);
    for framing in ["Content-Length: 31\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1e\r\n"] {
        let mut wire = Wire::open(&server).await;
        wire.send(&format!("{head}{framing}{BODY}")).await;
        wire.0.shutdown().await.unwrap();
        let said = wire.rest().await;
        assert!(statuses(&said) == [400] && said.contains("\"request.cut_off\""), "{framing}: {said}");
    }
    assert!(company.get("/teammates").await.ids().is_empty());
}

/// Waits until the server has a place for another connection.
async fn until_served(server: &TestServer) {
    let until = Instant::now() + PATIENCE;
    while statuses(&exchange(server, &last("GET", "/healthz", "")).await) != [200] {
        assert!(Instant::now() < until, "no place became free");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_reader_who_takes_nothing_loses_its_place() {
    let limits = Limits { connections: 1, write_timeout: SOON, ..Limits::default() };
    let server = TestServer::with_limits(limits).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut slow = socket.connect(server.address()).await.unwrap();
    // Far more than the buffers of both sides hold.
    let ask = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: tenure.test\r\n\r\n".repeat(16);
    slow.write_all(ask.as_bytes()).await.unwrap();
    until_served(&server).await;
}

#[tokio::test]
async fn connections_beyond_the_limit_are_told_so_and_closed_at_once() {
    for limits in [
        Limits { connections: 2, ..Limits::default() },
        Limits { connections_per_address: 2, ..Limits::default() },
    ] {
        let server = TestServer::with_limits(limits).await;
        let mut held = [Wire::open(&server).await, Wire::open(&server).await];
        for wire in &mut held {
            wire.send(SMUGGLED).await;
            wire.until("ok\n").await;
        }
        let said = Wire::open(&server).await.rest().await;
        assert_eq!(statuses(&said), [503], "{said}");
        drop(held);
        until_served(&server).await;
    }
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let server = TestServer::start().await;
    let mut wire = Wire::open(&server).await;
    for _ in 0..3 {
        wire.send(SMUGGLED).await;
        assert_eq!(statuses(&wire.until("ok\n").await), [200]);
    }
}

#[tokio::test]
async fn requests_sent_at_once_are_answered_in_their_order() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let head = creation(&company);
    let creation = format!("{head}Content-Length: 30\r\n\r\n{BODY}");
    let requests = format!("{SMUGGLED}{creation}{creation}{}", last("GET", "/nothing", ""));
    assert_eq!(statuses(&exchange(&server, &requests).await), [200, 201, 409, 404]);
}

#[tokio::test]
async fn nothing_is_answered_after_the_client_asked_to_close() {
    let server = TestServer::start().await;
    let requests = format!("{}{SMUGGLED}", last("GET", "/healthz", ""));
    assert_eq!(statuses(&exchange(&server, &requests).await), [200]);
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_to_go_on() {
    let server = TestServer::start().await;
    let head = creation(&server.company("Acme").await);
    let mut wire = Wire::open(&server).await;
    wire.send(&format!("{head}Content-Length: 30\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"))
        .await;
    wire.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    wire.send(BODY).await;
    assert_eq!(statuses(&wire.rest().await), [201]);
}

#[tokio::test]
async fn a_client_that_asks_first_is_refused_without_its_body() {
    let server = TestServer::with_limits(Limits { body_bytes: 64, ..Limits::default() }).await;
    let company = server.company("Acme").await;
    for (company, length, status) in [(&company.with_token("nonsense"), 30, 401), (&company, 65, 413)] {
        let head = creation(company);
        let said =
            exchange(&server, &format!("{head}Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n"))
                .await;
        assert_eq!(statuses(&said), [status], "{said}");
    }
}

#[tokio::test]
async fn http_1_0_is_served_and_closed() {
    let server = TestServer::start().await;
    let said = exchange(&server, "GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(said.starts_with("HTTP/1.0 200 OK\r\n") && said.ends_with("\r\n\r\nok\n"), "{said}");
}

#[tokio::test]
async fn the_absolute_form_of_a_target_is_its_path() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let authorization = format!("Authorization: Bearer {}\r\n", company.token);
    let said = exchange(&server, &last("GET", "http://evil.example/teammates/tea_1", &authorization)).await;
    assert_eq!(statuses(&said), [200]);
    assert!(said.contains("\"http://tenure.test/teammates/tea_1\"") && !said.contains("evil"), "{said}");
}

/// Targets that are not the path of anything, however they could be read.
const STRANGE_TARGETS: [(&str, &str); 17] = [
    ("GET", "//teammates"),
    ("GET", "/teammates/"),
    ("GET", "/teammates//"),
    ("GET", "/teammates//tea_1"),
    ("GET", "/teammates/tea_1/"),
    ("GET", "/./teammates"),
    ("GET", "/teammates/../me"),
    ("GET", "/healthz/../me"),
    ("GET", "/docs/../me"),
    ("GET", "/docs/..%2Fme"),
    ("GET", "/TEAMMATES"),
    ("GET", "/teammates;x=1"),
    ("GET", "/teammates%3Flimit=1"),
    ("GET", "/teammates%00"),
    ("GET", "//"),
    ("GET", "me"),
    ("CONNECT", "tenure.test:80"),
];

#[tokio::test]
async fn a_target_is_taken_as_it_is_written() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let authorization = format!("Authorization: Bearer {}\r\n", company.token);
    for (method, target) in STRANGE_TARGETS {
        let said = exchange(&server, &last(method, target, &authorization)).await;
        assert!(matches!(statuses(&said).as_slice(), [400 | 404]), "{method} {target}: {said}");
    }
}

#[tokio::test]
async fn what_is_escaped_in_a_path_is_decoded_once() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let authorization = format!("Authorization: Bearer {}\r\n", company.token);
    for (id, status) in [
        ("tea_1", 200),
        ("tea%5F1", 200),
        ("tea%5f1", 200),
        ("%74%65%61_1", 200),
        ("alt:email:ana@x.example", 200),
        ("alt%3Aemail%3Aana%40x.example", 200),
        ("tea%255F1", 404),
        ("alt:email:ana%2540x.example", 404),
        ("tea_1%2Finboxes", 404),
        ("tea_1%00", 404),
        ("tea_1%0D%0AX-A:%201", 404),
        ("%FF", 404),
        ("%", 404),
        ("tea_1%2", 404),
        ("%u0074ea_1", 404),
        ("tea+1", 404),
    ] {
        let said = exchange(&server, &last("GET", &format!("/teammates/{id}"), &authorization)).await;
        assert_eq!(statuses(&said), [status], "{id}: {said}");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let authorization = format!("Authorization: Bearer {}\r\n", company.token);
    for target in ["/healthz", "/me", "/teammates", "/teammates/tea_1", "/teammates/tea_2", "/nothing"] {
        let get = exchange(&server, &last("GET", target, &authorization)).await;
        let head = exchange(&server, &last("HEAD", target, &authorization)).await;
        let (head_of_get, _) = get.split_once("\r\n\r\n").unwrap();
        // The date and the request's own id and place in the window differ.
        let lasting = |head: &str| {
            let differs = ["date: ", "x-request-id: ", "x-ratelimit-remaining: "];
            let lines = head.lines().filter(|line| !differs.iter().any(|name| line.starts_with(name)));
            lines.map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let head = head.strip_suffix("\r\n\r\n").unwrap_or_else(|| panic!("{target} has a body: {head}"));
        assert_eq!(lasting(head), lasting(head_of_get), "{target}");
    }
}

#[tokio::test]
async fn options_tells_what_a_path_takes() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let expected: [(&str, &[&str]); 5] = [
        ("/me", &["GET", "HEAD"]),
        ("/teammates", &["GET", "HEAD", "POST"]),
        ("/teammates/tea_1", &["DELETE", "GET", "HEAD", "PATCH"]),
        ("/teams/tim_1/teammates", &["DELETE", "GET", "HEAD", "POST"]),
        ("/teammates/tea_1/invitation/resend", &["POST"]),
    ];
    for (path, methods) in expected {
        let reply = company.send(company.request(Method::OPTIONS, path)).await.expect(204);
        let mut allowed: Vec<_> = reply.header("allow").unwrap().split(',').map(str::trim).collect();
        allowed.retain(|method| *method != "OPTIONS");
        allowed.sort_unstable();
        assert_eq!(allowed, methods, "{path}");
    }
}

#[tokio::test]
async fn the_callers_request_id_is_kept_where_it_is_sane() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let longest = "i".repeat(128);
    for id in [
        "1",
        "8e03978e-40d5-43dd-bc93-6894a57f9324",
        "Root=1-67891233-abcdef",
        "a_b.c:d/e+f=",
        longest.as_str(),
    ] {
        for path in ["/me", "/healthz", "/nothing"] {
            let request = company.request(Method::GET, path).header("X-Request-Id", id);
            assert_eq!(company.send(request).await.header("x-request-id"), Some(id), "{path}");
        }
    }
}

#[tokio::test]
async fn an_insane_request_id_is_replaced() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let too_long = "i".repeat(129);
    for id in ["", "a b", "a\tb", "\"a\"", "a;b", "<a>", "a\\nb", "\u{e9}", "{\"a\":1}", too_long.as_str()] {
        let request = company.request(Method::GET, "/healthz").header("X-Request-Id", id.as_bytes());
        let reply = company.send(request).await;
        let made = reply.header("x-request-id").unwrap_or_default();
        assert!(!made.is_empty() && made != id, "{id:?}: {made}");
    }
}

#[tokio::test]
async fn every_request_without_an_id_gets_one_of_its_own() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let mut ids = Vec::new();
    for path in ["/me", "/me", "/healthz", "/nothing", "/teammates/tea_1"] {
        ids.push(company.get(path).await.header("x-request-id").unwrap().to_owned());
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

/// A company whose list of teammates is worth compressing.
async fn large(server: &TestServer) -> TestCompany {
    let company = server.company("Acme").await;
    for index in 0..5 {
        company.teammate(&format!("p{index}@x.example")).await;
    }
    company
}

#[tokio::test]
async fn an_answer_is_compressed_only_for_those_who_ask() {
    let server = TestServer::start().await;
    let company = large(&server).await;
    assert_eq!(company.get("/teammates").await.header("content-encoding"), None);
    for (accepted, is_compressed) in [
        ("gzip", true),
        ("GZIP", true),
        ("br, gzip, deflate", true),
        ("gzip;q=0.5", true),
        ("gzip; q=1.0, identity; q=0.5", true),
        ("*", true),
        ("*;q=0, gzip", true),
        ("", false),
        ("identity", false),
        ("br", false),
        ("xgzip", false),
        ("gzip;q=0", false),
        ("gzip; q=0.0", false),
        ("gzip ; q=0.000", false),
        ("gzip;Q=0", false),
        ("br, gzip;q=0", false),
        ("*;q=0", false),
        ("gzip;q=0, *", false),
    ] {
        let request = company.request(Method::GET, "/teammates").header("Accept-Encoding", accepted);
        let reply = company.send(request).await.expect(200);
        let encoding = reply.header("content-encoding");
        assert_eq!(encoding, is_compressed.then_some("gzip"), "Accept-Encoding: {accepted}");
    }
}

#[tokio::test]
async fn a_compressed_answer_is_the_same_answer() {
    let server = TestServer::start().await;
    let company = large(&server).await;
    let plain = company.get("/teammates").await.expect(200);
    let request = company.request(Method::GET, "/teammates").header("Accept-Encoding", "gzip");
    let reply = company.send(request).await.expect(200);
    let mut unpacked = Vec::new();
    GzDecoder::new(reply.body.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    assert!(reply.body.len() < plain.body.len());
    assert_eq!(reply.number("content-length"), i64::try_from(reply.body.len()).unwrap());
}

#[tokio::test]
async fn caches_are_told_what_the_form_of_an_answer_depends_on() {
    let server = TestServer::start().await;
    let company = large(&server).await;
    for method in [Method::GET, Method::HEAD] {
        for accepted in ["gzip", "identity"] {
            let request = company.request(method.clone(), "/teammates").header("Accept-Encoding", accepted);
            let reply = company.send(request).await.expect(200);
            let vary = reply.header("vary").unwrap_or_default().to_lowercase();
            assert!(vary.contains("accept-encoding"), "{method}, Accept-Encoding: {accepted}: {vary}");
        }
    }
}

#[tokio::test]
async fn small_and_empty_answers_are_not_compressed() {
    let server = TestServer::start().await;
    let company = large(&server).await;
    for (path, status) in [("/healthz", 200), ("/teammates/tea_9", 404), ("/teammates/tea_1", 304)] {
        let request = company.request(Method::GET, path).header("Accept-Encoding", "gzip");
        let reply = company.send(request.header("If-None-Match", "*")).await.expect(status);
        assert_eq!(reply.header("content-encoding"), None, "{path}");
    }
}

#[tokio::test]
async fn links_follow_the_public_url_alone() {
    let server = TestServer::start().await;
    let company = large(&server).await;
    for (header, value) in [
        ("Host", "evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "evil"),
        ("X-Forwarded-Port", "666"),
        ("X-Forwarded-Prefix", "/evil"),
        ("Forwarded", "host=evil.example;proto=evil"),
        ("X-Original-URL", "/evil"),
    ] {
        let request = company.request(Method::GET, "/teammates?limit=1").header(header, value);
        let list = company.send(request).await.expect(200);
        let body = list.json();
        assert_eq!(body["_links"]["self"], format!("{PUBLIC_URL}/teammates"), "{header}");
        assert_eq!(
            body["_results"][0]["_links"]["self"],
            format!("{PUBLIC_URL}/teammates/tea_1"),
            "{header}"
        );
        assert!(list.next().is_some_and(|next| next.starts_with("/teammates?")), "{header}: {list}");
    }
}

#[tokio::test]
async fn the_location_of_something_new_follows_the_public_url_alone() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let request = company.request(Method::POST, "/teammates").header("Host", "evil.example");
    let request = request.header("X-Forwarded-Host", "evil.example");
    let created = company.send(request.json(&json!({ "email": "ana@x.example" }))).await.expect(201);
    assert_eq!(created.header("location"), Some(format!("{PUBLIC_URL}/teammates/tea_1").as_str()));
}

#[tokio::test]
async fn pages_of_other_origins_get_no_leave() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for method in [Method::GET, Method::OPTIONS] {
        let request = company.request(method.clone(), "/teammates").header("Origin", "https://evil.example");
        let reply = company.send(request.header("Access-Control-Request-Method", "GET")).await;
        let leave: Vec<_> =
            reply.headers.keys().filter(|name| name.as_str().starts_with("access-control")).collect();
        assert!(leave.is_empty(), "{method}: {leave:?}");
    }
}
