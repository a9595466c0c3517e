//! Cursors (RFC 9865): where a page ended, sealed into a text that only goes on with the same search of the same company.
//! They hold no memory here, survive a restart, and stay exact while resources come and go.

use crate::http::page_key::{PageKey, Purpose};
use crate::scim::address::Kind;
use crate::scim::selection::{Last, Place};
use serde_json::Value;
use tenure_directory::{CompanyId, Timestamp};
use tenure_scim::{Fault, ScimType, SortKey};

/// For how long a cursor goes on: an hour, in seconds.
pub(crate) const TIMEOUT_SECONDS: i64 = 60 * 60;

const KIND: &str = "scim cursor";

/// A page's end, with the size of the pages.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cursor {
    pub(crate) last: Last,
    pub(crate) count: usize,
}

/// What is sealed: when, the size of the pages, the kind and number of the last resource, what it was sorted by.
type Payload = (i64, usize, u8, u64, Option<Value>);

impl Cursor {
    /// A cursor that is good for a search, which `query` tells apart from all others.
    pub(crate) fn seal(&self, key: &PageKey, company: CompanyId, query: &str, now: Timestamp) -> String {
        let Place { kind, number } = self.last.place;
        let kind = match kind {
            Kind::User => 0,
            Kind::Group => 1,
        };
        let sorted_by = self.last.key.as_ref().map(|key| match key {
            SortKey::Absent => Value::Null,
            SortKey::Boolean(value) => (*value).into(),
            SortKey::Number(number) => (*number).into(),
            SortKey::Text(text) => text.as_str().into(),
        });
        let payload: Payload = (now.as_ms(), self.count, kind, number, sorted_by);
        let payload = serde_json::to_vec(&payload).expect("the payload has a JSON form");
        key.seal(Purpose { kind: KIND, company, list: query }, payload)
    }

    /// Reads a cursor for the search that it is good for.
    pub(crate) fn open(
        key: &PageKey,
        company: CompanyId,
        query: &str,
        now: Timestamp,
        sealed: &str,
    ) -> Result<Self, Fault> {
        let invalid = || {
            let detail = "this cursor is of no search like this one; begin again with an empty `cursor`";
            Fault::new(ScimType::InvalidCursor, detail)
        };
        let payload = key.open(Purpose { kind: KIND, company, list: query }, sealed).ok_or_else(invalid)?;
        let payload: Payload = serde_json::from_slice(&payload).map_err(|_| invalid())?;
        let (issued, count, kind, number, sorted_by) = payload;
        if now.as_ms() - issued > TIMEOUT_SECONDS * 1000 {
            let detail = format!(
                "this cursor is older than {TIMEOUT_SECONDS} seconds; begin again with an empty `cursor`"
            );
            return Err(Fault::new(ScimType::ExpiredCursor, detail));
        }
        let kind = if kind == 0 { Kind::User } else { Kind::Group };
        let key = sorted_by.map(|value| match value {
            Value::Bool(value) => SortKey::Boolean(value),
            Value::Number(number) => SortKey::Number(number.as_f64().unwrap_or_default()),
            Value::String(text) => SortKey::Text(text),
            Value::Null | Value::Array(_) | Value::Object(_) => SortKey::Absent,
        });
        Ok(Self { last: Last { place: Place { kind, number }, key }, count })
    }
}
