//! "Where it is": the two forms of the URL, and the ways not to be let in.

use crate::scim::{BASE, Scim, ids, scim_type, user};
use reqwest::Method;
use serde_json::json;
use tenure_testkit::TestServer;

#[tokio::test]
async fn both_forms_of_the_url_lead_to_the_same_and_links_keep_the_form() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let plain = scim.get(&format!("/Users/{id}")).await.expect(200).json();
    assert_eq!(plain["meta"]["location"], json!(format!("{BASE}/Users/{id}")));
    let path = format!("/companies/acme/scim/v2/Users/{id}");
    let tenant =
        scim.send(scim.with_token(&scim.rest.scim_token(&scim.server).await).request(Method::GET, &path));
    let tenant = tenant.await.expect(200).json();
    assert_eq!(tenant["meta"]["location"], json!(format!("http://tenure.test{path}")));
    assert_eq!(tenant["userName"], plain["userName"]);
}

#[tokio::test]
async fn references_keep_the_form_of_the_url_too() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    scim.group("Support", &[&id]).await;
    let token = scim.rest.scim_token(&scim.server).await;
    let company = scim.with_token(&token);
    let user = company.get(&format!("/companies/acme/scim/v2/Users/{id}")).await.expect(200).json();
    let reference = user["groups"][0]["$ref"].as_str().unwrap();
    assert!(reference.starts_with("http://tenure.test/companies/acme/scim/v2/Groups/"), "{reference}");
}

#[tokio::test]
async fn a_token_at_another_companys_url_is_told_so() {
    let server = TestServer::start().await;
    server.company("Other").await;
    let scim = Scim::on(server).await;
    let company = scim.with_token(&scim.rest.scim_token(&scim.server).await);
    for path in ["/companies/other/scim/v2/Users", "/companies/nobody/scim/v2/Users"] {
        let refused = company.get(path).await.expect(403);
        scim_type(&refused);
        assert_eq!(refused.header("tenure-auth-error"), Some("wrong-company"));
        assert!(refused.json()["detail"].as_str().unwrap().contains("different companies"));
    }
}

#[tokio::test]
async fn an_unknown_token_is_401() {
    let scim = Scim::start().await;
    let token = scim.rest.scim_token(&scim.server).await;
    let company = scim.with_token(&token);
    let list = scim.rest.operate(&scim.server, tenure_server::operator::CompanyRequest::ListTokens).await;
    let tenure_server::operator::OperatorReply::Tokens(tokens) = list else { unreachable!() };
    let token = tokens.last().unwrap().id.clone();
    let revoke = tenure_server::operator::CompanyRequest::RevokeToken { token };
    scim.rest.operate(&scim.server, revoke).await;
    let refused = company.get("/scim/v2/Users").await.expect(401);
    scim_type(&refused);
    assert_eq!(refused.header("tenure-auth-error"), Some("unknown"));
    assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer"));
}

#[tokio::test]
async fn a_mistyped_token_is_401_and_told_so() {
    let scim = Scim::start().await;
    let mut token = scim.rest.scim_token(&scim.server).await;
    let last = token.pop().unwrap();
    token.push(if last == 'a' { 'b' } else { 'a' });
    let refused = scim.with_token(&token).get("/scim/v2/Users").await.expect(401);
    scim_type(&refused);
    assert_eq!(refused.header("tenure-auth-error"), Some("mistyped"));
}

#[tokio::test]
async fn a_rest_token_is_403_and_told_that_a_scim_token_is_needed() {
    let scim = Scim::start().await;
    let refused = scim.rest.get("/scim/v2/Users").await.expect(403);
    scim_type(&refused);
    assert_eq!(refused.header("tenure-auth-error"), Some("wrong-kind"));
    assert!(refused.json()["detail"].as_str().unwrap().contains("SCIM token"));
}

#[tokio::test]
async fn no_token_is_401_with_a_challenge() {
    let scim = Scim::start().await;
    let url = format!("http://{}/scim/v2/Users", scim.server.address());
    let refused = scim.send(scim.server.http().get(url)).await.expect(401);
    scim_type(&refused);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer"));
    assert_eq!(refused.header("tenure-auth-error"), Some("missing"));
}

#[tokio::test]
async fn a_word_without_a_scheme_is_401() {
    let scim = Scim::start().await;
    let url = format!("http://{}/scim/v2/Users", scim.server.address());
    let refused =
        scim.send(scim.server.http().get(url).header("authorization", "non-token")).await.expect(401);
    assert_eq!(refused.json()["status"], json!("401"));
}

