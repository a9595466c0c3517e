//! PATCH (RFC 7644, section 3.5.2), with what Okta and Entra ID send in the field.
//!
//! All operations apply or none. Beyond the RFC: `""` and `null` clear; a `replace` of `attr[filter].sub` without a match
//! makes the value, where the filter says how; a `remove` of several values with a list removes those alone; dotted keys
//! and URNs in a value without a path are paths; what no schema has is left out and told.

use crate::error::{Fault, ScimType};
use crate::filter::{Filter, Literal, Operator};
use crate::path::{AttributePath, PatchPath};
use crate::place::Place;
use crate::read::{
    Resource, check_count, describe, extension_entries, is_primary, read_attribute, read_one, read_values,
};
use crate::schema::{Attribute, Kind, Mutability, ResourceType, Schema};
use crate::test::Test;
use crate::text::{fold, shown};
use serde_json::{Map, Value};

/// What an operation does (RFC 7644, sections 3.5.2.1 to 3.5.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Adds values, or sets one.
    Add,
    /// Sets.
    Replace,
    /// Takes away.
    Remove,
}

/// One operation of a PATCH (RFC 7644, section 3.5.2).
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What it does.
    pub change: Change,
    /// Its target, as it was written.
    pub path: Option<String>,
    /// The value; `null` and absent are the same.
    pub value: Value,
}

/// An operation on one target.
struct Step<'a> {
    change: Change,
    place: Place<'a>,
    filter: Option<Filter>,
    value: Value,
    /// As it was written, for messages.
    path: String,
    /// Whether the path was written as one. A key of a value without a path may be read-only: it is left out then.
    is_explicit: bool,
}

/// Applies operations to a resource: all, or none (RFC 7644, section 3.5.2). Gives back the paths that no schema has.
/// A fault is of the kind that section 3.12 gives it.
///
/// ```
/// use serde_json::json;
/// use std::sync::Arc;
/// use tenure_scim::{PatchRequest, ResourceType, core, patch};
///
/// # let users = ResourceType {
/// #     name: "User",
/// #     endpoint: "/Users",
/// #     description: "A person",
/// #     schema: Arc::new(core::user()),
/// #     extensions: vec![],
/// # };
/// let request = PatchRequest::parse(&json!({
///     "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
///     "Operations": [{"op": "Add", "path": "emails[type eq \"work\"].value", "value": "ann@x.example"}],
/// }))?;
/// let mut ann = tenure_scim::Resource::from_iter([("userName".to_owned(), json!("ann"))]);
/// let unknown = patch::apply(&users, &mut ann, &request.operations)?;
/// assert!(unknown.is_empty());
/// assert_eq!(ann["emails"], json!([{"type": "work", "value": "ann@x.example"}]));
/// # Ok::<(), tenure_scim::Fault>(())
/// ```
pub fn apply(
    resource_type: &ResourceType,
    resource: &mut Resource,
    operations: &[Operation],
) -> Result<Vec<String>, Fault> {
    let (mut after, mut unknown) = (resource.clone(), Vec::new());
    check_values(operations)?;
    for operation in operations {
        for step in steps(resource_type, operation, &mut unknown)? {
            step.apply(&mut after, &mut unknown)?;
        }
    }
    check_required(resource_type, resource, &after)?;
    *resource = after;
    Ok(unknown)
}

/// How many values all operations of a PATCH may have together: each is compared with those that are there.
const MAX_PATCHED_VALUES: usize = 1_000;

fn check_values(operations: &[Operation]) -> Result<(), Fault> {
    let of = |value: &Value| value.as_array().map_or(1, Vec::len);
    let of_operation = |operation: &Operation| match &operation.value {
        Value::Object(entries) if operation.path.is_none() => entries.values().map(of).sum(),
        value => of(value),
    };
    let count: usize = operations.iter().map(of_operation).sum();
    if count <= MAX_PATCHED_VALUES {
        return Ok(());
    }
    Err(Fault::value(format!(
        "a PATCH can have at most {MAX_PATCHED_VALUES} values, not {count}; send several"
    )))
}

