//! A plan: what would be done, why, and what it expects to find. It is a file, and its digest is what others approve.

use crate::digest::sha256_hex;
use crate::directory::{Target, Via};
use crate::settings::{Approve, Guards, HandoverMode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use tenure_client::{TeamId, TeammateId};

/// The format of plan files. Another one is refused, not guessed at.
pub const FORMAT: &str = "tenure-plan/1";

/// The kinds of actions, as plans, settings and reports name them.
pub const KINDS: [&str; 9] = [
    "invite",
    "update",
    "grant_admin",
    "revoke_admin",
    "add_to_team",
    "hand_over",
    "remove_from_team",
    "deactivate",
    "reactivate",
];

/// The number of an action within its plan, from 1, in the order of doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionId(pub u32);

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Whom an action is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The address.
    pub email: String,
    /// The id; none where the account is still to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teammate_id: Option<TeammateId>,
    /// The name, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.email)
    }
}

/// What an action does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Deed {
    /// Creates the account; the service sends an invitation.
    Invite {
        /// How.
        via: Via,
    },
    /// Changes fields.
    Update,
    /// Gives the administrator's right.
    GrantAdmin {
        /// How.
        via: Via,
    },
    /// Takes the administrator's right.
    RevokeAdmin {
        /// How.
        via: Via,
    },
    /// Puts into a team.
    AddToTeam {
        /// The team.
        team: TeamId,
        /// Its name.
        team_name: String,
    },
    /// Takes out of a team.
    RemoveFromTeam {
        /// The team.
        team: TeamId,
        /// Its name.
        team_name: String,
    },
    /// Hands open conversations over.
    HandOver {
        /// To whom; to nobody where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Subject>,
    },
    /// Deactivates the account. The API cannot undo it.
    Deactivate {
        /// How.
        via: Via,
    },
    /// Brings a deactivated account back: a person does it.
    Reactivate,
}

impl Deed {
    /// Its kind, one of [`KINDS`].
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Invite { .. } => "invite",
            Self::Update => "update",
            Self::GrantAdmin { .. } => "grant_admin",
            Self::RevokeAdmin { .. } => "revoke_admin",
            Self::AddToTeam { .. } => "add_to_team",
            Self::RemoveFromTeam { .. } => "remove_from_team",
            Self::HandOver { .. } => "hand_over",
            Self::Deactivate { .. } => "deactivate",
            Self::Reactivate => "reactivate",
        }
    }

    /// Whether a person has to do it.
    pub const fn is_manual(&self) -> bool {
        match self {
            Self::Invite { via }
            | Self::GrantAdmin { via }
            | Self::RevokeAdmin { via }
            | Self::Deactivate { via } => {
                matches!(via, Via::Person)
            }
            Self::Reactivate => true,
            Self::Update | Self::AddToTeam { .. } | Self::RemoveFromTeam { .. } | Self::HandOver { .. } => {
                false
            }
        }
    }

    /// How bad it is if it was not meant.
    pub const fn risk(&self) -> Risk {
        match self {
            Self::Update | Self::AddToTeam { .. } => Risk::Low,
            Self::Invite { .. } | Self::RemoveFromTeam { .. } | Self::HandOver { .. } | Self::Reactivate => {
                Risk::Medium
            }
            Self::GrantAdmin { .. } | Self::RevokeAdmin { .. } => Risk::High,
            Self::Deactivate { .. } => Risk::Irreversible,
        }
    }
}

/// How bad an action is if it was not meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Easily undone.
    Low,
    /// Undone with some work, or others have noticed.
    Medium,
    /// Somebody can do more, or no longer do their work.
    High,
    /// The API cannot undo it.
    Irreversible,
}

impl Risk {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Irreversible => "irreversible",
        }
    }
}

/// Whether two values are the same; numbers by what they are worth.
pub(crate) fn same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (one, other) => one == other,
    }
}

