//! Usernames, first names and last names: what is made, and what may be given.

use super::field;
use serde_json::json;
use tenure_testkit::TestServer;

#[tokio::test]
async fn a_username_is_made_of_the_local_part() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let (long, shortened) = (format!("{}@x.example", "a".repeat(64)), "a".repeat(48));
    for (email, username) in [
        ("Ana.Lopez@x.example", "ana_lopez"),
        ("o'brien+tag@x.example", "o_brien_tag"),
        ("_bob_@x.example", "bob"),
        ("用户@例子.广告", "teammate"),
        (long.as_str(), shortened.as_str()),
    ] {
        let created = company.post("/teammates", json!({ "email": email })).await.expect(201);
        assert_eq!(created.json()["username"], username, "{email}");
    }
}

#[tokio::test]
async fn a_username_that_is_taken_gets_a_number_that_is_free() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.post("/teammates", json!({ "email": "x@x.example", "username": "ana2" })).await.expect(201);
    let mut usernames = vec![];
    for domain in ["a.example", "b.example", "c.example"] {
        let id = company.teammate(&format!("ana@{domain}")).await;
        usernames.push(field(&company, &format!("/teammates/{id}"), "username").await);
    }
    assert_eq!(usernames, ["ana", "ana3", "ana4"]);
}

#[tokio::test]
async fn usernames_have_1_to_64_of_a_few_characters() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let id = company.teammate("ana@x.example").await;
    let (longest, too_long) = ("a".repeat(64), "a".repeat(65));
    for (username, status) in [
        ("_", 204),
        ("0", 204),
        ("ana_lopez_2", 204),
        (longest.as_str(), 204),
        (too_long.as_str(), 400),
        ("", 400),
        ("Ana", 400),
        ("ana-lopez", 400),
        ("ana lopez", 400),
        ("ána", 400),
    ] {
        let changed = company.patch(&format!("/teammates/{id}"), json!({ "username": username })).await;
        assert_eq!(changed.status, status, "{username}: {changed}");
    }
}

#[tokio::test]
async fn names_have_at_most_256_visible_characters() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let id = company.teammate("ana@x.example").await;
    let (longest, too_long) = ("é".repeat(256), "e".repeat(257));
    for (name, status) in [
        ("", 204),
        ("O'Brien", 204),
        ("山田", 204),
        (longest.as_str(), 204),
        (too_long.as_str(), 400),
        ("tab\t", 400),
        ("line\n", 400),
        ("turned\u{202e}", 400),
        ("nul\0", 400),
    ] {
        for field in ["first_name", "last_name"] {
            let changed = company.patch(&format!("/teammates/{id}"), json!({ field: name })).await;
            assert_eq!(changed.status, status, "{field} {name:?}: {changed}");
        }
    }
}
