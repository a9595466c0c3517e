//! Compressed answers: who gets them, and that they are the same answers.

use super::large;
use flate2::read::GzDecoder;
use reqwest::Method;
use std::io::Read as _;
use tenure_testkit::TestServer;

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
