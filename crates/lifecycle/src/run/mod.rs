//! Runs: where applies keep what they meant to do and what came of it, so that a crash loses nothing.

mod folder;
mod ledger;
mod lock;

pub use folder::{Run, RunSummary, Runs, RunsError};
pub use ledger::{Entry, FileLedger, Ledger, LedgerError, RequestOutcome};
pub use lock::{Held, Lock, LockError, Owner};
