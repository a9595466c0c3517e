//! `/teammates` and `/teammates/{id}`: creating, showing, changing and blocking.

use reqwest::Method;
use serde_json::{Value, json};
use tenure_testkit::{Reply, TestCompany, TestServer};

/// The fields of a teammate as the published example has them, those inside `_links` included.
const PUBLISHED_ORDER: [&str; 16] = [
    "_links",
    "self",
    "related",
    "inboxes",
    "conversations",
    "id",
    "email",
    "username",
    "first_name",
    "last_name",
    "license_type",
    "is_admin",
    "is_available",
    "is_blocked",
    "type",
    "custom_fields",
];

/// The `ETag` of what is at a path.
async fn etag(company: &TestCompany, path: &str) -> String {
    let reply = company.get(path).await.expect(200);
    reply.header("etag").expect("a single resource has an ETag").to_owned()
}

/// One field of what is at a path.
async fn field(company: &TestCompany, path: &str, field: &str) -> Value {
    company.get(path).await.expect(200).json()[field].clone()
}

/// What a refusal says was wrong, one by one.
fn details(reply: &Reply) -> Vec<String> {
    let body = reply.json();
    let details = body["_error"]["details"].as_array().into_iter().flatten();
    details.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Sends a body as it is written.
async fn send_raw(company: &TestCompany, method: Method, path: &str, body: &'static str) -> Reply {
    let request = company.request(method, path).header("content-type", "application/json");
    company.send(request.body(body)).await
}

/// Configures the fields `City` and `Plan` and makes a teammate with both; its path.
async fn teammate_with_two_values(server: &TestServer, company: &TestCompany) -> String {
    company.custom_field(server, "City", "string", &[]).await;
    company.custom_field(server, "Plan", "enum", &["free", "paid"]).await;
    let values = json!({ "City": "Lyon", "Plan": "free" });
    company
        .post("/teammates", json!({ "email": "ana@x.example", "custom_fields": values }))
        .await
        .expect(201);
    "/teammates/tea_1".to_owned()
}

/// The ways in which a company could lose an administrator: the bodies of a PATCH, and the DELETE.
fn ways_to_lose_an_admin() -> [Option<Value>; 3] {
    [Some(json!({ "is_blocked": true })), Some(json!({ "is_admin": false })), None]
}

async fn patch_or_delete(company: &TestCompany, path: &str, change: Option<&Value>) -> Reply {
    match change {
        Some(change) => company.patch(path, change.clone()).await,
        None => company.delete(path).await,
    }
}

#[tokio::test]
async fn a_created_teammate_is_answered_whole() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let body = json!({ "email": "Ana.Lopez@Example.com", "first_name": "Ana" });
    let created = company.post("/teammates", body).await;
    insta::assert_snapshot!(created, @r#"
    201
    content-type: application/json
    etag: "3"
    location: http://tenure.test/teammates/tea_1

    {
      "_links": {
        "related": {
          "conversations": "http://tenure.test/teammates/tea_1/conversations",
          "inboxes": "http://tenure.test/teammates/tea_1/inboxes"
        },
        "self": "http://tenure.test/teammates/tea_1"
      },
      "custom_fields": {},
      "email": "Ana.Lopez@Example.com",
      "first_name": "Ana",
      "id": "tea_1",
      "is_admin": false,
      "is_available": true,
      "is_blocked": false,
      "last_name": "",
      "license_type": "full",
      "type": "user",
      "username": "ana_lopez"
    }
    "#);
}

#[tokio::test]
async fn a_created_teammate_is_there_at_once() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let created = company.post("/teammates", json!({ "email": "ana@x.example" })).await.expect(201);
    let shown = company.get("/teammates/tea_1").await.expect(200);
    assert_eq!((shown.text(), shown.header("etag")), (created.text(), created.header("etag")));
}