fn check_required(resource_type: &ResourceType, before: &Resource, after: &Resource) -> Result<(), Fault> {
    let mut missing = resource_type.missing(after);
    match missing.find(|attribute| before.contains_key(attribute.name.as_ref())) {
        Some(attribute) => {
            Err(Fault::mutability(format!("`{}` is required and cannot be removed", attribute.name)))
        }
        None => Ok(()),
    }
}

fn steps<'a>(
    resource_type: &'a ResourceType,
    operation: &Operation,
    unknown: &mut Vec<String>,
) -> Result<Vec<Step<'a>>, Fault> {
    let Operation { change, path, value } = operation;
    if let Some(path) = path {
        let parsed = PatchPath::parse(path)?;
        let step = step(resource_type, *change, &parsed, value.clone(), path, true, unknown);
        return Ok(step.into_iter().collect());
    }
    if *change == Change::Remove {
        return Err(Fault::new(ScimType::NoTarget, "a remove needs a `path` that says what to remove"));
    }
    let Value::Object(entries) = value else {
        let detail =
            format!("an operation without a `path` needs an object as its value, not {}", describe(value));
        return Err(Fault::value(detail));
    };
    let mut steps = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        if let Some(schema) = resource_type.extension(key) {
            let place = Place::Extension(schema);
            let (path, value) = (key.clone(), value.clone());
            steps.push(Step { change: *change, place, filter: None, value, path, is_explicit: false });
        } else if let Ok(parsed) = PatchPath::parse(key) {
            steps.extend(step(resource_type, *change, &parsed, value.clone(), key, false, unknown));
        } else {
            unknown.push(shown(key));
        }
    }
    Ok(steps)
}

fn step<'a>(
    resource_type: &'a ResourceType,
    change: Change,
    parsed: &PatchPath,
    value: Value,
    path: &str,
    is_explicit: bool,
    unknown: &mut Vec<String>,
) -> Option<Step<'a>> {
    let sub = parsed.part().map(Into::into);
    let whole = AttributePath { sub, ..parsed.attribute.clone() };
    let Some(place) = resource_type.place(&whole) else {
        unknown.push(shown(path));
        return None;
    };
    Some(Step { change, place, filter: parsed.filter.clone(), value, path: shown(path), is_explicit })
}

