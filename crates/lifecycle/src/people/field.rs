//! The columns of a people file, and what their cells may hold.

use crate::address::nearest;
use crate::people::{Given, Person, Place, Status, Wish};
use jiff::civil::Date;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// `email`, the key.
    Email,
    /// `first_name`.
    FirstName,
    /// `last_name`.
    LastName,
    /// `username`.
    Username,
    /// `is_admin`.
    IsAdmin,
    /// `teams`.
    Teams,
    /// `custom_fields.NAME`.
    CustomField(String),
    /// `status`.
    Status,
    /// `starts`.
    Starts,
    /// `ends`.
    Ends,
    /// `successor`.
    Successor,
}

const NAMES: [&str; 10] = [
    "email",
    "first_name",
    "last_name",
    "username",
    "is_admin",
    "teams",
    "status",
    "starts",
    "ends",
    "successor",
];

impl Field {
    /// The field of a name; none for `-`, which is not looked at.
    pub(crate) fn parse(name: &str) -> Result<Option<Self>, String> {
        let trimmed = name.trim();
        if let Some(custom) = trimmed.strip_prefix("custom_fields.").filter(|custom| !custom.is_empty()) {
            return Ok(Some(Self::CustomField(custom.to_owned())));
        }
        Ok(Some(match trimmed.to_ascii_lowercase().as_str() {
            "-" => return Ok(None),
            "email" => Self::Email,
            "first_name" => Self::FirstName,
            "last_name" => Self::LastName,
            "username" => Self::Username,
            "is_admin" => Self::IsAdmin,
            "teams" => Self::Teams,
            "status" => Self::Status,
            "starts" => Self::Starts,
            "ends" => Self::Ends,
            "successor" => Self::Successor,
            _ => return Err(unknown(trimmed)),
        }))
    }

    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Self::Email => "email".to_owned(),
            Self::FirstName => "first_name".to_owned(),
            Self::LastName => "last_name".to_owned(),
            Self::Username => "username".to_owned(),
            Self::IsAdmin => "is_admin".to_owned(),
            Self::Teams => "teams".to_owned(),
            Self::CustomField(name) => format!("custom_fields.{name}"),
            Self::Status => "status".to_owned(),
            Self::Starts => "starts".to_owned(),
            Self::Ends => "ends".to_owned(),
            Self::Successor => "successor".to_owned(),
        }
    }

    /// Puts a cell into a person; or what is wrong with the cell.
    pub(crate) fn take(&self, person: &mut Person, given: Given<'_>, at: Place) -> Result<(), String> {
        match self {
            Self::Email => person.email = required(&given, "an address")?,
            Self::FirstName => person.first_name = text(&given)?,
            Self::LastName => person.last_name = text(&given)?,
            Self::Username => {
                person.username = text(&given)?;
                if person.username == Wish::Clear {
                    return Err("cannot be cleared; everybody has one".to_owned());
                }
            }
            Self::IsAdmin => person.is_admin = truth(&given)?,
            Self::Teams => person.teams = teams(&given, at)?,
            Self::CustomField(name) => {
                let value = match given {
                    Given::Text(_) | Given::Value(Value::Null | Value::String(_)) => {
                        text(&given)?.map(Value::String)
                    }
                    Given::Value(value @ (Value::Bool(_) | Value::Number(_))) => Wish::Set(value),
                    Given::Value(_) => return Err("must be a single value".to_owned()),
                };
                person.custom_fields.push((name.clone(), at, value));
            }
            Self::Status => person.status = status(&given)?,
            Self::Starts => person.starts = date(&given)?,
            Self::Ends => person.ends = date(&given)?,
            Self::Successor => person.successor = text(&given)?.set().cloned(),
        }
        Ok(())
    }
}

