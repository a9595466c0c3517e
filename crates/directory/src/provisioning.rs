//! What identity providers do: provision and deprovision people, keep their groups, look both up (`contract/scim.md`,
//! "Resources"). They are the authority: whom they delete is gone for them and stays, blocked, in the directory, and whom
//! they send again is that same record.

use crate::company::Company;
use crate::custom_field::{self, GivenValue};
use crate::email::{EmailAddress, EmailKey};
use crate::event::Event;
use crate::id::{TeamId, TeammateId};
use crate::invitation::InvitationWish;
use crate::kept::Kept;
use crate::occasion::{Occasion, Stamp};
use crate::refusal::{Fault, Refusal, Taken, TakenField};
use crate::team::{self, Privacy, Team, TeamCreated, TeamRef, TeammatesAdded, TeammatesRemoved};
use crate::teammate::{
    self, Availability, Presence, Profile, Role, Standing, Teammate, TeammateBlocked, TeammateCreated,
    TeammateRef, UpdateTeammate,
};
use crate::text::{ExternalId, PersonName, TeamName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Creates a teammate for an identity provider, without an invitation; or takes up again one that it deleted before.
#[derive(Debug, Clone, PartialEq)]
pub struct ProvisionTeammate {
    /// The address.
    pub email: EmailAddress,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// Whether it administers the company.
    pub role: Role,
    /// Whether it is there for work; as it was before, or there, when absent.
    pub availability: Option<Availability>,
    /// Whether its account works.
    pub standing: Standing,
    /// Values of custom fields by name.
    pub custom_fields: Vec<(Box<str>, GivenValue)>,
    /// What is given beyond these fields.
    pub kept: Kept,
}

/// Deletes a teammate for identity providers: it is blocked, leaves its teams, and is gone for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeprovisionTeammate {
    /// Whom.
    pub teammate: TeammateRef,
}

/// Creates a team for an identity provider, with its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionTeam {
    /// Its name.
    pub name: TeamName,
    /// The id that the identity provider has for it.
    pub external_id: Option<ExternalId>,
    /// Who is in it.
    pub members: Vec<TeammateRef>,
}

/// One change of who is in a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberEdit {
    /// These join. Those who are in it stay.
    Add(Vec<TeammateRef>),
    /// These leave. Those who are not in it, or whom nobody knows, are none the less gone.
    Remove(Vec<TeammateRef>),
    /// These and nobody else are in it.
    Replace(Vec<TeammateRef>),
}

/// Changes what is given of a team. Unlike over REST blocked teammates can join: the identity provider decides who works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateTeam {
    /// Which.
    pub team: TeamRef,
    /// The new name.
    pub name: Option<TeamName>,
    /// The id that the identity provider has for it.
    pub external_id: Option<Option<ExternalId>>,
    /// Changes of who is in it, in order.
    pub members: Vec<MemberEdit>,
}

/// An identity provider deleted a teammate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeammateDeprovisioned {
    /// Whom.
    pub teammate: TeammateId,
}

/// An identity provider took up again a teammate that it had deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeammateRehired {
    /// Whom.
    pub teammate: TeammateId,
}

/// A team got another external id, or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamExternalIdChanged {
    /// Which.
    pub team: TeamId,
    /// The external id before.
    pub from: Option<ExternalId>,
    /// The external id now.
    pub to: Option<ExternalId>,
}

impl Company {
    /// Those whom identity providers see, in order of their ids.
    pub fn present_teammates(&self) -> impl Iterator<Item = &Arc<Teammate>> {
        self.teammates.values().filter(|teammate| teammate.presence == Presence::Present)
    }

    /// How many those are.
    pub fn present_count(&self) -> usize {
        self.teammates.len() - self.deprovisioned
    }

    /// The teammate of an id, if identity providers see it.
    pub fn present_teammate(&self, id: TeammateId) -> Option<&Arc<Teammate>> {
        self.teammates.get(&id).filter(|teammate| teammate.presence == Presence::Present)
    }

    /// Who signs in by this, whether identity providers see them or not.
    pub fn teammate_by_user_name(&self, user_name: &str) -> Option<&Arc<Teammate>> {
        let by_address = || {
            let found = self.teammates.get(self.by_email.get(&EmailKey::of(user_name))?)?;
            found.kept().user_name.is_none().then_some(found)
        };
        let by_user_name = self.by_user_name.get(&EmailKey::folded(user_name));
        let by_user_name = by_user_name.and_then(|id| self.teammates.get(id));
        by_user_name.or_else(by_address)
    }

