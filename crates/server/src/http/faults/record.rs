//! The record of a rehearsal: what arrived, in order, and what was done to it.

use crate::http::faults::Fault;
use hyper::StatusCode;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::SystemTime;

/// A file with a line of JSON for each request. It holds paths, which may hold addresses, but no token and no body.
pub(super) struct Record(Mutex<File>);

impl Record {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|error| format!("cannot write the record {}: {error}", path.display()))?;
        Ok(Self(Mutex::new(file)))
    }

    /// Written before the answer goes out, so that who has the answer finds the line.
    pub(super) fn note(
        &self,
        number: u64,
        method: &str,
        path: &str,
        fault: Option<Fault>,
        status: Option<StatusCode>,
    ) {
        let status = status.map(|status| status.as_u16());
        let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let line = json!({ "n": number, "at": u64::try_from(at).unwrap_or(u64::MAX), "method": method, "path": path, "fault": fault, "status": status });
        let mut file = self.0.lock().expect("no holder of the lock panics");
        if let Err(error) = file.write_all(format!("{line}\n").as_bytes()) {
            tracing::error!(%error, "the record of the rehearsal cannot be written");
        }
    }
}