#[tokio::test]
async fn what_is_given_on_create_is_kept() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.custom_field(&server, "City", "string", &[]).await;
    let given = json!({
        "email": "Ana@X.example", "username": "anita", "first_name": "Ana", "last_name": "López",
        "is_admin": true, "is_available": false, "custom_fields": { "City": "Lyon" },
    });
    let created = company.post("/teammates", given.clone()).await.expect(201).json();
    for (field, value) in given.as_object().unwrap() {
        assert_eq!(&created[field], value, "{field}");
    }
}

#[tokio::test]
async fn fields_come_in_the_published_order() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let text = company.post("/teammates", json!({ "email": "ana@x.example" })).await.expect(201).text();
    let place =
        |field: &str| text.find(&format!("\"{field}\":")).unwrap_or_else(|| panic!("no {field}: {text}"));
    let places: Vec<_> = PUBLISHED_ORDER.into_iter().map(place).collect();
    assert!(places.is_sorted(), "{text}");
}

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

#[tokio::test]
async fn a_custom_field_of_each_type_takes_its_values() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let owner = company.teammate("owner@x.example").await;
    for kind in ["string", "number", "boolean", "datetime", "teammate"] {
        company.custom_field(&server, kind, kind, &[]).await;
    }
    company.custom_field(&server, "enum", "enum", &["free", "paid"]).await;
    for (index, (kind, given, kept)) in [
        ("string", json!("Lyon"), json!("Lyon")),
        ("string", json!(""), json!("")),
        ("number", json!(90), json!(90)),
        ("number", json!(-0.5), json!(-0.5)),
        ("number", json!(9_007_199_254_740_991_i64), json!(9_007_199_254_740_991_i64)),
        ("boolean", json!(true), json!(true)),
        ("boolean", json!(false), json!(false)),
        ("datetime", json!(1_525_417_200), json!(1_525_417_200)),
        ("enum", json!("paid"), json!("paid")),
        ("teammate", json!(owner), json!(owner)),
        ("teammate", json!("alt:email:OWNER@x.example"), json!(owner)),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({ "email": format!("t{index}@x.example"), "custom_fields": { kind: given } });
        let created = company.post("/teammates", body).await.expect(201).json();
        assert_eq!(created["custom_fields"], json!({ kind: kept }), "{kind} {given}");
    }
}

#[tokio::test]
async fn a_custom_field_refuses_values_of_another_type() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for kind in ["string", "number", "boolean", "datetime", "teammate", "inbox"] {
        company.custom_field(&server, kind, kind, &[]).await;
    }
    company.custom_field(&server, "enum", "enum", &["free", "paid"]).await;
    for (kind, value) in [
        ("string", json!(1)),
        ("string", json!(["Lyon"])),
        ("string", json!({})),
        ("number", json!("90")),
        ("boolean", json!("true")),
        ("boolean", json!(1)),
        ("datetime", json!("2026-01-01T00:00:00Z")),
        ("enum", json!("gold")),
        ("enum", json!(true)),
        ("teammate", json!("tea_zz")),
        ("teammate", json!(1)),
        ("inbox", json!("inb_1")),
        ("inbox", json!(false)),
    ] {
        let body = json!({ "email": "ana@x.example", "custom_fields": { kind: value } });
        let refused = company.post("/teammates", body).await.expect(400);
        let details = details(&refused);
        let named = details.len() == 1 && details[0].starts_with(&format!("custom_fields.{kind} "));
        assert!(named, "{kind} {value}: {refused}");
    }
}

#[tokio::test]
async fn an_unknown_custom_field_is_refused_with_those_there_are() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.custom_field(&server, "City", "string", &[]).await;
    company.custom_field(&server, "Job Title", "string", &[]).await;
    let body = json!({ "email": "ana@x.example", "custom_fields": { "Ctiy": "Lyon" } });
    let refused = company.post("/teammates", body).await;
    insta::assert_snapshot!(refused, @r#"
    400
    content-type: application/json

    {
      "_error": {
        "code": "request.invalid",
        "details": [
          "custom_fields.Ctiy is not configured; the custom fields are: City, Job Title"
        ],
        "message": "Body did not satisfy requirements: custom_fields.Ctiy is not configured; the custom fields are: City, Job Title",
        "status": 400,
        "title": "Bad request"
      }
    }
    "#);
}

