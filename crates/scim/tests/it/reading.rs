//! Reading resources (RFC 7643, sections 2 and 3; RFC 7644, section 3.3).

use crate::fixtures::{groups, users};
use serde_json::{Value, json};
use tenure_scim::{Intake, ScimType};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn read(sent: Value) -> Intake {
    users().read(&sent).unwrap()
}

fn fault(sent: Value) -> (ScimType, String) {
    let fault = users().read(&sent).unwrap_err();
    (fault.kind, fault.detail)
}

#[test]
fn names_come_out_in_the_schemas_spelling() {
    let Intake { resource, .. } = read(json!({
        "SCHEMAS": [USER.to_uppercase()],
        "username": "a@x.example",
        "NAME": {"GIVENNAME": "Ann"},
        "URN:ietf:params:scim:schemas:extension:enterprise:2.0:user": {"DEPARTMENT": "Ops"},
    }));
    let expected =
        json!({"userName": "a@x.example", "name": {"givenName": "Ann"}, ENTERPRISE: {"department": "Ops"}});
    assert_eq!(Value::Object(resource), expected);
}

#[test]
fn what_is_unassigned_is_absent() {
    let Intake { resource, .. } = read(json!({
        "schemas": [USER], "userName": "a", "title": null, "nickName": "", "emails": [], "roles": [null, {}],
        "name": {"givenName": null}, ENTERPRISE: {"department": ""}, "addresses": [{"type": ""}],
    }));
    assert_eq!(Value::Object(resource), json!({"userName": "a"}));
}

#[test]
fn what_only_the_provider_sets_is_left_out() {
    let Intake { resource, unknown } = read(json!({
        "schemas": [USER], "userName": "a", "id": "mine", "meta": {"version": "1"}, "groups": [{"value": "x"}],
        "name": {"givenName": "A"}, ENTERPRISE: {"manager": {"value": "m", "displayName": "M"}},
    }));
    let expected =
        json!({"userName": "a", "name": {"givenName": "A"}, ENTERPRISE: {"manager": {"value": "m"}}});
    assert_eq!(Value::Object(resource), expected);
    assert!(unknown.is_empty());
}

#[test]
fn what_no_schema_has_is_left_out_and_told() {
    let Intake { resource, unknown } = read(json!({
        "schemas": [USER, "http://schemas.example/Group"], "userName": "a", "password": "x", "shoeSize": 42,
        ENTERPRISE: {"floor": 3}, "emails": [{"value": "a@x", "verified": true}],
    }));
    assert_eq!(Value::Object(resource), json!({"userName": "a", "emails": [{"value": "a@x"}]}));
    assert_eq!(unknown, ["password", "shoeSize", &format!("{ENTERPRISE}:floor")]);
}

#[test]
fn forms_that_clients_send_are_read_as_what_they_mean() {
    for (sent, meant) in [
        (json!({"active": "False"}), json!({"active": false})),
        (json!({"active": "true"}), json!({"active": true})),
        (json!({"emails": {"value": "a@x"}}), json!({"emails": [{"value": "a@x"}]})),
        (json!({"emails": ["a@x"]}), json!({"emails": [{"value": "a@x"}]})),
        (json!({"displayName": [{"$ref": null, "value": "Bo"}]}), json!({"displayName": "Bo"})),
        (json!({"title": ["T"]}), json!({"title": "T"})),
        (json!({"name": [{"givenName": "A"}]}), json!({"name": {"givenName": "A"}})),
        (json!({ENTERPRISE: {"manager": "m"}}), json!({ENTERPRISE: {"manager": {"value": "m"}}})),
        (
            json!({"roles": [{"value": "admin", "primary": "True"}]}),
            json!({"roles": [{"value": "admin", "primary": true}]}),
        ),
    ] {
        let (mut body, mut expected) = (sent, meant);
        body["schemas"] = json!([USER]);
        body["userName"] = json!("a");
        expected["userName"] = json!("a");
        assert_eq!(Value::Object(read(body).resource), expected);
    }
}

#[test]
fn a_wrong_type_is_told_with_its_path() {
    let told: Vec<String> = [
        json!({"active": "no"}),
        json!({"active": 1}),
        json!({"title": 5}),
        json!({"title": {"value": "x"}}),
        json!({"title": ["a", "b"]}),
        json!({"name": "Ann"}),
        json!({"name": {"givenName": true}}),
        json!({"emails": [5]}),
        json!({"emails": [{"value": ["a", "b"]}]}),
        json!({"emails": [{"value": "a", "primary": true}, {"value": "b", "primary": "true"}]}),
        json!({"x509Certificates": [{"value": "not base64!"}]}),
        json!({"urn:example:params:scim:schemas:extension:fields": {"fld_1": "4"}}),
        json!({ENTERPRISE: "x"}),
        json!({"userName": ""}),
        json!({"userName": null}),
    ]
    .into_iter()
    .map(|mut sent| {
        let as_sent = sent.to_string();
        sent["schemas"] = json!([USER]);
        if sent.get("userName").is_none() {
            sent["userName"] = json!("a");
        }
        let (kind, detail) = fault(sent);
        assert_eq!(kind, ScimType::InvalidValue);
        format!("{as_sent}\n    {detail}")
    })
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_body_that_is_no_resource_of_the_type_is_a_fault_of_syntax() {
    for sent in [
        json!([]),
        json!("x"),
        json!({}),
        json!({"schemas": USER}),
        json!({"schemas": [5]}),
        json!({"schemas": []}),
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "userName": "a"}),
    ] {
        assert_eq!(fault(sent.clone()).0, ScimType::InvalidSyntax, "{sent}");
    }
    assert!(
        groups()
            .read(&json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "G"}))
            .is_ok()
    );
}
