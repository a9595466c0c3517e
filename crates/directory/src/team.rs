//! Teams and who is in them.

use crate::company::Company;
use crate::event::Event;
use crate::id::{TeamId, TeammateId};
use crate::occasion::{Precondition, Stamp, Timestamp, Version};
use crate::refusal::{Fault, Refusal};
use crate::teammate::{Standing, Teammate, TeammateRef};
use crate::text::{ExternalId, TeamName};
use imbl::OrdSet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The most teammates that one command may add to a team or remove from it.
pub const MAX_MEMBERS_PER_COMMAND: usize = 1000;

/// Who may see a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// Everybody in the company.
    Open,
    /// Its members (`is_private: true`).
    Private,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Its name, unique without regard to case.
    pub name: TeamName,
    /// Who may see it.
    pub privacy: Privacy,
    /// The id that an identity provider has for it.
    pub external_id: Option<ExternalId>,
    /// Who is in it.
    pub members: OrdSet<TeammateId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The company's version when it or its membership last changed.
    pub revision: Version,
    /// When that was.
    pub updated_at: Timestamp,
    /// When it got its name.
    pub named: Stamp,
    /// When one of its members last got another name.
    pub member_named: Stamp,
}

/// How a request names a team; a text that is no team id resolves to none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamRef {
    given: Box<str>,
    id: Option<TeamId>,
}

impl TeamRef {
    /// Reads a reference.
    pub fn parse(given: &str) -> Self {
        Self { given: given.into(), id: given.parse().ok() }
    }

    /// The reference as it was given.
    pub fn given(&self) -> &str {
        &self.given
    }
}

impl From<TeamId> for TeamRef {
    fn from(id: TeamId) -> Self {
        Self { given: id.to_string().into(), id: Some(id) }
    }
}

/// Creates a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTeam {
    /// Its name.
    pub name: TeamName,
    /// Who may see it.
    pub privacy: Privacy,
}

/// Renames a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenameTeam {
    /// Which.
    pub team: TeamRef,
    /// Its new name.
    pub name: TeamName,
}

/// Deletes a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteTeam {
    /// Which.
    pub team: TeamRef,
}

/// Adds teammates to a team, all or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddToTeam {
    /// Which.
    pub team: TeamRef,
    /// Whom: 1 to [`MAX_MEMBERS_PER_COMMAND`].
    pub teammates: Vec<TeammateRef>,
    /// The version that the caller saw.
    pub precondition: Precondition,
}

/// Removes teammates from a team, all or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveFromTeam {
    /// Which.
    pub team: TeamRef,
    /// Whom: 1 to [`MAX_MEMBERS_PER_COMMAND`].
    pub teammates: Vec<TeammateRef>,
    /// The version that the caller saw.
    pub precondition: Precondition,
}

/// A team was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamCreated {
    /// Which.
    pub team: TeamId,
    /// Its name.
    pub name: TeamName,
    /// Who may see it.
    pub privacy: Privacy,
    /// The id that an identity provider has for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
}

/// A team was renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamRenamed {
    /// Which.
    pub team: TeamId,
    /// Its name before.
    pub from: TeamName,
    /// Its name now.
    pub to: TeamName,
}

/// A team was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamDeleted {
    /// Which.
    pub team: TeamId,
}

/// Teammates were added to a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeammatesAdded {
    /// To which.
    pub team: TeamId,
    /// Who.
    pub teammates: Vec<TeammateId>,
}

/// Teammates were removed from a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeammatesRemoved {
    /// From which.
    pub team: TeamId,
    /// Who.
    pub teammates: Vec<TeammateId>,
}

impl Company {
    /// The team that a reference names.
    pub fn find_team(&self, reference: &TeamRef) -> Option<&Arc<Team>> {
        reference.id.and_then(|id| self.teams.get(&id))
    }

    pub(crate) fn require_team(&self, reference: &TeamRef) -> Result<&Arc<Team>, Refusal> {
        self.find_team(reference).ok_or_else(|| Refusal::UnknownTeam { given: reference.given.clone() })
    }