#[tokio::test]
async fn internationalised_addresses_are_kept_as_given() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for email in ["用户@例子.广告", "Dörte@Sörensen.example", "ana@xn--bcher-kva.example", "josé+1@x.example"]
    {
        let created = company.post("/teammates", json!({ "email": email })).await.expect(201);
        assert_eq!(created.json()["email"], email);
    }
}

#[tokio::test]
async fn an_address_has_at_most_254_octets() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for (last_label, status) in [(61, 201), (62, 400)] {
        let domain = format!("{}.{}.{}", "b".repeat(63), "c".repeat(63), "d".repeat(last_label));
        let email = format!("{}@{domain}", "a".repeat(64));
        let answered = company.post("/teammates", json!({ "email": email })).await;
        assert_eq!(answered.status, status, "{} octets: {answered}", email.len());
    }
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for email in ["", "ana", "ana@", "@x.example", "ana@@x.example", "a na@x.example", "Ana <ana@x.example>"]
    {
        let refused = company.post("/teammates", json!({ "email": email })).await.expect(400);
        assert!(details(&refused)[0].starts_with("email "), "{email}: {refused}");
    }
}

#[tokio::test]
async fn an_address_is_required() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let refused = company.post("/teammates", json!({ "first_name": "Ana" })).await.expect(400);
    assert_eq!(details(&refused), ["email is required"]);
}

#[tokio::test]
async fn a_taken_address_is_refused_naming_its_holder() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let refused = company.post("/teammates", json!({ "email": "ana@x.example" })).await;
    insta::assert_snapshot!(refused, @r#"
    409
    content-type: application/json

    {
      "_error": {
        "code": "teammate.email_taken",
        "details": [
          "email is taken: teammate tea_1 has this address; use another, or change tea_1"
        ],
        "message": "email is taken: teammate tea_1 has this address; use another, or change tea_1",
        "status": 409,
        "title": "Conflict"
      }
    }
    "#);
}

#[tokio::test]
async fn an_address_is_taken_in_every_spelling_of_it() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let id = company.teammate("josé@bücher.example").await;
    for email in ["JOSé@Bücher.Example", "josé@XN--BCHER-KVA.example", "jose\u{301}@bücher.example"] {
        let refused = company.post("/teammates", json!({ "email": email })).await.expect(409);
        assert_eq!(refused.code(), "teammate.email_taken", "{email}");
        assert!(refused.message().contains(&id), "{email}: {refused}");
    }
}

#[tokio::test]
async fn a_blocked_teammate_keeps_its_address() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let id = company.teammate("ana@x.example").await;
    company.delete(&format!("/teammates/{id}")).await.expect(204);
    let refused = company.post("/teammates", json!({ "email": "Ana@x.example" })).await.expect(409);
    assert!(refused.message().contains(&id), "{refused}");
}

#[tokio::test]
async fn a_taken_address_and_username_are_reported_together() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    company.teammate("bob@x.example").await;
    let refused = company.post("/teammates", json!({ "email": "ana@x.example", "username": "bob" })).await;
    insta::assert_snapshot!(refused, @r#"
    409
    content-type: application/json

    {
      "_error": {
        "code": "teammate.email_taken",
        "details": [
          "email is taken: teammate tea_1 has this address; use another, or change tea_1",
          "username is taken: teammate tea_2 has this username; use another, or change tea_2"
        ],
        "message": "email is taken: teammate tea_1 has this address; use another, or change tea_1, username is taken: teammate tea_2 has this username; use another, or change tea_2",
        "status": 409,
        "title": "Conflict"
      }
    }
    "#);
}

#[tokio::test]
async fn another_company_may_have_the_same_address() {
    let server = TestServer::start().await;
    let (acme, other) = (server.company("Acme").await, server.company("Other").await);
    acme.teammate("ana@x.example").await;
    assert_eq!(other.teammate("ana@x.example").await, "tea_1");
}

