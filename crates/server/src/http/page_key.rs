//! Sealing where a list goes on into a text that says nothing, cannot be forged, and opens only what it was made for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::sync::Arc;
use tenure_directory::CompanyId;

const MAC: usize = 16;

/// The key that places in lists are sealed with.
#[derive(Clone)]
pub(crate) struct PageKey(Arc<[u8; 32]>);

/// What a sealed place is good for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purpose<'a> {
    /// Of which kind it is.
    pub(crate) kind: &'static str,
    /// Whose list it is.
    pub(crate) company: CompanyId,
    /// The list and its parameters.
    pub(crate) list: &'a str,
}

impl PageKey {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(Arc::new(key))
    }

    fn mac(&self, purpose: Purpose<'_>, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0[..]).expect("HMAC takes a key of any length");
        let length = u64::try_from(payload.len()).expect("a length fits 64 bits");
        mac.update(purpose.kind.as_bytes());
        mac.update(&purpose.company.number().to_be_bytes());
        mac.update(&length.to_be_bytes());
        mac.update(payload);
        mac.update(purpose.list.as_bytes());
        mac
    }

    /// Seals a payload, in letters, digits, `-` and `_`.
    pub(crate) fn seal(&self, purpose: Purpose<'_>, mut payload: Vec<u8>) -> String {
        let mac = self.mac(purpose, &payload).finalize().into_bytes();
        payload.extend_from_slice(&mac[..MAC]);
        URL_SAFE_NO_PAD.encode(payload)
    }

    /// The payload of a text that was sealed for this purpose; nothing, of any other text.
    pub(crate) fn open(&self, purpose: Purpose<'_>, sealed: &str) -> Option<Vec<u8>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let mac = bytes.split_off(bytes.len().checked_sub(MAC)?);
        self.mac(purpose, &bytes).verify_truncated_left(&mac).ok()?;
        Some(bytes)
    }
}
