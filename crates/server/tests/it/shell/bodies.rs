//! The framing of bodies: lengths, chunks, and where a body ends.

use super::{BODY, SMUGGLED, Wire, creation, exchange, impatient, not_refused, statuses};
use tenure_testkit::TestServer;
use tokio::io::AsyncWriteExt as _;

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
async fn a_coding_that_codes_nothing_is_taken() {
    let server = TestServer::start().await;
    for (slug, coding) in [("Acme", ""), ("Bolt", "identity"), ("Crux", "Identity")] {
        let head = creation(&server.company(slug).await);
        let coding = format!("Content-Encoding: {coding}\r\nContent-Length: {}\r\n", BODY.len());
        let request = format!("{head}{coding}Connection: close\r\n\r\n{BODY}");
        assert_eq!(statuses(&exchange(&server, &request).await), [201], "{coding}");
    }
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

#[tokio::test]
async fn a_client_that_sends_all_before_it_reads_gets_the_answer_to_a_body_that_is_too_large() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for announced in [true, false] {
        let mut wire = Wire::open(&server).await;
        let framing = if announced { "Content-Length: 4194304" } else { "Transfer-Encoding: chunked" };
        wire.send(&format!("{}{framing}\r\n\r\n", creation(&company))).await;
        let piece = "x".repeat(65_536);
        for _ in 0..64 {
            let piece = if announced { piece.clone() } else { format!("10000\r\n{piece}\r\n") };
            wire.send(&piece).await;
        }
        if !announced {
            wire.send("0\r\n\r\n").await;
        }
        let said = wire.rest().await;
        assert_eq!(statuses(&said), [413], "{said}");
    }
}
