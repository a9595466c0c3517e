//! Actions about one account: inviting, changing, the administrator's right, handing over, deactivating.

use crate::apply::look::{self, Found};
use crate::apply::report::{Ending, Status};
use crate::apply::{Apply, Halt, LOOK_AGAIN_AFTER, LOOKS, Sent, TRIES, given_up, unread};
use crate::directory::Via;
use crate::plan::{Action, Deed, Subject};
use crate::run::Ledger;
use crate::service::Service;
use tenure_client::{Teammate, TeammateId};

impl<S: Service, L: Ledger> Apply<'_, S, L> {
    /// Does one thing to an account, once: looks, sends, and looks again.
    pub(super) async fn account(&mut self, action: &Action) -> Result<Ending, Halt> {
        let (mut found, mut mate) = self.look(action).await?;
        let mut last = Sent::Done;
        for _ in 0..TRIES {
            match found {
                Found::Before => {}
                Found::After if self.was_attempted(action) => return Ok(Ending::verified()),
                Found::After => {
                    return Ok(Ending::new(Status::Stale, "it is so already; somebody else did it"));
                }
                Found::Other(why) => return Ok(Ending::new(Status::Stale, why)),
            }
            last = self.send_account(action, mate.as_ref()).await?;
            if let Sent::Refused(why) = &last
                && !self.was_attempted_twice(action)
            {
                return Ok(Ending::new(Status::Failed, why.as_str()));
            }
            // After a refusal too: a request before this one may have arrived later than this one's look.
            (found, mate) = self.look_until_done(action).await?;
            if found == Found::After {
                return Ok(Ending::verified());
            }
            if let Sent::Refused(_) = &last {
                break;
            }
        }
        Ok(Ending::new(Status::Failed, given_up(last)?))
    }

    fn was_attempted_twice(&self, action: &Action) -> bool {
        self.progress.repeated.contains(&action.id)
    }

    async fn look(&mut self, action: &Action) -> Result<(Found, Option<Teammate>), Halt> {
        let mate = match (&action.deed, self.id_of(action)) {
            (Deed::Invite { .. }, _) | (_, None) => {
                self.service.teammate_by_email(&action.subject.email).await
            }
            (_, Some(id)) => self.service.teammate(&id).await,
        };
        let mate = mate.map_err(unread)?;
        let found = look::at_account(action, mate.as_ref());
        if found == Found::After
            && let Some(mate) = &mate
        {
            self.progress.ids.insert(action.id, mate.id.clone());
        }
        Ok((found, mate))
    }

    /// Looks until what was written shows, or for long enough.
    async fn look_until_done(&mut self, action: &Action) -> Result<(Found, Option<Teammate>), Halt> {
        let mut pause = LOOK_AGAIN_AFTER;
        let mut looked = self.look(action).await?;
        for _ in 1..LOOKS {
            if looked.0 == Found::After {
                break;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            looked = self.look(action).await?;
        }
        Ok(looked)
    }

    async fn send_account(&mut self, action: &Action, mate: Option<&Teammate>) -> Result<Sent, Halt> {
        let (service, ids) = (self.service, [action.id]);
        match (&action.deed, mate) {
            (Deed::Invite { via }, _) => {
                let new = look::new_teammate(action);
                let digest = self.plan.digest.trim_start_matches("sha256:");
                let key = format!("{}-{}", digest.get(..32).unwrap_or(digest), action.id);
                let request = match via {
                    Via::Scim => format!("POST /Users {}", new.email),
                    Via::Rest | Via::Person => format!("POST /teammates {}", new.email),
                };
                self.send(&ids, request, service.create(*via, &new, &key)).await
            }
            (Deed::Deactivate { via }, Some(mate)) => {
                let request = match via {
                    Via::Scim => format!("PATCH /Users active=false {}", mate.email),
                    Via::Rest | Via::Person => format!("DELETE /teammates/{}", mate.id),
                };
                self.send(&ids, request, service.deactivate(*via, &mate.id, &mate.email)).await
            }
            (Deed::Update | Deed::GrantAdmin { .. } | Deed::RevokeAdmin { .. }, Some(mate)) => {
                let changes = look::changes(action, mate);
                let request = format!("PATCH /teammates/{}", mate.id);
                self.send(&ids, request, service.update(&mate.id, &changes)).await
            }
            (
                Deed::AddToTeam { .. }
                | Deed::RemoveFromTeam { .. }
                | Deed::HandOver { .. }
                | Deed::Reactivate,
                _,
            )
            | (_, None) => Ok(Sent::Refused("there is no account to do it to".to_owned())),
        }
    }

    /// Hands all open conversations over, one by one, until there are none.
    pub(super) async fn hand_over(&mut self, action: &Action, to: Option<&Subject>) -> Result<Ending, Halt> {
        let Some(of) = self.id_of(action) else {
            return Ok(Ending::new(Status::Failed, "the account has no id"));
        };
        let successor = match to {
            None => None,
            Some(to) => match self.successor(to).await? {
                Ok(id) => Some(id),
                Err(ending) => return Ok(ending),
            },
        };
        let mut last = Sent::Done;
        for _ in 0..=TRIES {
            let open = self.service.open_conversations(&of).await.map_err(unread)?;
            if open.is_empty() {
                return Ok(Ending::verified());
            }
            for conversation in open {
                let request = format!("PUT /conversations/{conversation}/assignee");
                let assigning = self.service.assign(&conversation, successor.as_ref());
                match self.send(&[action.id], request, assigning).await? {
                    Sent::Done => {}
                    Sent::Refused(why) => return Ok(Ending::new(Status::Failed, why)),
                    unknown @ Sent::Unknown(_) => last = unknown,
                }
            }
        }
        Ok(Ending::new(Status::Failed, given_up(last)?))
    }

    async fn successor(&mut self, to: &Subject) -> Result<Result<TeammateId, Ending>, Halt> {
        let mate = match &to.teammate_id {
            Some(id) => self.service.teammate(id).await,
            None => self.service.teammate_by_email(&to.email).await,
        };
        let stale = |why: String| Ok(Err(Ending::new(Status::Stale, why)));
        match mate.map_err(unread)? {
            None => stale(format!("the successor {to} is not there")),
            Some(mate) if mate.is_blocked => stale(format!("the successor {to} is blocked")),
            Some(mate) => Ok(Ok(mate.id)),
        }
    }
}
