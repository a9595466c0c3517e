//! What can be found: stable codes with their titles and severities.

use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// To know.
    Info,
    /// Untidy.
    Low,
    /// Somebody cannot work as meant, or will be surprised.
    Medium,
    /// Somebody can do more than is meant.
    High,
}

impl Severity {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// An account that works and is nobody's.
    AccountWithoutPerson,
    /// Somebody who is to have an account and has none.
    PersonWithoutAccount,
    /// Blocked in one place and active in another.
    StatusConflict,
    /// Names differ.
    NameDrift,
    /// User names differ.
    UsernameDrift,
    /// Addresses differ.
    EmailDrift,
    /// What SCIM says differs from what REST says.
    ScimDrift,
    /// An administrator who is not in the team of administrators.
    AdminOutsideGroup,
    /// Teams differ.
    TeamDrift,
    /// An invitation that nobody accepts.
    InvitationWaits,
    /// Two that may be one.
    Duplicate,
    /// An account that is no person's by declaration.
    ServiceAccount,
    /// Blocked and still in a team.
    BlockedInTeam,
    /// Somebody leaves with open conversations and nobody takes over.
    NoSuccessor,
    /// Open conversations of somebody who is blocked.
    ConversationsOfBlocked,
}

/// All kinds: the code, the title and the severity of each.
pub const CODES: [(Code, &str, &str, Severity); 15] = [
    (Code::AccountWithoutPerson, "TNR-001", "account without a person", Severity::High),
    (Code::PersonWithoutAccount, "TNR-002", "person without an account", Severity::Medium),
    (Code::StatusConflict, "TNR-003", "blocked in one place and active in another", Severity::High),
    (Code::NameDrift, "TNR-004", "names differ", Severity::Low),
    (Code::UsernameDrift, "TNR-005", "user names differ", Severity::Low),
    (Code::EmailDrift, "TNR-006", "addresses differ", Severity::Medium),
    (Code::ScimDrift, "TNR-007", "SCIM attributes differ", Severity::Low),
    (Code::AdminOutsideGroup, "TNR-008", "administrator outside the administrators' team", Severity::High),
    (Code::TeamDrift, "TNR-009", "teams differ", Severity::Medium),
    (Code::InvitationWaits, "TNR-010", "invitation not accepted", Severity::Low),
    (Code::Duplicate, "TNR-011", "possibly the same person twice", Severity::Medium),
    (Code::ServiceAccount, "TNR-012", "service account", Severity::Info),
    (Code::BlockedInTeam, "TNR-013", "blocked and still in a team", Severity::Low),
    (Code::NoSuccessor, "TNR-014", "no successor for open conversations", Severity::Medium),
    (Code::ConversationsOfBlocked, "TNR-015", "open conversations of a blocked teammate", Severity::High),
];

impl Code {
    /// The stable code, the title and the severity.
    pub fn facts(self) -> (&'static str, &'static str, Severity) {
        let found = CODES.iter().find(|(code, ..)| *code == self);
        let (_, code, title, severity) = found.expect("the table has every code");
        (code, title, *severity)
    }
}

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its stable code, `TNR-…`.
    pub code: &'static str,
    /// What it is.
    pub title: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The address of whom it is about.
    pub subject: String,
    /// What shows it.
    pub evidence: String,
    /// The command that would mend it.
    pub fix: String,
}

impl Finding {
    /// A finding of a kind.
    pub(super) fn new(code: Code, subject: &str, evidence: String, fix: String) -> Self {
        let (code, title, severity) = code.facts();
        Self { code, title, severity, subject: subject.to_owned(), evidence, fix }
    }
}
