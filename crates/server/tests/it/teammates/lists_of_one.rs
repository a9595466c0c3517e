//! The lists that belong to one teammate: its inboxes and its conversations.

use tenure_testkit::TestServer;

#[tokio::test]
async fn the_inboxes_of_a_teammate_are_a_list() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let id = company.teammate("ana@x.example").await;
    let listed = company.get(&format!("/teammates/{id}/inboxes")).await;
    insta::assert_snapshot!(listed, @r#"
    200
    content-type: application/json

    {
      "_links": {
        "self": "http://tenure.test/teammates/tea_1/inboxes"
      },
      "_pagination": {
        "next": null
      },
      "_results": []
    }
    "#);
}

#[tokio::test]
async fn the_conversations_of_a_teammate_are_a_list() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let id = company.teammate("ana@x.example").await;
    let listed = company.get(&format!("/teammates/{id}/conversations")).await;
    insta::assert_snapshot!(listed, @r#"
    200
    content-type: application/json

    {
      "_links": {
        "self": "http://tenure.test/teammates/tea_1/conversations"
      },
      "_pagination": {
        "next": null
      },
      "_results": []
    }
    "#);
}