#[tokio::test]
async fn every_invalid_field_of_a_new_teammate_is_reported_at_once() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.custom_field(&server, "City", "string", &[]).await;
    company.custom_field(&server, "Age", "number", &[]).await;
    let body = json!({
        "id": "tea_9", "email": "nobody", "username": "Not OK", "first_name": 7, "is_admin": "yes",
        "is_blocked": false, "is_blcoked": true, "custom_fields": { "Ctiy": "Lyon", "Age": "old" },
    });
    let refused = company.post("/teammates", body).await;
    insta::assert_snapshot!(refused, @r#"
    400
    content-type: application/json

    {
      "_error": {
        "code": "request.invalid",
        "details": [
          "email must be an e-mail address with exactly one @, such as ana@example.com",
          "username must be 1 to 64 characters of a to z, 0 to 9 and _",
          "first_name must be a string, not a number",
          "is_admin must be true or false, not a string",
          "is_blocked is read-only on create; block the teammate afterwards",
          "id is system-generated; leave it out",
          "is_blcoked is not a field of a new teammate; the fields are: email, username, first_name, last_name, is_admin, is_available, custom_fields",
          "custom_fields.Age must be of type number, not a string",
          "custom_fields.Ctiy is not configured; the custom fields are: City, Age"
        ],
        "message": "Body did not satisfy requirements: email must be an e-mail address with exactly one @, such as ana@example.com, username must be 1 to 64 characters of a to z, 0 to 9 and _, first_name must be a string, not a number, is_admin must be true or false, not a string, is_blocked is read-only on create; block the teammate afterwards, id is system-generated; leave it out, is_blcoked is not a field of a new teammate; the fields are: email, username, first_name, last_name, is_admin, is_available, custom_fields, custom_fields.Age must be of type number, not a string, custom_fields.Ctiy is not configured; the custom fields are: City, Age",
        "status": 400,
        "title": "Bad request"
      }
    }
    "#);
}

#[tokio::test]
async fn every_invalid_field_of_a_change_is_reported_at_once() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let id = company.teammate("ana@x.example").await;
    let body = json!({
        "id": "tea_9", "email": "nobody", "username": "", "last_name": null, "is_available": 1,
        "is_blcoked": true, "custom_fields": { "City": "Lyon" },
    });
    let refused = company.patch(&format!("/teammates/{id}"), body).await;
    insta::assert_snapshot!(refused, @r#"
    400
    content-type: application/json

    {
      "_error": {
        "code": "request.invalid",
        "details": [
          "email must be an e-mail address with exactly one @, such as ana@example.com",
          "username must be 1 to 64 characters of a to z, 0 to 9 and _",
          "last_name must be a string, not null",
          "is_available must be true or false, not a number",
          "id is system-generated and cannot be changed; leave it out or send it as it is",
          "is_blcoked is not a field of a teammate; the fields are: email, username, first_name, last_name, is_admin, is_available, is_blocked, custom_fields, id, type, license_type, _links",
          "custom_fields.City is not configured; this company has no custom fields"
        ],
        "message": "Body did not satisfy requirements: email must be an e-mail address with exactly one @, such as ana@example.com, username must be 1 to 64 characters of a to z, 0 to 9 and _, last_name must be a string, not null, is_available must be true or false, not a number, id is system-generated and cannot be changed; leave it out or send it as it is, is_blcoked is not a field of a teammate; the fields are: email, username, first_name, last_name, is_admin, is_available, is_blocked, custom_fields, id, type, license_type, _links, custom_fields.City is not configured; this company has no custom fields",
        "status": 400,
        "title": "Bad request"
      }
    }
    "#);
}

