//! PATCH (RFC 7644, section 3.5.2), and the oddities of the field.

use crate::fixtures::{groups, object, operations, patched, users};
use proptest::prelude::*;
use serde_json::{Value, json};
use tenure_scim::patch::{Edit, edits_of};
use tenure_scim::{ScimType, patch};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn ann() -> Value {
    json!({
        "userName": "a@x", "active": true, "title": "T", "name": {"givenName": "Ann", "familyName": "Lee"},
        "emails": [{"value": "a@x", "type": "work", "primary": true}, {"value": "b@x", "type": "home"}],
        ENTERPRISE: {"department": "Ops", "manager": {"value": "m"}},
    })
}

/// Each case: what it is, the operations, what is then at a place (`null`: nothing).
#[track_caller]
fn check(cases: &[(&str, Value, &str, Value)]) {
    for (what, given, place, expected) in cases {
        let after = patched(ann(), given.clone()).unwrap_or_else(|fault| panic!("{what}: {fault}"));
        assert_eq!(after.pointer(place).cloned().unwrap_or(Value::Null), *expected, "{what}: {after}");
    }
}

#[test]
fn add_sets_merges_and_appends() {
    check(&[
        ("single value", json!([{"op": "add", "path": "title", "value": "Boss"}]), "/title", json!("Boss")),
        ("absent value", json!([{"op": "add", "path": "nickName", "value": "N"}]), "/nickName", json!("N")),
        (
            "sub-attribute",
            json!([{"op": "add", "path": "name.middleName", "value": "M"}]),
            "/name/middleName",
            json!("M"),
        ),
        (
            "complex merges",
            json!([{"op": "add", "path": "name", "value": {"givenName": "B"}}]),
            "/name",
            json!({"givenName": "B", "familyName": "Lee"}),
        ),
        (
            "no path merges",
            json!([{"op": "add", "value": {"title": "B", "name": {"givenName": "B"}}}]),
            "/name/familyName",
            json!("Lee"),
        ),
        (
            "appends",
            json!([{"op": "add", "path": "emails", "value": [{"value": "c@x"}]}]),
            "/emails/2",
            json!({"value": "c@x"}),
        ),
        (
            "one object appends",
            json!([{"op": "add", "path": "emails", "value": {"value": "c@x"}}]),
            "/emails/2/value",
            json!("c@x"),
        ),
        (
            "twice is once",
            json!([{"op": "add", "path": "emails", "value": [{"value": "A@X", "type": "work"}]}]),
            "/emails/2",
            Value::Null,
        ),
        (
            "a new primary is the only one",
            json!([{"op": "add", "path": "emails", "value": [{"value": "c@x", "primary": true}]}]),
            "/emails/0/primary",
            json!(false),
        ),
        (
            "extension",
            json!([{"op": "add", "path": format!("{ENTERPRISE}:department"), "value": "R"}]),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
            json!("R"),
        ),
        (
            "URN of the core",
            json!([{"op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:User:title", "value": "B"}]),
            "/title",
            json!("B"),
        ),
        (
            "matching values merge",
            json!([{"op": "add", "path": "emails[type eq \"work\"]", "value": {"display": "D"}}]),
            "/emails/0",
            json!({"value": "a@x", "type": "work", "primary": true, "display": "D"}),
        ),
    ]);
}

#[test]
fn replace_sets_whole_values_and_keeps_unnamed_parts() {
    check(&[
        (
            "single value",
            json!([{"op": "replace", "path": "title", "value": "Boss"}]),
            "/title",
            json!("Boss"),
        ),
        (
            "absent is added",
            json!([{"op": "replace", "path": "nickName", "value": "N"}]),
            "/nickName",
            json!("N"),
        ),
        (
            "complex keeps",
            json!([{"op": "replace", "path": "name", "value": {"givenName": "B"}}]),
            "/name/familyName",
            json!("Lee"),
        ),
        (
            "all values",
            json!([{"op": "replace", "path": "emails", "value": [{"value": "c@x"}]}]),
            "/emails",
            json!([{"value": "c@x"}]),
        ),
        ("no path", json!([{"op": "replace", "value": {"active": false}}]), "/active", json!(false)),
        (
            "a matching value whole",
            json!([{"op": "replace", "path": "emails[type eq \"work\"]", "value": {"value": "w@x", "type": "other"}}]),
            "/emails/0",
            json!({"value": "w@x", "type": "other"}),
        ),
        (
            "a part of a matching value",
            json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "w@x"}]),
            "/emails/0",
            json!({"value": "w@x", "type": "work", "primary": true}),
        ),
        (
            "a part of all values",
            json!([{"op": "replace", "path": "emails.display", "value": "D"}]),
            "/emails/1/display",
            json!("D"),
        ),
        (
            "another primary",
            json!([{"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true}]),
            "/emails/0/primary",
            json!(false),
        ),
    ]);
}

