//! How a command fails: what was wrong, what to do, and the exit code (`contract/operator.md`, "Exit codes").

use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What was wrong, and where.
    pub(crate) message: String,
    /// What to do.
    pub(crate) hint: Option<String>,
    code: u8,
}

impl Failure {
    /// A failure from a message of the form "what was wrong; what to do".
    pub(crate) fn new(message: impl ToString) -> Self {
        let message = message.to_string();
        let (message, hint) = match message.rsplit_once("; ") {
            Some((wrong, remedy)) => (wrong.to_owned(), Some(remedy.to_owned())),
            None => (message, None),
        };
        Self { message, hint, code: 1 }
    }

    /// A command line that makes no sense.
    pub(crate) fn usage(message: impl ToString) -> Self {
        Self { code: crate::USAGE, ..Self::new(message) }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}
