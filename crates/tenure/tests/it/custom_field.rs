//! `tenure custom-field`.

use crate::process::Tenure;
use serde_json::json;

/// Fields that cannot be, and what the message must tell.
const BAD_FIELDS: [(&[&str], &str); 8] = [
    (&["Size", "--type", "float"], "must be one of: string, number, boolean, datetime, enum"),
    (&["Size", "--type", "Number"], "must be one of: string, number, boolean, datetime, enum"),
    (&["Size", "--type", "number", "--choice", "1"], "choice is only for fields of type enum"),
    (&["Size", "--type", "enum"], "choice must be given at least once"),
    (&["Size", "--type", "enum", "--choice", "S", "--choice", "S"], "`S` is given twice"),
    (&["Size", "--type", "enum", "--choice", ""], "choice must not be empty"),
    (&["", "--type", "string"], "name must not be empty"),
    (&["Size\n", "--type", "string"], "name must not contain control"),
];

const DEPARTMENT: [&str; 9] =
    ["custom-field", "create", "Department", "--type", "enum", "--choice", "Sales", "--choice", "Support"];

#[test]
fn create_prints_what_was_created() {
    insta::assert_snapshot!(Tenure::with_company().run(&DEPARTMENT), @"
    exit: 0
    --- stdout
    custom field fld_1 `Department` of type enum was created

    --- stderr
    ");
}

#[test]
fn create_as_json_prints_the_object() {
    let expected =
        json!({ "id": "fld_1", "name": "Department", "type": "enum", "choices": ["Sales", "Support"] });
    assert_eq!(Tenure::with_company().json(&DEPARTMENT), expected);
}

#[test]
fn there_is_a_field_of_each_type() {
    let tenure = Tenure::with_company();
    for kind in ["string", "number", "boolean", "datetime"] {
        let created = tenure.json(&["custom-field", "create", kind, "--type", kind]);
        assert_eq!(created["type"], kind);
    }
}

#[test]
fn a_taken_name_is_refused() {
    let tenure = Tenure::with_company();
    tenure.ok(&DEPARTMENT);
    insta::assert_snapshot!(tenure.run(&["custom-field", "create", "Department", "--type", "string"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: there is a custom field named `Department` already
    hint: use another name, or delete that field first
    ");
}

#[test]
fn a_field_that_cannot_be_is_refused_and_makes_none() {
    let tenure = Tenure::with_company();
    for (args, told) in BAD_FIELDS {
        let output = tenure.run(&[&["custom-field", "create"][..], args].concat());
        assert_eq!((output.code, output.stdout.as_str()), (64, ""), "{args:?}\n{output}");
        assert!(output.stderr.contains(told), "{args:?}\n{output}");
    }
    assert_eq!(tenure.json(&["custom-field", "list"]), json!([]));
}

#[test]
fn list_shows_the_fields_with_their_choices() {
    let tenure = Tenure::with_company();
    tenure.ok(&DEPARTMENT);
    tenure.ok(&["custom-field", "create", "Started", "--type", "datetime"]);
    insta::assert_snapshot!(tenure.run(&["custom-field", "list", "--company", "acme"]), @"
    exit: 0
    --- stdout
    ID     NAME        TYPE      CHOICES
    fld_1  Department  enum      Sales, Support
    fld_2  Started     datetime

    --- stderr
    ");
}

#[test]
fn a_field_is_deleted_by_its_name_or_its_id() {
    let tenure = Tenure::with_company();
    for field in ["Department", "fld_2"] {
        let created = tenure.json(&DEPARTMENT);
        assert_eq!(tenure.json(&["custom-field", "delete", field]), created, "{field}");
    }
    assert_eq!(tenure.json(&["custom-field", "list"]), json!([]));
}

#[test]
fn an_unknown_field_cannot_be_deleted() {
    insta::assert_snapshot!(Tenure::with_company().run(&["custom-field", "delete", "Department"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: there is no custom field `Department`; see `tenure custom-field list`
    ");
}
