//! How actions end, and the report of a run.

use crate::apply::progress::Progress;
use crate::plan::{Action, Plan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tenure_client::TeammateId;

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is so, read back from the service.
    Verified,
    /// It is not so.
    Failed,
    /// Somebody changed what it was planned for; nothing was done.
    Stale,
    /// A person has to do it.
    Manual,
    /// Something that it waits for did not go well; nothing was done.
    Skipped,
    /// Its turn did not come.
    Pending,
}

impl Status {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Failed => "failed",
            Self::Stale => "stale",
            Self::Manual => "manual",
            Self::Skipped => "skipped",
            Self::Pending => "pending",
        }
    }
}

/// How an action ended, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// How.
    pub status: Status,
    /// Why; empty where it is verified.
    pub why: String,
}

impl Ending {
    pub(crate) fn verified() -> Self {
        Self { status: Status::Verified, why: String::new() }
    }

    pub(crate) fn new(status: Status, why: impl Into<String>) -> Self {
        Self { status, why: why.into() }
    }
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportLine {
    /// The action.
    #[serde(flatten)]
    pub action: Action,
    /// How it ended.
    pub status: Status,
    /// Why, where it is not verified.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The id of the account, where the run made it known: of somebody who was invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teammate_id: Option<TeammateId>,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The run.
    pub run: String,
    /// The plan's digest.
    pub digest: String,
    /// The guards that were overridden by name.
    pub overrides: Vec<String>,
    /// Who approved.
    pub approved_by: Vec<String>,
    /// Whether the run came to its end.
    pub is_finished: bool,
    /// How many actions ended in each way.
    pub counts: BTreeMap<String, usize>,
    /// Each action, in the order of the plan.
    pub actions: Vec<ReportLine>,
}

impl Report {
    /// The report of a plan that was carried out so far.
    pub fn new(run: &str, plan: &Plan, progress: &Progress, is_finished: bool) -> Self {
        let lines = plan.body.actions.iter().map(|action| {
            let ending = progress.endings.get(&action.id);
            ReportLine {
                action: action.clone(),
                status: ending.map_or(Status::Pending, |ending| ending.status),
                why: ending.map(|ending| ending.why.clone()).unwrap_or_default(),
                teammate_id: progress.ids.get(&action.id).cloned(),
            }
        });
        let actions: Vec<_> = lines.collect();
        let mut counts = BTreeMap::new();
        for line in &actions {
            *counts.entry(line.status.name().to_owned()).or_insert(0) += 1;
        }
        Self {
            run: run.to_owned(),
            digest: plan.digest.clone(),
            overrides: plan.body.overrides.iter().cloned().collect(),
            approved_by: vec![],
            is_finished,
            counts,
            actions,
        }
    }

    /// Whether everything that could be done is done, and is so.
    pub fn is_success(&self) -> bool {
        self.is_finished
            && self.actions.iter().all(|line| matches!(line.status, Status::Verified | Status::Manual))
    }

    /// Whether anything was done.
    pub fn did_anything(&self) -> bool {
        // An invitation that went out counts, whatever its account looks like.
        self.actions.iter().any(|line| line.status == Status::Verified || line.teammate_id.is_some())
    }
}
