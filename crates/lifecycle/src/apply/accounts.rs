//! Actions about one account: inviting, changing, the administrator's right, handing over, deactivating.

use crate::address::EmailKey;
use crate::apply::look::{self, Found};
use crate::apply::report::{Ending, Status};
use crate::apply::{Apply, Halt, LOOK_AGAIN_AFTER, LOOKS, Sent, TRIES, TRIES_IN_ALL, given_up};
use crate::directory::Via;
use crate::plan::{Action, Deed, Subject};
use crate::run::Ledger;
use crate::service::Service;
use std::collections::BTreeMap;
use tenure_client::{ConversationId, Teammate, TeammateId};

/// How many conversations are handed over between two looks at which are still open.
const CONVERSATIONS_AT_ONCE: usize = 20;

impl<S: Service, L: Ledger> Apply<'_, S, L> {
    /// Does one thing to an account, once: looks, sends, and looks again.
    pub(super) async fn account(&mut self, action: &Action) -> Result<Ending, Halt> {
        let (mut found, mut mate) = self.look(action).await?;
        let mut last = Sent::Done;
        for _ in 0..TRIES {
            match found {
                Found::Before => {}
                // What somebody has whom this run invited was not done by others.
                Found::After if self.progress.may_be_done(action.id) || is_of_newcomer(action) => {
                    return Ok(done(action, mate.as_ref()));
                }
                Found::After => {
                    // Whom others invited this run has not made known.
                    self.progress.ids.remove(&action.id);
                    return Ok(Ending::new(Status::Stale, "it is so already; somebody else did it"));
                }
                Found::Other(why) => return Ok(Ending::new(Status::Stale, why)),
            }
            let is_invite = matches!(action.deed, Deed::Invite { .. });
            if self.progress.sent(action.id) >= TRIES_IN_ALL
                || (is_invite && self.progress.is_done(action.id))
            {
                // An invitation that was answered as sent is never sent again, however late it shows.
                (found, mate) = self.look_until_done(action).await?;
                if found == Found::After {
                    return Ok(done(action, mate.as_ref()));
                }
                break;
            }
            last = self.send_account(action, mate.as_ref()).await?;
            if let Sent::Refused(why) = &last
                && !self.progress.may_be_done(action.id)
            {
                return Ok(Ending::new(Status::Failed, why.as_str()));
            }
            // After a refusal too: a request before this one may have arrived later than this one's look.
            (found, mate) = self.look_until_done(action).await?;
            if found == Found::After {
                return Ok(done(action, mate.as_ref()));
            }
            if let Sent::Refused(_) = &last {
                break;
            }
        }
        Ok(Ending::new(Status::Failed, given_up(last, self.progress.sent(action.id))?))
    }

    async fn look(&mut self, action: &Action) -> Result<(Found, Option<Teammate>), Halt> {
        let id = self.progress.ids.get(&action.id).cloned().or_else(|| self.id_of(action));
        let mate = match id {
            Some(id) => self.service.teammate(&id).await,
            None => self.service.teammate_by_email(&action.subject.email).await,
        };
        let mate = mate.map_err(Halt::Service)?;
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
                self.send_and_learn(&ids, request, service.create(*via, &new, &key)).await
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

    /// Hands all open conversations over, some at a time, until there are none. What somebody else took meanwhile is no
    /// longer among them.
    pub(super) async fn hand_over(&mut self, action: &Action, to: Option<&Subject>) -> Result<Ending, Halt> {
        let (_, mate) = self.look(action).await?;
        if let Err(why) = look::is_still(action, mate.as_ref()) {
            return Ok(Ending::new(Status::Stale, why));
        }
        let Some(of) = mate.map(|mate| mate.id) else {
            return Ok(Ending::new(Status::Failed, "the account has no id"));
        };
        let successor = match to {
            None => None,
            Some(to) => match self.successor(to).await? {
                Ok(id) => Some(id),
                Err(ending) => return Ok(ending),
            },
        };
        let (mut refused, mut fruitless) = (BTreeMap::new(), 0_u32);
        let (mut last, mut before) = (Sent::Done, usize::MAX);
        while fruitless < LOOKS {
            let open = self.service.open_conversations(&of).await.map_err(Halt::Service)?;
            if open.is_empty() {
                return Ok(Ending::verified());
            }
            if open.len() >= before {
                // A service may show late what was written.
                tokio::time::sleep(LOOK_AGAIN_AFTER * 2_u32.pow(fruitless)).await;
                fruitless += 1;
            } else {
                fruitless = 0;
            }
            before = open.len();
            let waiting = open.iter().filter(|conversation| !refused.contains_key(*conversation));
            let some: Vec<ConversationId> = waiting.take(CONVERSATIONS_AT_ONCE).cloned().collect();
            if some.is_empty() {
                break;
            }
            for conversation in some {
                let request = format!("PUT /conversations/{conversation}/assignee");
                let assigning = self.service.assign(&conversation, successor.as_ref());
                match self.send(&[action.id], request, assigning).await? {
                    // One that was deleted or taken meanwhile must not hold up the others.
                    Sent::Refused(why) => drop(refused.insert(conversation, why)),
                    sent => last = sent,
                }
            }
        }
        if let Some(why) = refused.into_values().next() {
            return Ok(Ending::new(Status::Failed, why));
        }
        // Each conversation may be tried as often as any other thing.
        let open = u32::try_from(before).unwrap_or(u32::MAX).max(1);
        Ok(Ending::new(Status::Failed, given_up(last, self.progress.sent(action.id) / open)?))
    }

    async fn successor(&mut self, to: &Subject) -> Result<Result<TeammateId, Ending>, Halt> {
        let mate = match &to.teammate_id {
            Some(id) => self.service.teammate(id).await,
            None => self.service.teammate_by_email(&to.email).await,
        };
        let stale = |why: String| Ok(Err(Ending::new(Status::Stale, why)));
        match mate.map_err(Halt::Service)? {
            None => stale(format!("the successor {to} is not there")),
            Some(mate) if mate.is_blocked => stale(format!("the successor {to} is blocked")),
            Some(mate) if EmailKey::lenient(&mate.email) != EmailKey::lenient(&to.email) => {
                stale(format!("the successor {} has the address {} now", mate.id, mate.email))
            }
            Some(mate) => Ok(Ok(mate.id)),
        }
    }
}

/// Whether an action is about somebody whom the same plan invites.
fn is_of_newcomer(action: &Action) -> bool {
    action.subject.teammate_id.is_none() && !matches!(action.deed, Deed::Invite { .. })
}

/// What was sent shows. An invitation is held to what was asked for, too.
fn done(action: &Action, mate: Option<&Teammate>) -> Ending {
    let is_invite = matches!(action.deed, Deed::Invite { .. });
    match mate.filter(|_| is_invite).and_then(|mate| look::otherwise(action, mate)) {
        Some(why) => Ending::new(Status::Failed, why),
        None => Ending::verified(),
    }
}
