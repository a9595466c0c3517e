//! The read-back at the end: what was done must still be so when everything is done.

use crate::apply::report::{Ending, Status};
use crate::apply::{Apply, Halt, look};
use crate::plan::{Action, Deed};
use crate::run::Ledger;
use crate::service::Service;
use std::collections::HashMap;
use tenure_client::{TeamId, Teammate, TeammateId};

impl<S: Service, L: Ledger> Apply<'_, S, L> {
    /// Reads everything back that was changed.
    pub(super) async fn read_back(&mut self) -> Result<(), Halt> {
        let plan = self.plan;
        let is_verified = |action: &&Action| {
            self.progress.endings.get(&action.id).is_some_and(|ending| ending.status == Status::Verified)
        };
        let verified: Vec<_> = plan.body.actions.iter().filter(is_verified).collect();
        if verified.is_empty() {
            return Ok(());
        }
        let all = self.service.teammates().await.map_err(Halt::Service)?;
        let by_id: HashMap<&TeammateId, &Teammate> = all.iter().map(|mate| (&mate.id, mate)).collect();
        let mut members = HashMap::new();
        for action in &verified {
            if let Deed::AddToTeam { team, .. } | Deed::RemoveFromTeam { team, .. } = &action.deed
                && !members.contains_key(team)
            {
                members.insert(
                    team.clone(),
                    self.service.members(team).await.map_err(Halt::Service)?.unwrap_or_default(),
                );
            }
        }
        for action in verified {
            let id = self.progress.ids.get(&action.id).cloned().or_else(|| self.id_of(action));
            let mate = id.as_ref().and_then(|id| by_id.get(id).copied());
            let is_in = |team: &TeamId| {
                id.as_ref()
                    .is_some_and(|id| members.get(team).is_some_and(|members| members.contains_key(id)))
            };
            let holds = match &action.deed {
                Deed::AddToTeam { team, .. } => is_in(team),
                Deed::RemoveFromTeam { team, .. } => !is_in(team),
                // Read back when it was done; conversations come and go.
                Deed::HandOver { .. } | Deed::Reactivate => true,
                // Changed further by a later action of the same plan, perhaps.
                Deed::Invite { .. } => mate.is_some(),
                Deed::Update
                | Deed::GrantAdmin { .. }
                | Deed::RevokeAdmin { .. }
                | Deed::Deactivate { .. } => look::still_holds(action, mate),
            };
            if !holds {
                self.end(
                    action,
                    Ending::new(Status::Failed, "it was done, and is not so any more at the end of the run"),
                )?;
            }
        }
        Ok(())
    }
}