#[tokio::test]
async fn a_scim_token_opens_nothing_of_rest() {
    let scim = Scim::start().await;
    let token = scim.rest.scim_token(&scim.server).await;
    scim.with_token(&token).get("/teammates").await.expect(403);
}

#[tokio::test]
async fn a_scim_token_needs_sso_first() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let wish = tenure_server::operator::TokenWish {
        kind: "scim".to_owned(),
        teammate: None,
        scopes: vec![],
        rate_limit: None,
        expires_in: None,
        note: None,
    };
    let ask = tenure_server::operator::CompanyRequest::CreateToken(wish);
    let request =
        tenure_server::operator::OperatorRequest::Company { company: Some(company.slug.clone()), ask };
    let refused = tenure_server::operator::Operator::of(server.node()).operate(request).await.unwrap_err();
    assert!(refused.to_string().contains("single sign-on"), "{refused}");
}

#[tokio::test]
async fn both_media_types_are_read_and_scim_json_is_answered() {
    let scim = Scim::start().await;
    for (name, media) in [
        ("a@x.example", "application/scim+json"),
        ("b@x.example", "application/json"),
        ("c@x.example", "application/scim+json; charset=utf-8"),
        ("d@x.example", "Application/SCIM+JSON"),
    ] {
        let request = scim.request(Method::POST, "/Users").header("content-type", media);
        let created = scim.send(request.body(user(name).to_string())).await.expect(201);
        assert_eq!(created.header("content-type"), Some("application/scim+json; charset=utf-8"), "{media}");
    }
}

#[tokio::test]
async fn rate_headers_are_those_of_rest_and_the_limit_counts() {
    let scim = Scim::start().await;
    let mut wish = tenure_server::operator::TokenWish {
        kind: "scim".to_owned(),
        teammate: None,
        scopes: vec![],
        rate_limit: Some("2".to_owned()),
        expires_in: None,
        note: None,
    };
    wish.note = Some("slow".to_owned());
    let token = scim.rest.new_token(&scim.server, wish).await.token;
    let slow = scim.with_token(&token);
    let first = slow.get("/scim/v2/Users").await.expect(200);
    assert_eq!((first.number("x-ratelimit-limit"), first.number("x-ratelimit-remaining")), (2, 1));
    slow.get("/scim/v2/Users").await.expect(200);
    let third = slow.get("/scim/v2/Users").await.expect(429);
    assert_eq!(scim_type(&third), "");
    assert!(third.number("retry-after") > 0);
}

#[tokio::test]
async fn each_company_sees_its_own() {
    let server = TestServer::start().await;
    let other = server.company("Other").await;
    let other = other.with_token(other.scim_token(&server).await);
    let scim = Scim::on(server).await;
    scim.user("ann@x.example").await;
    assert_eq!(other.get("/scim/v2/Users").await.expect(200).json()["totalResults"], json!(0));
    assert_eq!(ids(&scim.get("/Users").await).len(), 1);
}

#[tokio::test]
async fn trailing_and_double_slashes_and_unknown_parameters_are_no_matter() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    for path in [
        "/Users/".to_owned(),
        "//Users".to_owned(),
        "/Users?aadOptscim062020".to_owned(),
        "/Users/?AzureAdScimPatch2017=true".to_owned(),
        format!("//Users//{id}/"),
        format!("/Users/{id}?aadOptscim062020"),
    ] {
        scim.get(&path).await.expect(200);
    }
}

#[tokio::test]
async fn slashes_too_many_before_the_face_lead_to_it_too() {
    let scim = Scim::start().await;
    let token = scim.rest.scim_token(&scim.server).await;
    let company = scim.with_token(&token);
    for path in ["//scim/v2/Users", "/scim//v2/Users", "/companies/acme//scim/v2/Users"] {
        company.get(path).await.expect(200);
    }
    assert_eq!(scim_type(&company.get("//scim/v2/Nope").await.expect(404)), "");
    let other = company.get("/scim/v3/Users").await.expect(404);
    assert_eq!(other.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn me_is_501() {
    let scim = Scim::start().await;
    assert_eq!(scim_type(&scim.get("/Me").await.expect(501)), "");
}

#[tokio::test]
async fn head_is_as_get_without_a_body() {
    let scim = Scim::start().await;
    let id = scim.user("ann@x.example").await;
    let head = scim.send(scim.request(Method::HEAD, &format!("/Users/{id}"))).await.expect(200);
    let get = scim.get(&format!("/Users/{id}")).await;
    assert!(head.body.is_empty());
    assert_eq!(head.header("etag"), get.header("etag"));
}
