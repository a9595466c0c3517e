//! Lists, page by page.

use crate::{client_of, misbehaving};
use futures_util::TryStreamExt as _;
use serde_json::json;
use tenure_client::{Client, ClientOptions, Error, ServerUrl, TeamId, Token};
use tenure_testkit::{Answering, Receiver, TestServer};

#[tokio::test]
async fn all_pages_come_as_one_stream() {
    let (_server, company, client) = misbehaving("").await;
    for number in 0..205 {
        company.teammate(&format!("p{number}@acme.example")).await;
    }
    let all: Vec<_> = client.teammates().try_collect().await.unwrap();
    assert_eq!(all.len(), 205);
    assert_eq!(all[204].email, "p204@acme.example");
}

#[tokio::test]
async fn a_server_may_give_itself_another_name_and_its_pages_are_read_where_they_were_asked_for() {
    // The public URL of test servers is not their address, and leads nowhere.
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for number in 0..101 {
        company.teammate(&format!("p{number}@acme.example")).await;
    }
    let client = client_of(&server, &company.token);
    let all: Vec<_> = client.teammates().try_collect().await.unwrap();
    assert_eq!(all.len(), 101);
}

#[tokio::test]
async fn a_page_at_another_place_is_not_followed() {
    let elsewhere = Receiver::start().await;
    let next = format!("{}/steal?page_token=x", elsewhere.url());
    let page = json!({ "_pagination": { "next": next }, "_results": [] }).to_string();
    let double = Receiver::answering(Answering::Saying(200, page)).await;
    let url = ServerUrl::parse(&double.url()).unwrap();
    let client = Client::new(ClientOptions::new(url, Token::parse("secret").unwrap())).unwrap();
    let error = client.teammates().try_collect::<Vec<_>>().await.unwrap_err();
    assert!(matches!(error, Error::Elsewhere { .. }), "{error}");
    assert!(elsewhere.received().is_empty(), "the token went elsewhere");
}

#[tokio::test]
async fn pages_that_go_in_a_circle_are_an_error() {
    let page = json!({ "_pagination": { "next": "/teammates?page_token=x" }, "_results": [] }).to_string();
    let double = Receiver::answering(Answering::Saying(200, page)).await;
    let url = ServerUrl::parse(&double.url()).unwrap();
    let client = Client::new(ClientOptions::new(url, Token::parse("secret").unwrap())).unwrap();
    let error = client.teammates().try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.to_string().contains("in a circle"), "{error}");
}

#[tokio::test]
async fn unknown_fields_are_kept() {
    let (_server, company, client) = misbehaving("unknown-fields = true").await;
    company.teammate("ada@acme.example").await;
    let ada = client.teammate_by_email("Ada@acme.example").await.unwrap().unwrap();
    assert!(ada.other.contains_key("x_unheard_of"), "{ada:?}");
}

#[tokio::test]
async fn members_are_read_from_the_team_where_there_is_no_list_of_them() {
    let (server, company, client) = misbehaving("published-subset = true").await;
    let team = company.team(&server, "Support").await;
    // Made by the operator's way, since the published subset cannot create.
    let found = client.team_members(&TeamId(team)).await.unwrap();
    assert_eq!(found.unwrap(), []);
    assert_eq!(client.team_members(&TeamId("tim_zz".into())).await.unwrap(), None);
}

#[tokio::test]
async fn a_read_goes_on_through_errors_and_lost_answers() {
    let orders = r#"
        seed = 3
        [[fault]]
        what = "lose-answer"
        share = 0.2
        methods = ["GET"]
        [[fault]]
        what = "fail"
        status = 503
        share = 0.2
        methods = ["GET"]
        [[fault]]
        what = "reset"
        share = 0.1
        methods = ["GET"]
    "#;
    let (_server, company, client) = misbehaving(orders).await;
    for number in 0..3 {
        company.teammate(&format!("p{number}@acme.example")).await;
    }
    for _ in 0..10 {
        assert_eq!(client.teammates().try_collect::<Vec<_>>().await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn what_methods_a_path_has_is_told_without_trying_them() {
    let (_server, _company, client) = misbehaving("").await;
    let methods = client.methods_of("/teammates").await.unwrap().unwrap();
    assert!(methods.iter().any(|method| method == "POST"), "{methods:?}");
    let (_server, _company, client) = misbehaving("published-subset = true").await;
    let methods = client.methods_of("/teammates").await.unwrap().unwrap();
    assert!(!methods.iter().any(|method| method == "POST"), "{methods:?}");
}
