//! The reference of `tenure.toml`, made from the settings themselves: `docs/settings.md` is what this prints, and a test
//! holds it to it.

use crate::guard::GUARDS;
use crate::plan::KINDS;
use crate::settings::{FIELDS, Settings};
use serde_json::Value;
use std::fmt::Write as _;

/// What each key is for, by its table and its name. A test finds keys that are missing.
pub const REFERENCE: [(&str, &str, &str); 20] = [
    (
        "manage",
        "fields",
        "The fields that plans may change; all that people files have a column for, when absent",
    ),
    (
        "manage",
        "unlisted",
        "What becomes of teammates who are in no people file: `report` or `deactivate`. Accounts that `protect` or `service_accounts` name, and the token's own, stay",
    ),
    (
        "guards",
        "max_deactivations",
        "How many may be deactivated at once: a number, or a share of the active teammates (at least one, unless it is `0%`)",
    ),
    (
        "guards",
        "min_admins",
        "How many active administrators must be left by a plan that takes the right from somebody",
    ),
    ("guards", "protect", "Addresses and ids that no plan touches; `*` stands for anything"),
    ("guards", "source_max_age", "How old a people file may be, such as `24h`; any age, when absent"),
    (
        "guards",
        "source_min_rows",
        "How many rows people files must have: a number, or a share of those of the last applied plan from the same files and, where `unlisted` is `deactivate`, of the active teammates. None at all is never enough",
    ),
    ("approve", "require", "The kinds of actions that others must agree to; `all` for every kind"),
    (
        "approve",
        "approvers",
        "The file of those who may approve, in the format of `allowed_signers`; beside `tenure.toml`",
    ),
    ("approve", "threshold", "How many must agree"),
    ("approve", "self", "Whether who planned may approve"),
    ("approve", "expires", "For how long an approval holds"),
    ("handover", "default", "The address of who takes over open conversations where no successor is named"),
    (
        "handover",
        "conversations",
        "What is done with the open conversations of those who leave: `reassign`, `unassign` or `leave`",
    ),
    (
        "columns",
        "",
        "Names of columns in people files, and the names that they stand for: `\"E-Mail\" = \"email\"`; `\"-\"` for one that is not looked at",
    ),
    (
        "aliases",
        "domains",
        "Domains that stand for another when look-alikes are looked for: `\"acme.test\" = \"acme.example\"`",
    ),
    (
        "aliases",
        "people",
        "Addresses that are the same person's as another: `\"old@acme.example\" = \"new@acme.example\"`. Plans and the graph take them for one",
    ),
    ("graph", "admin_team", "The team that every administrator is to be in, by name or id (`TNR-008`)"),
    ("graph", "invitation_days", "For how many days an invitation may wait (`TNR-010`)"),
    (
        "graph",
        "service_accounts",
        "Addresses of accounts that are no people; `*` stands for anything (`TNR-012`)",
    ),
];

/// The reference as a page.
pub fn reference() -> String {
    let defaults = serde_json::to_value(Settings::default()).unwrap_or_default();
    let mut page = String::from(
        "# Settings\n\n`tenure.toml` says what is managed and what no plan may do. It is read from the working folder, or from where \
         `--config`\nor `TENURE_CONFIG` says. Every key is optional; a key that is not known is an error. What a plan was made with is \
         part of the\nplan; where the settings that hold at apply time are stricter, they count too.\n\nThis page is made from the code \
         (`crates/lifecycle/src/settings/reference.rs`).\n\n| table | key | default | meaning |\n|---|---|---|---|\n",
    );
    for (table, key, meaning) in REFERENCE {
        let value = if key.is_empty() { &defaults[table] } else { &defaults[table][key] };
        let key = if key.is_empty() { "*any*".to_owned() } else { format!("`{key}`") };
        writeln!(page, "| `[{table}]` | {key} | {} | {meaning} |", shown(value)).expect("a String takes all");
    }
    let list = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let overridable: Vec<_> =
        GUARDS.iter().filter(|guard| guard.may_be_overridden()).map(|guard| guard.name()).collect();
    let fixed: Vec<_> =
        GUARDS.iter().filter(|guard| !guard.may_be_overridden()).map(|guard| guard.name()).collect();
    write!(
        page,
        "\n- Fields that can be managed: {}, `custom_fields.NAME`.\n- Kinds of actions: {}.\n- Guards that `--override` takes: {}. Not: \
         {}.\n- Spans are written as `90s`, `30m`, `24h`, `7d`, `2w`.\n",
        list(&FIELDS),
        list(&KINDS),
        list(&overridable),
        list(&fixed)
    )
    .expect("a String takes all");
    page
}

/// A default, as the file would hold it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Object(map) if map.is_empty() => "none".to_owned(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        value => format!("`{value}`"),
    }
}
