//! Page tokens: opaque, authenticated, and bound to the company, the list and its parameters.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::sync::Arc;
use tenure_directory::CompanyId;

const FORM: u8 = 1;
const PAYLOAD: usize = 1 + 1 + 8;
const MAC: usize = 16;

/// The key that page tokens are made with.
#[derive(Clone)]
pub(crate) struct PageKey(Arc<[u8; 32]>);

/// Where a page goes on: after which item, with which limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) after: u64,
    pub(crate) limit: u8,
}

impl PageKey {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(Arc::new(key))
    }

    fn mac(&self, company: CompanyId, list: &str, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0[..]).expect("HMAC takes a key of any length");
        mac.update(b"page token");
        mac.update(&company.number().to_be_bytes());
        mac.update(payload);
        mac.update(list.as_bytes());
        mac
    }

    /// A token for the page after a cursor.
    pub(crate) fn seal(&self, company: CompanyId, list: &str, cursor: Cursor) -> String {
        let mut bytes = Vec::with_capacity(PAYLOAD + MAC);
        bytes.extend([FORM, cursor.limit]);
        bytes.extend(cursor.after.to_be_bytes());
        let mac = self.mac(company, list, &bytes).finalize().into_bytes();
        bytes.extend_from_slice(&mac[..MAC]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token; `None` for one that is damaged, foreign, or of another list.
    pub(crate) fn open(&self, company: CompanyId, list: &str, token: &str) -> Option<Cursor> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        if bytes.len() != PAYLOAD + MAC || bytes[0] != FORM {
            return None;
        }
        let (payload, mac) = bytes.split_at(PAYLOAD);
        self.mac(company, list, payload).verify_truncated_left(mac).ok()?;
        let after = u64::from_be_bytes(payload[2..].try_into().expect("the rest of the payload has 8 bytes"));
        Some(Cursor { after, limit: payload[1] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_what_it_was_made_for() {
        let (key, company) = (PageKey::new([7; 32]), CompanyId::new(1));
        let cursor = Cursor { after: 42, limit: 50 };
        let token = key.seal(company, "/teammates", cursor);
        assert_eq!(key.open(company, "/teammates", &token), Some(cursor));
        assert_eq!(key.open(CompanyId::new(2), "/teammates", &token), None);
        assert_eq!(key.open(company, "/teams", &token), None);
        assert_eq!(PageKey::new([8; 32]).open(company, "/teammates", &token), None);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let opened = key.open(company, "/teammates", &changed);
            assert!(opened.is_none() || changed == token, "{changed}");
        }
    }
}
