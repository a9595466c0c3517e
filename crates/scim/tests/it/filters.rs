//! Filters: the grammar, what they hold of, and what is wrong with bad ones (RFC 7644, section 3.4.2.2).

use crate::fixtures::{FIELDS, object, users};
use proptest::prelude::*;
use serde_json::{Value, json};
use tenure_scim::{AttributePath, Filter, Literal, MAX_DEPTH, MAX_LENGTH, Operator, ScimType, Test};

fn ann() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "tea_1",
        "externalId": "Ext1",
        "userName": "Ann@X.example",
        "name": {"givenName": "Ann", "familyName": "Élise"},
        "displayName": "Ann \"the\" É",
        "active": true,
        "emails": [
            {"value": "ann@x.example", "type": "work", "primary": true},
            {"value": "ann@home.example", "type": "home"},
        ],
        "meta": {"resourceType": "User", "created": "2026-01-02T03:04:05.1234567Z", "location": "https://x/Users/tea_1"},
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Ops", "manager": {"value": "tea_9"}},
        FIELDS: {"fld_1": 4.5},
    })
}

fn holds(filter: &str) -> bool {
    let parsed = Filter::parse(filter).unwrap_or_else(|fault| panic!("{filter}: {fault}"));
    let test = Test::of(&parsed, &users()).unwrap_or_else(|fault| panic!("{filter}: {fault}"));
    test.holds(&object(ann()))
}

fn fault_of(filter: &str) -> tenure_scim::Fault {
    let fault = Filter::parse(filter).and_then(|parsed| Test::of(&parsed, &users())).unwrap_err();
    assert_eq!(fault.kind, ScimType::InvalidFilter, "{filter}");
    fault
}

#[test]
fn every_operator_holds_of_what_it_says() {
    for filter in [
        "userName eq \"ann@x.EXAMPLE\"",
        "USERNAME EQ \"ann@x.example\"",
        "userName ne \"bob\"",
        "userName co \"@x.\"",
        "userName sw \"ann\"",
        "userName ew \".example\"",
        "userName gt \"ab\"",
        "userName ge \"ann@x.example\"",
        "userName lt \"b\"",
        "userName le \"ann@x.example\"",
        "userName pr",
        "name.familyName co \"éLI\"",
        "active eq true",
        "active eq \"True\"",
        "active ne false",
        "externalId eq \"Ext1\"",
        "title eq null",
        "title ne \"Boss\"",
        "userName ne null",
        "not (title pr)",
        "emails[type eq \"work\" and value co \"@x\"]",
        "emails[type eq \"home\"].value eq \"ann@home.example\"",
        "emails.type eq \"home\"",
        "emails eq \"ann@home.example\"",
        "emails co \"home\"",
        "emails ne \"ann@x.example\"",
        "emails[primary eq \"True\"]",
        "urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"ann\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"ops\"",
        "URN:IETF:PARAMS:SCIM:SCHEMAS:EXTENSION:ENTERPRISE:2.0:user:manager.value eq \"tea_9\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq \"tea_9\"",
        "urn:example:params:scim:schemas:extension:fields:fld_1 gt 4",
        "meta.created gt \"2026-01-02T04:04:05.1234566+01:00\"",
        "meta.created eq \"2026-01-02T03:04:05.1234567Z\"",
        "meta.resourceType eq \"User\"",
        "schemas eq \"urn:ietf:params:scim:schemas:core:2.0:User\"",
        "displayName co \"\\\"the\\\" \\u00c9\"",
        "title pr or userName pr and active eq true",
        "(title pr or userName pr) and active eq true",
        "  userName   pr  ",
    ] {
        assert!(holds(filter), "{filter}");
    }
}

#[test]
fn what_does_not_match_does_not_hold() {
    for filter in [
        "userName eq \"bob\"",
        "externalId eq \"ext1\"",
        "id eq \"TEA_1\"",
        "active eq false",
        "not (userName pr)",
        "title pr",
        "title gt \"a\"",
        "title eq \"Boss\"",
        "userName eq null",
        "emails[type eq \"work\" and value co \"@home\"]",
        "phoneNumbers[type eq \"work\"]",
        "title pr and userName pr or active eq false",
        "meta.created lt \"2026-01-02T03:04:05.1234567Z\"",
        "urn:example:params:scim:schemas:extension:fields:fld_1 eq 4",
        "meta.location eq \"HTTPS://x/Users/tea_1\"",
    ] {
        assert!(!holds(filter), "{filter}");
    }
}