impl Step<'_> {
    fn apply(self, resource: &mut Resource, unknown: &mut Vec<String>) -> Result<(), Fault> {
        if self.place.is_read_only() {
            if self.is_explicit {
                return Err(Fault::mutability(format!(
                    "`{}` is read-only: the service provider sets it",
                    self.path
                )));
            }
            return Ok(());
        }
        match self.place {
            Place::Extension(schema) => self.apply_to_extension(schema, resource, unknown),
            Place::Attribute { extension: None, attribute, sub } => self.apply_to(resource, attribute, sub),
            Place::Attribute { extension: Some(schema), attribute, sub } => {
                let mut inner = taken(resource, schema.id);
                self.apply_to(&mut inner, attribute, sub)?;
                put_object(resource, schema.id, inner);
                Ok(())
            }
        }
    }

    fn apply_to_extension(
        &self,
        schema: &Schema,
        resource: &mut Resource,
        unknown: &mut Vec<String>,
    ) -> Result<(), Fault> {
        let entries = match self.change {
            Change::Remove => None,
            Change::Add | Change::Replace => extension_entries(schema, &self.value)?,
        };
        let Some(entries) = entries else {
            resource.remove(schema.id);
            return Ok(());
        };
        for (name, value) in entries {
            let Some(attribute) = schema.attribute(name) else {
                unknown.push(format!("{}:{name}", schema.id));
                continue;
            };
            let step = Step {
                change: self.change,
                place: Place::Attribute { extension: Some(schema), attribute, sub: None },
                filter: None,
                value: value.clone(),
                path: format!("{}:{}", schema.id, attribute.name),
                is_explicit: false,
            };
            step.apply(resource, unknown)?;
        }
        Ok(())
    }

    fn apply_to(
        &self,
        holder: &mut Resource,
        attribute: &Attribute,
        sub: Option<&Attribute>,
    ) -> Result<(), Fault> {
        if attribute.multi_valued {
            return self.apply_to_values(holder, attribute, sub);
        }
        if self.filter.is_some() {
            let detail = format!("`{}` has a filter, and `{}` has a single value", self.path, attribute.name);
            return Err(Fault::new(ScimType::InvalidPath, detail));
        }
        let name = attribute.name.as_ref();
        if self.change == Change::Remove && sub.is_none() {
            holder.remove(name);
            return Ok(());
        }
        match sub {
            Some(sub) => {
                let mut inner = taken(holder, name);
                self.set_part(&mut inner, sub)?;
                put_object(holder, name, inner);
            }
            None if attribute.kind == Kind::Complex => self.merge(holder, attribute)?,
            None => put(holder, name, read_attribute(attribute, &self.value, &self.path)?),
        }
        Ok(())
    }

    /// Sets or takes away one part of a complex value.
    fn set_part(&self, inner: &mut Resource, part: &Attribute) -> Result<(), Fault> {
        let read = match self.change {
            Change::Remove => None,
            Change::Add | Change::Replace => read_attribute(part, &self.value, &self.path)?,
        };
        put_part(inner, part, read);
        Ok(())
    }

    /// Merges an object into a complex value: what it does not name stays (RFC 7644, section 3.5.2.3).
    fn merge(&self, holder: &mut Resource, attribute: &Attribute) -> Result<(), Fault> {
        let name = attribute.name.as_ref();
        let mut inner = taken(holder, name);
        if let Value::Object(entries) = self.one() {
            merge_parts(&mut inner, attribute, entries, &self.path)?;
        } else {
            match read_attribute(attribute, self.one(), &self.path)? {
                Some(Value::Object(read)) => inner.extend(read),
                _ => inner.clear(),
            }
        }
        put_object(holder, name, inner);
        Ok(())
    }

    /// The sent value, or the one that a list of one holds.
    fn one(&self) -> &Value {
        match &self.value {
            Value::Array(values) if values.len() == 1 => &values[0],
            value => value,
        }
    }

    fn apply_to_values(
        &self,
        holder: &mut Resource,
        attribute: &Attribute,
        sub: Option<&Attribute>,
    ) -> Result<(), Fault> {
        let name = attribute.name.as_ref();
        let mut values = match holder.remove(name) {
            Some(Value::Array(values)) => values,
            _ => vec![],
        };
        let edited = match (&self.filter, sub) {
            (None, None) => self.edit_all(&mut values, attribute),
            (None, Some(sub)) => self.edit_parts(&mut values, sub),
            (Some(filter), sub) => self.edit_matching(&mut values, attribute, sub, filter),
        };
        edited?;
        values.retain(|value| value.as_object().is_none_or(|value| !value.is_empty()));
        if !values.is_empty() {
            holder.insert(name.to_owned(), Value::Array(values));
        }
        Ok(())
    }

    fn edit_all(&self, values: &mut Vec<Value>, attribute: &Attribute) -> Result<(), Fault> {
        let sent = read_values(attribute, &self.value, &self.path)?;
        match self.change {
            Change::Replace => *values = sent,
            Change::Add => {
                for value in sent {
                    add(values, value, attribute);
                }
                check_count(attribute, values.len(), &self.path)?;
            }
            Change::Remove if self.value.is_null() => values.clear(),
            Change::Remove => values.retain(|value| !sent.iter().any(|sent| names(sent, value, attribute))),
        }
        Ok(())
    }

    fn edit_parts(&self, values: &mut Vec<Value>, part: &Attribute) -> Result<(), Fault> {
        if values.is_empty() && self.change != Change::Remove {
            values.push(Value::Object(Map::new()));
        }
        change_each(values, |_| true, |value| self.set_part(value, part))
    }

    fn edit_matching(
        &self,
        values: &mut Vec<Value>,
        attribute: &Attribute,
        sub: Option<&Attribute>,
        filter: &Filter,
    ) -> Result<(), Fault> {
        if attribute.kind != Kind::Complex {
            let detail =
                format!("`{}` has a filter, and the values of `{}` have no parts", self.path, attribute.name);
            return Err(Fault::new(ScimType::InvalidPath, detail));
        }
        let test = Test::of_values(filter, attribute)?;
        let matches = |value: &Map<String, Value>| test.holds(value);
        let is_met = values.iter().any(|value| value.as_object().is_some_and(matches));
        if self.change == Change::Remove && sub.is_none() {
            values.retain(|value| !value.as_object().is_some_and(matches));
            return Ok(());
        }
        if !is_met {
            if self.change == Change::Remove || is_unassigned(&self.value) {
                return Ok(());
            }
            let mut made = described(filter, attribute).ok_or_else(|| self.no_target())?;
            match sub {
                Some(sub) => self.set_part(&mut made, sub)?,
                None => made.extend(self.entry(attribute)?),
            }
            add(values, Value::Object(made), attribute);
            return Ok(());
        }
        if let Some(sub) = sub {
            return change_each(values, matches, |value| self.set_part(value, sub));
        }
        let entry = self.entry(attribute)?;
        let is_partial = self.change == Change::Add || !self.value.is_object();
        change_each(values, matches, |value| {
            if entry.is_empty() || !is_partial {
                value.clear();
            }
            value.extend(entry.clone());
            Ok(())
        })
    }

    /// The sent value as one value of a complex attribute; empty, where it clears.
    fn entry(&self, attribute: &Attribute) -> Result<Map<String, Value>, Fault> {
        match read_one(attribute, self.one(), &self.path)? {
            Some(Value::Object(entry)) => Ok(entry),
            _ => Ok(Map::new()),
        }
    }

    fn no_target(&self) -> Fault {
        let detail = format!("`{}` matches no value, and its filter does not say how to make one", self.path);
        Fault::new(ScimType::NoTarget, detail)
    }
}

