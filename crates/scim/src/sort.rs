//! Sorting (RFC 7644, section 3.4.2.3).

use crate::error::Fault;
use crate::path::AttributePath;
use crate::place::{Place, Spot};
use crate::read::{Resource, is_primary};
use crate::schema::{Attribute, Kind, ResourceType};
use crate::test::moment;
use crate::text::{fold, shown};
use serde_json::Value;
use std::cmp::Ordering;

/// Which way resources are sorted (RFC 7644, section 3.4.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortOrder {
    /// From the least; resources without the value come last.
    #[default]
    Ascending,
    /// From the greatest; resources without the value come first.
    Descending,
}

impl SortOrder {
    /// Reads `ascending` or `descending`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            _ if text.eq_ignore_ascii_case("ascending") => Ok(SortOrder::Ascending),
            _ if text.eq_ignore_ascii_case("descending") => Ok(SortOrder::Descending),
            _ => Err(Fault::value(format!(
                "`sortOrder` must be ascending or descending, not \"{}\"",
                shown(text)
            ))),
        }
    }
}

/// By what resources are sorted (RFC 7644, section 3.4.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    spot: Spot,
    kind: Kind,
    case_exact: bool,
    order: SortOrder,
}

/// What a resource is sorted by (RFC 7644, section 3.4.2.3).
#[derive(Debug, Clone, PartialEq)]
pub enum SortKey {
    /// It has no such value.
    Absent,
    /// False comes first.
    Boolean(bool),
    /// A number, or a moment in milliseconds.
    Number(f64),
    /// A text as it compares.
    Text(String),
}

impl Sort {
    /// Reads `sortBy`. A complex attribute sorts by its `value`.
    pub fn of(resource_type: &ResourceType, by: &str, order: SortOrder) -> Result<Self, Fault> {
        let wrong = |detail: String| Fault::value(format!("`sortBy` {detail}"));
        let path = AttributePath::parse(by).map_err(|fault| wrong(format!("cannot be read: {fault}")))?;
        let unknown = || wrong(format!("names `{}`, which {} does not have", shown(by), resource_type.name));
        let Place::Attribute { extension, attribute, sub } =
            resource_type.place(&path).ok_or_else(unknown)?
        else {
            return Err(unknown());
        };
        let sub = sub.or_else(|| (attribute.kind == Kind::Complex).then(|| attribute.sub("value")).flatten());
        let sorted: &Attribute = sub.unwrap_or(attribute);
        if sorted.kind == Kind::Complex {
            return Err(wrong(format!("names `{}`, which has parts; name one of them", shown(by))));
        }
        Ok(Self {
            spot: Spot::of(extension, attribute, sub),
            kind: sorted.kind,
            case_exact: sorted.case_exact,
            order,
        })
    }

    /// What a resource is sorted by: of several values the primary one, else the first.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a calendar year fit a double")]
    pub fn key(&self, resource: &Resource) -> SortKey {
        let one = match self.spot.attribute_in(resource) {
            Some(Value::Array(values)) => {
                values.iter().find(|value| is_primary(value)).or_else(|| values.first())
            }
            one => one,
        };
        match one.and_then(|one| self.spot.part_of(one)) {
            Some(Value::Bool(value)) => SortKey::Boolean(*value),
            Some(Value::Number(number)) => number.as_f64().map_or(SortKey::Absent, SortKey::Number),
            Some(Value::String(text)) if self.kind == Kind::DateTime => {
                moment(text).map_or(SortKey::Absent, |moment| SortKey::Number(moment.as_millisecond() as f64))
            }
            Some(Value::String(text)) if self.case_exact => SortKey::Text(text.clone()),
            Some(Value::String(text)) => SortKey::Text(fold(text)),
            _ => SortKey::Absent,
        }
    }

    /// Which of two comes first.
    pub fn compare(&self, one: &SortKey, other: &SortKey) -> Ordering {
        let ascending = match (one, other) {
            (SortKey::Absent, SortKey::Absent) => Ordering::Equal,
            (SortKey::Absent, _) => Ordering::Greater,
            (_, SortKey::Absent) => Ordering::Less,
            (SortKey::Boolean(one), SortKey::Boolean(other)) => one.cmp(other),
            (SortKey::Number(one), SortKey::Number(other)) => one.total_cmp(other),
            (SortKey::Text(one), SortKey::Text(other)) => one.cmp(other),
            _ => Ordering::Equal,
        };
        match self.order {
            SortOrder::Ascending => ascending,
            SortOrder::Descending => ascending.reverse(),
        }
    }
}
