//! `tenure company`, and what holds for all operator commands.

use crate::process::{Tenure, keys};
use serde_json::json;
use std::path::Path;
use std::process::Command;

/// Each setting with a value; every line changes what the lines before left.
const SETTINGS: [(&str, &str); 9] = [
    ("reactivation", "api"),
    ("reactivation", "console"),
    ("scim.profile", "documented"),
    ("scim.profile", "complete"),
    ("rate-limit", "60"),
    ("rate-limit", "unlimited"),
    ("rate-limit", "120"),
    ("invitations", "hold"),
    ("invitations", "send"),
];

/// Settings that cannot be, and what the message must tell.
const BAD_SETTINGS: [(&str, &str); 10] = [
    ("reactivation=maybe", "must be one of: console, api"),
    ("reactivation=", "must be one of: console, api"),
    ("reactivation=API", "must be one of: console, api"),
    ("scim.profile=none", "must be one of: complete, documented"),
    ("invitations=later", "must be one of: send, hold"),
    ("rate-limit=0", "from 1 to 1000000, or `unlimited`"),
    ("rate-limit=-5", "from 1 to 1000000, or `unlimited`"),
    ("rate-limit=1000001", "from 1 to 1000000, or `unlimited`"),
    ("colour=red", "`colour` is not known"),
    ("reactivation", "KEY=VALUE"),
];

/// Names and slugs that cannot be, and what the message must tell.
const BAD_COMPANIES: [(&[&str], &str); 5] = [
    (&[""], "name must not be empty"),
    (&["  "], "name must not be empty"),
    (&["a\u{202e}b"], "name must not contain control"),
    (&["Acme", "--slug", "Acme Inc"], "slug must be 1 to 63 characters"),
    (&["Acme", "--slug=-acme"], "slug must be 1 to 63 characters"),
];

/// Commands that only read.
const READING: [&[&str]; 12] = [
    &["company", "list"],
    &["company", "show"],
    &["company", "export"],
    &["token", "list"],
    &["custom-field", "list"],
    &["team", "list", "--company", "acme"],
    &["sso", "show"],
    &["webhook", "list"],
    &["outbox", "list"],
    &["audit", "--since", "0"],
    &["audit", "--output", "json"],
    &["verify"],
];

/// One command after another, each depending on those before it.
const SCRIPT: &[&[&str]] = &[
    &["company", "create", "Acme"],
    &["company", "create", "Acme"],
    &["company", "create", "Acme", "--slug", "acme"],
    &["company", "rename", "--company", "acme-2", "Bakery", "--output", "json"],
    &["company", "list"],
    &["company", "show"],
    &["company", "set", "--company", "acme", "reactivation=api", "rate-limit=60"],
    &["company", "set", "--company", "acme", "rate-limit=none"],
    &["custom-field", "create", "--company", "acme", "Team size", "--type", "number", "--output", "json"],
    &["custom-field", "list", "--company", "acme"],
    &["custom-field", "delete", "--company", "acme", "Team size"],
    &["custom-field", "delete", "--company", "acme", "Team size"],
    &["team", "create", "--company", "acme", "Support"],
    &["team", "create", "--company", "acme", "SUPPORT"],
    &["team", "rename", "--company", "acme", "tim_1", "Help", "--output", "json"],
    &["team", "list", "--company", "acme"],
    &["team", "delete", "--company", "acme", "tim_1"],
    &["token", "create", "--company", "acme", "--kind", "scim"],
    &["sso", "set", "--company", "acme", "--metadata", "idp.xml"],
    &["sso", "show", "--company", "acme"],
    &["token", "create", "--company", "acme", "--kind", "scim"],
    &["sso", "clear", "--company", "acme"],
    &["token", "create", "--company", "acme", "--expires-in", "90d"],
    &["token", "revoke", "--company", "acme", "tok_1"],
    &["token", "list", "--company", "acme"],
    &["teammate", "reactivate", "--company", "acme", "tea_1"],
    &["company", "export", "--company", "acme-2"],
    &["audit", "--company", "acme"],
    &["backup", "copy.db"],
    &["verify"],
];

