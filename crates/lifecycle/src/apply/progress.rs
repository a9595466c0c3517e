//! How far a run has come, read from its ledger.

use crate::apply::report::{Ending, Status};
use crate::plan::{Action, ActionId};
use crate::run::{Entry, RequestOutcome};
use std::collections::{BTreeMap, BTreeSet};
use tenure_client::TeammateId;

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    pub(super) endings: BTreeMap<ActionId, Ending>,
    /// Actions for which a request may have been carried out.
    pub(super) attempted: BTreeSet<ActionId>,
    /// Actions for which more than one request was sent.
    pub(super) repeated: BTreeSet<ActionId>,
    /// The ids that became known.
    pub(super) ids: BTreeMap<ActionId, TeammateId>,
    pub(super) requests: u64,
    is_finished: bool,
}

impl Progress {
    /// What the entries of a ledger come to.
    pub fn replay(entries: &[Entry]) -> Self {
        let mut progress = Self::default();
        let mut intents: BTreeMap<u64, &[ActionId]> = BTreeMap::new();
        for entry in entries {
            match entry {
                Entry::Started { .. } => progress.is_finished = false,
                Entry::Intent { number, actions, .. } => {
                    progress.requests = progress.requests.max(*number);
                    progress.attempt(actions);
                    intents.insert(*number, actions);
                }
                Entry::Outcome { number, outcome } => {
                    let was_not_done = matches!(outcome, RequestOutcome::Refused | RequestOutcome::NotSent);
                    let earlier: BTreeSet<_> =
                        intents.range(..*number).flat_map(|(_, actions)| actions.iter().copied()).collect();
                    for action in intents.get(number).into_iter().flat_map(|actions| actions.iter()) {
                        // An earlier request for the same may still have been carried out.
                        if was_not_done && !earlier.contains(action) {
                            progress.attempted.remove(action);
                        }
                    }
                }
                Entry::Action { action, status, why, teammate_id } => {
                    progress.endings.insert(*action, Ending::new(*status, why.clone()));
                    progress.ids.extend(teammate_id.clone().map(|id| (*action, id)));
                }
                Entry::Finished => progress.is_finished = true,
            }
        }
        progress
    }

    /// Notes that a request for some actions is about to be sent.
    pub(super) fn attempt(&mut self, actions: &[ActionId]) {
        for action in actions {
            if !self.attempted.insert(*action) {
                self.repeated.insert(*action);
            }
        }
    }

    /// How many actions are over.
    pub fn ended(&self) -> usize {
        self.endings.len()
    }

    /// Whether everything is over, and was read back.
    pub const fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// How each action ended.
    pub const fn endings(&self) -> &BTreeMap<ActionId, Ending> {
        &self.endings
    }

    /// What an action waits for that did not go well; an invitation, a hand-over.
    pub(super) fn blocked_by<'a>(&self, action: &'a Action) -> Option<(&'a ActionId, Status)> {
        action.waits_for.iter().find_map(|id| {
            let status = self.endings.get(id).map_or(Status::Pending, |ending| ending.status);
            (status != Status::Verified).then_some((id, status))
        })
    }
}