fn merge_parts(
    inner: &mut Resource,
    attribute: &Attribute,
    entries: &Map<String, Value>,
    path: &str,
) -> Result<(), Fault> {
    for (key, value) in entries {
        let Some(part) = attribute.sub(key) else { continue };
        if part.mutability == Mutability::ReadOnly {
            continue;
        }
        let read = read_attribute(part, value, &format!("{path}.{}", part.name))?;
        if put_part(inner, part, read) == Left::Nothing {
            return Ok(());
        }
    }
    Ok(())
}

/// What is left of a complex value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    Something,
    Nothing,
}

/// Puts or takes away a part of a complex value. One whose `value` goes has nothing left that says anything.
fn put_part(inner: &mut Resource, part: &Attribute, value: Option<Value>) -> Left {
    if value.is_none() && part.name == "value" {
        inner.clear();
        return Left::Nothing;
    }
    put(inner, &part.name, value);
    Left::Something
}

/// Changes each value that matches. Where one of them is the primary one then, no other is.
fn change_each(
    values: &mut [Value],
    matches: impl Fn(&Resource) -> bool,
    change: impl Fn(&mut Resource) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut chosen = None;
    for (at, value) in values.iter_mut().enumerate() {
        let Value::Object(value) = value else { continue };
        if matches(value) {
            change(value)?;
            chosen = Some(at);
        }
    }
    if let Some(at) = chosen {
        leave_one_primary(values, at);
    }
    Ok(())
}

