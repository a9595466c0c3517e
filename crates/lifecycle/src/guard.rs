//! The guards: what no plan does, however it was asked for, unless its guard is overridden by name.

use crate::address::{EmailKey, fits, fits_address};
use crate::directory::{Directory, Via};
use crate::people::Source;
use crate::plan::{Action, Deed, PlanBody};
use crate::settings::{Guards, Share};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::time::SystemTime;

/// A guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Too many deactivations.
    MaxDeactivations,
    /// Too few administrators left.
    MinAdmins,
    /// A protected account.
    Protect,
    /// A stale source.
    SourceMaxAge,
    /// An empty or shrunken source.
    SourceMinRows,
    /// The teammate whose token is used.
    OwnTeammate,
    /// Two rows for one person.
    DuplicateRows,
    /// A user name or an address that somebody else has.
    Taken,
    /// A plan for another company or server.
    Target,
}

/// All guards.
pub const GUARDS: [Guard; 9] = [
    Guard::MaxDeactivations,
    Guard::MinAdmins,
    Guard::Protect,
    Guard::SourceMaxAge,
    Guard::SourceMinRows,
    Guard::OwnTeammate,
    Guard::DuplicateRows,
    Guard::Taken,
    Guard::Target,
];

impl Guard {
    /// Its name, as `--override` takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MaxDeactivations => "max_deactivations",
            Self::MinAdmins => "min_admins",
            Self::Protect => "protect",
            Self::SourceMaxAge => "source_max_age",
            Self::SourceMinRows => "source_min_rows",
            Self::OwnTeammate => "own_teammate",
            Self::DuplicateRows => "duplicate_rows",
            Self::Taken => "taken",
            Self::Target => "target",
        }
    }

    /// Whether a person may override it: not where nobody could say what should happen then.
    pub const fn may_be_overridden(self) -> bool {
        !matches!(self, Self::DuplicateRows | Self::Taken | Self::Target)
    }

    /// The guard of a name that may be overridden.
    pub fn parse(name: &str) -> Result<Self, String> {
        let allowed = GUARDS.into_iter().filter(|guard| guard.may_be_overridden());
        let found = allowed.clone().find(|guard| guard.name() == name);
        found.ok_or_else(|| {
            let names: Vec<_> = allowed.map(Self::name).collect();
            format!(
                "there is no guard `{}` that can be overridden; there are {}",
                name.escape_debug(),
                names.join(", ")
            )
        })
    }
}

/// Why a plan is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The guard.
    pub guard: Guard,
    /// What it is about, and what was asked.
    pub message: String,
}

impl Violation {
    /// A refusal by a guard.
    pub fn new(guard: Guard, message: impl Into<String>) -> Self {
        Self { guard, message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.guard.name(), self.message)
    }
}

/// What is known of the sources at the time of a check.
#[derive(Debug, Clone, Copy)]
pub struct SourceCheck<'a> {
    /// The sources.
    pub sources: &'a [Source],
    /// The rows of all sources of the last plan that was applied to the same target, where there was one.
    pub rows_before: Option<usize>,
    /// The time of the check.
    pub now: SystemTime,
}

/// Everything that the guards have against a plan, with the directory as it is now. What was overridden in the plan is
/// left out.
pub fn check(
    plan: &PlanBody,
    directory: &Directory,
    guards: &Guards,
    sources: SourceCheck<'_>,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    deactivations(plan, directory, guards, &mut violations);
    admins(plan, directory, guards, &mut violations);
    accounts(plan, directory, guards, &mut violations);
    taken(plan, directory, &mut violations);
    source_ages(guards, sources, &mut violations);
    source_rows(plan, directory, guards, sources, &mut violations);
    if plan.target.company_id != directory.target.company_id {
        let message = format!(
            "the plan is for company {} at {}, and the token is of {} at {}",
            plan.target.company_id, plan.target.url, directory.target.company_id, directory.target.url
        );
        violations.push(Violation::new(Guard::Target, message));
    }
    let overrides: BTreeSet<&str> = plan.overrides.iter().map(String::as_str).collect();
    let stands = |violation: &Violation| {
        !(violation.guard.may_be_overridden() && overrides.contains(violation.guard.name()))
    };
    violations.retain(stands);
    violations
}

fn deactivates(action: &Action) -> bool {
    matches!(action.deed, Deed::Deactivate { via: Via::Rest | Via::Scim })
}

fn deactivations(plan: &PlanBody, directory: &Directory, guards: &Guards, violations: &mut Vec<Violation>) {
    let asked = plan.actions.iter().filter(|action| deactivates(action)).count();
    let active = directory.active();
    let allowed = guards.max_deactivations.at_most(active);
    if asked > allowed {
        let message = format!(
            "{asked} of {active} active teammates would be deactivated, and max_deactivations = {} allows {allowed}",
            guards.max_deactivations
        );
        violations.push(Violation::new(Guard::MaxDeactivations, message));
    }
}

fn admins(plan: &PlanBody, directory: &Directory, guards: &Guards, violations: &mut Vec<Violation>) {
    let mut admins: BTreeSet<&str> = directory
        .teammates
        .iter()
        .filter(|mate| mate.is_admin && !mate.is_blocked)
        .map(|mate| mate.id.0.as_str())
        .collect();
    let before = admins.len();
    let (mut granted, mut takes_any) = (0, false);
    for action in &plan.actions {
        let id = action.subject.teammate_id.as_ref().map(|id| id.0.as_str());
        match &action.deed {
            Deed::GrantAdmin { via: Via::Rest | Via::Scim } => match id {
                Some(id) => {
                    admins.insert(id);
                }
                None => granted += 1,
            },
            Deed::RevokeAdmin { .. } | Deed::Deactivate { .. } => {
                takes_any |= id.is_some_and(|id| admins.remove(id));
            }
            _ => {}
        }
    }
    let left = admins.len() + granted;
    if takes_any && left < guards.min_admins {
        let message = format!(
            "{left} of {before} active administrators would be left, and min_admins = {} must be",
            guards.min_admins
        );
        violations.push(Violation::new(Guard::MinAdmins, message));
    }
}

