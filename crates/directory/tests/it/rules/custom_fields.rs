//! Custom fields: their names, types and values.

use super::{Scene, update};
use tenure_directory::Command;
use tenure_directory::custom_field::{
    CreateCustomField, DeleteCustomField, FieldType, FieldValue, GivenValue, MAX_CHOICES, MAX_FIELDS,
    MAX_NUMBER, number_as_json,
};
use tenure_directory::id::{InboxId, TeammateId};
use tenure_directory::text::{Choice, FieldName, FieldText};

fn create(name: &str, kind: FieldType) -> Command {
    Command::CreateCustomField(CreateCustomField { name: FieldName::parse(name).unwrap(), kind })
}

fn choices(texts: &[&str]) -> FieldType {
    FieldType::Enum(texts.iter().map(|text| Choice::parse(text).unwrap()).collect())
}

fn delete(field: &str) -> Command {
    Command::DeleteCustomField(DeleteCustomField { field: field.into() })
}

fn with_fields() -> Scene {
    let mut scene = Scene::with_people();
    let kinds = [
        ("Text", FieldType::String),
        ("Number", FieldType::Number),
        ("Flag", FieldType::Boolean),
        ("When", FieldType::Datetime),
        ("Plan", choices(&["a", "b"])),
        ("Boss", FieldType::Teammate),
        ("Box", FieldType::Inbox),
    ];
    for (name, kind) in kinds {
        scene.does(create(name, kind));
    }
    scene
}

fn set(name: &str, value: GivenValue) -> Command {
    update(2, |bo| bo.custom_fields = Some(vec![(name.into(), value)]))
}

#[test]
fn a_field_has_a_name_of_its_own_and_a_type() {
    let mut scene = Scene::new();
    scene
        .asks("a text", create("City", FieldType::String))
        .asks("the same name", create("City", FieldType::Number))
        .asks("another spelling is another name", create("city", choices(&["a", "b"])))
        .asks("no choice", create("Plan", choices(&[])))
        .asks("a choice twice", create("Plan", choices(&["a", "b", "a"])));
    for kind in
        [FieldType::Number, FieldType::Boolean, FieldType::Datetime, FieldType::Teammate, FieldType::Inbox]
    {
        scene.asks(kind.name(), create(kind.name(), kind.clone()));
    }
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_company_has_at_most_two_hundred_fields_and_a_field_five_hundred_choices() {
    let mut scene = Scene::new();
    let texts: Vec<_> = (0..=MAX_CHOICES).map(|number| number.to_string()).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    scene.does(create("Most", choices(&texts[1..])));
    scene.asks("a choice more", create("More", choices(&texts)));
    for number in 1..MAX_FIELDS {
        scene.does(create(&format!("F{number}"), FieldType::String));
    }
    scene.asks("a field more", create("Last", FieldType::String));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_value_is_of_the_type_of_its_field() {
    let mut scene = with_fields();
    let text = |text: &str| GivenValue::Text(text.into());
    for (name, value) in [
        ("Text", text("x")),
        ("Text", GivenValue::Number(1.0)),
        ("Text", text("a\u{0}")),
        ("Number", GivenValue::Number(1.5)),
        ("Number", GivenValue::Number(MAX_NUMBER)),
        ("Number", GivenValue::Number(-MAX_NUMBER)),
        ("Number", GivenValue::Number(MAX_NUMBER * 2.0)),
        ("Number", text("1")),
        ("Flag", GivenValue::Boolean(true)),
        ("Flag", GivenValue::Other("an object")),
        ("When", GivenValue::Number(1_700_000_000.0)),
        ("When", text("2026-01-01")),
        ("Plan", text("b")),
        ("Plan", text("c")),
        ("Plan", GivenValue::Boolean(false)),
        ("Boss", text("tea_1")),
        ("Boss", text("alt:email:chi@x.example")),
        ("Boss", text("tea_9")),
        ("Box", text("inb_1")),
        ("Shoe", GivenValue::Null),
        ("Boss", GivenValue::Null),
    ] {
        scene.asks(&format!("{name} = {value:?}"), set(name, value));
    }
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn all_faults_of_the_values_are_told_and_too_many_values_are_not_looked_at() {
    let mut scene = with_fields();
    let given = vec![
        ("Shoe".into(), GivenValue::Null),
        ("Number".into(), GivenValue::Boolean(true)),
        ("Text".into(), GivenValue::Text("fine".into())),
    ];
    assert_eq!(scene.company.check_custom_fields(&given).len(), 2);
    scene.asks("two faults", update(2, |bo| bo.custom_fields = Some(given)));
    let many = |count: usize| vec![("Text".into(), GivenValue::Null); count];
    assert_eq!(scene.company.check_custom_fields(&many(MAX_FIELDS)), []);
    scene.asks("too many", update(2, |bo| bo.custom_fields = Some(many(MAX_FIELDS + 1))));
    let mut bare = Scene::with_people();
    bare.asks("where there are no fields", set("Shoe", GivenValue::Null));
    insta::assert_snapshot!(scene.transcript + &bare.transcript);
}

#[test]
fn a_field_is_deleted_by_its_id_or_name_and_its_values_with_it() {
    let mut scene = with_fields();
    scene.does(update(2, |bo| {
        bo.custom_fields = Some(vec![
            ("Number".into(), GivenValue::Number(3.0)),
            ("Text".into(), GivenValue::Text("x".into())),
        ]);
    }));
    let bo = &scene.company.teammates[&TeammateId::new(2)];
    assert!(!bo.custom_fields.is_empty() && bo.custom_fields.iter().count() == 2);
    scene.asks("by name", delete("Text")).shows(2).shows(3).asks("by id", delete("fld_2")).shows(2);
    scene.asks("again", delete("Text")).asks("nobody's", delete("Number "));
    insta::assert_snapshot!(scene.transcript);
    let bo = &scene.company.teammates[&TeammateId::new(2)];
    assert!(bo.custom_fields.is_empty() && bo.custom_fields.iter().next().is_none());
}

#[test]
fn values_are_shown_as_json_of_their_type() {
    let values = [
        FieldValue::Text(FieldText::parse("x").unwrap()),
        FieldValue::Number(3.0),
        FieldValue::Number(-0.5),
        FieldValue::Boolean(true),
        FieldValue::Teammate(TeammateId::new(37)),
        FieldValue::Inbox(InboxId::new(1)),
    ];
    let shown: Vec<_> = values.iter().map(|value| value.to_json().to_string()).collect();
    assert_eq!(shown, [r#""x""#, "3", "-0.5", "true", r#""tea_11""#, r#""inb_1""#]);
    assert_eq!(number_as_json(MAX_NUMBER).to_string(), "9007199254740991");
}