    /// Who has this external id.
    pub fn teammate_by_external_id(&self, external_id: &str) -> Option<&Arc<Teammate>> {
        let external_id = ExternalId::parse(external_id).ok()?;
        self.by_external_id.get(&external_id).and_then(|id| self.teammates.get(id))
    }

    /// Everybody who has an address, as theirs or among those that are kept, in order of their ids; also those who have it in
    /// another case.
    pub fn teammates_by_address(&self, address: &str) -> impl Iterator<Item = &Arc<Teammate>> {
        let own = self.by_email.get(&EmailKey::of(address));
        let others = self.by_other_email.get(&EmailKey::folded(address));
        let before = others.into_iter().flatten().take_while(move |id| own.is_none_or(|own| *id < own));
        let after = others.into_iter().flatten().skip_while(move |id| own.is_some_and(|own| *id <= own));
        let after = after.filter(move |_| own.is_some());
        before.chain(own).chain(after).filter_map(|id| self.teammates.get(id))
    }

    /// How many there are at most.
    pub fn count_by_address(&self, address: &str) -> usize {
        self.by_other_email.get(&EmailKey::folded(address)).map_or(1, |others| others.len() + 1)
    }

    /// The team of a name, without regard to case.
    pub fn team_by_name(&self, name: &str) -> Option<&Arc<Team>> {
        let folded = TeamName::parse(name).ok()?.folded();
        self.team_by_name.get(&folded).and_then(|id| self.teams.get(id))
    }

    /// The team of an external id.
    pub fn team_by_external_id(&self, external_id: &str) -> Option<&Arc<Team>> {
        let external_id = ExternalId::parse(external_id).ok()?;
        self.team_by_external_id.get(&external_id).and_then(|id| self.teams.get(id))
    }

    /// A teammate's manager, if that is somebody whom identity providers see.
    pub fn manager_of(&self, teammate: &Teammate) -> Option<&Arc<Teammate>> {
        let id = teammate.kept().manager.as_ref()?.as_str().parse().ok()?;
        self.present_teammate(id)
    }

    /// The latest change of what identity providers see of a teammate: of itself, of the teams that it is in, of their names,
    /// and of its manager's name.
    pub fn seen_change_of(&self, teammate: &Teammate) -> Stamp {
        let own = Stamp { version: teammate.revision, time: teammate.updated_at };
        let joined = teammate.relations.as_ref().map(|relations| relations.joined);
        let teams = teammate.teams().iter().filter_map(|team| Some(self.teams.get(team)?.named));
        let manager = teammate.kept().manager.as_ref().and_then(|manager| manager.as_str().parse().ok());
        let manager =
            manager.and_then(|id: TeammateId| self.teammates.get(&id)).map(|manager| manager.named());
        teams.chain(joined).chain(manager).fold(own, Stamp::max)
    }

    /// Who holds what must be unique of what is kept.
    pub(crate) fn holders_of_kept(&self, kept: &Kept) -> Vec<Taken> {
        let user_name = kept.user_name.as_ref().and_then(|user_name| {
            let holder = self.teammate_by_user_name(user_name.as_str())?.id;
            Some(Taken { field: TakenField::UserName, holder })
        });
        let external_id = kept.external_id.as_ref().and_then(|external_id| {
            let holder = *self.by_external_id.get(external_id)?;
            Some(Taken { field: TakenField::ExternalId, holder })
        });
        user_name.into_iter().chain(external_id).collect()
    }

