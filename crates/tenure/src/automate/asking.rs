//! Asking a person before anything is sent.

use crate::cli::Writing;
use crate::failure::Failure;
use std::io::IsTerminal as _;

/// Fails unless a person, or `--yes`, says that it may go on.
pub(crate) fn may_go_on(writing: &Writing, question: &str) -> Result<(), Failure> {
    if writing.yes {
        return Ok(());
    }
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(Failure::refused("nobody can be asked here; nothing was sent")
            .with_hint("look at the plan, and give --yes if it may be done without asking; --dry-run shows what would be sent"));
    }
    match inquire::Confirm::new(question).with_default(false).prompt() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::refused("not confirmed; nothing was sent")),
        Err(inquire::InquireError::OperationCanceled | inquire::InquireError::OperationInterrupted) => {
            Err(Failure::interrupted())
        }
        Err(error) => Err(Failure::refused(format!("nobody could be asked ({error}); nothing was sent"))),
    }
}
