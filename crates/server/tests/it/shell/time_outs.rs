//! What the server does not wait for: heads, bodies and requests that take too long, and connections that rest.

use super::{BODY, SMUGGLED, SOON, Wire, creation, exchange, statuses};
use tenure_server::http::Limits;
use tenure_testkit::TestServer;

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