#[tokio::test]
async fn what_the_server_makes_is_refused_on_create() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for (name, value, reason) in [
        ("id", json!("tea_1"), "system-generated"),
        ("type", json!("user"), "system-generated"),
        ("license_type", json!("full"), "system-generated"),
        ("_links", json!({}), "system-generated"),
        ("is_blocked", json!(true), "read-only on create"),
        ("is_blocked", json!(false), "read-only on create"),
    ] {
        let refused =
            company.post("/teammates", json!({ "email": "ana@x.example", name: value })).await.expect(400);
        assert!(details(&refused)[0].contains(reason), "{name}: {refused}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_one_object_is_refused() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    for body in [
        "",
        "null",
        "[]",
        "\"ana@x.example\"",
        "{\"email\":\"bob@x.example\"",
        "{\"email\":\"bob@x.example\",\"email\":\"bob@x.example\"}",
        "{\"email\":\"bob@x.example\"} {}",
    ] {
        for (method, path) in [(Method::POST, "/teammates"), (Method::PATCH, "/teammates/tea_1")] {
            let refused = send_raw(&company, method, path, body).await.expect(400);
            assert!(refused.message().starts_with("Body did not satisfy requirements"), "{body}: {refused}");
        }
    }
}

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

#[tokio::test]
async fn a_change_is_answered_with_nothing() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let id = company.teammate("ana@x.example").await;
    let changed =
        company.patch(&format!("/teammates/{id}"), json!({ "first_name": "Ana" })).await.expect(204);
    assert_eq!((changed.text().as_str(), changed.header("content-type")), ("", None));
}

#[tokio::test]
async fn each_field_changes_alone() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.custom_field(&server, "City", "string", &[]).await;
    company.admin("root@x.example").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    for (name, value) in [
        ("email", json!("Ana@X.example")),
        ("email", json!("ana.lopez@x.example")),
        ("username", json!("anita")),
        ("first_name", json!("Ana")),
        ("last_name", json!("López")),
        ("is_admin", json!(true)),
        ("is_admin", json!(false)),
        ("is_available", json!(false)),
        ("custom_fields", json!({ "City": "Lyon" })),
        ("is_blocked", json!(true)),
    ] {
        let mut expected = company.get(&path).await.json();
        expected[name] = value.clone();
        company.patch(&path, json!({ name: value })).await.expect(204);
        assert_eq!(company.get(&path).await.json(), expected, "{name}");
    }
}

#[tokio::test]
async fn a_change_of_nothing_makes_no_new_etag() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = teammate_with_two_values(&server, &company).await;
    let before = etag(&company, &path).await;
    for same in [
        json!({}),
        json!({ "email": "ana@x.example" }),
        json!({ "username": "ana", "first_name": "", "last_name": "" }),
        json!({ "is_admin": false, "is_available": true, "is_blocked": false }),
        json!({ "custom_fields": { "City": "Lyon", "Plan": "free" } }),
    ] {
        company.patch(&path, same.clone()).await.expect(204);
        assert_eq!(etag(&company, &path).await, before, "{same}");
    }
}

#[tokio::test]
async fn a_record_read_can_be_sent_back_whole() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let owner = company.admin("owner@x.example").await;
    for kind in ["string", "number", "boolean", "datetime", "teammate"] {
        company.custom_field(&server, kind, kind, &[]).await;
    }
    let values = json!({
        "string": "Lyon", "number": 0.1, "boolean": true, "datetime": 1_525_417_200, "teammate": owner,
    });
    let ana = json!({ "email": "ana@x.example", "is_admin": true, "custom_fields": values });
    company.post("/teammates", ana).await.expect(201);
    company.delete("/teammates/tea_2").await.expect(204);
    for path in ["/teammates/tea_1", "/teammates/tea_2"] {
        let before = company.get(path).await.expect(200);
        company.patch(path, before.json()).await.expect(204);
        let after = company.get(path).await;
        assert_eq!((after.text(), after.header("etag")), (before.text(), before.header("etag")), "{path}");
    }
}

