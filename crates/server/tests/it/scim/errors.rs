//! "Operations", errors and unknown, and rows 1, 2 and 6 of "Behaviours"; hostile bodies.

use crate::scim::{Scim, USER, scim_type, user};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn an_unknown_path_is_404() {
    let scim = Scim::start().await;
    for path in ["/Nope", "/Users/a/b", "/Schemas/a/b", ""] {
        assert_eq!(scim_type(&scim.get(path).await.expect(404)), "", "{path}");
    }
}

#[tokio::test]
async fn an_unknown_id_is_404_with_a_detail() {
    let scim = Scim::start().await;
    for path in
        ["/Users/00919288221112222", "/Users/tea_zz", "/Groups/tim_zz", "/Users/%00", "/Users/%F0%9F%98%80"]
    {
        let refused = scim.get(path).await.expect(404);
        scim_type(&refused);
        assert_eq!(refused.json()["status"], json!("404"));
    }
}

#[tokio::test]
async fn another_method_is_405_with_allow() {
    let scim = Scim::start().await;
    for (method, path, allow) in [
        (Method::PUT, "/Users", "GET, HEAD, POST, OPTIONS"),
        (Method::DELETE, "/Groups", "GET, HEAD, POST, OPTIONS"),
        (Method::POST, "/Users/tea_1", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        (Method::GET, "/Bulk", "POST, OPTIONS"),
    ] {
        let refused = scim.send(scim.request(method, path)).await.expect(405);
        scim_type(&refused);
        assert_eq!(refused.header("allow"), Some(allow));
    }
}

#[tokio::test]
async fn options_tells_the_methods() {
    let scim = Scim::start().await;
    let told = scim.send(scim.request(Method::OPTIONS, "/Users")).await.expect(204);
    assert_eq!(told.header("allow"), Some("GET, HEAD, POST, OPTIONS"));
}

#[tokio::test]
async fn another_media_type_is_415() {
    let scim = Scim::start().await;
    for media in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
    ] {
        let request = scim.request(Method::POST, "/Users").header("content-type", media);
        let refused = scim.send(request.body(user("ann@x.example").to_string())).await.expect(415);
        assert_eq!(scim_type(&refused), "");
        assert!(refused.json()["detail"].as_str().unwrap().contains("application/scim+json"));
    }
}

#[tokio::test]
async fn an_accept_that_cannot_be_met_is_406() {
    let scim = Scim::start().await;
    for accept in ["text/html", "application/xml, text/*", "application/scim+json;q=0"] {
        let refused =
            scim.send(scim.request(Method::GET, "/Users").header("accept", accept)).await.expect(406);
        assert_eq!(scim_type(&refused), "", "{accept}");
    }
    for accept in ["*/*", "application/json", "application/scim+json", "text/html, application/*;q=0.1"] {
        scim.send(scim.request(Method::GET, "/Users").header("accept", accept)).await.expect(200);
    }
}

#[tokio::test]
async fn broken_json_is_a_syntax_error() {
    let scim = Scim::start().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for body in ["{", "", "nope", "{\"a\":1,\"a\":2}", "[1,]", "\u{0}", deep.as_str()] {
        for (method, path) in [
            (Method::POST, "/Users"),
            (Method::PUT, "/Users/tea_1"),
            (Method::PATCH, "/Users/tea_1"),
            (Method::POST, "/Bulk"),
            (Method::POST, "/.search"),
        ] {
            let request = scim.request(method, path).header("content-type", "application/scim+json");
            let refused = scim.send(request.body(body.to_owned())).await.expect(400);
            assert_eq!(scim_type(&refused), "invalidSyntax", "{body:.20}");
        }
    }
}

#[tokio::test]
async fn a_body_without_its_schema_is_a_syntax_error() {
    let scim = Scim::start().await;
    for body in [
        json!({"userName": "ann@x.example"}),
        json!({"schemas": ["urn:x"], "userName": "a@x.example"}),
        json!({"schemas": "x"}),
        json!([]),
        json!("x"),
        json!(5),
    ] {
        assert_eq!(
            scim_type(&scim.post("/Users", body.clone()).await.expect(400)),
            "invalidSyntax",
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_missing_required_attribute_is_an_invalid_value() {
    let scim = Scim::start().await;
    for (path, body) in [
        ("/Users", json!({"schemas": [USER]})),
        ("/Users", user("")),
        ("/Groups", json!({"schemas": [super::GROUP]})),
        ("/Groups", json!({"schemas": [super::GROUP], "displayName": null})),
    ] {
        assert_eq!(scim_type(&scim.post(path, body).await.expect(400)), "invalidValue");
    }
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_named() {
    let scim = Scim::start().await;
    for (name, value) in [
        ("userName", json!(5)),
        ("name", json!("Ann")),
        ("active", json!("yes")),
        ("emails", json!([5])),
        ("title", json!(["a", "b"])),
        ("addresses", json!([{"primary": "maybe"}])),
    ] {
        let mut body = user("ann@x.example");
        body[name] = value;
        let refused = scim.post("/Users", body).await.expect(400);
        assert_eq!(scim_type(&refused), "invalidValue", "{name}");
        assert!(refused.json()["detail"].as_str().unwrap().contains(name), "{refused}");
    }
}

#[tokio::test]
async fn hidden_characters_in_names_are_refused() {
    let scim = Scim::start().await;
    for body in [
        json!({"schemas": [USER], "userName": "ann@x.example", "name": {"givenName": "a\u{202e}b"}}),
        json!({"schemas": [USER], "userName": "ann\u{200b}@x.example"}),
        json!({"schemas": [USER], "userName": "ann@x.example", "externalId": "a\u{7}b"}),
    ] {
        assert_eq!(scim_type(&scim.post("/Users", body).await.expect(400)), "invalidValue");
    }
}

#[tokio::test]
async fn what_is_too_large_to_keep_is_refused() {
    let scim = Scim::start().await;
    let large = super::with(user("ann@x.example"), json!({"title": "x".repeat(70_000)}));
    assert_eq!(scim_type(&scim.post("/Users", large).await.expect(400)), "invalidValue");
}

#[tokio::test]
async fn a_body_larger_than_the_limit_is_413() {
    let scim = Scim::start().await;
    let request = scim.request(Method::POST, "/Users").header("content-type", "application/scim+json");
    let refused = scim.send(request.body("x".repeat(1024 * 1024 + 1))).await.expect(413);
    assert_eq!(scim_type(&refused), "");
}

#[tokio::test]
async fn a_url_too_long_is_told_in_scims_words() {
    let scim = Scim::start().await;
    let refused = scim.get(&format!("/Users?filter={}", "x".repeat(9000))).await.expect(414);
    assert_eq!(scim_type(&refused), "");
}