/// Values by field.
pub type Fields = BTreeMap<String, Value>;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// Its number.
    pub id: ActionId,
    /// What it does.
    #[serde(flatten)]
    pub deed: Deed,
    /// To whom.
    pub subject: Subject,
    /// What it expects to find.
    pub before: Fields,
    /// What will be so.
    pub after: Fields,
    /// Why: which row of which file.
    pub reason: String,
    /// How bad it is if it was not meant.
    pub risk: Risk,
    /// How many requests it will take, about.
    pub requests: u32,
    /// The actions that must have gone well before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<ActionId>,
    /// What a person does, where the API cannot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
}

/// A people file that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSource {
    /// Its name.
    pub name: String,
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// How many rows it has.
    pub rows: usize,
}

/// A plan without its digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanBody {
    /// [`FORMAT`].
    pub format: String,
    /// Which company of which server.
    pub target: Target,
    /// Who planned.
    pub planned_by: String,
    /// What it was made from.
    pub sources: Vec<PlanSource>,
    /// Whether who is in no source is deactivated.
    pub deactivates_unlisted: bool,
    /// What it was held to.
    pub guards: Guards,
    /// The guards that were overridden by name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub overrides: BTreeSet<String>,
    /// What others must agree to.
    pub approve: Approve,
    /// What is done with open conversations.
    pub handover: HandoverMode,
    /// What a person should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What to do, in this order.
    pub actions: Vec<Action>,
}

/// A plan with its digest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The SHA-256 over the body, as `sha256:` and hexadecimal.
    pub digest: String,
    /// What it says.
    #[serde(flatten)]
    pub body: PlanBody,
}

/// Why a text is no plan that may be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPlan {
    /// It cannot be read.
    #[error("this is no plan file: {0}")]
    Unreadable(String),
    /// It is of another format.
    #[error("this plan is of the format `{0}`, and this Tenure reads {FORMAT}; plan again")]
    Format(String),
    /// It says what no plan says.
    #[error("this plan was not made by `tenure plan`: {0}; plan again")]
    Wrong(String),
    /// It was changed.
    #[error("this plan file was changed after it was made: its digest does not fit what it says; plan again")]
    Changed,
}

impl Plan {
    /// A body with its digest.
    pub fn seal(body: PlanBody) -> Self {
        Self { digest: digest_of(&body), body }
    }

    /// Reads a plan file and checks its digest.
    pub fn parse(text: &str) -> Result<Self, NotAPlan> {
        let unreadable = |error: serde_json::Error| NotAPlan::Unreadable(error.to_string());
        let mut value: serde_json::Map<String, Value> = serde_json::from_str(text).map_err(unreadable)?;
        let Some(Value::String(digest)) = value.remove("digest") else {
            return Err(NotAPlan::Unreadable("it has no digest".to_owned()));
        };
        let format = value.get("format").and_then(Value::as_str).unwrap_or_default().to_owned();
        if format != FORMAT {
            return Err(NotAPlan::Format(format.chars().take(40).filter(|c| !c.is_control()).collect()));
        }
        let given = Value::Object(value);
        let body: PlanBody = serde_json::from_value(given.clone()).map_err(unreadable)?;
        // What the types let fall is a change too.
        if serde_json::to_value(&body).map_err(unreadable)? != given || digest_of(&body) != digest {
            return Err(NotAPlan::Changed);
        }
        check(&body).map_err(NotAPlan::Wrong)?;
        Ok(Self { digest, body })
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("a plan has a JSON form");
        format!("{text}\n")
    }

    /// How many actions there are of each kind, in the order of [`KINDS`].
    pub fn counts(&self) -> Vec<(&'static str, usize)> {
        let count = |kind: &str| self.body.actions.iter().filter(|action| action.deed.kind() == kind).count();
        KINDS.iter().map(|kind| (*kind, count(kind))).filter(|(_, count)| *count > 0).collect()
    }