#[tokio::test]
async fn what_the_server_makes_cannot_be_changed() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    for (name, value) in [
        ("id", json!("tea_2")),
        ("type", json!("visitor")),
        ("license_type", json!("guest")),
        ("_links", json!({})),
        ("_links", json!({ "self": "http://tenure.test/teammates/tea_1" })),
    ] {
        let refused = company.patch(&path, json!({ name: value })).await.expect(400);
        assert!(details(&refused)[0].contains("system-generated"), "{name}: {refused}");
    }
}

#[tokio::test]
async fn custom_fields_replaces_the_whole_map() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = teammate_with_two_values(&server, &company).await;
    for values in [json!({ "Plan": "paid" }), json!({ "City": "Paris" }), json!({})] {
        company.patch(&path, json!({ "custom_fields": values })).await.expect(204);
        assert_eq!(field(&company, &path, "custom_fields").await, values);
    }
}

#[tokio::test]
async fn leaving_custom_fields_out_keeps_all() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = teammate_with_two_values(&server, &company).await;
    company.patch(&path, json!({ "first_name": "Ana" })).await.expect(204);
    assert_eq!(field(&company, &path, "custom_fields").await, json!({ "City": "Lyon", "Plan": "free" }));
}

#[tokio::test]
async fn null_removes_the_value_of_a_custom_field() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = teammate_with_two_values(&server, &company).await;
    company.patch(&path, json!({ "custom_fields": { "City": null, "Plan": "free" } })).await.expect(204);
    assert_eq!(field(&company, &path, "custom_fields").await, json!({ "Plan": "free" }));
}

#[tokio::test]
async fn a_new_address_frees_the_old_one() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    company.patch(&path, json!({ "email": "anita@x.example" })).await.expect(204);
    company.get("/teammates/alt:email:ana@x.example").await.expect(404);
    assert_eq!(company.teammate("ana@x.example").await, "tea_2");
}

#[tokio::test]
async fn a_change_to_what_another_holds_is_refused_and_nothing_changes() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let holder = company.teammate("ana@x.example").await;
    let path = format!("/teammates/{}", company.teammate("bob@x.example").await);
    let before = company.get(&path).await.text();
    for (name, value) in [("email", "ANA@x.example"), ("username", "ana")] {
        let refused = company.patch(&path, json!({ "first_name": "Bob", name: value })).await.expect(409);
        assert!(refused.message().contains(&holder), "{name}: {refused}");
        assert_eq!(company.get(&path).await.text(), before, "{name}");
    }
}

#[tokio::test]
async fn is_blocked_equal_to_what_it_is_changes_nothing() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    company.patch(&path, json!({ "is_blocked": true })).await.expect(204);
    let before = etag(&company, &path).await;
    company.patch(&path, json!({ "is_blocked": true })).await.expect(204);
    assert_eq!(etag(&company, &path).await, before);
}

#[tokio::test]
async fn reactivation_is_refused_by_default_and_nothing_else_changes() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    company.delete(&path).await.expect(204);
    let refused = company.patch(&path, json!({ "is_blocked": false, "first_name": "Ana" })).await;
    insta::assert_snapshot!(refused, @r#"
    403
    content-type: application/json

    {
      "_error": {
        "code": "teammate.reactivation_needs_a_person",
        "message": "teammate tea_1 is blocked and this company does not allow reactivation over the API; an operator can run `tenure teammate reactivate`, or set reactivation=api",
        "status": 403,
        "title": "Forbidden"
      }
    }
    "#);
    assert_eq!(field(&company, &path, "first_name").await, "");
}

#[tokio::test]
async fn reactivation_works_where_the_company_allows_it() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.set(&server, "reactivation=api").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    let before = company.get(&path).await.text();
    company.delete(&path).await.expect(204);
    company.patch(&path, json!({ "is_blocked": false })).await.expect(204);
    assert_eq!(company.get(&path).await.text(), before);
}

