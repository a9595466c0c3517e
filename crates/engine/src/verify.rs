//! Verifying a journal as a whole: the storage and the chain, that every event can be read, that every state can be
//! rebuilt, and that the snapshots say the same as the events.

use crate::codec::{company_event, registry_event};
use std::collections::BTreeMap;
use std::path::Path;
use tenure_directory::company::SNAPSHOT_FORM;
use tenure_directory::registry::REGISTRY_STREAM;
use tenure_directory::{Company, CompanyId, Registry};
use tenure_journal::{JournalError, Snapshot, SqliteJournal, StoredEvent};

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many companies there are.
    pub companies: u64,
    /// How many events there are.
    pub events: u64,
    /// How many teammates there are, blocked ones included.
    pub teammates: u64,
    /// How many teams there are.
    pub teams: u64,
    /// How many snapshots were compared.
    pub snapshots: u64,
}

/// Reads every event of the journal in a file, checks it and rebuilds every state. `snapshots` are compared with the
/// states that they stand for. Ends at the first damage, with its place.
pub fn verify(journal: &Path, snapshots: Vec<Snapshot>) -> Result<Verified, JournalError> {
    let mut rebuilt = Rebuilt {
        snapshots: snapshots.into_iter().map(|snapshot| (snapshot.stream.0, snapshot)).collect(),
        ..Rebuilt::default()
    };
    let counts = SqliteJournal::verify(journal, &mut |event| rebuilt.take(&event))?;
    for entry in rebuilt.registry.entries() {
        if !rebuilt.companies.contains_key(&entry.id) {
            return Err(JournalError::Damaged(format!(
                "company {} is registered and has no events",
                entry.id
            )));
        }
    }
    let total = |count: fn(&Company) -> usize| rebuilt.companies.values().map(|c| count(c) as u64).sum();
    Ok(Verified {
        companies: rebuilt.companies.len() as u64,
        events: counts.events,
        teammates: total(|company| company.teammates.len()),
        teams: total(|company| company.teams.len()),
        snapshots: rebuilt.compared,
    })
}

#[derive(Default)]
struct Rebuilt {
    registry: Registry,
    companies: BTreeMap<CompanyId, Company>,
    snapshots: BTreeMap<u64, Snapshot>,
    compared: u64,
}

impl Rebuilt {
    fn take(&mut self, stored: &StoredEvent) -> Result<(), String> {
        if stored.stream.0 == REGISTRY_STREAM {
            let recorded = registry_event(stored).map_err(|error| error.to_string())?;
            self.registry = std::mem::take(&mut self.registry).evolve(&recorded);
        } else {
            let id = CompanyId::new(stored.stream.0);
            let recorded = company_event(stored).map_err(|error| error.to_string())?;
            let company = self.companies.remove(&id).unwrap_or_else(|| Company::unborn(id));
            self.companies.insert(id, company.evolve(&recorded));
        }
        self.compare(stored)
    }

    fn state_of(&self, stream: u64) -> Vec<u8> {
        match self.companies.get(&CompanyId::new(stream)) {
            Some(company) => company.to_bytes(),
            None => self.registry.to_bytes(),
        }
    }

    fn compare(&mut self, stored: &StoredEvent) -> Result<(), String> {
        let Some(snapshot) = self.snapshots.get(&stored.stream.0) else { return Ok(()) };
        if snapshot.version != stored.version || snapshot.form != SNAPSHOT_FORM {
            return Ok(());
        }
        let state = self.state_of(stored.stream.0);
        self.compared += 1;
        if snapshot.hash == stored.hash && snapshot.bytes == state {
            return Ok(());
        }
        Err(format!(
            "the snapshot of stream {} differs from the state that its events give; remove it",
            stored.stream
        ))
    }
}
