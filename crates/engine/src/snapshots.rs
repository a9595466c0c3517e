//! When a state is written out, so that a start need not replay everything.

use crate::codec::{journal_version, stream_of};
use crate::engine::{Engine, Inner, ReadError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;
use tenure_directory::company::SNAPSHOT_FORM;
use tenure_directory::registry::REGISTRY_STREAM;
use tenure_directory::{Company, CompanyId, Registry, Version};
use tenure_journal::{Snapshot, Stream, Version as JournalVersion};
use tokio::sync::Notify;

/// A company with fewer new events than this is replayed faster than a snapshot is read.
const LEAST_EVENTS: u64 = 1000;

/// How long is waited once a state is due: a burst of commands is to be one snapshot, and to come first.
const GATHER: Duration = Duration::from_secs(30);

/// Which states are due. A state is due again when its history has grown by half since the last time, so that the work
/// stays in proportion however large a company gets, and at most a third of a history is ever replayed.
#[derive(Default)]
pub(crate) struct SnapshotDesk {
    due_at: Mutex<BTreeMap<Stream, u64>>,
    waiting: Mutex<BTreeSet<Stream>>,
    told: Notify,
}

impl SnapshotDesk {
    pub(crate) fn consider(&self, company: &Company) {
        self.note(stream_of(company.id), company.version);
    }

    pub(crate) fn consider_registry(&self, registry: &Registry) {
        self.note(Stream(REGISTRY_STREAM), registry.version);
    }

    fn note(&self, stream: Stream, version: Version) {
        let version = version.number();
        if version < LEAST_EVENTS {
            return;
        }
        let mut due_at = self.due_at.lock().expect("no holder of the lock panics");
        if version >= *due_at.get(&stream).unwrap_or(&LEAST_EVENTS) {
            due_at.insert(stream, version + (version / 2).max(LEAST_EVENTS));
            self.waiting.lock().expect("no holder of the lock panics").insert(stream);
            self.told.notify_one();
        }
    }

    fn take(&self) -> BTreeSet<Stream> {
        std::mem::take(&mut self.waiting.lock().expect("no holder of the lock panics"))
    }
}

impl Engine {
    /// Writes snapshots as they come due; runs until it is dropped.
    pub async fn keep_snapshots(self) {
        loop {
            self.inner.snapshots.told.notified().await;
            tokio::time::sleep(GATHER).await;
            for stream in self.inner.snapshots.take() {
                if let Err(error) = store(&self.inner, stream).await {
                    tracing::warn!(%stream, %error, "a snapshot could not be written; the next start replays more");
                }
            }
        }
    }

    /// Writes a snapshot of every company in memory now.
    pub async fn snapshot_all(&self) -> Result<(), ReadError> {
        for company in self.inner.companies.all_loaded() {
            store(&self.inner, stream_of(company.id)).await?;
        }
        Ok(())
    }
}

/// A state as bytes, made where that holds up nobody.
async fn written(inner: &Inner, stream: Stream) -> Option<(Version, Vec<u8>)> {
    let written = if stream.0 == REGISTRY_STREAM {
        let registry = inner.companies.registry();
        tokio::task::spawn_blocking(move || (registry.version, registry.to_bytes())).await
    } else {
        let company = inner.companies.loaded(CompanyId::new(stream.0))?;
        tokio::task::spawn_blocking(move || (company.version, company.to_bytes())).await
    };
    // Only a runtime that is being shut down cuts it off.
    written.ok()
}

async fn store(inner: &Inner, stream: Stream) -> Result<(), ReadError> {
    let Some((version, bytes)) = written(inner, stream).await else { return Ok(()) };
    let before = JournalVersion(version.number().saturating_sub(1));
    let Some(event) = inner.journal.read_stream(stream, before, 1).await?.pop() else { return Ok(()) };
    let version = journal_version(version);
    let snapshot = Snapshot { stream, form: SNAPSHOT_FORM, version, hash: event.hash, bytes };
    Ok(inner.journal.store_snapshot(snapshot).await?)
}