fn is_unassigned(value: &Value) -> bool {
    matches!(value, Value::Null) || value == ""
}

fn taken(holder: &mut Resource, name: &str) -> Resource {
    match holder.remove(name) {
        Some(Value::Object(inner)) => inner,
        _ => Resource::new(),
    }
}

fn put(holder: &mut Resource, name: &str, value: Option<Value>) {
    match value {
        Some(value) => {
            holder.insert(name.to_owned(), value);
        }
        None => {
            holder.remove(name);
        }
    }
}

fn put_object(holder: &mut Resource, name: &str, inner: Resource) {
    put(holder, name, (!inner.is_empty()).then_some(Value::Object(inner)));
}

/// Adds a value, unless it is there; then what it says beyond that is taken over.
fn add(values: &mut Vec<Value>, value: Value, attribute: &Attribute) {
    let there = values.iter().position(|there| is_same(there, &value, attribute));
    let at = there.unwrap_or(values.len());
    match (there, value) {
        (Some(at), Value::Object(new)) => {
            if let Value::Object(there) = &mut values[at] {
                there.extend(new);
            }
        }
        (Some(_), _) => {}
        (None, value) => values.push(value),
    }
    leave_one_primary(values, at);
}

/// Whether two values are one: of complex ones `value` and `type` say so, else everything.
fn is_same(one: &Value, other: &Value, attribute: &Attribute) -> bool {
    let (Value::Object(one), Value::Object(other)) = (one, other) else { return one == other };
    let same = |name: &str| match (one.get(name), other.get(name)) {
        (Some(one), Some(other)) => part_equals(attribute, name, one, other),
        (None, None) => true,
        _ => false,
    };
    if one.contains_key("value") || other.contains_key("value") {
        return one.contains_key("value") && same("value") && same("type");
    }
    one == other
}

/// Whether a value that was sent to say what to remove names this one: all that it says must be so. A `value` says enough.
fn names(sent: &Value, value: &Value, attribute: &Attribute) -> bool {
    let (Value::Object(sent), Value::Object(value)) = (sent, value) else { return sent == value };
    let same = |name: &str, sent: &Value| {
        value.get(name).is_some_and(|value| part_equals(attribute, name, sent, value))
    };
    match sent.get("value") {
        Some(sent) => same("value", sent),
        None => sent.iter().all(|(name, sent)| same(name, sent)),
    }
}

fn part_equals(attribute: &Attribute, name: &str, one: &Value, other: &Value) -> bool {
    let exact = attribute.sub(name).is_none_or(|part| part.case_exact);
    match (one, other) {
        (Value::String(one), Value::String(other)) if !exact => fold(one) == fold(other),
        _ => one == other,
    }
}

/// Where the value at this place is the primary one, no other is (RFC 7644, section 3.5.2).
fn leave_one_primary(values: &mut [Value], at: usize) {
    if !values.get(at).is_some_and(is_primary) {
        return;
    }
    for (other, value) in values.iter_mut().enumerate() {
        if other != at
            && is_primary(value)
            && let Value::Object(value) = value
        {
            value.insert("primary".to_owned(), Value::Bool(false));
        }
    }
}

/// The value that a filter describes, where it is made of `part eq "literal"` alone.
fn described(filter: &Filter, attribute: &Attribute) -> Option<Map<String, Value>> {
    let all = match filter {
        Filter::And(all) => &all[..],
        one => std::slice::from_ref(one),
    };
    let mut made = Map::new();
    for filter in all {
        let Filter::Compare { path, operator: Operator::Equal, value } = filter else { return None };
        let part = attribute.sub(&path.attribute)?;
        let value = match value {
            Literal::Text(text) => Value::String(text.to_string()),
            Literal::Boolean(value) => Value::Bool(*value),
            Literal::Number(_) | Literal::Null => return None,
        };
        let read = read_one(part, &value, &part.name).ok()??;
        made.insert(part.name.clone().into_owned(), read);
    }
    Some(made)
}

