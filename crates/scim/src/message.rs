//! The messages of the protocol (RFC 7644, section 8.2), read from JSON. Names of keys are read in any case.

use crate::error::Fault;
use crate::patch::{Change, Operation};
use crate::read::{describe, get};
use crate::text::shown;
use serde_json::{Map, Value};

/// The URN of a list (RFC 7644, section 3.4.2).
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The URN of an error (RFC 7644, section 3.12).
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
/// The URN of a PATCH (RFC 7644, section 3.5.2).
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// The URN of a search (RFC 7644, section 3.4.3).
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// The URN of a bulk (RFC 7644, section 3.7).
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The URN of a bulk's answer (RFC 7644, section 3.7).
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// A message of a kind: an object whose `schemas` names it.
fn message<'a>(sent: &'a Value, urn: &str) -> Result<&'a Map<String, Value>, Fault> {
    let Value::Object(object) = sent else {
        return Err(Fault::syntax(format!("the body must be a JSON object, not {}", describe(sent))));
    };
    let names_it = match get(object, "schemas") {
        Some(Value::Array(schemas)) => schemas
            .iter()
            .any(|schema| schema.as_str().is_some_and(|schema| schema.eq_ignore_ascii_case(urn))),
        _ => false,
    };
    if names_it {
        Ok(object)
    } else {
        Err(Fault::syntax(format!("`schemas` must be an array that names {urn}")))
    }
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Fault> {
    match get(object, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(Fault::syntax(format!("`{name}` must be a text, not {}", describe(other)))),
    }
}

/// The most operations of one PATCH.
pub const MAX_OPERATIONS: usize = 1_000;

/// A request to change a resource (RFC 7644, section 3.5.2).
#[derive(Debug, Clone, PartialEq)]
pub struct PatchRequest {
    /// What to do, in order.
    pub operations: Vec<Operation>,
}

impl PatchRequest {
    /// Reads the message.
    pub fn parse(sent: &Value) -> Result<Self, Fault> {
        let object = message(sent, PATCH_OP)?;
        let wanted = || Fault::syntax("`Operations` must be an array with at least one operation");
        let Some(Value::Array(operations)) = get(object, "Operations") else { return Err(wanted()) };
        if operations.is_empty() {
            return Err(wanted());
        }
        if operations.len() > MAX_OPERATIONS {
            let (most, count) = (MAX_OPERATIONS, operations.len());
            return Err(Fault::value(format!(
                "a PATCH can have at most {most} operations, not {count}; send several"
            )));
        }
        let operations =
            operations.iter().enumerate().map(|(at, operation)| read_operation(operation, at + 1));
        Ok(Self { operations: operations.collect::<Result<_, _>>()? })
    }
}

fn read_operation(sent: &Value, number: usize) -> Result<Operation, Fault> {
    let Value::Object(object) = sent else {
        return Err(Fault::syntax(format!("operation {number} must be an object, not {}", describe(sent))));
    };
    let op = text(object, "op")?.unwrap_or_default();
    let change = match op {
        _ if op.eq_ignore_ascii_case("add") => Change::Add,
        _ if op.eq_ignore_ascii_case("replace") => Change::Replace,
        _ if op.eq_ignore_ascii_case("remove") => Change::Remove,
        _ => {
            let detail = format!(
                "the `op` of operation {number} must be add, replace or remove, not \"{}\"",
                shown(op)
            );
            return Err(Fault::syntax(detail));
        }
    };
    let path = text(object, "path")?.filter(|path| !path.is_empty()).map(str::to_owned);
    let value = get(object, "value").cloned().unwrap_or(Value::Null);
    if change != Change::Remove && get(object, "value").is_none() {
        return Err(Fault::value(format!("operation {number} needs a `value`")));
    }
    Ok(Operation { change, path, value })
}

/// A search (RFC 7644, section 3.4.3), which is a GET with its parameters in the body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchRequest {
    /// What to show.
    pub attributes: Vec<String>,
    /// What not to show.
    pub excluded_attributes: Vec<String>,
    /// Which resources.
    pub filter: Option<String>,
    /// By what they are sorted.
    pub sort_by: Option<String>,
    /// Which way.
    pub sort_order: Option<String>,
    /// From which on, counted from 1; as it was written.
    pub start_index: Option<String>,
    /// How many at most; as it was written.
    pub count: Option<String>,
    /// Where to go on; empty at the start.
    pub cursor: Option<String>,
}

impl SearchRequest {
    /// Reads the message.
    pub fn parse(sent: &Value) -> Result<Self, Fault> {
        let object = message(sent, SEARCH_REQUEST)?;
        let owned = |name: &str| Ok::<_, Fault>(text(object, name)?.map(str::to_owned));
        Ok(Self {
            attributes: names(object, "attributes")?,
            excluded_attributes: names(object, "excludedAttributes")?,
            filter: owned("filter")?,
            sort_by: owned("sortBy")?,
            sort_order: owned("sortOrder")?,
            start_index: number(object, "startIndex")?,
            count: number(object, "count")?,
            cursor: owned("cursor")?,
        })
    }

