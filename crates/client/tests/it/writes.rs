//! Writes: done once, and told as ambiguous where nobody knows.

use crate::misbehaving;
use std::time::Duration;
use tenure_client::{Client, ClientOptions, NewTeammate, ServerUrl, TeammateChanges, TeammateId, Token};

fn ada() -> NewTeammate {
    NewTeammate {
        email: "ada@acme.example".to_owned(),
        first_name: Some("Ada".to_owned()),
        ..NewTeammate::default()
    }
}

#[tokio::test]
async fn what_is_written_is_read_back() {
    let (_server, _company, client) = misbehaving("").await;
    let created = client.create_teammate(&ada(), None).await.unwrap();
    let changes = TeammateChanges { last_name: Some("Okafor".to_owned()), ..TeammateChanges::default() };
    client.update_teammate(&created.id, &changes).await.unwrap();
    client.block_teammate(&created.id).await.unwrap();
    let read = client.teammate(&created.id).await.unwrap().unwrap();
    assert_eq!((read.display_name().as_str(), read.is_blocked), ("Ada Okafor", true));
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_ambiguous_and_not_repeated() {
    let orders =
        "[[fault]]\nwhat = \"lose-answer\"\nmethods = [\"POST\", \"PATCH\", \"DELETE\"]\ntimes = 1\n";
    let (_server, _company, client) = misbehaving(orders).await;
    let error = client.create_teammate(&ada(), None).await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    assert!(error.to_string().contains("read before you repeat it"), "{error}");
    assert!(client.teammate_by_email("ada@acme.example").await.unwrap().is_some());
}

#[tokio::test]
async fn a_server_error_at_a_write_is_ambiguous() {
    for status in [500, 502, 503, 504] {
        let orders = format!("[[fault]]\nwhat = \"fail-after\"\nstatus = {status}\nmethods = [\"POST\"]\n");
        let (_server, _company, client) = misbehaving(&orders).await;
        let error = client.create_teammate(&ada(), None).await.unwrap_err();
        assert!(error.is_ambiguous(), "{status}: {error}");
    }
}

#[tokio::test]
async fn a_write_over_the_limit_was_not_done_and_goes_again() {
    for what in ["too-many", "too-many-silent"] {
        let orders = format!("[[fault]]\nwhat = \"{what}\"\nmethods = [\"POST\"]\ntimes = 1\n");
        let (_server, _company, client) = misbehaving(&orders).await;
        assert_eq!(client.create_teammate(&ada(), None).await.unwrap().first_name, "Ada");
    }
}

#[tokio::test]
async fn a_write_to_nobody_is_not_sent() {
    let (server, company, _client) = misbehaving("").await;
    let url = ServerUrl::parse(&format!("http://{}", server.address())).unwrap();
    let options = ClientOptions::new(url, Token::parse(&company.token).unwrap());
    let client = Client::new(ClientOptions { deadline: Duration::from_millis(500), ..options }).unwrap();
    drop(server.stop().await);
    let error = client.block_teammate(&TeammateId("tea_1".into())).await.unwrap_err();
    let told = error.to_string();
    assert!(told.contains("could not be sent") && !told.contains(&company.token), "{told}");
}