/// A change of the values of one attribute (RFC 7644, section 3.5.2), for attributes that are too large to be changed as a whole.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Adds these.
    Add(Vec<Value>),
    /// These alone are to be there.
    Replace(Vec<Value>),
    /// Removes those that these name.
    Remove(Vec<Value>),
    /// Removes those that meet the filter.
    RemoveWhere(Filter),
}

/// Takes the operations on one attribute with several values out of a list (RFC 7644, section 3.5.2): its edits, in order, and all
/// else.
pub fn edits_of(
    resource_type: &ResourceType,
    name: &str,
    operations: &[Operation],
) -> Result<(Vec<Edit>, Vec<Operation>), Fault> {
    let attribute =
        resource_type.schema.attribute(name).expect("the caller names an attribute of the schema");
    let (mut edits, mut others) = (Vec::new(), Vec::new());
    for operation in operations {
        let Operation { change, path, value } = operation;
        let Some(path) = path else {
            others.push(split_value(resource_type, attribute, operation, &mut edits)?);
            continue;
        };
        let parsed = PatchPath::parse(path)?;
        if !is_of(resource_type, attribute, &parsed) {
            others.push(operation.clone());
            continue;
        }
        edits.extend(edit(attribute, *change, &parsed, value)?);
    }
    Ok((edits, others))
}

fn is_of(resource_type: &ResourceType, attribute: &Attribute, path: &PatchPath) -> bool {
    let bare = AttributePath { sub: None, ..path.attribute.clone() };
    matches!(resource_type.place(&bare), Some(Place::Attribute { attribute: found, .. }) if found.name == attribute.name)
}

fn split_value(
    resource_type: &ResourceType,
    attribute: &Attribute,
    operation: &Operation,
    edits: &mut Vec<Edit>,
) -> Result<Operation, Fault> {
    let Value::Object(entries) = &operation.value else { return Ok(operation.clone()) };
    let mut rest = Map::new();
    for (key, value) in entries {
        match PatchPath::parse(key) {
            Ok(parsed) if is_of(resource_type, attribute, &parsed) => {
                edits.extend(edit(attribute, operation.change, &parsed, value)?);
            }
            _ => {
                rest.insert(key.clone(), value.clone());
            }
        }
    }
    Ok(Operation { value: Value::Object(rest), ..operation.clone() })
}

fn edit(
    attribute: &Attribute,
    change: Change,
    path: &PatchPath,
    value: &Value,
) -> Result<Option<Edit>, Fault> {
    let name = attribute.name.as_ref();
    let read = |value: &Value| read_values(attribute, value, name);
    let part = path.part().map(|part| (part, attribute.sub(part)));
    match (&path.filter, part) {
        (None, None) => Ok(Some(match change {
            Change::Add => Edit::Add(read(value)?),
            Change::Replace => Edit::Replace(read(value)?),
            Change::Remove if value.is_null() => Edit::Replace(vec![]),
            Change::Remove => Edit::Remove(read(value)?),
        })),
        (Some(filter), None) if change == Change::Remove => {
            Test::of_values(filter, attribute)?;
            Ok(Some(Edit::RemoveWhere(filter.clone())))
        }
        // `members.value` with a text or several names whole values.
        (None, Some(("value", Some(_)))) if change != Change::Remove => {
            let values = read(value)?;
            Ok(Some(if change == Change::Add { Edit::Add(values) } else { Edit::Replace(values) }))
        }
        (_, Some((part, None))) => {
            Err(Fault::new(ScimType::InvalidPath, format!("`{name}` has no part `{}`", shown(part))))
        }
        _ => Err(Fault::mutability(format!(
            "the values of `{name}` cannot be changed, only added and removed; `{path}` would change one"
        ))),
    }
}
