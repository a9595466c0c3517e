//! Whatever comes from outside is read or refused, and never ends the process.

use crate::scene::{acme, lenient, plan_with};
use proptest::prelude::*;
use std::fmt::Write as _;
use tenure_lifecycle::address::{EmailKey, fits, nearest};
use tenure_lifecycle::approval::{Approvers, read_key};
use tenure_lifecycle::people::{self, Input};
use tenure_lifecycle::plan::Plan;
use tenure_lifecycle::settings::Settings;
use tenure_lifecycle::watch::Look;

/// Texts that are nearly what they should be.
fn nearly() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "email",
        "teams",
        "custom_fields.",
        ",",
        ";",
        "\n",
        "\"",
        "'",
        "-",
        ":",
        " ",
        "  ",
        "[",
        "]",
        "{",
        "}",
        "=",
        "@",
        "#",
        "ada@acme.example",
        "ben@acme.example",
        "Support",
        "people",
        "[[people]]",
        "&a",
        "*a",
        "<<",
        "|",
        ">",
        "!!",
        "\u{feff}",
        "\u{202e}",
        "\0",
        "\t",
        "true",
        "2026-02-30",
        "9999999999999999999999",
        "ssh-ed25519 AAAA",
        "digest",
        "tenure-plan/1",
    ]);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn people_files_of_every_form(text in nearly(), ending in prop::sample::select(vec!["csv", "yaml", "json", "toml"])) {
        let input = Input { name: format!("p.{ending}"), bytes: text.into_bytes(), modified: None };
        match people::read(&[input], &Settings::default()) {
            Ok(people) => drop(plan_with(&people, &acme(), &lenient(), &[], None)),
            Err(problems) => prop_assert!(problems.iter().all(|problem| !problem.message.is_empty())),
        }
    }

    #[test]
    fn people_files_of_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), ending in prop::sample::select(vec!["csv", "yaml", "json", "toml"])) {
        let input = Input { name: format!("p.{ending}"), bytes, modified: None };
        drop(people::read(&[input], &Settings::default()));
    }

    #[test]
    fn everything_else_that_is_read(text in nearly()) {
        drop(Plan::parse(&text));
        drop(Settings::parse(&text));
        drop(Approvers::parse(&text));
        drop(read_key(&text, None));
        drop(serde_json::from_str::<Look>(&text));
        drop(EmailKey::parse(&text));
    }

    #[test]
    fn patterns_and_names_of_any_kind(pattern in ".{0,20}", text in ".{0,40}") {
        fits(&pattern, &text);
        nearest(&pattern, [text.as_str()]);
        prop_assert!(fits("*", &text));
        prop_assert!(!text.contains('*') || fits(&text, &text));
    }
}

#[test]
fn what_nests_without_end_is_refused() {
    for (name, text) in
        [("p.json", "[".repeat(100_000)), ("p.yaml", "- ".repeat(100_000)), ("p.toml", "a=[".repeat(50_000))]
    {
        let input = Input { name: name.to_owned(), bytes: text.into_bytes(), modified: None };
        assert!(people::read(&[input], &Settings::default()).is_err(), "{name}");
    }
    // Aliases that multiply.
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        writeln!(bomb, "a{level}: &a{level} [{}]", [before.as_str(); 10].join(", ")).unwrap();
    }
    let input = Input { name: "p.yaml".to_owned(), bytes: bomb.into_bytes(), modified: None };
    assert!(people::read(&[input], &Settings::default()).is_err());
}