    /// The version of a team as it is shown with its members: the latest change of it or of one of them.
    pub fn shown_revision_of_team(&self, team: &Team) -> Version {
        let members = team.members.iter().filter_map(|id| self.teammates.get(id));
        members.map(|teammate| teammate.revision).fold(team.revision, Version::max)
    }

    fn check_team_precondition(&self, team: &Team, precondition: &Precondition) -> Result<(), Refusal> {
        match precondition {
            Precondition::None | Precondition::Exists => Ok(()),
            Precondition::Revisions(_) if precondition.allows(self.shown_revision_of_team(team)) => Ok(()),
            Precondition::Revisions(_) => Err(Refusal::ChangedSince),
        }
    }

    fn resolve_all(&self, references: &[TeammateRef]) -> Result<Vec<&Arc<Teammate>>, Refusal> {
        if references.is_empty() || references.len() > MAX_MEMBERS_PER_COMMAND {
            let message = format!(
                "must list 1 to {MAX_MEMBERS_PER_COMMAND} teammate ids; this one lists {}",
                references.len()
            );
            return Err(Fault::new("teammate_ids", message).into());
        }
        let unknown: Vec<_> = references
            .iter()
            .filter(|reference| self.find_teammate(reference).is_none())
            .map(|reference| reference.given().into())
            .collect();
        if !unknown.is_empty() {
            return Err(Refusal::UnknownTeammates { given: unknown });
        }
        Ok(references.iter().filter_map(|reference| self.find_teammate(reference)).collect())
    }
}

pub(crate) fn create(company: &Company, command: &CreateTeam) -> Result<Vec<Event>, Refusal> {
    check_name_free(company, &command.name)?;
    let team = TeamId::new(company.counters.team + 1);
    let (name, privacy) = (command.name.clone(), command.privacy);
    Ok(vec![Event::TeamCreated(TeamCreated { team, name, privacy, external_id: None })])
}

pub(crate) fn check_name_free(company: &Company, name: &TeamName) -> Result<(), Refusal> {
    match company.team_by_name.get(&name.folded()) {
        Some(holder) => Err(Refusal::TeamNameTaken { holder: *holder }),
        None => Ok(()),
    }
}

pub(crate) fn rename(company: &Company, command: &RenameTeam) -> Result<Vec<Event>, Refusal> {
    let team = company.require_team(&command.team)?;
    Ok(renaming(company, team, &command.name)?.into_iter().collect())
}

/// The event of another name; none, where it is the same.
pub(crate) fn renaming(company: &Company, team: &Team, name: &TeamName) -> Result<Option<Event>, Refusal> {
    if team.name == *name {
        return Ok(None);
    }
    if team.name.folded() != name.folded() {
        check_name_free(company, name)?;
    }
    let (from, to) = (team.name.clone(), name.clone());
    Ok(Some(Event::TeamRenamed(TeamRenamed { team: team.id, from, to })))
}

pub(crate) fn delete(company: &Company, command: &DeleteTeam) -> Result<Vec<Event>, Refusal> {
    let team = company.require_team(&command.team)?;
    Ok(vec![Event::TeamDeleted(TeamDeleted { team: team.id })])
}

pub(crate) fn add(company: &Company, command: &AddToTeam) -> Result<Vec<Event>, Refusal> {
    let team = company.require_team(&command.team)?;
    company.check_team_precondition(team, &command.precondition)?;
    let mut new = company.resolve_all(&command.teammates)?;
    new.retain(|teammate| !team.members.contains(&teammate.id));
    let blocked: Vec<_> = new.iter().filter(|t| t.standing == Standing::Blocked).map(|t| t.id).collect();
    if !blocked.is_empty() {
        return Err(Refusal::BlockedTeammates { teammates: blocked });
    }
    Ok(match ids(new) {
        teammates if teammates.is_empty() => vec![],
        teammates => vec![Event::TeammatesAdded(TeammatesAdded { team: team.id, teammates })],
    })
}

