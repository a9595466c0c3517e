//! `tenure sso`.

use crate::process::{Tenure, keys};
use serde_json::json;
use std::fs::File;

const METADATA: &str = "<EntityDescriptor entityID=\"https://sso.acme.example\"/>";

fn with_metadata() -> Tenure {
    let tenure = Tenure::with_company();
    tenure.write("idp.xml", METADATA);
    tenure
}

#[test]
fn set_prints_what_is_set() {
    insta::assert_snapshot!(with_metadata().run(&["sso", "set", "--company", "acme", "--metadata", "idp.xml"]), @"
    exit: 0
    --- stdout
    single sign-on is set, since [TIME], with 55 bytes of metadata

    --- stderr
    ");
}

#[test]
fn set_as_json_prints_the_object() {
    let set = with_metadata().json(&["sso", "set", "--metadata", "idp.xml"]);
    assert_eq!(keys(&set), ["is_set", "metadata", "set_at"]);
    assert_eq!(json!([set["is_set"], set["metadata"]]), json!([true, METADATA]));
}

#[test]
fn metadata_may_come_from_stdin() {
    let tenure = with_metadata();
    let mut set = tenure.command(&["sso", "set", "--metadata", "-"]);
    let output = tenure.start(set.stdin(File::open(tenure.path("idp.xml")).unwrap())).wait();
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(tenure.json(&["sso", "show"])["metadata"], METADATA);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    insta::assert_snapshot!(Tenure::with_company().run(&["sso", "set", "--metadata", "idp.xml"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: cannot read idp.xml: No such file or directory (os error 2)
    hint: give the file that the identity provider offers as metadata, or - to read it from stdin
    ");
}

#[test]
fn metadata_that_cannot_be_is_refused_and_sets_nothing() {
    let tenure = Tenure::with_company();
    let too_long = "x".repeat(256 * 1024 + 1);
    for (text, told) in
        [("", "metadata must not be empty"), (too_long.as_str(), "metadata must be at most 262144")]
    {
        tenure.write("idp.xml", text);
        let output = tenure.run(&["sso", "set", "--metadata", "idp.xml"]);
        assert_eq!((output.code, output.stdout.as_str()), (64, ""), "{output}");
        assert!(output.stderr.contains(told), "{output}");
    }
    assert_eq!(tenure.json(&["sso", "show"]), json!({ "is_set": false }));
}

#[test]
fn show_tells_when_nothing_is_set() {
    insta::assert_snapshot!(Tenure::with_company().run(&["sso", "show"]), @"
    exit: 0
    --- stdout
    single sign-on is not set

    --- stderr
    ");
}

#[test]
fn clear_removes_it_and_may_be_repeated() {
    let tenure = with_metadata();
    tenure.ok(&["sso", "set", "--metadata", "idp.xml"]);
    for _ in 0..2 {
        assert_eq!(tenure.json(&["sso", "clear"]), json!({ "is_set": false }));
    }
}
