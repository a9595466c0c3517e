//! Looking at what is there now: as the action expects it, already as it should be, or something else.

use crate::address::EmailKey;
use crate::plan::{Action, Deed, Fields, same_value};
use serde_json::{Map, Value, json};
use tenure_client::{NewTeammate, Teammate, TeammateChanges};

/// What is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// What the action expects.
    Before,
    /// What it is to become.
    After,
    /// Something else.
    Other(String),
}

/// A field of a teammate, as plans name it.
fn field(mate: &Teammate, name: &str) -> Value {
    match name {
        "email" => json!(mate.email),
        "first_name" => json!(mate.first_name),
        "last_name" => json!(mate.last_name),
        "username" => json!(mate.username),
        "is_admin" => json!(mate.is_admin),
        "is_blocked" => json!(mate.is_blocked),
        _ => {
            let custom = name.strip_prefix("custom_fields.").unwrap_or(name);
            mate.custom_fields.get(custom).cloned().unwrap_or_default()
        }
    }
}

fn holds(mate: &Teammate, fields: &Fields) -> bool {
    fields.iter().all(|(name, wanted)| same_value(&field(mate, name), wanted))
}

/// What is there of the account that an action is about.
pub(super) fn at_account(action: &Action, mate: Option<&Teammate>) -> Found {
    let is_invite = matches!(action.deed, Deed::Invite { .. });
    let Some(mate) = mate else {
        return if is_invite {
            Found::Before
        } else {
            Found::Other("there is no such account any more".to_owned())
        };
    };
    if EmailKey::lenient(&mate.email) != EmailKey::lenient(&action.subject.email) {
        return Found::Other(format!("{} has the address {} now", mate.id, mate.email));
    }
    if is_invite {
        return if mate.is_blocked {
            Found::Other(format!("{} has the address and is blocked", mate.id))
        } else {
            Found::After
        };
    }
    if mate.is_blocked && !matches!(action.deed, Deed::Deactivate { .. }) {
        return Found::Other("the account was deactivated".to_owned());
    }
    if holds(mate, &action.after) {
        return Found::After;
    }
    if holds(mate, &action.before) {
        return Found::Before;
    }
    let changed = action.before.iter().filter(|(name, before)| !same_value(&field(mate, name), before));
    let changed: Vec<_> = changed.map(|(name, _)| format!("{name} is {}", field(mate, name))).collect();
    Found::Other(format!("it was changed since: {}", changed.join(", ")))
}

/// Whether a subject's account is still that of its address; or what it is instead.
pub(super) fn is_still(action: &Action, mate: Option<&Teammate>) -> Result<(), String> {
    match mate {
        None => Err("there is no such account any more".to_owned()),
        Some(mate) if EmailKey::lenient(&mate.email) != EmailKey::lenient(&action.subject.email) => {
            Err(format!("{} has the address {} now", mate.id, mate.email))
        }
        Some(_) => Ok(()),
    }
}

/// What somebody who was invited has otherwise than was asked for.
pub(super) fn otherwise(action: &Action, mate: &Teammate) -> Option<String> {
    let mut fields = action.after.iter().filter(|(name, _)| *name != "email");
    let (name, wanted) = fields.find(|(name, wanted)| !same_value(&field(mate, name), wanted))?;
    Some(format!("the account is there, and {name} is {} instead of {wanted}", field(mate, name)))
}

/// Whether an action's effect still holds.
pub(super) fn still_holds(action: &Action, mate: Option<&Teammate>) -> bool {
    at_account(action, mate) == Found::After
}

/// The account that an invitation makes.
pub(super) fn new_teammate(action: &Action) -> NewTeammate {
    let text = |name: &str| action.after.get(name).and_then(Value::as_str).map(str::to_owned);
    NewTeammate {
        email: action.subject.email.clone(),
        username: text("username"),
        first_name: text("first_name"),
        last_name: text("last_name"),
        custom_fields: custom_fields(&Map::new(), &action.after).unwrap_or_default(),
    }
}

/// What is sent to change an account. Custom fields are replaced as a whole, so those that stay are sent too.
pub(super) fn changes(action: &Action, mate: &Teammate) -> TeammateChanges {
    let text = |name: &str| action.after.get(name).and_then(Value::as_str).map(str::to_owned);
    match action.deed {
        Deed::GrantAdmin { .. } => TeammateChanges { is_admin: Some(true), ..TeammateChanges::default() },
        Deed::RevokeAdmin { .. } => TeammateChanges { is_admin: Some(false), ..TeammateChanges::default() },
        _ => TeammateChanges {
            username: text("username"),
            first_name: text("first_name"),
            last_name: text("last_name"),
            is_admin: None,
            custom_fields: custom_fields(&mate.custom_fields, &action.after),
        },
    }
}

fn custom_fields(present: &Map<String, Value>, after: &Fields) -> Option<Map<String, Value>> {
    let wanted = after.iter().filter_map(|(name, value)| Some((name.strip_prefix("custom_fields.")?, value)));
    let mut fields = None;
    for (name, value) in wanted {
        let fields = fields.get_or_insert_with(|| present.clone());
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    fields
}