    /// A manager that looks like one of ours must be one.
    pub(crate) fn check_manager(&self, before: &Kept, after: &Kept) -> Result<(), Refusal> {
        let Some(manager) = after.manager.as_ref().filter(|_| before.manager != after.manager) else {
            return Ok(());
        };
        match manager.as_str().parse::<TeammateId>() {
            Ok(id) if self.present_teammate(id).is_none() => {
                Err(Fault::new("manager.value", format!("names {id}, and there is no such user")).into())
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    pub(crate) fn require_present(&self, teammate: &TeammateRef) -> Result<&Arc<Teammate>, Refusal> {
        let found = self.require_teammate(teammate)?;
        if found.presence == Presence::Present {
            return Ok(found);
        }
        Err(Refusal::UnknownTeammates { given: vec![teammate.given().into()] })
    }
}

pub(crate) fn provision(
    company: &Company,
    command: &ProvisionTeammate,
    occasion: &Occasion,
) -> Result<Vec<Event>, Refusal> {
    let holders = company.holder_of(Some(&command.email), None).into_iter();
    let holders: Vec<_> = holders.chain(company.holders_of_kept(&command.kept)).collect();
    // The person is found by what they sign in by, else by the address.
    let person = [TakenField::UserName, TakenField::Email].iter().find_map(|field| {
        holders
            .iter()
            .find(|taken| taken.field == *field)
            .and_then(|taken| company.teammates.get(&taken.holder))
    });
    let rehired = person.filter(|teammate| teammate.presence == Presence::Deprovisioned);
    let taken: Vec<_> = holders
        .into_iter()
        .filter(|taken| Some(taken.holder) != rehired.map(|teammate| teammate.id))
        .collect();
    if !taken.is_empty() {
        return Err(Refusal::Taken(taken));
    }
    match rehired {
        Some(teammate) => rehire(company, teammate, command, occasion),
        None => create(company, command),
    }
}

fn create(company: &Company, command: &ProvisionTeammate) -> Result<Vec<Event>, Refusal> {
    let custom_fields = custom_field::check(company, &command.custom_fields).map_err(Refusal::Invalid)?;
    company.check_manager(Kept::nothing(), &command.kept)?;
    let id = TeammateId::new(company.counters.teammate + 1);
    let created = Event::TeammateCreated(TeammateCreated {
        teammate: id,
        role: command.role,
        availability: command.availability.unwrap_or(Availability::Available),
        invitation: InvitationWish::None,
        profile: Some(Profile {
            email: command.email.clone(),
            username: company.free_username(&command.email),
            first_name: command.first_name.clone(),
            last_name: command.last_name.clone(),
            custom_fields,
            kept: command.kept.clone().boxed(),
        }),
    });
    let blocked = Event::TeammateBlocked(TeammateBlocked { teammate: id });
    let blocked = (command.standing == Standing::Blocked).then_some(blocked);
    Ok(std::iter::once(created).chain(blocked).collect())
}

fn rehire(
    company: &Company,
    teammate: &Teammate,
    command: &ProvisionTeammate,
    occasion: &Occasion,
) -> Result<Vec<Event>, Refusal> {
    let id = teammate.id;
    let update = UpdateTeammate {
        email: Some(command.email.clone()),
        first_name: Some(command.first_name.clone()),
        last_name: Some(command.last_name.clone()),
        role: Some(command.role),
        availability: command.availability,
        custom_fields: Some(command.custom_fields.clone()),
        kept: Some(Box::new(command.kept.clone())),
        standing: Some(command.standing),
        ..UpdateTeammate::of(id.into())
    };
    let updated = teammate::changes(company, teammate, &update, occasion)?;
    let rehired = Event::TeammateRehired(TeammateRehired { teammate: id });
    Ok(std::iter::once(rehired).chain(updated).collect())
}

pub(crate) fn deprovision(company: &Company, command: &DeprovisionTeammate) -> Result<Vec<Event>, Refusal> {
    let teammate = company.require_present(&command.teammate)?;
    let left = teammate
        .teams()
        .iter()
        .map(|team| Event::TeammatesRemoved(TeammatesRemoved { team: *team, teammates: vec![teammate.id] }));
    let mut events: Vec<_> = left.collect();
    if teammate.standing == Standing::Active {
        teammate::check_another_admin(company, teammate)?;
        events.extend(teammate::blocking(company, teammate));
    }
    events.push(Event::TeammateDeprovisioned(TeammateDeprovisioned { teammate: teammate.id }));
    Ok(events)
}

pub(crate) fn provision_team(company: &Company, command: &ProvisionTeam) -> Result<Vec<Event>, Refusal> {
    team::check_name_free(company, &command.name)?;
    check_external_id_free(company, command.external_id.as_ref(), None)?;
    let members = resolve(company, &command.members)?;
    let team = TeamId::new(company.counters.team + 1);
    let created = Event::TeamCreated(TeamCreated {
        team,
        name: command.name.clone(),
        privacy: Privacy::Open,
        external_id: command.external_id.clone(),
    });
    let joined = (!members.is_empty())
        .then(|| Event::TeammatesAdded(TeammatesAdded { team, teammates: members.into_iter().collect() }));
    Ok(std::iter::once(created).chain(joined).collect())
}

fn check_external_id_free(
    company: &Company,
    external_id: Option<&ExternalId>,
    except: Option<TeamId>,
) -> Result<(), Refusal> {
    let holder = external_id.and_then(|external_id| company.team_by_external_id.get(external_id)).copied();
    match holder.filter(|holder| Some(*holder) != except) {
        Some(holder) => Err(Refusal::TeamExternalIdTaken { holder }),
        None => Ok(()),
    }
}

fn resolve(company: &Company, references: &[TeammateRef]) -> Result<BTreeSet<TeammateId>, Refusal> {
    let (mut ids, mut unknown) = (BTreeSet::new(), Vec::new());
    for reference in references {
        match company.require_present(reference) {
            Ok(teammate) => {
                ids.insert(teammate.id);
            }
            Err(_) => unknown.push(reference.given().into()),
        }
    }
    if unknown.is_empty() { Ok(ids) } else { Err(Refusal::UnknownTeammates { given: unknown }) }
}

pub(crate) fn update_team(company: &Company, command: &UpdateTeam) -> Result<Vec<Event>, Refusal> {
    let team = company.require_team(&command.team)?;
    let mut events = Vec::new();
    if let Some(name) = &command.name {
        events.extend(team::renaming(company, team, name)?);
    }
    if let Some(external_id) =
        command.external_id.as_ref().filter(|external_id| **external_id != team.external_id)
    {
        check_external_id_free(company, external_id.as_ref(), Some(team.id))?;
        let (from, to) = (team.external_id.clone(), external_id.clone());
        events.push(Event::TeamExternalIdChanged(TeamExternalIdChanged { team: team.id, from, to }));
    }
    let (joining, leaving) = membership_after(company, team, &command.members)?;
    if !joining.is_empty() {
        events.push(Event::TeammatesAdded(TeammatesAdded { team: team.id, teammates: joining }));
    }
    if !leaving.is_empty() {
        events.push(Event::TeammatesRemoved(TeammatesRemoved { team: team.id, teammates: leaving }));
    }
    Ok(events)
}

/// Who joins and who leaves by all the edits together. Costs what the edits name, and what the team has only where one of them
/// replaces everybody.
fn membership_after(
    company: &Company,
    team: &Team,
    edits: &[MemberEdit],
) -> Result<(Vec<TeammateId>, Vec<TeammateId>), Refusal> {
    let mut is_in: BTreeMap<TeammateId, bool> = BTreeMap::new();
    // What comes before the last replacement counts for nothing but the errors in it.
    let last = edits.iter().rposition(|edit| matches!(edit, MemberEdit::Replace(_)));
    for (at, edit) in edits.iter().enumerate() {
        let counts = last.is_none_or(|last| at >= last);
        match edit {
            MemberEdit::Add(references) => {
                let joining = resolve(company, references)?;
                is_in.extend(joining.into_iter().filter(|_| counts).map(|id| (id, true)));
            }
            MemberEdit::Remove(references) => {
                let gone = references.iter().filter_map(|reference| company.find_teammate(reference));
                is_in.extend(gone.filter(|_| counts).map(|teammate| (teammate.id, false)));
            }
            MemberEdit::Replace(references) => {
                let stay = resolve(company, references)?;
                if counts {
                    is_in.extend(team.members.iter().map(|id| (*id, false)));
                    is_in.extend(stay.into_iter().map(|id| (id, true)));
                }
            }
        }
    }
    let changed = is_in.into_iter().filter(|(id, is_in)| team.members.contains(id) != *is_in);
    let (joining, leaving): (Vec<_>, Vec<_>) = changed.partition(|(_, is_in)| *is_in);
    let ids = |changes: Vec<(TeammateId, bool)>| changes.into_iter().map(|(id, _)| id).collect();
    Ok((ids(joining), ids(leaving)))
}

pub(crate) fn deprovisioned(company: &mut Company, event: &TeammateDeprovisioned, stamp: &Stamp) {
    let Some(before) = company.teammates.get(&event.teammate).cloned() else { return };
    let mut after = Teammate::clone(&before);
    after.presence = Presence::Deprovisioned;
    after.note_name(stamp);
    // The id that the identity provider has for the person is free again; by the name they are found when they come back.
    after.keep(Kept { external_id: None, ..before.kept().clone() }.boxed());
    after.touch(stamp);
    teammate::replace(company, &before, after);
}

pub(crate) fn rehired(company: &mut Company, event: &TeammateRehired, stamp: &Stamp) {
    let Some(before) = company.teammates.get(&event.teammate).cloned() else { return };
    let mut after = Teammate::clone(&before);
    after.presence = Presence::Present;
    after.note_name(stamp);
    after.touch(stamp);
    teammate::replace(company, &before, after);
}

pub(crate) fn team_external_id_changed(company: &mut Company, event: &TeamExternalIdChanged, stamp: &Stamp) {
    let TeamExternalIdChanged { team, from, to } = event;
    if let Some(from) = from {
        company.team_by_external_id.remove(from);
    }
    if let Some(to) = to {
        company.team_by_external_id.insert(to.clone(), *team);
    }
    team::change_team(company, *team, stamp, |team| team.external_id.clone_from(to));
}
