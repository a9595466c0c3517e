//! When each token was last used: counted in memory, written to a file now and then, never a reason for a sync.

use crate::data_folder::{Durability, write_private};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tenure_directory::{CompanyId, Timestamp, TokenId};

/// How often the file is written while tokens are used.
const INTERVAL: Duration = Duration::from_secs(10);

/// The times of last use; cheap to clone. A crash loses at most the last seconds of them.
#[derive(Clone)]
pub(crate) struct LastUsed {
    times: Arc<papaya::HashMap<(CompanyId, TokenId), AtomicI64>>,
    path: Arc<Path>,
}

impl LastUsed {
    /// Reads the file, if there is one. One that cannot be read says nothing.
    pub(crate) fn open(path: PathBuf) -> Self {
        let times = papaya::HashMap::new();
        let written = std::fs::read(&path).unwrap_or_default();
        let known: BTreeMap<String, i64> = serde_json::from_slice(&written).unwrap_or_default();
        for (key, ms) in known {
            if let Some((company, token)) = key.split_once('/')
                && let (Ok(company), Ok(token)) = (company.parse(), token.parse())
            {
                times.pin().insert((company, token), AtomicI64::new(ms));
            }
        }
        Self { times: Arc::new(times), path: path.into() }
    }

    /// Notes a use.
    pub(crate) fn note(&self, company: CompanyId, token: TokenId, now: Timestamp) {
        let times = self.times.pin();
        let time = times.get_or_insert_with((company, token), || AtomicI64::new(0));
        time.fetch_max(now.as_ms(), Ordering::Relaxed);
    }

    /// When a token was last used, as far as is known.
    pub(crate) fn of(&self, company: CompanyId, token: TokenId) -> Option<Timestamp> {
        let times = self.times.pin();
        times.get(&(company, token)).map(|time| Timestamp::from_ms(time.load(Ordering::Relaxed)))
    }

    fn written(&self) -> Vec<u8> {
        let times = self.times.pin();
        let known: BTreeMap<String, i64> = times
            .iter()
            .map(|((company, token), time)| (format!("{company}/{token}"), time.load(Ordering::Relaxed)))
            .collect();
        serde_json::to_vec(&known).expect("a map of numbers has a JSON form")
    }

    /// Writes the file now.
    pub(crate) fn save(&self) {
        if let Err(error) = write_private(&self.path, &self.written(), Durability::Lazy) {
            tracing::warn!(%error, "the times of last use of tokens could not be written");
        }
    }

    /// Writes the file whenever something changed; runs until it is dropped.
    pub(crate) async fn keep(self) {
        let mut before = self.written();
        loop {
            tokio::time::sleep(INTERVAL).await;
            let now = self.written();
            if now != before {
                before = now;
                self.save();
            }
        }
    }
}