#[test]
fn remove_takes_away_what_the_path_names() {
    check(&[
        ("single value", json!([{"op": "remove", "path": "title"}]), "/title", Value::Null),
        ("absent", json!([{"op": "remove", "path": "nickName"}]), "/title", json!("T")),
        (
            "a superfluous value",
            json!([{"op": "remove", "path": "title", "value": "T"}]),
            "/title",
            Value::Null,
        ),
        (
            "sub-attribute",
            json!([{"op": "remove", "path": "name.givenName"}]),
            "/name",
            json!({"familyName": "Lee"}),
        ),
        ("all values", json!([{"op": "remove", "path": "emails"}]), "/emails", Value::Null),
        (
            "matching values",
            json!([{"op": "remove", "path": "emails[type eq \"work\"]"}]),
            "/emails",
            json!([{"value": "b@x", "type": "home"}]),
        ),
        ("the last ones", json!([{"op": "remove", "path": "emails[value pr]"}]), "/emails", Value::Null),
        (
            "no match is no change",
            json!([{"op": "remove", "path": "emails[type eq \"fax\"]"}]),
            "/emails/1/value",
            json!("b@x"),
        ),
        (
            "a part of matching values",
            json!([{"op": "remove", "path": "emails[type eq \"work\"].primary"}]),
            "/emails/0",
            json!({"value": "a@x", "type": "work"}),
        ),
        (
            "the value of matching values",
            json!([{"op": "remove", "path": "emails[type eq \"work\"].value"}]),
            "/emails/0/value",
            json!("b@x"),
        ),
        (
            "a list of values",
            json!([{"op": "remove", "path": "emails", "value": [{"value": "A@x"}]}]),
            "/emails",
            json!([{"value": "b@x", "type": "home"}]),
        ),
        (
            "a list without a match",
            json!([{"op": "remove", "path": "emails", "value": [{"value": "z@x"}]}]),
            "/emails/1/value",
            json!("b@x"),
        ),
        (
            "a whole extension",
            json!([{"op": "remove", "path": ENTERPRISE}]),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            Value::Null,
        ),
        (
            "the last of an extension",
            json!([{"op": "remove", "path": format!("{ENTERPRISE}:department")}, {"op": "remove", "path": format!("{ENTERPRISE}:manager")}]),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            Value::Null,
        ),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, read from top to bottom")]
fn oddities_of_identity_providers_mean_what_they_mean() {
    check(&[
        ("capitals", json!([{"op": "Replace", "path": "Title", "value": "B"}]), "/title", json!("B")),
        (
            "a boolean as text",
            json!([{"op": "Replace", "path": "active", "value": "False"}]),
            "/active",
            json!(false),
        ),
        (
            "no match makes the value (add)",
            json!([{"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+4512"}]),
            "/phoneNumbers",
            json!([{"type": "mobile", "value": "+4512"}]),
        ),
        (
            "no match makes the value (replace)",
            json!([{"op": "Replace", "path": "emails[type eq \"other\"].value", "value": "o@x"}]),
            "/emails/2",
            json!({"type": "other", "value": "o@x"}),
        ),
        (
            "primary as text",
            json!([{"op": "Add", "path": "emails[type eq \"home\"].primary", "value": "True"}]),
            "/emails/1/primary",
            json!(true),
        ),
        (
            "primary as text in the filter",
            json!([{"op": "Replace", "path": "roles[primary eq \"True\"].value", "value": "admin"}]),
            "/roles",
            json!([{"primary": true, "value": "admin"}]),
        ),
        (
            "a list for a single value",
            json!([{"op": "Replace", "path": "displayName", "value": [{"$ref": null, "value": "Bo"}]}]),
            "/displayName",
            json!("Bo"),
        ),
        (
            "dotted keys",
            json!([{"op": "replace", "value": {"name.givenName": "Bo"}}]),
            "/name",
            json!({"givenName": "Bo", "familyName": "Lee"}),
        ),
        (
            "URNs as keys",
            json!([{"op": "replace", "value": {format!("{ENTERPRISE}:employeeNumber"): "7"}}]),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/employeeNumber",
            json!("7"),
        ),
        (
            "a filter as key",
            json!([{"op": "replace", "value": {"emails[type eq \"work\"].value": "w@x"}}]),
            "/emails/0/value",
            json!("w@x"),
        ),
        (
            "an extension as key",
            json!([{"op": "replace", "value": {ENTERPRISE: {"department": "R"}}}]),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            json!({"department": "R", "manager": {"value": "m"}}),
        ),
        (
            "manager as text",
            json!([{"op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "u9"}]),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/manager",
            json!({"value": "u9"}),
        ),
        (
            "manager as object",
            json!([{"op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": {"value": "u9"}}]),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/manager",
            json!({"value": "u9"}),
        ),
        (
            "manager by part",
            json!([{"op": "Add", "path": format!("{ENTERPRISE}:manager.value"), "value": "u9"}]),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/manager",
            json!({"value": "u9"}),
        ),
        (
            "manager emptied",
            json!([{"op": "Replace", "path": format!("{ENTERPRISE}:manager"), "value": ""}]),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/manager",
            Value::Null,
        ),
        (
            "manager's value emptied",
            json!([{"op": "Replace", "path": format!("{ENTERPRISE}:manager"), "value": {"value": ""}}]),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/manager",
            Value::Null,
        ),
        (
            "empty text clears",
            json!([{"op": "Replace", "path": "title", "value": ""}]),
            "/title",
            Value::Null,
        ),
        ("null clears", json!([{"op": "Replace", "path": "title", "value": null}]), "/title", Value::Null),
        (
            "an emptied value of a filter goes",
            json!([{"op": "Replace", "path": "emails[type eq \"home\"].value", "value": ""}]),
            "/emails/1",
            Value::Null,
        ),
        (
            "emptying what is not there",
            json!([{"op": "Replace", "path": "phoneNumbers[type eq \"fax\"].value", "value": ""}]),
            "/phoneNumbers",
            Value::Null,
        ),
        (
            "id in a value without a path",
            json!([{"op": "replace", "value": {"id": "x", "schemas": [], "meta": {}, "title": "B"}}]),
            "/title",
            json!("B"),
        ),
        ("a password", json!([{"op": "replace", "value": {"password": "x"}}]), "/password", Value::Null),
        (
            "what no schema has",
            json!([{"op": "add", "path": "shoeSize", "value": 42}, {"op": "add", "path": "title", "value": "B"}]),
            "/title",
            json!("B"),
        ),
    ]);
}

#[test]
fn what_no_schema_has_is_told() {
    let mut user = object(ann());
    let given = json!([{"op": "add", "path": "shoeSize", "value": 42}, {"op": "add", "value": {"a b": 1, ENTERPRISE: {"floor": 1}}}]);
    let unknown = patch::apply(&users(), &mut user, &operations(given).unwrap()).unwrap();
    assert_eq!(unknown, ["shoeSize", "a b", &format!("{ENTERPRISE}:floor")]);
    assert_eq!(Value::Object(user), ann());
}

#[test]
fn one_bad_operation_and_nothing_has_changed() {
    use ScimType::{InvalidFilter, InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget};
    for (bad, kind) in [
        (json!({"op": "remove"}), NoTarget),
        (json!({"op": "replace", "path": "emails[type co \"fax\"].value", "value": "x"}), NoTarget),
        (json!({"op": "replace", "path": "id", "value": "x"}), Mutability),
        (json!({"op": "remove", "path": "groups"}), Mutability),
        (json!({"op": "add", "path": "meta.version", "value": "x"}), Mutability),
        (json!({"op": "remove", "path": "userName"}), Mutability),
        (json!({"op": "replace", "path": "userName", "value": ""}), Mutability),
        (json!({"op": "add", "path": "ti tle", "value": "x"}), InvalidPath),
        (json!({"op": "add", "path": "name..x", "value": "x"}), InvalidPath),
        (json!({"op": "add", "path": "title[value eq \"x\"]", "value": "x"}), InvalidPath),
        (json!({"op": "add", "path": "emails[type eq]", "value": "x"}), InvalidFilter),
        (json!({"op": "add", "path": "emails[shoe eq \"x\"].value", "value": "x"}), InvalidFilter),
        (json!({"op": "add", "path": "active", "value": "no"}), InvalidValue),
        (json!({"op": "add", "path": "title", "value": 5}), InvalidValue),
        (json!({"op": "add", "value": "x"}), InvalidValue),
        (json!({"op": "add", "path": "title"}), InvalidValue),
        (json!({"op": "move", "path": "title", "value": "x"}), InvalidSyntax),
        (json!({"path": "title", "value": "x"}), InvalidSyntax),
        (json!("x"), InvalidSyntax),
    ] {
        let mut user = object(ann());
        let given = json!([{"op": "add", "path": "title", "value": "changed"}, bad]);
        let refused = operations(given.clone()).and_then(|given| patch::apply(&users(), &mut user, &given));
        assert_eq!(refused.unwrap_err().kind, kind, "{given}");
        assert_eq!(Value::Object(user), ann(), "{given}");
    }
    for bad in [json!([]), json!("x"), Value::Null] {
        assert_eq!(operations(bad).unwrap_err().kind, InvalidSyntax);
    }
}

#[test]
fn edits_of_members_are_taken_out_in_order() {
    let given = json!([
        {"op": "Add", "path": "members", "value": [{"$ref": null, "value": "u1", "display": "A"}]},
        {"op": "Remove", "path": "members", "value": [{"value": "u2"}]},
        {"op": "remove", "path": "members[value eq \"u3\"]"},
        {"op": "replace", "value": {"id": "g", "displayName": "N", "members": [{"value": "u4"}]}},
        {"op": "remove", "path": "members"},
        {"op": "replace", "path": "externalId", "value": "e"},
        {"op": "add", "path": "members", "value": "u5"},
    ]);
    let (edits, others) = edits_of(&groups(), "members", &operations(given).unwrap()).unwrap();
    let value = |id: &str| vec![json!({"value": id})];
    assert_eq!(edits[0], Edit::Add(value("u1")));
    assert_eq!(edits[1], Edit::Remove(value("u2")));
    assert!(matches!(&edits[2], Edit::RemoveWhere(filter) if filter.to_string() == "value eq \"u3\""));
    assert_eq!(edits[3], Edit::Replace(value("u4")));
    assert_eq!(edits[4], Edit::Replace(vec![]));
    assert_eq!(edits[5], Edit::Add(value("u5")));
    let mut group = object(json!({"displayName": "G"}));
    patch::apply(&groups(), &mut group, &others).unwrap();
    assert_eq!(Value::Object(group), json!({"displayName": "N", "externalId": "e"}));
}

#[test]
fn a_member_cannot_be_changed_in_place() {
    for (operation, kind) in [
        (
            json!({"op": "replace", "path": "members[value eq \"u1\"].value", "value": "u2"}),
            ScimType::Mutability,
        ),
        (
            json!({"op": "add", "path": "members[value eq \"u1\"]", "value": {"value": "u2"}}),
            ScimType::Mutability,
        ),
        (json!({"op": "add", "path": "members.shoe", "value": "u2"}), ScimType::InvalidPath),
        (json!({"op": "remove", "path": "members[shoe eq \"x\"]"}), ScimType::InvalidFilter),
    ] {
        let given = operations(json!([operation])).unwrap();
        assert_eq!(edits_of(&groups(), "members", &given).unwrap_err().kind, kind, "{operation}");
    }
}

fn is_clean(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(values) => !values.is_empty() && values.iter().all(is_clean),
        Value::Object(parts) => !parts.is_empty() && parts.values().all(is_clean),
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn operation() -> impl Strategy<Value = Value> {
    let path = proptest::sample::select(vec![
        "title",
        "active",
        "name",
        "name.givenName",
        "emails",
        "emails[type eq \"work\"].value",
        "emails[type eq \"other\"]",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
        "phoneNumbers.value",
        "roles",
        "externalId",
    ]);
    let value = proptest::sample::select(vec![
        json!("x"),
        json!(""),
        Value::Null,
        json!(true),
        json!({"value": "v", "type": "work"}),
        json!([{"value": "v"}]),
        json!({"givenName": "G"}),
        json!([{"value": "w", "primary": true}]),
    ]);
    let op = proptest::sample::select(vec!["add", "replace", "remove"]);
    (op, path, value).prop_map(|(op, path, value)| json!({"op": op, "path": path, "value": value}))
}

proptest! {
    /// A set, an addition or a removal that is sent twice, as after a lost answer, changes nothing the second time.
    #[test]
    fn an_operation_sent_twice_is_as_one_sent_once(operation in operation()) {
        let Ok(once) = patched(ann(), json!([operation])) else { return Ok(()) };
        // A value that a replace took away from its filter's reach is made anew: the filter no longer finds it.
        let moves_away = operation["path"] == "emails[type eq \"other\"]";
        if !moves_away {
            prop_assert_eq!(patched(once.clone(), json!([operation])).unwrap(), once);
        }
    }

    #[test]
    fn nothing_unassigned_is_left_behind(operations in proptest::collection::vec(operation(), 1..4)) {
        let Ok(after) = patched(ann(), Value::Array(operations)) else { return Ok(()) };
        prop_assert!(is_clean(&after), "{}", after);
    }
}