    /// How many requests it will take, with the reads at the start and the end.
    pub fn requests(&self, reads: u32) -> u32 {
        let actions: u32 = self.body.actions.iter().map(|action| action.requests).sum();
        if actions == 0 { 0 } else { actions.saturating_add(reads.saturating_mul(2)) }
    }

    /// The kinds of actions in it that need approval.
    pub fn needs_approval(&self, approve: &Approve) -> BTreeSet<&'static str> {
        let needs =
            |kind: &&str| approve.require.iter().any(|required| required == "all" || required == kind);
        self.body.actions.iter().map(|action| action.deed.kind()).filter(needs).collect()
    }
}

fn digest_of(body: &PlanBody) -> String {
    let bytes = serde_json::to_vec(body).expect("a plan has a JSON form");
    format!("sha256:{}", sha256_hex(&bytes))
}

/// What no plan of ours says: anybody can make a file with a digest that fits, so each action is held to what it may be.
fn check(body: &PlanBody) -> Result<(), String> {
    for (number, action) in (1..).zip(&body.actions) {
        check_action(number, action, &body.actions).map_err(|why| format!("action {number} {why}"))?;
    }
    Ok(())
}

fn check_action(number: u32, action: &Action, all: &[Action]) -> Result<(), &'static str> {
    if action.id.0 != number {
        return Err("has another number than its place");
    }
    if action.waits_for.iter().any(|earlier| earlier.0 == 0 || earlier.0 >= number) {
        return Err("waits for one that does not come before it");
    }
    if action.risk != action.deed.risk() {
        return Err("has another risk than its kind");
    }
    let is_new = matches!(action.deed, Deed::Invite { .. });
    let is_invite_of_it = |earlier: &ActionId| {
        let invite = all.get(usize::try_from(earlier.0).unwrap_or_default().wrapping_sub(1));
        invite.is_some_and(|invite| {
            matches!(invite.deed, Deed::Invite { .. }) && invite.subject.email == action.subject.email
        })
    };
    let is_of_new = matches!(action.deed, Deed::Update | Deed::GrantAdmin { .. } | Deed::AddToTeam { .. })
        && action.waits_for.iter().any(is_invite_of_it);
    let has_id = action.subject.teammate_id.is_some();
    if (is_new && has_id) || (!is_new && !is_of_new && !has_id) {
        return Err("does not say rightly whose account it is");
    }
    let allowed = |name: &str| match action.deed {
        Deed::Invite { .. } | Deed::Update => {
            matches!(name, "first_name" | "last_name" | "username")
                || name.starts_with("custom_fields.")
                || (is_new && name == "email")
        }
        Deed::GrantAdmin { .. } | Deed::RevokeAdmin { .. } => name == "is_admin",
        Deed::AddToTeam { .. } | Deed::RemoveFromTeam { .. } => name == "is_member",
        Deed::HandOver { .. } => matches!(name, "open_conversations" | "assignee"),
        Deed::Deactivate { .. } | Deed::Reactivate => name == "is_blocked",
    };
    if !action.before.keys().chain(action.after.keys()).all(|name| allowed(name)) {
        return Err("changes something that its kind does not change");
    }
    let aims = |field: &str, wanted: bool| action.after.get(field) == Some(&Value::Bool(wanted));
    let is_right = match action.deed {
        Deed::GrantAdmin { .. } => aims("is_admin", true),
        Deed::RevokeAdmin { .. } => aims("is_admin", false),
        Deed::AddToTeam { .. } => aims("is_member", true),
        Deed::RemoveFromTeam { .. } => aims("is_member", false),
        Deed::Deactivate { .. } => aims("is_blocked", true),
        Deed::Reactivate => aims("is_blocked", false),
        Deed::Invite { .. } | Deed::Update | Deed::HandOver { .. } => true,
    };
    if is_right { Ok(()) } else { Err("does something else than its kind says") }
}
