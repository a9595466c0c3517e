//! Finding a teammate: by its id, by its address, or not at all.

use super::field;
use serde_json::json;
use tenure_testkit::TestServer;

#[tokio::test]
async fn a_teammate_is_found_by_its_id_and_by_its_address() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for (email, given) in [
        ("ana@x.example", "tea_1"),
        ("bob@x.example", "alt:email:bob@x.example"),
        ("cyd@x.example", "alt:email:CYD@X.EXAMPLE"),
        ("Dan@x.example", "alt:email:dan@x.example"),
        ("eve@x.example", "alt:email:eve%40x.example"),
        ("fay@x.example", "alt%3Aemail%3Afay%40x.example"),
        ("gil+1@x.example", "alt:email:gil+1@x.example"),
        ("hal+1@x.example", "alt:email:hal%2B1%40x.example"),
        ("用户@例子.广告", "alt:email:用户@例子.广告"),
        ("dörte@bücher.example", "alt:email:d%C3%B6rte%40xn--bcher-kva.example"),
    ] {
        let id = company.teammate(email).await;
        assert_eq!(field(&company, &format!("/teammates/{given}"), "id").await, id, "{given}");
    }
}

#[tokio::test]
async fn an_alias_stands_wherever_an_id_does() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let alias = "/teammates/alt:email:ANA@x.example";
    company.patch(alias, json!({ "first_name": "Ana" })).await.expect(204);
    company.get(&format!("{alias}/inboxes")).await.expect(200);
    company.get(&format!("{alias}/conversations")).await.expect(200);
    company.delete(alias).await.expect(204);
    assert_eq!(field(&company, alias, "is_blocked").await, true);
}

#[tokio::test]
async fn a_bare_address_is_not_found_and_the_message_says_what_to_use() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let refused = company.get("/teammates/ana@x.example").await;
    insta::assert_snapshot!(refused, @r#"
    404
    content-type: application/json

    {
      "_error": {
        "code": "teammate.unknown",
        "message": "Unknown teammate ID ana@x.example; use the teammate's id (tea_…), or the alias alt:email:ADDRESS",
        "status": 404,
        "title": "Not found"
      }
    }
    "#);
}

#[tokio::test]
async fn whoever_is_not_there_is_not_found_by_any_method() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    for given in ["tea_2", "tea_0", "tea_01", "TEA_1", "tim_1", "1", "alt:email:bob@x.example", "alt:phone:1"]
    {
        let path = format!("/teammates/{given}");
        let (shown, changed) = (company.get(&path).await, company.patch(&path, json!({})).await);
        let blocked = company.delete(&path).await;
        let lists = [
            company.get(&format!("{path}/inboxes")).await,
            company.get(&format!("{path}/conversations")).await,
        ];
        for refused in [shown, changed, blocked].into_iter().chain(lists) {
            assert_eq!(refused.status, 404, "{given}: {refused}");
            assert_eq!(refused.message(), format!("Unknown teammate ID {given}"));
        }
    }
}

#[tokio::test]
async fn a_teammate_of_another_company_is_as_one_that_does_not_exist() {
    let server = TestServer::start().await;
    let (acme, other) = (server.company("Acme").await, server.company("Other").await);
    let foreign = other.teammate("ana@x.example").await;
    let of_foreign = acme.get(&format!("/teammates/{foreign}")).await.expect(404);
    let of_nobody = acme.get("/teammates/tea_zz").await.expect(404);
    assert_eq!(of_foreign.text(), of_nobody.text().replace("tea_zz", &foreign));
    acme.get("/teammates/alt:email:ana@x.example").await.expect(404);
}
