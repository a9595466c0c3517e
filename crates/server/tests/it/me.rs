//! `/me`: whose token this is.

use std::time::Duration;
use tenure_server::operator::TokenWish;
use tenure_testkit::{TestCompany, TestServer};

#[tokio::test]
async fn a_company_token_shows_its_company_and_itself() {
    let server = TestServer::start().await;
    let company = server.company("Dunder Mifflin").await;
    let me = company.get("/me").await;
    insta::assert_snapshot!(me, @r#"
    200
    content-type: application/json
    etag: "0e19f5449761b261"

    {
      "_links": {
        "self": "http://tenure.test/me"
      },
      "id": "cmp_1",
      "name": "Dunder Mifflin",
      "token": {
        "id": "tok_1",
        "kind": "company",
        "rate_limit": null,
        "scopes": [
          "teammates:read",
          "teammates:write",
          "teams:read",
          "teams:write",
          "custom_fields:read",
          "events:read",
          "webhooks:read",
          "webhooks:write",
          "conversations:read",
          "conversations:write",
          "inboxes:read",
          "inboxes:write",
          "channels:read",
          "channels:write",
          "messages:read",
          "messages:write",
          "messages:send"
        ]
      }
    }
    "#);
}

#[tokio::test]
async fn a_teammate_token_shows_whom_it_acts_as() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let id = company.teammate("ana@x.example").await;
    let token = company.token_of(&server, &id).await;
    let me = company.with_token(token).get("/me").await;
    insta::assert_snapshot!(me, @r#"
    200
    content-type: application/json
    etag: "ca731ffab5aaee64"

    {
      "_links": {
        "self": "http://tenure.test/me"
      },
      "id": "cmp_1",
      "name": "Acme",
      "token": {
        "id": "tok_2",
        "kind": "teammate",
        "rate_limit": null,
        "scopes": [
          "teammates:read",
          "teammates:write",
          "teams:read",
          "teams:write",
          "custom_fields:read",
          "events:read",
          "webhooks:read",
          "webhooks:write",
          "conversations:read",
          "conversations:write",
          "inboxes:read",
          "inboxes:write",
          "channels:read",
          "channels:write",
          "messages:read",
          "messages:write",
          "messages:send"
        ],
        "teammate_id": "tea_1"
      }
    }
    "#);
}

#[tokio::test]
async fn a_token_shows_its_scopes() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let token = company.scoped(&server, &["teams:write", "events:*:read", "teammates:read"]).await;
    let me = company.with_token(token).get("/me").await;
    insta::assert_snapshot!(me, @r#"
    200
    content-type: application/json
    etag: "c5645ce4eca0dfd5"

    {
      "_links": {
        "self": "http://tenure.test/me"
      },
      "id": "cmp_1",
      "name": "Acme",
      "token": {
        "id": "tok_2",
        "kind": "company",
        "rate_limit": null,
        "scopes": [
          "teammates:read",
          "teams:write",
          "events:read"
        ]
      }
    }
    "#);
}

#[tokio::test]
async fn a_token_that_expires_shows_when() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let wish = TokenWish { expires_in: Some("90d".to_owned()), ..TestCompany::wish("company") };
    let token = company.new_token(&server, wish).await.token;
    let me = company.with_token(token).get("/me").await;
    insta::assert_snapshot!(me, @r#"
    200
    content-type: application/json
    etag: "23c175c0f6033971"

    {
      "_links": {
        "self": "http://tenure.test/me"
      },
      "id": "cmp_1",
      "name": "Acme",
      "token": {
        "expires_at": 1775001600,
        "id": "tok_2",
        "kind": "company",
        "rate_limit": null,
        "scopes": [
          "teammates:read",
          "teammates:write",
          "teams:read",
          "teams:write",
          "custom_fields:read",
          "events:read",
          "webhooks:read",
          "webhooks:write",
          "conversations:read",
          "conversations:write",
          "inboxes:read",
          "inboxes:write",
          "channels:read",
          "channels:write",
          "messages:read",
          "messages:write",
          "messages:send"
        ]
      }
    }
    "#);
}

#[tokio::test]
async fn a_token_that_has_expired_shows_nothing() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let wish = TokenWish { expires_in: Some("1h".to_owned()), ..TestCompany::wish("company") };
    let expiring = company.with_token(company.new_token(&server, wish).await.token);
    server.clock().advance(Duration::from_mins(59));
    expiring.get("/me").await.expect(200);
    server.clock().advance(Duration::from_mins(1));
    let refused = expiring.get("/me").await;
    insta::assert_snapshot!(refused, @r#"
    401
    content-type: application/json
    www-authenticate: Bearer realm="tenure", error="invalid_token"

    {
      "_error": {
        "code": "token.expired",
        "message": "this token has expired; ask an operator for a new one (tenure token create)",
        "status": 401,
        "title": "Unauthenticated"
      }
    }
    "#);
}

#[tokio::test]
async fn the_rate_limit_is_the_tokens_own_or_else_the_companys() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let wish = |rate_limit: Option<&str>| TokenWish {
        rate_limit: rate_limit.map(str::to_owned),
        ..TestCompany::wish("company")
    };
    let own = company.with_token(company.new_token(&server, wish(Some("7"))).await.token);
    let inherited = company.with_token(company.new_token(&server, wish(None)).await.token);
    assert_eq!(own.get("/me").await.json()["token"]["rate_limit"], 7);
    assert_eq!(inherited.get("/me").await.json()["token"]["rate_limit"], 120);
    company.set(&server, "rate-limit=30").await;
    assert_eq!(own.get("/me").await.json()["token"]["rate_limit"], 7);
    assert_eq!(inherited.get("/me").await.json()["token"]["rate_limit"], 30);
}

#[tokio::test]
async fn each_token_shows_its_own_company() {
    let server = TestServer::start().await;
    let (acme, other) = (server.company("Acme").await, server.company("Other").await);
    for company in [acme, other] {
        let me = company.get("/me").await.expect(200).json();
        assert_eq!(me["id"], company.id.to_string());
    }
}

#[tokio::test]
async fn a_scim_token_is_refused() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let token = company.scim_token(&server).await;
    let refused = company.with_token(token).get("/me").await;
    insta::assert_snapshot!(refused, @r#"
    403
    content-type: application/json

    {
      "_error": {
        "code": "token.wrong_kind",
        "message": "this is a SCIM token, which is for SCIM only; use a company-level token here",
        "status": 403,
        "title": "Forbidden"
      }
    }
    "#);
}
