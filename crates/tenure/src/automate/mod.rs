//! What the commands under *Automate* share: the connection, the settings, planning, asking, applying.

pub(crate) mod applying;
pub(crate) mod approvals;
pub(crate) mod asking;
pub(crate) mod connection;
pub(crate) mod interrupts;
pub(crate) mod planning;
pub(crate) mod profiles;
pub(crate) mod progress;
pub(crate) mod state;
pub(crate) mod time;
pub(crate) mod token_store;

use crate::failure::Failure;
use crate::operate::runtime;

/// Runs a command that waits for others, and may be interrupted.
pub(crate) fn run_async<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    runtime()?.block_on(async {
        interrupts::listen();
        command.await
    })
}
