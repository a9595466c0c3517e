//! How a command fails: what was wrong, what to do, and the exit code (`contract/operator.md`, "Exit codes").

use std::process::ExitCode;
use tenure_server::operator::OperatorError;

/// The exit code of something that failed.
const FAILED: u8 = 1;
/// The exit code of `--detailed-exitcode` where something differs.
const DIFFERS: u8 = 2;
/// The exit code of what a safety rule refused.
const REFUSED: u8 = 3;
/// The exit code of what is partly done.
const PARTLY: u8 = 4;
/// The exit code of something that a person cut off.
const INTERRUPTED: u8 = 130;

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What was wrong, and where.
    pub(crate) message: String,
    /// What to do, where the message does not say it already.
    pub(crate) hint: Option<&'static str>,
    code: u8,
}

impl Failure {
    /// A failure from a message that says what was wrong, where, and what to do.
    pub(crate) fn new(message: impl ToString) -> Self {
        Self { message: message.to_string(), hint: None, code: FAILED }
    }

    /// A command line that makes no sense.
    pub(crate) fn usage(message: impl ToString) -> Self {
        Self { code: crate::USAGE, ..Self::new(message) }
    }

    /// Something that a safety rule refused; nothing was sent.
    pub(crate) fn refused(message: impl ToString) -> Self {
        Self { code: REFUSED, ..Self::new(message) }
    }

    /// Something of which a part is done.
    pub(crate) fn partly(message: impl ToString) -> Self {
        Self { code: PARTLY, ..Self::new(message) }
    }

    /// No failure: something differs, which was printed, and the exit code was asked to tell.
    pub(crate) fn differs() -> Self {
        Self { code: DIFFERS, ..Self::new("") }
    }

    /// The same, when a person ended it.
    pub(crate) fn into_interrupted(self) -> Self {
        Self { code: INTERRUPTED, ..self }
    }

    /// A command that a person ended.
    pub(crate) fn interrupted() -> Self {
        Self { code: INTERRUPTED, ..Self::new("interrupted") }
    }

    /// The same, with what to do.
    pub(crate) fn with_hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl From<OperatorError> for Failure {
    fn from(error: OperatorError) -> Self {
        let hint = match error.code.as_str() {
            "team.unknown" => Some("`tenure team list` shows the teams and their ids"),
            "teammate.unknown" if !error.message.contains("alt:email:") => {
                Some("name the teammate by its id (tea_…) or by alt:email:ADDRESS")
            }
            "webhook.unknown" => Some("`tenure webhook list` shows the webhooks and their ids"),
            "delivery.unknown" => Some(
                "`tenure webhook deliveries` shows them; what arrived or was given up is kept for 30 days",
            ),
            "custom_field.name_taken" => Some("use another name, or delete that field first"),
            _ => None,
        };
        // A value that cannot be read is a mistake on the command line, whoever notices it.
        let is_usage = matches!(error.code.as_str(), "request.invalid" | "company.which");
        let failure = if is_usage { Self::usage(error) } else { Self::new(error) };
        Self { hint, ..failure }
    }
}