fn details(tenure: &Tenure) -> serde_json::Value {
    tenure.json(&["company", "show"])
}

#[test]
fn create_prints_what_was_created() {
    let created = Tenure::new().run(&["company", "create", "Harbor Coffee", "--slug", "harbor"]);
    insta::assert_snapshot!(created, @"
    exit: 0
    --- stdout
    company cmp_1 `Harbor Coffee` (slug harbor) was created

    --- stderr
    ");
}

#[test]
fn create_as_json_prints_the_object() {
    let created = Tenure::new().json(&["company", "create", "Dunder Mifflin, Inc."]);
    assert_eq!(keys(&created), ["created_at", "id", "name", "slug"]);
    let told = json!([created["id"], created["slug"], created["name"]]);
    assert_eq!(told, json!(["cmp_1", "dunder-mifflin-inc", "Dunder Mifflin, Inc."]));
}

#[test]
fn a_taken_slug_is_refused() {
    let tenure = Tenure::with_company();
    insta::assert_snapshot!(tenure.run(&["company", "create", "Other", "--slug", "acme"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: company cmp_1 has the slug `acme`; give another with --slug
    ");
}

#[test]
fn a_company_that_cannot_be_is_refused_with_the_field() {
    let tenure = Tenure::with_company();
    for (args, told) in BAD_COMPANIES {
        let output = tenure.run(&[&["company", "create"][..], args].concat());
        assert_eq!((output.code, output.stdout.as_str()), (64, ""), "{args:?}\n{output}");
        assert!(output.stderr.contains(told), "{args:?}\n{output}");
    }
    assert_eq!(tenure.json(&["company", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn list_shows_all_companies() {
    let tenure = Tenure::with_company();
    tenure.ok(&["company", "create", "Bakery"]);
    insta::assert_snapshot!(tenure.run(&["company", "list"]), @"
    exit: 0
    --- stdout
    ID     SLUG    NAME    CREATED
    cmp_1  acme    Acme    [TIME]
    cmp_2  bakery  Bakery  [TIME]

    --- stderr
    ");
}

#[test]
fn show_tells_settings_and_counts() {
    insta::assert_snapshot!(Tenure::with_company().run(&["company", "show", "--company", "acme"]), @"
    exit: 0
    --- stdout
    Acme
      id             cmp_1
      slug           acme
      created        [TIME]
      teammates      0 active (0 administrators), 0 blocked
      teams          0
      custom fields  0
      tokens         0
      single sign-on not set
      events         1
    settings
      invitations    send
      rate-limit     120
      reactivation   console
      scim.profile   complete

    --- stderr
    ");
}

#[test]
fn rename_keeps_the_slug() {
    let tenure = Tenure::with_company();
    insta::assert_snapshot!(tenure.run(&["company", "rename", "--company", "acme", "Acme Corporation"]), @"
    exit: 0
    --- stdout
    company cmp_1 `Acme Corporation` (slug acme) was renamed

    --- stderr
    ");
}

#[test]
fn settings_begin_with_their_defaults() {
    let defaults = json!({
        "reactivation": "console", "scim.profile": "complete", "rate-limit": "120", "invitations": "send"
    });
    assert_eq!(details(&Tenure::with_company())["settings"], defaults);
}

#[test]
fn each_setting_takes_each_of_its_values_and_each_change_is_an_event() {
    let tenure = Tenure::with_company();
    for (key, value) in SETTINGS {
        let setting = format!("{key}={value}");
        assert_eq!(tenure.json(&["company", "set", &setting])["settings"][key], value, "{setting}");
        assert_eq!(details(&tenure)["settings"][key], value, "{setting}");
    }
    let audit = tenure.json(&["audit"]);
    let changes =
        audit.as_array().unwrap().iter().filter(|entry| entry["event"] == "company.setting_changed");
    assert_eq!(changes.count(), SETTINGS.len());
}

#[test]
fn an_unknown_setting_is_refused_with_those_that_there_are() {
    insta::assert_snapshot!(Tenure::with_company().run(&["company", "set", "colour=red"]), @"
    exit: 64
    --- stdout

    --- stderr
    error: setting `colour` is not known; the settings are reactivation, scim.profile, rate-limit, invitations
    ");
}

#[test]
fn a_bad_setting_changes_nothing_even_beside_a_good_one() {
    let tenure = Tenure::with_company();
    let before = details(&tenure);
    for (bad, told) in BAD_SETTINGS {
        let output = tenure.run(&["company", "set", "invitations=hold", bad]);
        assert_eq!((output.code, output.stdout.as_str()), (64, ""), "{bad}\n{output}");
        assert!(output.stderr.contains(told), "{bad}\n{output}");
    }
    assert_eq!(details(&tenure), before);
}

#[test]
fn export_holds_everything_of_the_company() {
    let export = Tenure::with_company().json(&["company", "export"]);
    assert_eq!(keys(&export), ["company", "custom_fields", "sso", "teammates", "teams", "tokens"]);
}

#[test]
fn an_unknown_company_is_refused() {
    insta::assert_snapshot!(Tenure::with_company().run(&["company", "show", "--company", "bakery"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: there is no company `bakery`; see `tenure company list`
    ");
}

#[test]
fn with_several_companies_one_must_be_named() {
    let tenure = Tenure::with_company();
    tenure.ok(&["company", "create", "Bakery"]);
    insta::assert_snapshot!(tenure.run(&["company", "show"]), @"
    exit: 64
    --- stdout

    --- stderr
    error: there are several companies; say which with --company (see `tenure company list`)
    ");
}

#[test]
fn a_company_is_named_by_its_slug_or_its_id() {
    let tenure = Tenure::with_company();
    tenure.ok(&["company", "create", "Bakery"]);
    for company in ["bakery", "cmp_2"] {
        assert_eq!(tenure.json(&["company", "show", "--company", company])["name"], "Bakery", "{company}");
    }
}

#[test]
fn a_folder_without_a_journal_is_named_with_what_to_do() {
    insta::assert_snapshot!(Tenure::new().run(&["company", "list"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: there is no journal in [DATA]; begin with `tenure company create NAME`, or name another folder with --data
    ");
}

#[test]
fn asking_where_nothing_is_makes_nothing() {
    let tenure = Tenure::new();
    let writing: [&[&str]; 2] = [&["backup", "copy.db"], &["team", "create", "Support"]];
    for args in READING.into_iter().chain(writing) {
        let output = tenure.run(args);
        assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{args:?}\n{output}");
        assert!(!Path::new(&tenure.data()).exists(), "{args:?} made the folder");
    }
}

#[test]
fn the_data_folder_may_be_named_before_and_after_a_commands_options_and_in_the_environment() {
    let tenure = Tenure::with_company();
    let data = tenure.data();
    let bare = |args: &[&str], more: &[&str]| tenure.bare(&[args, more].concat());
    let in_environment = |mut command: Command| {
        command.env("TENURE_DATA", &data);
        command
    };
    for args in READING {
        let expected = tenure.ok(args).stdout;
        let (first, rest) = args.split_at(1);
        let ways = [
            ("after", bare(args, &["--data", &data])),
            ("between", bare(first, &[&["--data", &data][..], rest].concat())),
            ("environment", in_environment(bare(args, &[]))),
        ];
        for (place, mut command) in ways {
            let output = tenure.start(&mut command).wait();
            assert_eq!((output.code, &output.stdout), (0, &expected), "{args:?} {place}\n{output}");
        }
    }
}

#[test]
fn the_option_for_the_data_folder_wins_over_the_environment() {
    let tenure = Tenure::with_company();
    let mut command = tenure.command(&["company", "list"]);
    let output = tenure.start(command.env("TENURE_DATA", tenure.path("elsewhere"))).wait();
    assert_eq!((output.code, output.stdout.contains("acme")), (0, true), "{output}");
}

#[test]
fn every_command_gives_the_same_result_with_a_server_and_without_one() {
    let (alone, served) = (Tenure::new(), Tenure::new());
    let _server = served.serve(&[]);
    for tenure in [&alone, &served] {
        tenure.write("idp.xml", "<EntityDescriptor/>");
    }
    for args in SCRIPT {
        assert_eq!(served.run(args).to_string(), alone.run(args).to_string(), "{args:?}");
    }
}
