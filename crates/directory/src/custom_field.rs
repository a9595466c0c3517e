//! Custom fields: what a company keeps about its teammates beyond the fixed fields.

use crate::company::Company;
use crate::event::Event;
use crate::id::{FieldId, InboxId, TeammateId};
use crate::occasion::{Stamp, Version};
use crate::refusal::{Fault, Refusal};
use crate::teammate::TeammateRef;
use crate::text::{Choice, FieldName, FieldText};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The most custom fields that a company may configure.
pub const MAX_FIELDS: usize = 200;
/// The most choices that a field of type `enum` may have.
pub const MAX_CHOICES: usize = 500;
/// The largest magnitude of a number or date: what a double keeps exactly.
pub const MAX_NUMBER: f64 = 9_007_199_254_740_991.0;

/// The type of a custom field's values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Text.
    String,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A moment, in epoch seconds.
    Datetime,
    /// One of these choices.
    Enum(Box<[Choice]>),
    /// A teammate's id.
    Teammate,
    /// An inbox's id.
    Inbox,
}

impl FieldType {
    /// The type's name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            FieldType::String => "string",
            FieldType::Number => "number",
            FieldType::Boolean => "boolean",
            FieldType::Datetime => "datetime",
            FieldType::Enum(_) => "enum",
            FieldType::Teammate => "teammate",
            FieldType::Inbox => "inbox",
        }
    }
}

/// A configured custom field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomField {
    /// Its id.
    pub id: FieldId,
    /// Its name: the key under which its values travel.
    pub name: FieldName,
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// The company's version when it was made or last changed.
    pub revision: Version,
}

/// A value of a custom field, of the type that the field has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    /// Text, or the choice of a field of type `enum`.
    Text(FieldText),
    /// A number, or a moment in epoch seconds.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// A teammate.
    Teammate(TeammateId),
    /// An inbox.
    Inbox(InboxId),
}

impl FieldValue {
    /// The value as faces show it.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            FieldValue::Text(text) => text.as_str().into(),
            FieldValue::Number(number) => number_as_json(*number).into(),
            FieldValue::Boolean(value) => (*value).into(),
            FieldValue::Teammate(teammate) => teammate.to_string().into(),
            FieldValue::Inbox(inbox) => inbox.to_string().into(),
        }
    }
}

/// A teammate's values, ordered by field. A slice and not a map: most teammates have none to a few.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FieldValues(Box<[(FieldId, FieldValue)]>);

impl FieldValues {
    /// The values in order of their fields.
    pub fn iter(&self) -> impl Iterator<Item = &(FieldId, FieldValue)> {
        self.0.iter()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn without(&self, field: FieldId) -> Option<Self> {
        self.0.iter().any(|(id, _)| *id == field).then(|| {
            let kept = self.0.iter().filter(|(id, _)| *id != field).cloned();
            Self(kept.collect())
        })
    }
}

impl FromIterator<(FieldId, FieldValue)> for FieldValues {
    fn from_iter<I: IntoIterator<Item = (FieldId, FieldValue)>>(values: I) -> Self {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by_key(|(field, _)| *field);
        Self(values.into())
    }
}

impl Serialize for FieldValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(field, value)| (field, value)))
    }
}

impl<'de> Deserialize<'de> for FieldValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = FieldValues;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("values by field id")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FieldValues, A::Error> {
                let mut values = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    values.push(entry);
                }
                Ok(values.into_iter().collect())
            }
        }
        deserializer.deserialize_map(Values)
    }
}

/// A value as it was sent, before the field's type is known.
#[derive(Debug, Clone, PartialEq)]
pub enum GivenValue {
    /// `null`: no value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// Text.
    Text(Box<str>),
    /// Something that no field takes, in words ("an object").
    Other(&'static str),
}

impl GivenValue {
    fn describe(&self) -> &'static str {
        match self {
            GivenValue::Null => "null",
            GivenValue::Boolean(_) => "a boolean",
            GivenValue::Number(_) => "a number",
            GivenValue::Text(_) => "a string",
            GivenValue::Other(what) => what,
        }
    }
}

/// Configures a custom field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateCustomField {
    /// Its name.
    pub name: FieldName,
    /// The type of its values.
    pub kind: FieldType,
}

/// Removes a custom field and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteCustomField {
    /// Its id or its name.
    pub field: Box<str>,
}

/// A custom field was configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomFieldCreated {
    /// Its id.
    pub field: FieldId,
    /// Its name.
    pub name: FieldName,
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: FieldType,
}

/// A custom field was removed, and its values with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomFieldDeleted {
    /// Its id.
    pub field: FieldId,
}

pub(crate) fn create(company: &Company, command: &CreateCustomField) -> Result<Vec<Event>, Refusal> {
    if company.fields.values().any(|field| field.name == command.name) {
        return Err(Refusal::FieldNameTaken { name: command.name.clone() });
    }
    if company.fields.len() >= MAX_FIELDS {
        return Err(Refusal::TooMany { what: "custom fields", limit: MAX_FIELDS });
    }
    if let FieldType::Enum(choices) = &command.kind {
        check_choices(choices)?;
    }
    let field = FieldId::new(company.counters.field + 1);
    let (name, kind) = (command.name.clone(), command.kind.clone());
    Ok(vec![Event::CustomFieldCreated(CustomFieldCreated { field, name, kind })])
}

fn check_choices(choices: &[Choice]) -> Result<(), Refusal> {
    if choices.is_empty() {
        return Err(Fault::new("choice", "must be given at least once for a field of type enum").into());
    }
    if choices.len() > MAX_CHOICES {
        return Err(Refusal::TooMany { what: "choices", limit: MAX_CHOICES });
    }
    let repeated = choices.iter().enumerate().find(|(index, choice)| choices[..*index].contains(choice));
    match repeated {
        Some((_, choice)) => Err(Fault::new("choice", format!("`{choice}` is given twice")).into()),
        None => Ok(()),
    }
}