#[tokio::test]
async fn the_last_admin_can_be_neither_blocked_nor_demoted() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}", company.admin("root@x.example").await);
    let before = company.get(&path).await.text();
    for change in ways_to_lose_an_admin() {
        let refused = patch_or_delete(&company, &path, change.as_ref()).await.expect(409);
        assert_eq!(refused.code(), "teammate.last_admin", "{change:?}");
        assert_eq!(company.get(&path).await.text(), before, "{change:?}");
    }
}

#[tokio::test]
async fn a_blocked_admin_does_not_stand_in_for_the_last_one() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let blocked = company.admin("ana@x.example").await;
    let path = format!("/teammates/{}", company.admin("root@x.example").await);
    company.delete(&format!("/teammates/{blocked}")).await.expect(204);
    for change in ways_to_lose_an_admin() {
        let refused = patch_or_delete(&company, &path, change.as_ref()).await;
        assert_eq!(refused.status, 409, "{change:?}: {refused}");
    }
}

#[tokio::test]
async fn an_admin_can_go_when_there_is_another() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.admin("root@x.example").await;
    for (index, change) in ways_to_lose_an_admin().into_iter().enumerate() {
        let path = format!("/teammates/{}", company.admin(&format!("t{index}@x.example")).await);
        let done = patch_or_delete(&company, &path, change.as_ref()).await;
        assert_eq!(done.status, 204, "{change:?}: {done}");
    }
}

#[tokio::test]
async fn deleting_blocks_and_is_answered_with_nothing() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    let mut expected = company.get(&path).await.json();
    expected["is_blocked"] = json!(true);
    let deleted = company.delete(&path).await.expect(204);
    assert_eq!((deleted.text().as_str(), deleted.header("content-type")), ("", None));
    assert_eq!(company.get(&path).await.json(), expected);
}

#[tokio::test]
async fn deleting_again_changes_nothing() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    company.delete(&path).await.expect(204);
    let before = etag(&company, &path).await;
    company.delete(&path).await.expect(204);
    assert_eq!(etag(&company, &path).await, before);
}

#[tokio::test]
async fn a_blocked_teammate_stays_in_the_lists_and_in_its_teams() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let (team, id) = (company.team(&server, "Support").await, company.teammate("ana@x.example").await);
    company.join(&team, &[&id]).await;
    company.delete(&format!("/teammates/{id}")).await.expect(204);
    assert_eq!(company.get("/teammates").await.ids(), [id.as_str()]);
    assert_eq!(company.get(&format!("/teams/{team}/teammates")).await.ids(), [id.as_str()]);
}

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

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    company.team(&server, "Support").await;
    for path in [
        "/teammates",
        "/teammates/tea_1",
        "/teammates/tea_1/inboxes",
        "/teammates/custom_fields",
        "/teams",
        "/teams/tim_1",
        "/teams/tim_1/teammates",
        "/me",
        "/teammates/tea_2",
    ] {
        let (get, head) = (company.get(path).await, company.send(company.request(Method::HEAD, path)).await);
        assert_eq!((head.status, head.text().as_str()), (get.status, ""), "{path}");
        for name in ["content-type", "content-length", "etag"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn options_tells_the_methods() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for (path, expected) in [
        ("/teammates", "GET HEAD OPTIONS POST"),
        ("/teammates/tea_1", "DELETE GET HEAD OPTIONS PATCH"),
        ("/teammates/custom_fields", "GET HEAD OPTIONS"),
        ("/teammates/tea_1/inboxes", "GET HEAD OPTIONS"),
        ("/teammates/tea_1/conversations", "GET HEAD OPTIONS"),
        ("/teams", "GET HEAD OPTIONS"),
        ("/teams/tim_1", "GET HEAD OPTIONS"),
        ("/teams/tim_1/teammates", "DELETE GET HEAD OPTIONS POST"),
        ("/me", "GET HEAD OPTIONS"),
    ] {
        let reply = company.send(company.request(Method::OPTIONS, path)).await.expect(204);
        let mut methods: Vec<_> = reply.header("allow").unwrap().split(',').map(str::trim).collect();
        methods.sort_unstable();
        assert_eq!(methods.join(" "), expected, "{path}");
    }
}
