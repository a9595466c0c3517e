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
    /// How many requests were sent for an action, and how many of them may have been carried out.
    tries: BTreeMap<ActionId, Tries>,
    /// Actions of which the server said that they are done.
    done: BTreeSet<ActionId>,
    /// The ids that became known.
    pub(super) ids: BTreeMap<ActionId, TeammateId>,
    pub(super) requests: u64,
    is_finished: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tries {
    sent: u32,
    possible: u32,
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
                    progress.intend(actions);
                    intents.insert(*number, actions);
                }
                Entry::Outcome { number, outcome, teammate_id } => {
                    let actions = intents.get(number).copied().unwrap_or_default();
                    progress.hear(actions, *outcome, teammate_id.as_ref());
                }
                Entry::Action { action, status, why, teammate_id } => {
                    progress.endings.insert(*action, Ending::new(*status, why.clone()));
                    progress.ids.extend(teammate_id.clone().map(|id| (*action, id)));
                }
                // Given up, it has nothing left to do either.
                Entry::Finished | Entry::Abandoned => progress.is_finished = true,
            }
        }
        progress
    }

    /// Notes that a request for some actions is about to be sent.
    pub(super) fn intend(&mut self, actions: &[ActionId]) {
        for action in actions {
            let tries = self.tries.entry(*action).or_default();
            tries.sent += 1;
            tries.possible += 1;
        }
    }

    /// Notes what came of it.
    pub(super) fn hear(&mut self, actions: &[ActionId], outcome: RequestOutcome, id: Option<&TeammateId>) {
        for action in actions {
            let tries = self.tries.entry(*action).or_default();
            match outcome {
                RequestOutcome::Refused | RequestOutcome::NotSent => {
                    tries.possible = tries.possible.saturating_sub(1);
                }
                RequestOutcome::Done => {
                    self.done.insert(*action);
                    self.ids.extend(id.map(|id| (*action, id.clone())));
                }
                RequestOutcome::Ambiguous => {}
            }
        }
    }

    /// Whether a request for an action may have been carried out.
    pub(super) fn may_be_done(&self, action: ActionId) -> bool {
        self.tries.get(&action).is_some_and(|tries| tries.possible > 0)
    }

    /// Whether the server said that an action is done.
    pub(super) fn is_done(&self, action: ActionId) -> bool {
        self.done.contains(&action)
    }

    /// How many requests were sent for an action, by this process and those before it.
    pub(super) fn sent(&self, action: ActionId) -> u32 {
        self.tries.get(&action).map_or(0, |tries| tries.sent)
    }

    /// Whether nothing was sent for an action, and it is not over.
    pub fn is_untouched(&self, action: ActionId) -> bool {
        !self.endings.contains_key(&action) && self.sent(action) == 0
    }

    /// How many actions are over.
    pub fn ended(&self) -> usize {
        self.endings.len()
    }

    /// Whether everything is over, and was read back; or the run was given up.
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