fn accounts(plan: &PlanBody, directory: &Directory, guards: &Guards, violations: &mut Vec<Violation>) {
    for action in plan.actions.iter().filter(|action| !action.deed.is_manual()) {
        let (subject, kind) = (&action.subject, action.deed.kind());
        let id = subject.teammate_id.as_ref().map_or("", |id| id.0.as_str());
        let pattern =
            guards.protect.iter().find(|pattern| fits_address(pattern, &subject.email) || fits(pattern, id));
        if let Some(pattern) = pattern {
            let message =
                format!("{subject} is protected by `{pattern}`; {kind} was asked for ({})", action.reason);
            violations.push(Violation::new(Guard::Protect, message));
        }
        let is_own = directory.own_teammate.as_ref().is_some_and(|own| own.0 == id);
        if is_own && matches!(action.deed, Deed::Deactivate { .. } | Deed::RevokeAdmin { .. }) {
            let message =
                format!("{subject} is the teammate whose token is used; {kind} would cut this run off");
            violations.push(Violation::new(Guard::OwnTeammate, message));
        }
    }
}

/// Addresses and user names that somebody has, or that two actions ask for.
fn taken(plan: &PlanBody, directory: &Directory, violations: &mut Vec<Violation>) {
    let (mut emails, mut usernames) = (HashMap::new(), HashMap::new());
    for action in plan.actions.iter().filter(|action| !action.deed.is_manual()) {
        let (subject, reason) = (&action.subject, &action.reason);
        let is_invite = matches!(action.deed, Deed::Invite { .. });
        if is_invite && emails.insert(EmailKey::lenient(&subject.email), action).is_some() {
            let message = format!("{subject} is invited twice ({reason})");
            violations.push(Violation::new(Guard::DuplicateRows, message));
        }
        let Some(username) = action.after.get("username").and_then(serde_json::Value::as_str) else {
            continue;
        };
        if let Some(other) = usernames.insert(username, action) {
            let other = &other.subject;
            let message =
                format!("the user name `{username}` is asked for by {other} and by {subject} ({reason})");
            violations.push(Violation::new(Guard::Taken, message));
        }
    }
    if emails.is_empty() && usernames.is_empty() {
        return;
    }
    for holder in &directory.teammates {
        if let Some(Action { subject, reason, .. }) = emails.get(&EmailKey::lenient(&holder.email)) {
            let message = format!("{subject} ({reason}) is there already, as {}; plan again", holder.id);
            violations.push(Violation::new(Guard::Taken, message));
        }
        let asking = usernames.get(holder.username.as_str());
        let asking = asking.filter(|action| action.subject.teammate_id.as_ref() != Some(&holder.id));
        if let Some(Action { subject, reason, .. }) = asking {
            let message = format!(
                "the user name `{}` of {subject} ({reason}) is that of {} ({})",
                holder.username, holder.email, holder.id
            );
            violations.push(Violation::new(Guard::Taken, message));
        }
    }
}

fn source_ages(guards: &Guards, check: SourceCheck<'_>, violations: &mut Vec<Violation>) {
    let Some(max_age) = guards.source_max_age else { return };
    for source in check.sources {
        if source.is_changed {
            let message =
                format!("{} is no longer the file that the plan was made from; plan again", source.name);
            violations.push(Violation::new(Guard::SourceMaxAge, message));
        }
        let age = source.modified.and_then(|modified| check.now.duration_since(modified).ok());
        let age = age.and_then(|age| i64::try_from(age.as_secs()).ok());
        if age.is_some_and(|age| age > max_age.seconds) {
            let hours = age.unwrap_or_default() / 3600;
            let message =
                format!("{} was written {hours} h ago, and source_max_age = {max_age}", source.name);
            violations.push(Violation::new(Guard::SourceMaxAge, message));
        }
    }
}

fn source_rows(
    plan: &PlanBody,
    directory: &Directory,
    guards: &Guards,
    check: SourceCheck<'_>,
    violations: &mut Vec<Violation>,
) {
    if plan.sources.is_empty() {
        return;
    }
    for source in plan.sources.iter().filter(|source| source.rows == 0) {
        violations.push(Violation::new(Guard::SourceMinRows, format!("{} has no rows", source.name)));
    }
    let rows: usize = plan.sources.iter().map(|source| source.rows).sum();
    if let Share::Count(needed) = guards.source_min_rows
        && rows > 0
        && rows < needed
    {
        let message = format!("the sources have {rows} rows, and source_min_rows = {needed}");
        violations.push(Violation::new(Guard::SourceMinRows, message));
        return;
    }
    let of_listed = plan.deactivates_unlisted.then(|| (directory.active(), "active teammates"));
    let of_before = check.rows_before.map(|rows| (rows, "rows of the last applied plan"));
    for (whole, what) in of_before.into_iter().chain(of_listed) {
        let needed = guards.source_min_rows.at_least(whole);
        if rows > 0 && rows < needed {
            let message = format!(
                "the sources have {rows} rows, {needed} are needed: source_min_rows = {} of {whole} {what}",
                guards.source_min_rows
            );
            violations.push(Violation::new(Guard::SourceMinRows, message));
            return;
        }
    }
}