#[test]
fn a_bad_filter_says_where_it_breaks_and_what_was_expected() {
    let told: Vec<String> = [
        "",
        "   ",
        "userName",
        "userName eq",
        "userName eq ann",
        "userName eq \"ann",
        "userName eq \"ann\" x",
        "userName eq \"ann\"x",
        "userName is \"ann\"",
        "userName eq \"a\" and",
        "(userName pr",
        "userName pr)",
        "not userName pr",
        "not",
        "emails[type eq \"work\"",
        "emails[type eq \"work\"].value",
        "emails[]",
        "1st eq 2",
        "name:x pr",
        "eq \"x\"",
        "userName eq 'ann'",
        "userName eq \"\\ud800\"",
        "é pr",
        "shoeSize eq 42",
        "name.shoe eq \"x\"",
        "name eq \"x\"",
        "emails.value.x eq \"y\"",
        "emails[shoe eq \"x\"]",
        "userName[value eq \"x\"]",
        "active gt true",
        "x509Certificates.value gt \"x\"",
        "active eq \"perhaps\"",
        "active eq 1",
        "userName eq true",
        "userName gt null",
        "meta.created eq \"yesterday\"",
        "meta.created co \"2026\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr",
        "urn:nobody:knows:it pr",
        "password eq \"x\"",
    ]
    .iter()
    .map(|filter| format!("{filter:<50} {}", fault_of(filter)))
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn depth_and_length_are_bounded() {
    let nested = |depth: usize| format!("{}userName pr{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(MAX_DEPTH)).is_ok());
    assert!(fault_of(&nested(MAX_DEPTH + 1)).detail.contains("nested"));
    fault_of(&"(".repeat(8000));
    fault_of(&"not (".repeat(1600));
    fault_of(&"emails[".repeat(1100));
    let long = format!("userName eq \"{}\"", "x".repeat(MAX_LENGTH));
    assert!(fault_of(&long).detail.contains("longer than"));
    let wide = vec!["userName pr"; 500].join(" or ");
    assert!(holds(&wide));
}

fn path() -> impl Strategy<Value = AttributePath> {
    let name = "[a-z][a-zA-Z0-9_]{0,8}";
    let schema = proptest::option::of("urn:[a-z]{1,5}:[a-z0-9.]{1,6}:User");
    (schema, name, proptest::option::of(name)).prop_map(|(schema, attribute, sub)| AttributePath {
        schema: schema.map(Into::into),
        attribute: attribute.into(),
        sub: sub.map(Into::into),
    })
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Boolean),
        (-1e12..1e12_f64).prop_map(Literal::Number),
        "\\PC{0,12}".prop_map(|text| Literal::Text(text.into())),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let operator = proptest::sample::select(&Operator::ALL);
    let leaf = prop_oneof![
        (path(), operator, literal()).prop_map(|(path, operator, value)| Filter::Compare {
            path,
            operator,
            value
        }),
        path().prop_map(Filter::Present),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let several = proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            several.clone().prop_map(Filter::And),
            several.prop_map(Filter::Or),
            inner.clone().prop_map(|filter| Filter::Not(Box::new(filter))),
            (path(), inner).prop_map(|(path, filter)| Filter::Within {
                path: AttributePath { sub: None, ..path },
                filter: Box::new(filter)
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_the_same_filter(filter in filter()) {
        let printed = filter.to_string();
        prop_assert_eq!(Filter::parse(&printed).unwrap(), filter, "{}", printed);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[a-z()\\[\\]\". :0-9eqandorotpr\\\\é]{0,60}") {
        if let Ok(filter) = Filter::parse(&text) {
            let _ = Test::of(&filter, &users()).map(|test| test.holds(&object(ann())));
        }
    }

    #[test]
    fn not_is_the_opposite(text in "(userName|title|emails|active) (pr|eq \"ann@x.example\"|ne \"true\")") {
        let Ok(filter) = Filter::parse(&text).and_then(|filter| Test::of(&filter, &users()).map(|test| (filter, test))) else {
            return Ok(());
        };
        let opposite = Test::of(&Filter::Not(Box::new(filter.0)), &users()).unwrap();
        prop_assert_ne!(filter.1.holds(&object(ann())), opposite.holds(&object(ann())));
    }
}
