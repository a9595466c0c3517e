//! Errors name the request, the status, the server's words, the request's id, and what is likely behind it.

use crate::{client_of, misbehaving};
use tenure_client::{Client, ClientOptions, NewTeammate, ServerUrl, Token};

#[tokio::test]
async fn a_teammates_token_is_told_apart() {
    let (server, company, client) = misbehaving("").await;
    let ada = company.teammate("ada@acme.example").await;
    let token = company.token_of(&server, &ada).await;
    let error = client_of(&server, &token).create_teammate(&NewTeammate::default(), None).await.unwrap_err();
    let told = error.to_string();
    assert!(told.starts_with("POST /teammates was answered with 403"), "{told}");
    assert!(told.contains("[request req_"), "{told}");
    assert!(
        told.ends_with("this token is teammate-level; user management needs a company-level one"),
        "{told}"
    );
    drop(client);
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let (server, company, _client) = misbehaving("").await;
    let token = company.scoped(&server, &["teams:read"]).await;
    let told = client_of(&server, &token).custom_fields().await.unwrap_err().to_string();
    assert!(told.contains("custom_fields:read") && told.contains("lacks a scope"), "{told}");
}

#[tokio::test]
async fn a_mistyped_token_is_told_from_a_revoked_one() {
    let (server, company, _client) = misbehaving("").await;
    let mut mistyped = company.token.clone();
    let last = mistyped.pop().unwrap();
    mistyped.push(if last == 'a' { 'b' } else { 'a' });
    let told = client_of(&server, &mistyped).me().await.unwrap_err().to_string();
    assert!(told.contains("mistyped"), "{told}");
    assert!(!told.contains(&mistyped), "{told}");
}

#[tokio::test]
async fn fields_that_are_wrong_are_told_one_by_one() {
    let (_server, _company, client) = misbehaving("").await;
    let wrong = NewTeammate {
        email: "nobody".to_owned(),
        username: Some("A B".to_owned()),
        ..NewTeammate::default()
    };
    let error = client.create_teammate(&wrong, None).await.unwrap_err();
    assert_eq!(error.refused().unwrap().details.len(), 2, "{error}");
}

#[tokio::test]
async fn what_is_no_api_is_told() {
    let (server, company, _client) = misbehaving("").await;
    let url = ServerUrl::parse(&format!("http://{}/docs", server.address())).unwrap();
    let client = Client::new(ClientOptions::new(url, Token::parse(&company.token).unwrap())).unwrap();
    let told = client.me().await.unwrap_err().to_string();
    assert!(told.contains("base URL"), "{told}");
}

#[tokio::test]
async fn a_client_prints_no_token() {
    let (_server, company, client) = misbehaving("").await;
    assert!(!format!("{client:?}").contains(&company.token));
}
