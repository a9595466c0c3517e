//! Reading a body's fields: every fault is collected, so that all are told at once.

use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::rest::error::{BAD_BODY, of_refusal};
use std::fmt::Display;
use tenure_directory::custom_field::{GivenValue, number_as_json};
use tenure_directory::{Fault, Refusal, Timestamp};

/// How many faults of one kind are looked for; a body can have a hundred thousand.
const MAX_FAULTS: usize = 100;

/// The fields of a body, taken one by one.
pub(crate) struct Form {
    noun: &'static str,
    entries: Vec<(Box<str>, Json)>,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
}

impl Form {
    /// Starts on a body, which must be an object. `noun` is what the body describes, for messages.
    pub(crate) fn of(body: Json, noun: &'static str) -> Result<Self, Problem> {
        match body {
            Json::Object(entries) => Ok(Self { noun, entries, known: Vec::new(), faults: Vec::new() }),
            other => {
                let message = format!("must be a JSON object, not {}", other.describe());
                Err(Problem::bad_request("request.invalid", format!("{BAD_BODY}: body {message}"))
                    .with_details(vec![format!("body {message}")]))
            }
        }
    }

    fn take(&mut self, field: &'static str) -> Option<Json> {
        self.known.push(field);
        let place = self.entries.iter().position(|(name, _)| **name == *field)?;
        Some(self.entries.remove(place).1)
    }

    /// Notes a fault of a field.
    pub(crate) fn fault(&mut self, field: &str, message: impl Into<Box<str>>) {
        self.faults.push(Fault::new(field, message));
    }

