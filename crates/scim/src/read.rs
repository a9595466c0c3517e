//! Reading what a client sends into the schema's own form: its spelling of names, its types, and nothing that is unassigned
//! (RFC 7643, sections 2.1, 2.3 and 2.5; RFC 7644, section 3.3).
//!
//! Lenient where clients in the field are: names in any case, `"True"` for a boolean, a single object where there can be
//! several, a list of one where there is a single value, a bare text for an object with a `value`. Attributes that no
//! schema has are left out and told, since identity providers stop a whole job on a repeated refusal.

use crate::error::Fault;
use crate::schema::{Attribute, Kind, Mutability, Required, ResourceType, Schema, by_name};
use crate::test::{flag, moment};
use crate::text::shown;
use serde_json::{Map, Number, Value};

/// A resource in the schema's own form (RFC 7643, section 3).
pub type Resource = Map<String, Value>;

/// What reading a resource gave (RFC 7644, section 3.3).
#[derive(Debug, Clone, PartialEq)]
pub struct Intake {
    /// The resource, without what the client may not set.
    pub resource: Resource,
    /// The names that no schema has, as they were sent.
    pub unknown: Vec<String>,
}

impl ResourceType {
    /// Reads a whole resource, as POST and PUT send it. `schemas` must name the core schema of the type; unknown URNs beside
    /// it are no fault. What only the service provider sets is left out.
    pub fn read(&self, sent: &Value) -> Result<Intake, Fault> {
        let Value::Object(sent) = sent else {
            return Err(Fault::syntax(format!("the body must be a JSON object, not {}", describe(sent))));
        };
        self.check_schemas(sent)?;
        let (mut resource, mut unknown) = (Resource::new(), Vec::new());
        for (name, value) in sent {
            if let Some(extension) = self.extension(name) {
                let read = read_extension(extension, value, &mut unknown)?;
                if !read.is_empty() {
                    resource.insert(extension.id.to_owned(), Value::Object(read));
                }
            } else if let Some(attribute) =
                self.top().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
            {
                read_into(&mut resource, attribute, value, &attribute.name)?;
            } else {
                unknown.push(name.clone());
            }
        }
        self.check_required(&resource)?;
        Ok(Intake { resource, unknown })
    }

    fn check_schemas(&self, sent: &Map<String, Value>) -> Result<(), Fault> {
        let wanted = format!("`schemas` must be an array that names {}", self.schema.id);
        let schemas =
            get(sent, "schemas").ok_or_else(|| Fault::syntax(format!("`schemas` is missing: {wanted}")))?;
        let Value::Array(schemas) = schemas else { return Err(Fault::syntax(wanted)) };
        let mut names_core = false;
        for schema in schemas {
            let Value::String(schema) = schema else { return Err(Fault::syntax(wanted)) };
            names_core |= schema.eq_ignore_ascii_case(self.schema.id);
        }
        if names_core { Ok(()) } else { Err(Fault::syntax(wanted)) }
    }

    /// The required attributes that a resource does not have.
    pub(crate) fn missing(&self, resource: &Resource) -> impl Iterator<Item = &Attribute> {
        self.schema.attributes.iter().filter(|attribute| {
            attribute.required == Required::Yes && !resource.contains_key(attribute.name.as_ref())
        })
    }

    /// Whether all is there that must be (RFC 7643, section 7, `required`); else `invalidValue`.
    pub fn check_required(&self, resource: &Resource) -> Result<(), Fault> {
        match self.missing(resource).next() {
            Some(attribute) => {
                Err(Fault::value(format!("`{}` is required and must not be empty", attribute.name)))
            }
            None => Ok(()),
        }
    }

    /// The `schemas` of a resource (RFC 7643, section 3): the core one, and the extensions that it has something of.
    pub fn schemas_of(&self, resource: &Resource) -> Vec<&'static str> {
        let extensions = self.extensions.iter().map(|schema| schema.id);
        std::iter::once(self.schema.id).chain(extensions.filter(|id| resource.contains_key(*id))).collect()
    }
}

/// What is sent of an extension; none where it is unassigned.
pub(crate) fn extension_entries<'a>(
    extension: &Schema,
    sent: &'a Value,
) -> Result<Option<&'a Map<String, Value>>, Fault> {
    match sent {
        Value::Object(entries) => Ok(Some(entries)),
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        other => Err(Fault::value(format!("`{}` must be an object, not {}", extension.id, describe(other)))),
    }
}

fn read_extension(extension: &Schema, sent: &Value, unknown: &mut Vec<String>) -> Result<Resource, Fault> {
    let mut read = Resource::new();
    for (name, value) in extension_entries(extension, sent)?.into_iter().flatten() {
        match extension.attribute(name) {
            Some(attribute) => {
                read_into(&mut read, attribute, value, &format!("{}:{}", extension.id, attribute.name))?;
            }
            None => unknown.push(format!("{}:{name}", extension.id)),
        }
    }
    Ok(read)
}