pub(crate) fn remove(company: &Company, command: &RemoveFromTeam) -> Result<Vec<Event>, Refusal> {
    let team = company.require_team(&command.team)?;
    company.check_team_precondition(team, &command.precondition)?;
    let mut gone = company.resolve_all(&command.teammates)?;
    gone.retain(|teammate| team.members.contains(&teammate.id));
    Ok(match ids(gone) {
        teammates if teammates.is_empty() => vec![],
        teammates => vec![Event::TeammatesRemoved(TeammatesRemoved { team: team.id, teammates })],
    })
}

fn ids(teammates: Vec<&Arc<Teammate>>) -> Vec<TeammateId> {
    teammates.into_iter().map(|teammate| teammate.id).collect::<BTreeSet<_>>().into_iter().collect()
}

pub(crate) fn created(company: &mut Company, event: &TeamCreated, stamp: &Stamp) {
    let TeamCreated { team: id, name, privacy, external_id } = event.clone();
    company.counters.team = company.counters.team.max(id.number());
    let team = Team {
        id,
        name,
        privacy,
        external_id,
        members: OrdSet::new(),
        created_at: stamp.time,
        revision: stamp.version,
        updated_at: stamp.time,
        named: *stamp,
        member_named: *stamp,
    };
    company.index_team(&team);
    company.teams.insert(id, Arc::new(team));
}

pub(crate) fn renamed(company: &mut Company, event: &TeamRenamed, stamp: &Stamp) {
    let TeamRenamed { team, from, to } = event;
    company.team_by_name.remove(&from.folded());
    company.team_by_name.insert(to.folded(), *team);
    change_team(company, *team, stamp, |team| {
        team.name = to.clone();
        team.named = *stamp;
    });
}

pub(crate) fn deleted(company: &mut Company, event: &TeamDeleted, stamp: &Stamp) {
    let Some(team) = company.teams.remove(&event.team) else { return };
    company.team_by_name.remove(&team.name.folded());
    if let Some(external_id) = &team.external_id {
        company.team_by_external_id.remove(external_id);
    }
    for teammate in &team.members {
        change_memberships(company, *teammate, stamp, |team| *team != event.team, None);
    }
}

pub(crate) fn teammates_added(company: &mut Company, event: &TeammatesAdded, stamp: &Stamp) {
    let TeammatesAdded { team: id, teammates } = event;
    change_team(company, *id, stamp, |team| team.members.extend(teammates.iter().copied()));
    for teammate in teammates {
        change_memberships(company, *teammate, stamp, |_| true, Some(*id));
    }
}

pub(crate) fn teammates_removed(company: &mut Company, event: &TeammatesRemoved, stamp: &Stamp) {
    let TeammatesRemoved { team: id, teammates } = event;
    change_team(company, *id, stamp, |team| {
        for teammate in teammates {
            team.members.remove(teammate);
        }
    });
    for teammate in teammates {
        change_memberships(company, *teammate, stamp, |team| team != id, None);
    }
}

fn change_memberships(
    company: &mut Company,
    teammate: TeammateId,
    stamp: &Stamp,
    keep: impl Fn(&TeamId) -> bool,
    join: Option<TeamId>,
) {
    company.change_teammate(teammate, |teammate| {
        let teams: BTreeSet<_> = teammate.teams().iter().copied().filter(keep).chain(join).collect();
        let relations = teammate.relations.get_or_insert_default();
        (relations.teams, relations.joined) = (teams.into_iter().collect(), *stamp);
    });
}

pub(crate) fn change_team(company: &mut Company, id: TeamId, stamp: &Stamp, change: impl FnOnce(&mut Team)) {
    if let Some(team) = company.teams.get_mut(&id) {
        let team = Arc::make_mut(team);
        change(team);
        team.revision = stamp.version;
        team.updated_at = stamp.time;
    }
}

impl Company {
    /// Notes that a member of a team got another name.
    pub(crate) fn note_member_name(&mut self, team: TeamId, stamp: &Stamp) {
        if let Some(team) = self.teams.get_mut(&team) {
            Arc::make_mut(team).member_named = *stamp;
        }
    }
}
