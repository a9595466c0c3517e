//! Page tokens: opaque, authenticated, and bound to the company, the list and its parameters.

use crate::http::page_key::{PageKey, Purpose};
use tenure_directory::CompanyId;

const FORM: u8 = 2;
const KIND: &str = "page token";

/// Where a page goes on: after which item, with which limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) after: u64,
    pub(crate) limit: u8,
}

impl Cursor {
    /// A token for the page after this place.
    pub(crate) fn seal(self, key: &PageKey, company: CompanyId, list: &str) -> String {
        let mut payload = vec![FORM, self.limit];
        payload.extend(self.after.to_be_bytes());
        key.seal(Purpose { kind: KIND, company, list }, payload)
    }

    /// Reads a token; `None` for one that is damaged, foreign, or of another list.
    pub(crate) fn open(key: &PageKey, company: CompanyId, list: &str, token: &str) -> Option<Self> {
        let payload = key.open(Purpose { kind: KIND, company, list }, token)?;
        let (&[FORM, limit], after) = payload.split_first_chunk::<2>()? else { return None };
        Some(Self { after: u64::from_be_bytes(after.try_into().ok()?), limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_what_it_was_made_for() {
        let (key, company) = (PageKey::new([7; 32]), CompanyId::new(1));
        let cursor = Cursor { after: 42, limit: 50 };
        let token = cursor.seal(&key, company, "/teammates");
        assert_eq!(Cursor::open(&key, company, "/teammates", &token), Some(cursor));
        assert_eq!(Cursor::open(&key, CompanyId::new(2), "/teammates", &token), None);
        assert_eq!(Cursor::open(&key, company, "/teams", &token), None);
        assert_eq!(Cursor::open(&PageKey::new([8; 32]), company, "/teammates", &token), None);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let opened = Cursor::open(&key, company, "/teammates", &changed);
            assert!(opened.is_none() || changed == token, "{changed}");
        }
    }
}
