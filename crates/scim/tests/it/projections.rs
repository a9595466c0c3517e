//! What is shown (RFC 7644, sections 3.4.2.5 and 3.9).

use crate::fixtures::{FIELDS, object, users};
use proptest::prelude::*;
use serde_json::{Value, json};
use tenure_scim::{Projection, Returned, ScimType};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn ann() -> Value {
    json!({
        "schemas": ["s"], "id": "tea_1", "userName": "a", "active": true, "meta": {"version": "1", "created": "c"},
        "name": {"givenName": "Ann", "familyName": "Lee"},
        "emails": [{"value": "a@x", "type": "work"}, {"value": "b@x"}],
        ENTERPRISE: {"department": "Ops", "manager": {"value": "m", "displayName": "M"}},
        FIELDS: {"fld_1": 4},
    })
}

fn shown(attributes: &[&str], excluded: &[&str]) -> Value {
    let mut resource = object(ann());
    Projection::of(&users(), attributes, excluded).unwrap().apply(&users(), &mut resource);
    Value::Object(resource)
}

#[test]
fn attributes_give_these_and_what_is_always_shown() {
    let always = json!({"schemas": ["s"], "id": "tea_1"});
    for (attributes, more) in [
        (vec!["userName"], json!({"userName": "a"})),
        (vec!["USERNAME"], json!({"userName": "a"})),
        (vec!["name.givenName"], json!({"name": {"givenName": "Ann"}})),
        (
            vec!["name.givenName", "name.familyName"],
            json!({"name": {"givenName": "Ann", "familyName": "Lee"}}),
        ),
        (vec!["name", "name.givenName"], json!({"name": {"givenName": "Ann", "familyName": "Lee"}})),
        (vec!["emails.type"], json!({"emails": [{"type": "work"}]})),
        (
            vec!["emails[type eq \"work\"]"],
            json!({"emails": [{"value": "a@x", "type": "work"}, {"value": "b@x"}]}),
        ),
        (vec!["meta.version"], json!({"meta": {"version": "1"}})),
        (vec!["urn:ietf:params:scim:schemas:core:2.0:User:userName"], json!({"userName": "a"})),
        (
            vec![ENTERPRISE],
            json!({ENTERPRISE: {"department": "Ops", "manager": {"value": "m", "displayName": "M"}}}),
        ),
        (
            vec!["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"],
            json!({ENTERPRISE: {"manager": {"value": "m"}}}),
        ),
        (vec!["urn:example:params:scim:schemas:extension:fields:fld_1"], json!({FIELDS: {"fld_1": 4}})),
        (vec!["shoeSize"], json!({})),
        (vec!["id"], json!({})),
    ] {
        let mut expected = object(always.clone());
        expected.extend(object(more));
        assert_eq!(shown(&attributes, &[]), Value::Object(expected), "{attributes:?}");
    }
}

#[test]
fn excluded_attributes_take_these_away_but_never_what_is_always_shown() {
    for (excluded, gone) in [
        (vec!["emails"], "/emails"),
        (vec!["name.givenName"], "/name/givenName"),
        (vec!["emails.type"], "/emails/0/type"),
        (vec![ENTERPRISE], "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
        (vec!["meta"], "/meta"),
    ] {
        let shown = shown(&[], &excluded);
        assert!(ann().pointer(gone).is_some() && shown.pointer(gone).is_none(), "{excluded:?}");
        assert_eq!(shown["userName"], "a");
    }
    assert_eq!(shown(&[], &["id", "schemas", "shoeSize"]), ann());
    assert_eq!(shown(&[], &["name.givenName", "name.familyName"]).get("name"), None);
}

#[test]
fn both_at_once_exclude_each_other() {
    let fault = Projection::of(&users(), &["id"], &["name"]).unwrap_err();
    assert_eq!(fault.kind, ScimType::InvalidValue);
}

proptest! {
    #[test]
    fn what_is_never_returned_never_is(attributes in proptest::collection::vec("(userName|secret|name|SECRET|title)", 0..4), as_excluded: bool) {
        let mut users = users();
        let mut schema = tenure_scim::Schema::clone(&users.schema);
        let mut secret = tenure_scim::Attribute::text("secret", "Never shown");
        secret.returned = Returned::Never;
        schema.attributes.push(secret);
        users.schema = schema.into();
        let none: Vec<String> = vec![];
        let (wanted, excluded) = if as_excluded { (none, attributes) } else { (attributes, none) };
        let mut resource = object(json!({"id": "1", "schemas": ["s"], "userName": "a", "secret": "x"}));
        Projection::of(&users, &wanted, &excluded).unwrap().apply(&users, &mut resource);
        prop_assert!(!resource.contains_key("secret"));
        prop_assert!(resource.contains_key("id") && resource.contains_key("schemas"));
    }
}
