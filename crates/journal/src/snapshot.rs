//! Snapshots: a stream's state at a version, kept so that a start need not replay everything. Never the truth: one that
//! is damaged, or that does not fit the chain, is not used.

use crate::chain::ChainHash;
use crate::envelope::{Stream, Version};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A stream's state at a version.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The stream.
    pub stream: Stream,
    /// The form of the bytes, known to whoever wrote them.
    pub form: u32,
    /// The version of the state.
    pub version: Version,
    /// The chain's hash at that version.
    pub hash: ChainHash,
    /// The state.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot(stream {}, version {}, {} bytes)", self.stream, self.version, self.bytes.len())
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    form: u32,
    stream: u64,
    version: u64,
    hash: String,
    sha256: String,
}

impl Snapshot {
    fn header(&self) -> Header {
        Header {
            form: self.form,
            stream: self.stream.0,
            version: self.version.0,
            hash: self.hash.to_string(),
            sha256: ChainHash(Sha256::digest(&self.bytes).into()).to_string(),
        }
    }

    /// A line that says what follows, and the bytes.
    pub(crate) fn to_file(&self) -> Vec<u8> {
        let mut file = serde_json::to_vec(&self.header()).expect("a header has a JSON form");
        file.push(b'\n');
        file.extend_from_slice(&self.bytes);
        file
    }

    /// Reads what [`Snapshot::to_file`] wrote; `None` for anything that is not whole.
    pub(crate) fn from_file(mut file: Vec<u8>) -> Option<Self> {
        let end = file.iter().position(|byte| *byte == b'\n')?;
        let header: Header = serde_json::from_slice(&file[..end]).ok()?;
        file.drain(..=end);
        let sha256 = ChainHash(Sha256::digest(&file).into()).to_string();
        let hash = parse_hash(&header.hash)?;
        (sha256 == header.sha256).then_some(Self {
            stream: Stream(header.stream),
            form: header.form,
            version: Version(header.version),
            hash,
            bytes: file,
        })
    }
}

pub(crate) fn parse_hash(text: &str) -> Option<ChainHash> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(ChainHash(bytes))
}