fn read_into(resource: &mut Resource, attribute: &Attribute, value: &Value, path: &str) -> Result<(), Fault> {
    if attribute.mutability == Mutability::ReadOnly {
        return Ok(());
    }
    if let Some(value) = read_attribute(attribute, value, path)? {
        resource.insert(attribute.name.clone().into_owned(), value);
    }
    Ok(())
}

/// Reads the value of an attribute; none where it is unassigned.
pub(crate) fn read_attribute(
    attribute: &Attribute,
    sent: &Value,
    path: &str,
) -> Result<Option<Value>, Fault> {
    if attribute.multi_valued {
        let values = read_values(attribute, sent, path)?;
        return Ok((!values.is_empty()).then_some(Value::Array(values)));
    }
    match sent {
        Value::Array(values) => match &values[..] {
            [] => Ok(None),
            [Value::Object(entry)] if attribute.kind != Kind::Complex => match get(entry, "value") {
                Some(value) => read_one(attribute, value, path),
                None => Err(Fault::value(format!(
                    "`{path}` must be {}, not an object",
                    attribute.kind.in_words()
                ))),
            },
            [value] => read_one(attribute, value, path),
            several => Err(Fault::value(format!("`{path}` takes one value, not {}", several.len()))),
        },
        value => read_one(attribute, value, path),
    }
}

/// Reads the values of an attribute that can have several.
pub(crate) fn read_values(attribute: &Attribute, sent: &Value, path: &str) -> Result<Vec<Value>, Fault> {
    let one = std::slice::from_ref(sent);
    let sent = if let Value::Array(values) = sent { values } else { one };
    check_count(attribute, sent.len(), path)?;
    let mut values: Vec<Value> = Vec::with_capacity(sent.len());
    for value in sent {
        values.extend(read_one(attribute, value, path)?);
    }
    let primaries = values.iter().filter(|value| is_primary(value)).count();
    if primaries > 1 {
        return Err(Fault::value(format!(
            "`{path}` has {primaries} values with `primary` true; only one can be"
        )));
    }
    Ok(values)
}

/// Whether there may be so many values.
pub(crate) fn check_count(attribute: &Attribute, count: usize, path: &str) -> Result<(), Fault> {
    if count <= attribute.max_values {
        return Ok(());
    }
    Err(Fault::value(format!("`{path}` can have at most {} values, not {count}", attribute.max_values)))
}

pub(crate) fn is_primary(value: &Value) -> bool {
    value.get("primary") == Some(&Value::Bool(true))
}

/// Reads one value; none where it is unassigned.
pub(crate) fn read_one(attribute: &Attribute, sent: &Value, path: &str) -> Result<Option<Value>, Fault> {
    let wrong =
        || Fault::value(format!("`{path}` must be {}, not {}", attribute.kind.in_words(), describe(sent)));
    let read = match (attribute.kind, sent) {
        (_, Value::Null) => return Ok(None),
        (_, Value::String(text)) if text.is_empty() => return Ok(None),
        (Kind::Complex, Value::Object(entries)) => return read_parts(attribute, entries, path),
        (Kind::Complex, Value::String(text)) => {
            let value = attribute.sub("value").ok_or_else(wrong)?;
            let Some(read) = read_one(value, &Value::String(text.clone()), path)? else { return Ok(None) };
            Value::Object(Map::from_iter([("value".to_owned(), read)]))
        }
        (Kind::Boolean, Value::String(text)) => Value::Bool(flag(text).ok_or_else(wrong)?),
        (kind, value) if is_of(kind, value) => value.clone(),
        _ => return Err(wrong()),
    };
    Ok(Some(read))
}

fn is_of(kind: Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::String | Kind::Reference, Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Decimal, Value::Number(_)) => true,
        (Kind::Binary, Value::String(text)) => is_base64(text),
        (Kind::Integer, Value::Number(number)) => is_whole(number),
        (Kind::DateTime, Value::String(text)) => moment(text).is_some(),
        _ => false,
    }
}

fn read_parts(attribute: &Attribute, sent: &Map<String, Value>, path: &str) -> Result<Option<Value>, Fault> {
    let mut read = Map::new();
    for (name, value) in sent {
        let Some(part) = by_name(&attribute.sub_attributes, name) else { continue };
        read_into(&mut read, part, value, &format!("{path}.{}", part.name))?;
    }
    Ok((!read.is_empty()).then_some(Value::Object(read)))
}

fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn is_base64(text: &str) -> bool {
    let bare = text.trim_end_matches('=');
    text.len() - bare.len() <= 2
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_'))
}

/// An entry by its name, without regard to case.
pub(crate) fn get<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object
        .get(name)
        .or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// What kind of value it is, for messages.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("{value}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text \"{}\"", shown(text)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
