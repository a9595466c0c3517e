//! Sorting (RFC 7644, section 3.4.2.3).

use crate::fixtures::{object, users};
use serde_json::{Value, json};
use tenure_scim::{ScimType, Sort, SortOrder};

fn sorted(by: &str, order: &str) -> Vec<String> {
    let sort = Sort::of(&users(), by, SortOrder::parse(order).unwrap()).unwrap();
    let mut resources: Vec<_> = [
        json!({"id": "1", "userName": "b", "name": {"familyName": "Á"}, "active": true, "emails": [{"value": "z"}, {"value": "a", "primary": true}], "meta": {"created": "2026-01-01T00:00:00Z"}}),
        json!({"id": "2", "userName": "A", "active": false, "emails": [{"value": "b"}], "meta": {"created": "2026-01-01T00:30:00+01:00"}}),
        json!({"id": "3", "userName": "c", "name": {"familyName": "z"}, "externalId": "B", "meta": {"created": "2026-01-01T00:00:00.5Z"}}),
        json!({"id": "4", "userName": "d", "name": {"familyName": "á"}, "externalId": "a", "meta": {"created": "2026-01-02T00:00:00Z"}}),
    ]
    .into_iter()
    .map(object)
    .collect();
    resources.sort_by(|one, other| sort.compare(&sort.key(one), &sort.key(other)));
    resources
        .iter()
        .map(|resource| resource["id"].as_str().map(Value::from).unwrap().as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn resources_are_sorted_by_type_and_case_with_absent_ones_last() {
    for (by, order, expected) in [
        ("userName", "ascending", ["2", "1", "3", "4"]),
        ("userName", "descending", ["4", "3", "1", "2"]),
        ("USERNAME", "Ascending", ["2", "1", "3", "4"]),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName", "ascending", ["2", "1", "3", "4"]),
        ("name.familyName", "ascending", ["3", "1", "4", "2"]),
        ("name.familyName", "descending", ["2", "1", "4", "3"]),
        ("externalId", "ascending", ["3", "4", "1", "2"]),
        ("active", "ascending", ["2", "1", "3", "4"]),
        ("emails", "ascending", ["1", "2", "3", "4"]),
        ("emails.value", "ascending", ["1", "2", "3", "4"]),
        ("meta.created", "ascending", ["2", "1", "3", "4"]),
        ("nickName", "ascending", ["1", "2", "3", "4"]),
    ] {
        assert_eq!(sorted(by, order), expected, "{by} {order}");
    }
}

#[test]
fn a_bad_sort_is_a_fault_of_value() {
    for by in ["shoeSize", "name", "a b", "", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] {
        assert_eq!(
            Sort::of(&users(), by, SortOrder::Ascending).unwrap_err().kind,
            ScimType::InvalidValue,
            "{by}"
        );
    }
    assert_eq!(SortOrder::parse("up").unwrap_err().kind, ScimType::InvalidValue);
}
