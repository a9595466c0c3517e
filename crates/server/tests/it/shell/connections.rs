//! Connections: how many there may be, what one serves and in which order, and when it ends.

use super::{BODY, PATIENCE, SMUGGLED, SOON, Wire, creation, exchange, last, statuses};
use std::time::Duration;
use tenure_server::http::Limits;
use tenure_testkit::TestServer;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpSocket;
use tokio::time::Instant;

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
