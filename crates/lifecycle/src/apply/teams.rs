//! Actions about one team, done together: one request adds or removes many.

use crate::address::EmailKey;
use crate::apply::report::{Ending, Status};
use crate::apply::{Apply, Halt, LOOK_AGAIN_AFTER, LOOKS, Sent, TRIES, given_up, look, of_itself};
use crate::plan::{Action, Deed};
use crate::run::Ledger;
use crate::service::Service;
use std::collections::BTreeMap;
use tenure_client::{TeamId, TeammateId};

/// How many go into one request.
const AT_ONCE: usize = 100;

/// The team of an action, and whether the subject is to be in it.
fn aim(action: &Action) -> Option<(&TeamId, bool)> {
    match &action.deed {
        Deed::AddToTeam { team, .. } => Some((team, true)),
        Deed::RemoveFromTeam { team, .. } => Some((team, false)),
        _ => None,
    }
}

fn stale(why: &str) -> Ending {
    Ending::new(Status::Stale, why)
}

/// Whether an account with an address is still the one that an action is about.
fn is_same_person(action: &Action, email: &str) -> Result<(), String> {
    if EmailKey::lenient(email) == EmailKey::lenient(&action.subject.email) {
        return Ok(());
    }
    Err(format!("the account has the address {email} now"))
}

/// How many of the next actions are about the same team in the same way; 0 where the next is about none.
pub(super) fn together(rest: &[Action]) -> usize {
    let Some(first) = rest.first().and_then(aim) else { return 0 };
    rest.iter().take(AT_ONCE).take_while(|action| aim(action) == Some(first)).count()
}

impl<S: Service, L: Ledger> Apply<'_, S, L> {
    /// Does what some actions ask of one team.
    pub(super) async fn team(&mut self, actions: &[Action]) -> Result<(), Halt> {
        let Some((team, wanted)) = actions.first().and_then(aim) else { return Ok(()) };
        let mut open = Vec::new();
        for action in actions {
            if self.is_over(action)? {
                continue;
            }
            match self.id_of(action) {
                Some(id) => open.push((action, id)),
                None => self.end(action, Ending::new(Status::Failed, "the account has no id"))?,
            }
        }
        if open.is_empty() {
            return Ok(());
        }
        let members = match self.service.members(team).await {
            Ok(members) => members,
            Err(error) => return self.end_all(open, of_itself(Err(Halt::Service(error)))?),
        };
        let Some(members) = members else {
            return self
                .end_all(open, Ending::new(Status::Stale, format!("there is no team {team} any more")));
        };
        let mut waiting = Vec::new();
        for (action, id) in open {
            let is_ours = self.progress.may_be_done(action.id) || action.subject.teammate_id.is_none();
            let ending = match (members.get(&id), is_ours) {
                (Some(_), true) if wanted => Some(Ending::verified()),
                (None, true) if !wanted => Some(Ending::verified()),
                (Some(_), false) if wanted => Some(stale("it is in the team already; somebody else did it")),
                (None, false) if !wanted => {
                    Some(stale("it is not in the team any more; somebody else did it"))
                }
                (Some(email), _) => is_same_person(action, email).err().map(|why| stale(&why)),
                (None, _) => self.may_join(action, &id).await?,
            };
            match ending {
                Some(ending) => self.end(action, ending)?,
                None => waiting.push((action, id)),
            }
        }
        if waiting.is_empty() {
            return Ok(());
        }
        if let Some(why) = self.change_team(team, wanted, &mut waiting).await? {
            // One that cannot be done must not hold up the others.
            let is_alone = waiting.len() == 1;
            for (action, id) in waiting {
                let mut one = vec![(action, id)];
                let why = if is_alone {
                    Some(why.clone())
                } else {
                    self.change_team(team, wanted, &mut one).await?
                };
                if let (Some(why), [(action, _)]) = (why, one.as_slice()) {
                    self.end(action, Ending::new(Status::Failed, why))?;
                }
            }
        }
        Ok(())
    }

    fn end_all(&mut self, actions: Vec<(&Action, TeammateId)>, ending: Ending) -> Result<(), Halt> {
        actions.into_iter().try_for_each(|(action, _)| self.end(action, ending.clone()))
    }

    /// Why somebody is not put into a team: the account is not what it was when it was planned.
    async fn may_join(&mut self, action: &Action, id: &TeammateId) -> Result<Option<Ending>, Halt> {
        let mate = match self.service.teammate(id).await {
            Ok(mate) => mate,
            Err(error) => return of_itself(Err(Halt::Service(error))).map(Some),
        };
        if let Err(why) = look::is_still(action, mate.as_ref()) {
            return Ok(Some(stale(&why)));
        }
        Ok(mate.filter(|mate| mate.is_blocked).map(|_| stale("the account was deactivated")))
    }

    /// Sends one request for some, and ends those for whom it shows. What the server said, if it said no.
    async fn change_team(
        &mut self,
        team: &TeamId,
        wanted: bool,
        waiting: &mut Vec<(&Action, TeammateId)>,
    ) -> Result<Option<String>, Halt> {
        let service = self.service;
        let mut last = Sent::Done;
        for _ in 0..TRIES {
            let ids: Vec<_> = waiting.iter().map(|(_, id)| id.clone()).collect();
            let actions: Vec<_> = waiting.iter().map(|(action, _)| action.id).collect();
            last = if wanted {
                let request = format!("POST /teams/{team}/teammates {}", ids.len());
                self.send(&actions, request, service.add(team, &ids)).await?
            } else {
                let request = format!("DELETE /teams/{team}/teammates {}", ids.len());
                self.send(&actions, request, service.remove(team, &ids)).await?
            };
            if let Sent::Refused(why) = last {
                return Ok(Some(why));
            }
            let members = self.members_until(team, wanted, &ids).await?;
            let mut still = Vec::new();
            for (action, id) in waiting.drain(..) {
                if members.contains_key(&id) == wanted {
                    self.end(action, Ending::verified())?;
                } else {
                    still.push((action, id));
                }
            }
            *waiting = still;
            if waiting.is_empty() {
                return Ok(None);
            }
        }
        let sent = waiting.iter().map(|(action, _)| self.progress.sent(action.id)).max().unwrap_or_default();
        given_up(last, sent).map(Some)
    }

    async fn members_until(
        &self,
        team: &TeamId,
        wanted: bool,
        ids: &[TeammateId],
    ) -> Result<BTreeMap<TeammateId, String>, Halt> {
        let mut pause = LOOK_AGAIN_AFTER;
        let mut members = self.service.members(team).await.map_err(Halt::Service)?.unwrap_or_default();
        for _ in 1..LOOKS {
            if ids.iter().all(|id| members.contains_key(id) == wanted) {
                break;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            members = self.service.members(team).await.map_err(Halt::Service)?.unwrap_or_default();
        }
        Ok(members)
    }
}