fn unknown(name: &str) -> String {
    let shown = name.escape_debug();
    match nearest(name, NAMES) {
        Some(meant) => format!("there is no column `{shown}`; did you mean `{meant}`?"),
        None => format!(
            "there is no column `{shown}`; there are {} and custom_fields.NAME. `[columns]` of tenure.toml can map it, or \
             leave it out with \"-\"",
            NAMES.join(", ")
        ),
    }
}

impl<T> Wish<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Wish<U> {
        match self {
            Self::Leave => Wish::Leave,
            Self::Clear => Wish::Clear,
            Self::Set(value) => Wish::Set(change(value)),
        }
    }
}

/// Undoes the guard that spreadsheets need against cells that would be formulas.
fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest,
        _ => text,
    }
}

/// A text in NFC, as names are compared.
fn composed(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { text.nfc().collect() }
}

fn text(given: &Given<'_>) -> Result<Wish<String>, String> {
    let text = match given {
        Given::Text(text) => text.trim(),
        Given::Value(Value::Null) => return Ok(Wish::Leave),
        Given::Value(Value::String(text)) => text.trim(),
        Given::Value(Value::Number(number)) => return Ok(Wish::Set(number.to_string())),
        Given::Value(_) => return Err("must be a text".to_owned()),
    };
    Ok(match text {
        "" => Wish::Leave,
        "-" => Wish::Clear,
        text if text.chars().any(char::is_control) => return Err("holds a control character".to_owned()),
        text => Wish::Set(composed(unguarded(text))),
    })
}

fn required(given: &Given<'_>, what: &str) -> Result<String, String> {
    match text(given)? {
        Wish::Set(text) => Ok(text),
        Wish::Leave => Ok(String::new()),
        Wish::Clear => Err(format!("cannot be cleared; give {what}")),
    }
}

fn truth(given: &Given<'_>) -> Result<Wish<bool>, String> {
    if let Given::Value(Value::Bool(value)) = given {
        return Ok(Wish::Set(*value));
    }
    match text(given)? {
        Wish::Leave => Ok(Wish::Leave),
        Wish::Clear => Ok(Wish::Set(false)),
        Wish::Set(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(Wish::Set(true)),
            "false" | "no" | "0" => Ok(Wish::Set(false)),
            _ => Err(format!("`{}` is neither true nor false", text.escape_debug())),
        },
    }
}

fn teams(given: &Given<'_>, at: Place) -> Result<Wish<(Vec<String>, Place)>, String> {
    let names: Vec<String> = match given {
        Given::Value(Value::Array(names)) => {
            let names = names.iter().map(|name| name.as_str().map(|name| composed(name.trim())));
            names.collect::<Option<_>>().ok_or("must be a list of names or tim_ ids")?
        }
        other => match text(other)? {
            Wish::Leave => return Ok(Wish::Leave),
            Wish::Clear => vec![],
            Wish::Set(text) => text.split(';').map(|name| name.trim().to_owned()).collect(),
        },
    };
    if names.is_empty() {
        return Ok(Wish::Clear);
    }
    let names: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
    // As empty columns that were joined look: nobody meant to take somebody out of all teams with them.
    if names.is_empty() {
        return Err("names no team; leave the cell empty, or clear it with -".to_owned());
    }
    Ok(Wish::Set((names, at)))
}

fn status(given: &Given<'_>) -> Result<Status, String> {
    let Wish::Set(text) = text(given)? else { return Ok(Status::Active) };
    match text.to_ascii_lowercase().as_str() {
        "active" => Ok(Status::Active),
        "departed" => Ok(Status::Departed),
        _ => Err(format!("`{}` is neither active nor departed", text.escape_debug())),
    }
}

fn date(given: &Given<'_>) -> Result<Option<Date>, String> {
    let Wish::Set(text) = text(given)? else { return Ok(None) };
    let wrong = || format!("`{}` is no date; write it as 2026-01-31", text.escape_debug());
    let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !is_plain {
        return Err(wrong());
    }
    text.parse().map(Some).map_err(|_| wrong())
}
