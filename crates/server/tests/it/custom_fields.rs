//! `/teammates/custom_fields`: which custom fields there are, and what becomes of values when one goes.

use serde_json::{Value, json};
use tenure_server::operator::CompanyRequest;
use tenure_testkit::{TestCompany, TestServer};

const TYPES: [&str; 6] = ["string", "number", "boolean", "datetime", "teammate", "inbox"];

async fn delete_field(server: &TestServer, company: &TestCompany, field: &str) {
    company.operate(server, CompanyRequest::DeleteCustomField { field: field.to_owned() }).await;
}

/// Makes a teammate with values of custom fields; its path.
async fn teammate_with(company: &TestCompany, email: &str, values: Value) -> String {
    let body = json!({ "email": email, "custom_fields": values });
    let created = company.post("/teammates", body).await.expect(201);
    format!("/teammates/{}", created.json()["id"].as_str().expect("a teammate has an id"))
}

/// The values of a teammate.
async fn values(company: &TestCompany, path: &str) -> Value {
    company.get(path).await.expect(200).json()["custom_fields"].clone()
}

#[expect(clippy::too_many_lines, reason = "most of it is the picture of a list with one field of each type")]
#[tokio::test]
async fn fields_of_each_type_are_listed() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for kind in TYPES {
        company.custom_field(&server, &format!("A {kind}"), kind, &[]).await;
    }
    company.custom_field(&server, "Plan", "enum", &["free", "paid"]).await;
    let listed = company.get("/teammates/custom_fields").await;
    insta::assert_snapshot!(listed, @r#"
    200
    content-type: application/json

    {
      "_links": {
        "self": "http://tenure.test/teammates/custom_fields"
      },
      "_pagination": {
        "next": null
      },
      "_results": [
        {
          "_links": {
            "self": "http://tenure.test/custom_fields/fld_1"
          },
          "description": "",
          "id": "fld_1",
          "name": "A string",
          "type": "string"
        },
        {
          "_links": {
            "self": "http://tenure.test/custom_fields/fld_2"
          },
          "description": "",
          "id": "fld_2",
          "name": "A number",
          "type": "number"
        },
        {
          "_links": {
            "self": "http://tenure.test/custom_fields/fld_3"
          },
          "description": "",
          "id": "fld_3",
          "name": "A boolean",
          "type": "boolean"
        },
        {
          "_links": {
            "self": "http://tenure.test/custom_fields/fld_4"
          },
          "description": "",
          "id": "fld_4",
          "name": "A datetime",
          "type": "datetime"
        },
        {
          "_links": {
            "self": "http://tenure.test/custom_fields/fld_5"
          },
          "description": "",
          "id": "fld_5",
          "name": "A teammate",
          "type": "teammate"
        },
        {
          "_links": {
            "self": "http://tenure.test/custom_fields/fld_6"
          },
          "description": "",
          "id": "fld_6",
          "name": "A inbox",
          "type": "inbox"
        },
        {
          "_links": {
            "self": "http://tenure.test/custom_fields/fld_7"
          },
          "description": "",
          "id": "fld_7",
          "name": "Plan",
          "type": "enum",
          "values": [
            {
              "label": "free",
              "value": "free"
            },
            {
              "label": "paid",
              "value": "paid"
            }
          ]
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_company_without_fields_has_an_empty_list() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let listed = company.get("/teammates/custom_fields").await;
    insta::assert_snapshot!(listed, @r#"
    200
    content-type: application/json

    {
      "_links": {
        "self": "http://tenure.test/teammates/custom_fields"
      },
      "_pagination": {
        "next": null
      },
      "_results": []
    }
    "#);
}

#[tokio::test]
async fn fields_come_in_pages_where_a_limit_is_given() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let mut ids = vec![];
    for kind in TYPES {
        ids.push(company.custom_field(&server, kind, kind, &[]).await);
    }
    let first = company.get("/teammates/custom_fields?limit=4").await.expect(200);
    let second = company.get(&first.next().unwrap()).await.expect(200);
    assert_eq!([first.ids(), second.ids()].concat(), ids);
    assert_eq!(second.next(), None);
}

#[tokio::test]
async fn the_fields_of_another_company_are_not_there() {
    let server = TestServer::start().await;
    let (acme, other) = (server.company("Acme").await, server.company("Other").await);
    other.custom_field(&server, "City", "string", &[]).await;
    assert!(acme.get("/teammates/custom_fields").await.ids().is_empty());
    let body = json!({ "email": "ana@x.example", "custom_fields": { "City": "Lyon" } });
    acme.post("/teammates", body).await.expect(400);
}

#[tokio::test]
async fn an_enum_takes_its_choices_as_they_are_spelt_and_nothing_else() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.custom_field(&server, "Plan", "enum", &["Free", "Paid, yearly"]).await;
    let path = format!("/teammates/{}", company.teammate("ana@x.example").await);
    for (choice, status) in
        [("Free", 204), ("Paid, yearly", 204), ("free", 400), ("Paid", 400), ("", 400), (" Free", 400)]
    {
        let changed = company.patch(&path, json!({ "custom_fields": { "Plan": choice } })).await;
        assert_eq!(changed.status, status, "{choice:?}: {changed}");
    }
}

#[tokio::test]
async fn a_refused_choice_names_those_there_are() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.custom_field(&server, "Plan", "enum", &["free", "paid"]).await;
    let body = json!({ "email": "ana@x.example", "custom_fields": { "Plan": "gold" } });
    let refused = company.post("/teammates", body).await;
    insta::assert_snapshot!(refused, @r#"
    400
    content-type: application/json

    {
      "_error": {
        "code": "request.invalid",
        "details": [
          "custom_fields.Plan must be one of: free, paid"
        ],
        "message": "Body did not satisfy requirements: custom_fields.Plan must be one of: free, paid",
        "status": 400,
        "title": "Bad request"
      }
    }
    "#);
}

#[tokio::test]
async fn a_deleted_field_is_listed_no_more() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.custom_field(&server, "City", "string", &[]).await;
    let plan = company.custom_field(&server, "Plan", "string", &[]).await;
    delete_field(&server, &company, "City").await;
    assert_eq!(company.get("/teammates/custom_fields").await.ids(), [plan]);
}

#[tokio::test]
async fn the_values_of_a_deleted_field_are_gone() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for name in ["City", "Plan"] {
        company.custom_field(&server, name, "string", &[]).await;
    }
    let path = teammate_with(&company, "ana@x.example", json!({ "City": "Lyon", "Plan": "free" })).await;
    delete_field(&server, &company, "City").await;
    assert_eq!(values(&company, &path).await, json!({ "Plan": "free" }));
    assert_eq!(
        company.get("/teammates").await.json()["_results"][0]["custom_fields"],
        json!({ "Plan": "free" })
    );
}

#[tokio::test]
async fn a_deleted_field_takes_no_values() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.custom_field(&server, "City", "string", &[]).await;
    let path = teammate_with(&company, "ana@x.example", json!({ "City": "Lyon" })).await;
    delete_field(&server, &company, "City").await;
    let refused = company.patch(&path, json!({ "custom_fields": { "City": "Lyon" } })).await.expect(400);
    assert_eq!(refused.code(), "request.invalid");
}

#[tokio::test]
async fn a_field_made_anew_is_another_field_without_values() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let old = company.custom_field(&server, "City", "string", &[]).await;
    let path = teammate_with(&company, "ana@x.example", json!({ "City": "Lyon" })).await;
    delete_field(&server, &company, &old).await;
    let new = company.custom_field(&server, "City", "string", &[]).await;
    assert_ne!(new, old);
    assert_eq!(values(&company, &path).await, json!({}));
}
