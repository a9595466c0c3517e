//! Actions before they are numbered: in the order of doing, each knowing what it waits for by name.

use crate::address::EmailKey;
use crate::directory::{Directory, Via};
use crate::plan::{Action, ActionId, Deed, Fields, Subject};
use std::collections::{HashMap, HashSet};

/// An action without its number.
pub(super) struct Draft {
    key: EmailKey,
    action: Action,
    waits_for: Vec<(EmailKey, &'static str)>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Drafts(Vec<Draft>);

/// When a deed's turn is: those who stay first, deactivations last.
const fn turn(deed: &Deed) -> u8 {
    match deed {
        Deed::Invite { .. } => 0,
        Deed::Update => 1,
        Deed::GrantAdmin { .. } => 2,
        Deed::AddToTeam { .. } => 3,
        Deed::HandOver { .. } => 4,
        Deed::RemoveFromTeam { .. } => 5,
        Deed::RevokeAdmin { .. } => 6,
        Deed::Deactivate { .. } => 7,
        Deed::Reactivate => 8,
    }
}

/// The team of a deed: what is done to one team comes together, and goes out together.
fn team(deed: &Deed) -> &str {
    match deed {
        Deed::AddToTeam { team, .. } | Deed::RemoveFromTeam { team, .. } => &team.0,
        _ => "",
    }
}

impl Draft {
    pub(super) fn steps(&mut self, steps: Vec<String>) -> &mut Self {
        self.action.steps = steps;
        self
    }

    pub(super) fn requests(&mut self, requests: u32) -> &mut Self {
        self.action.requests = if self.action.deed.is_manual() { 0 } else { requests };
        self
    }

    pub(super) fn waits_for(&mut self, key: &EmailKey, kind: &'static str) -> &mut Self {
        self.waits_for.push((key.clone(), kind));
        self
    }
}

impl Drafts {
    pub(super) fn add(
        &mut self,
        key: &EmailKey,
        deed: Deed,
        subject: &Subject,
        before: Fields,
        after: Fields,
        reason: &str,
    ) -> &mut Draft {
        let action = Action {
            id: ActionId(0),
            risk: deed.risk(),
            deed,
            subject: subject.clone(),
            before,
            after,
            reason: reason.to_owned(),
            requests: 0,
            waits_for: vec![],
            steps: vec![],
        };
        self.0.push(Draft { key: key.clone(), action, waits_for: vec![] });
        self.0.last_mut().expect("it was pushed just now")
    }

    /// The addresses of those who are invited.
    pub(super) fn invited(&self) -> Vec<String> {
        let invites = self.0.iter().filter(|draft| matches!(draft.action.deed, Deed::Invite { .. }));
        invites.map(|draft| draft.action.subject.email.clone()).collect()
    }

    /// The actions with their numbers.
    ///
    /// Where too few administrators would be left without those who are made one, the right is taken only after it was given.
    pub(super) fn numbered(self, directory: &Directory, min_admins: usize) -> Vec<Action> {
        let mut drafts = self.0;
        drafts.sort_by(|a, b| {
            let order = |draft: &Draft| turn(&draft.action.deed);
            order(a)
                .cmp(&order(b))
                .then_with(|| team(&a.action.deed).cmp(team(&b.action.deed)))
                .then_with(|| a.key.cmp(&b.key))
        });
        let mut by_name: HashMap<(EmailKey, &'static str), Vec<ActionId>> = HashMap::new();
        for (number, draft) in (1..).zip(&mut drafts) {
            draft.action.id = ActionId(number);
            by_name.entry((draft.key.clone(), draft.action.deed.kind())).or_default().push(ActionId(number));
        }
        let grants = drafts
            .iter()
            .filter(|draft| matches!(draft.action.deed, Deed::GrantAdmin { via } if via != Via::Person));
        let grants: Vec<_> = grants.map(|draft| draft.action.id).collect();
        let admins: HashSet<_> = directory
            .teammates
            .iter()
            .filter(|mate| mate.is_admin && !mate.is_blocked)
            .map(|mate| &mate.id)
            .collect();
        let takes = |action: &Action| {
            matches!(action.deed, Deed::RevokeAdmin { .. } | Deed::Deactivate { .. })
                && action.subject.teammate_id.as_ref().is_some_and(|id| admins.contains(id))
        };
        let losing = drafts.iter().filter(|draft| takes(&draft.action));
        let losing: HashSet<_> =
            losing.filter_map(|draft| draft.action.subject.teammate_id.as_ref()).collect();
        let left = admins.len().saturating_sub(losing.len());
        let is_short = left < min_admins;
        let finished = drafts.into_iter().map(|draft| {
            let Draft { mut action, waits_for, .. } = draft;
            let mut ids: Vec<_> =
                waits_for.iter().filter_map(|name| by_name.get(name)).flatten().copied().collect();
            if is_short && takes(&action) {
                ids.extend(&grants);
            }
            ids.sort_unstable();
            ids.dedup();
            action.waits_for = ids;
            action
        });
        finished.collect()
    }
}