pub(crate) fn delete(company: &Company, command: &DeleteCustomField) -> Result<Vec<Event>, Refusal> {
    let field = company
        .fields
        .values()
        .find(|field| field.name.as_str() == &*command.field || field.id.to_string() == *command.field)
        .ok_or_else(|| Refusal::UnknownCustomField { given: command.field.clone() })?;
    Ok(vec![Event::CustomFieldDeleted(CustomFieldDeleted { field: field.id })])
}

pub(crate) fn created(company: &mut Company, event: &CustomFieldCreated, stamp: &Stamp) {
    let CustomFieldCreated { field, name, kind } = event.clone();
    company.counters.field = company.counters.field.max(field.number());
    company.fields_changed = stamp.version;
    company.fields.insert(field, CustomField { id: field, name, kind, revision: stamp.version });
}

pub(crate) fn deleted(company: &mut Company, event: &CustomFieldDeleted, stamp: &Stamp) {
    company.fields_changed = stamp.version;
    company.fields.remove(&event.field);
    let changed: Vec<_> = company
        .teammates
        .values()
        .filter_map(|teammate| Some((teammate.id, teammate.custom_fields.without(event.field)?)))
        .collect();
    for (teammate, values) in changed {
        company.change_teammate(teammate, |teammate| {
            teammate.custom_fields = values;
            teammate.touch(stamp);
        });
    }
}

/// Checks the values of a `custom_fields` object against what the company has configured; every fault is reported.
pub(crate) fn check(company: &Company, given: &[(Box<str>, GivenValue)]) -> Result<FieldValues, Vec<Fault>> {
    if given.len() > MAX_FIELDS {
        let message = format!("has {} entries; there can be at most {MAX_FIELDS} custom fields", given.len());
        return Err(vec![Fault::new("custom_fields", message)]);
    }
    let mut values = Vec::with_capacity(given.len());
    let mut faults = Vec::new();
    for (name, value) in given {
        let Some(field) = company.fields.values().find(|field| field.name.as_str() == &**name) else {
            faults.push(unknown_name(company, name));
            continue;
        };
        match check_value(company, &field.kind, value) {
            Ok(Some(value)) => values.push((field.id, value)),
            Ok(None) => {}
            Err(message) => faults.push(Fault::new(format!("custom_fields.{name}"), message)),
        }
    }
    if faults.is_empty() { Ok(values.into_iter().collect()) } else { Err(faults) }
}

fn unknown_name(company: &Company, name: &str) -> Fault {
    let configured: Vec<_> = company.fields.values().map(|field| field.name.as_str()).collect();
    let message = if configured.is_empty() {
        "is not configured; this company has no custom fields".to_owned()
    } else {
        format!("is not configured; the custom fields are: {}", configured.join(", "))
    };
    Fault::new(format!("custom_fields.{name}"), message)
}

fn check_value(
    company: &Company,
    kind: &FieldType,
    given: &GivenValue,
) -> Result<Option<FieldValue>, String> {
    let value = match (kind, given) {
        (_, GivenValue::Null) => return Ok(None),
        (FieldType::String, GivenValue::Text(text)) => {
            FieldValue::Text(FieldText::parse(text).map_err(|fault| fault.to_string())?)
        }
        (FieldType::Number | FieldType::Datetime, GivenValue::Number(number)) => {
            if number.abs() > MAX_NUMBER {
                return Err(format!("must be a number between -{MAX_NUMBER} and {MAX_NUMBER}"));
            }
            FieldValue::Number(*number)
        }
        (FieldType::Boolean, GivenValue::Boolean(value)) => FieldValue::Boolean(*value),
        (FieldType::Enum(choices), GivenValue::Text(text)) => {
            if !choices.iter().any(|choice| choice.as_str() == &**text) {
                let choices: Vec<_> = choices.iter().map(Choice::as_str).collect();
                return Err(format!("must be one of: {}", choices.join(", ")));
            }
            FieldValue::Text(FieldText::parse(text).map_err(|fault| fault.to_string())?)
        }
        (FieldType::Teammate, GivenValue::Text(text)) => {
            let teammate = company.find_teammate(&TeammateRef::parse(text));
            FieldValue::Teammate(
                teammate.ok_or("must be the id of a teammate of this company, or alt:email:ADDRESS")?.id,
            )
        }
        (FieldType::Inbox, GivenValue::Text(text)) => {
            let inbox = company.find_inbox(text);
            FieldValue::Inbox(inbox.map_err(|_| "must be the id of an inbox of this company".to_owned())?.id)
        }
        (FieldType::Datetime, other) => {
            return Err(format!("must be a number (epoch seconds), not {}", other.describe()));
        }
        (kind, other) => {
            return Err(format!("must be of type {}, not {}", kind.name(), other.describe()));
        }
    };
    Ok(Some(value))
}

/// A number as JSON: without a fraction it is written without a point.
pub fn number_as_json(number: f64) -> serde_json::Number {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "numbers are kept within the exact range of a double"
    )]
    let integer = number as i64;
    let is_whole = number.fract() == 0.0;
    let fraction = || serde_json::Number::from_f64(number).expect("only finite numbers are kept");
    if is_whole { integer.into() } else { fraction() }
}

impl Company {
    /// What is wrong with values of custom fields, for a face that has found other faults already and tells all at once.
    pub fn check_custom_fields(&self, given: &[(Box<str>, GivenValue)]) -> Vec<Fault> {
        check(self, given).err().unwrap_or_default()
    }
}