    /// Takes in one parameter of a URL. Those that are not known are no fault: identity providers add their own.
    pub fn take_parameter(&mut self, name: &str, value: &str) {
        let list = || split_names(value);
        let value = || Some(value.to_owned());
        match name {
            _ if name.eq_ignore_ascii_case("attributes") => self.attributes.extend(list()),
            _ if name.eq_ignore_ascii_case("excludedAttributes") => self.excluded_attributes.extend(list()),
            _ if name.eq_ignore_ascii_case("filter") => self.filter = value(),
            _ if name.eq_ignore_ascii_case("sortBy") => self.sort_by = value(),
            _ if name.eq_ignore_ascii_case("sortOrder") => self.sort_order = value(),
            _ if name.eq_ignore_ascii_case("startIndex") => self.start_index = value(),
            _ if name.eq_ignore_ascii_case("count") => self.count = value(),
            _ if name.eq_ignore_ascii_case("cursor") => self.cursor = value(),
            _ => {}
        }
    }
}

/// The names of a comma-separated list. A comma within brackets or quotes separates nothing.
fn split_names(list: &str) -> Vec<String> {
    let (mut names, mut name) = (Vec::new(), String::new());
    let (mut brackets, mut is_quoted) = (0_usize, false);
    for character in list.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            '[' if !is_quoted => brackets += 1,
            ']' if !is_quoted => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        if character == ',' && brackets == 0 && !is_quoted {
            names.push(std::mem::take(&mut name));
        } else {
            name.push(character);
        }
    }
    names.push(name);
    names.into_iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn names(object: &Map<String, Value>, name: &str) -> Result<Vec<String>, Fault> {
    let wanted = || Fault::syntax(format!("`{name}` must be an array of texts"));
    match get(object, name) {
        None | Some(Value::Null) => Ok(vec![]),
        Some(Value::String(list)) => Ok(split_names(list)),
        Some(Value::Array(names)) => {
            names.iter().map(|name| name.as_str().map(str::to_owned).ok_or_else(wanted)).collect()
        }
        Some(_) => Err(wanted()),
    }
}

fn number(object: &Map<String, Value>, name: &str) -> Result<Option<String>, Fault> {
    match get(object, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(Fault::value(format!("`{name}` must be a whole number, not {}", describe(other)))),
    }
}

/// What an operation of a bulk does (RFC 7644, section 3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkMethod {
    /// Creates.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Deletes.
    Delete,
}

impl BulkMethod {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            BulkMethod::Post => "POST",
            BulkMethod::Put => "PUT",
            BulkMethod::Patch => "PATCH",
            BulkMethod::Delete => "DELETE",
        }
    }
}

/// One operation of a bulk (RFC 7644, section 3.7).
#[derive(Debug, Clone, PartialEq)]
pub struct BulkOperation {
    /// What it does.
    pub method: BulkMethod,
    /// What others in the bulk call the resource that it makes.
    pub bulk_id: Option<String>,
    /// The resource's path below the service's URL.
    pub path: String,
    /// The version that the client saw.
    pub version: Option<String>,
    /// The body.
    pub data: Value,
}

/// Many requests in one (RFC 7644, section 3.7).
#[derive(Debug, Clone, PartialEq)]
pub struct BulkRequest {
    /// After how many errors the rest is not tried; never, when absent.
    pub fail_on_errors: Option<u64>,
    /// The operations, in order. One that cannot be read is a fault of its own, and of no other.
    pub operations: Vec<Result<BulkOperation, (Option<String>, Fault)>>,
}

impl BulkRequest {
    /// Reads the message.
    pub fn parse(sent: &Value) -> Result<Self, Fault> {
        let object = message(sent, BULK_REQUEST)?;
        let fail_on_errors = match get(object, "failOnErrors") {
            None | Some(Value::Null) => None,
            Some(value) => {
                let wrong = || {
                    Fault::value(format!("`failOnErrors` must be a whole number, not {}", describe(value)))
                };
                Some(value.as_u64().ok_or_else(wrong)?)
            }
        };
        let Some(Value::Array(operations)) = get(object, "Operations") else {
            return Err(Fault::syntax("`Operations` must be an array"));
        };
        let operations = operations.iter().map(|operation| {
            let bulk_id = operation.get("bulkId").and_then(Value::as_str).map(str::to_owned);
            read_bulk_operation(operation).map_err(|fault| (bulk_id, fault))
        });
        Ok(Self { fail_on_errors, operations: operations.collect() })
    }
}

fn read_bulk_operation(sent: &Value) -> Result<BulkOperation, Fault> {
    let Value::Object(object) = sent else {
        return Err(Fault::syntax(format!("an operation must be an object, not {}", describe(sent))));
    };
    let method = text(object, "method")?.unwrap_or_default();
    let method = [BulkMethod::Post, BulkMethod::Put, BulkMethod::Patch, BulkMethod::Delete]
        .into_iter()
        .find(|known| known.as_str().eq_ignore_ascii_case(method))
        .ok_or_else(|| {
            Fault::syntax(format!("`method` must be POST, PUT, PATCH or DELETE, not \"{}\"", shown(method)))
        })?;
    let bulk_id = text(object, "bulkId")?.filter(|id| !id.is_empty()).map(str::to_owned);
    if method == BulkMethod::Post && bulk_id.is_none() {
        return Err(Fault::syntax("a POST in a bulk needs a `bulkId`"));
    }
    let path =
        text(object, "path")?.ok_or_else(|| Fault::syntax("an operation needs a `path`, such as /Users"))?;
    let version = text(object, "version")?.map(str::to_owned);
    let data = get(object, "data").cloned().unwrap_or(Value::Null);
    if method != BulkMethod::Delete && data.is_null() {
        return Err(Fault::syntax(format!("a {} in a bulk needs `data`", method.as_str())));
    }
    Ok(BulkOperation { method, bulk_id, path: path.to_owned(), version, data })
}