    /// A text field, checked by `parse`.
    pub(crate) fn text<T, E: Display>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.take(field)? {
            Json::Text(text) => match parse(&text) {
                Ok(value) => return Some(value),
                Err(fault) => self.fault(field, fault.to_string()),
            },
            other => self.fault(field, format!("must be a string, not {}", other.describe())),
        }
        None
    }

    /// As [`Form::text`], where `null` has a meaning too.
    #[expect(clippy::option_option, reason = "left out, `null` and a text are three things")]
    pub(crate) fn text_or_null<T, E: Display>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        let is_null = self.entries.iter().any(|(name, value)| **name == *field && *value == Json::Null);
        if is_null {
            self.take(field);
            return Some(None);
        }
        self.text(field, parse).map(Some)
    }

    /// An object with fields of its own, which `read` takes one by one.
    pub(crate) fn object<T>(
        &mut self,
        field: &'static str,
        noun: &'static str,
        read: impl FnOnce(&mut Form) -> T,
    ) -> Option<T> {
        match self.take(field)? {
            Json::Object(entries) => {
                let mut inner = Form { noun, entries, known: Vec::new(), faults: Vec::new() };
                let value = read(&mut inner);
                inner.refuse_the_rest();
                let faults = inner.faults.into_iter();
                self.faults.extend(
                    faults.map(|fault| Fault::new(format!("{field}.{}", fault.field), fault.message)),
                );
                Some(value)
            }
            other => {
                self.fault(field, format!("must be an object, not {}", other.describe()));
                None
            }
        }
    }

    /// Fields of the product's that have no effect here, whatever they hold.
    pub(crate) fn ignore(&mut self, fields: &[&'static str]) {
        for field in fields {
            self.take(field);
        }
        self.known.retain(|known| !fields.contains(known));
    }

    /// A field that is true or false.
    pub(crate) fn flag<T>(&mut self, field: &'static str, yes: T, no: T) -> Option<T> {
        match self.take(field)? {
            Json::Boolean(value) => Some(if value { yes } else { no }),
            other => {
                self.fault(field, format!("must be true or false, not {}", other.describe()));
                None
            }
        }
    }

    /// An object of values by name.
    pub(crate) fn values(&mut self, field: &'static str) -> Option<Vec<(Box<str>, GivenValue)>> {
        match self.take(field)? {
            Json::Object(entries) => {
                Some(entries.into_iter().map(|(name, value)| (name, given(value))).collect())
            }
            other => {
                self.fault(field, format!("must be an object, not {}", other.describe()));
                None
            }
        }
    }

    /// An array of texts.
    pub(crate) fn texts<T>(&mut self, field: &'static str, read: impl Fn(&str) -> T) -> Option<Vec<T>> {
        let values = match self.take(field)? {
            Json::Array(values) => values,
            other => {
                self.fault(field, format!("must be an array of strings, not {}", other.describe()));
                return None;
            }
        };
        let mut texts = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            match value {
                Json::Text(text) => texts.push(read(&text)),
                other if self.faults.len() < MAX_FAULTS => {
                    let message = format!("must be a string, not {}", other.describe());
                    self.fault(&format!("{field}[{index}]"), message);
                }
                _ => {}
            }
        }
        Some(texts)
    }

    /// An array of texts, each checked by `parse`.
    pub(crate) fn parsed_texts<T, E: Display>(
        &mut self,
        field: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let parsed = self.texts(field, |text| parse(text).map_err(|fault| fault.to_string()))?;
        let mut values = Vec::with_capacity(parsed.len());
        for (index, value) in parsed.into_iter().enumerate() {
            match value {
                Ok(value) => values.push(value),
                Err(fault) if self.faults.len() < MAX_FAULTS => {
                    self.fault(&format!("{field}[{index}]"), fault);
                }
                Err(_) => {}
            }
        }
        Some(values)
    }

    /// A moment: epoch seconds, or a time in ISO 8601 with a zone.
    pub(crate) fn moment(&mut self, field: &'static str) -> Option<Timestamp> {
        let text = match self.take(field)? {
            Json::Number(number) => number_as_json(number).to_string(),
            Json::Text(text) => text.into(),
            other => other.describe().to_owned(),
        };
        let moment = crate::moment::parse(&text);
        if moment.is_none() {
            self.fault(field, "must be a time in epoch seconds, or in ISO 8601 with a zone");
        }
        moment
    }

    /// A field that must be there.
    pub(crate) fn require(&mut self, field: &'static str) {
        if !self.entries.iter().any(|(name, _)| **name == *field) {
            self.fault(field, "is required");
        }
    }

    /// A field that must not be there.
    pub(crate) fn refuse(&mut self, field: &'static str, reason: &str) {
        if self.take(field).is_some() {
            self.fault(field, reason);
        }
        self.known.retain(|known| *known != field);
    }

    /// A field that may only be there with the value that it has, so that a record read can be sent back.
    pub(crate) fn unchanged(&mut self, field: &'static str, present: &serde_json::Value) {
        let Some(sent) = self.take(field) else { return };
        if sent.canonical() != *present {
            self.fault(field, "is system-generated and cannot be changed; leave it out or send it as it is");
        }
    }

    /// Ends the reading: what is left is not known. `more` adds faults that only the directory can find.
    pub(crate) fn finish(mut self, more: impl FnOnce() -> Vec<Fault>) -> Result<(), Problem> {
        self.refuse_the_rest();
        if self.faults.is_empty() {
            return Ok(());
        }
        self.faults.extend(more());
        Err(of_refusal(&Refusal::Invalid(self.faults)))
    }

    fn refuse_the_rest(&mut self) {
        let fields = self.known.join(", ");
        let fields =
            if fields.is_empty() { "it has none".to_owned() } else { format!("the fields are: {fields}") };
        for (name, _) in std::mem::take(&mut self.entries).into_iter().take(MAX_FAULTS) {
            let message = format!("is not a field of {}; {fields}", self.noun);
            self.fault(&name, message);
        }
    }
}

fn given(value: Json) -> GivenValue {
    match value {
        Json::Null => GivenValue::Null,
        Json::Boolean(value) => GivenValue::Boolean(value),
        Json::Number(value) => GivenValue::Number(value),
        Json::Text(value) => GivenValue::Text(value),
        other @ (Json::Array(_) | Json::Object(_)) => GivenValue::Other(other.describe()),
    }
}
