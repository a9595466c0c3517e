//! Carrying out what changes a resource: POST, PUT, PATCH and DELETE, alone or as a part of a bulk. Each is one command, so
//! that all of it happens or nothing does (RFC 7644, section 3.5.2).

use crate::http::conditional::{EntityTag, TagCondition};
use crate::moment::IsoWriter;
use crate::scim::address::Kind;
use crate::scim::error::{ScimError, ScimResult};
use crate::scim::group::{Members, Named, edits, members_of, tag_of_group};
use crate::scim::types::resource_type;
use crate::scim::user::Person;
use crate::scim::user_json::{Sight, USUAL_BYTES};
use hyper::StatusCode;
use serde_json::Value;
use std::sync::Arc;
use tenure_directory::provisioning::{DeprovisionTeammate, MemberEdit, ProvisionTeam, UpdateTeam};
use tenure_directory::team::{DeleteTeam, Team};
use tenure_directory::teammate::Teammate;
use tenure_directory::{Command, Company, Event, TeamId, TeammateId, Timestamp, Urgency};
use tenure_engine::Turn;
use tenure_scim::{Fault, Intake, Operation, PatchRequest, Projection, Resource, ResourceType, patch};

/// So many members are shown after a PATCH of them without being asked for.
const FEW_MEMBERS: usize = 100;

/// What is to be done.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    /// Creates a resource from what was sent.
    Create(Kind, Value),
    /// Replaces the resource of an id by what was sent.
    Replace(Kind, String, Value),
    /// Changes the resource of an id.
    Patch(Kind, String, Vec<Operation>),
    /// Deletes the resource of an id.
    Delete(Kind, String),
}

impl Write {
    /// A PATCH from its message.
    pub(crate) fn patch(kind: Kind, id: String, sent: &Value) -> Result<Self, Fault> {
        Ok(Write::Patch(kind, id, PatchRequest::parse(sent)?.operations))
    }

    /// Whether it ends somebody's access, which an overload must not delay.
    pub(crate) fn urgency(&self) -> Urgency {
        let ends_access = match self {
            Write::Delete(Kind::User, _) => true,
            Write::Replace(Kind::User, _, sent) => says_inactive(sent),
            Write::Patch(Kind::User, _, operations) => operations.iter().any(|operation| {
                let is_of_active =
                    operation.path.as_deref().is_some_and(|path| path.eq_ignore_ascii_case("active"));
                is_of_active || says_inactive(&operation.value)
            }),
            Write::Create(..) | Write::Replace(..) | Write::Patch(..) | Write::Delete(..) => false,
        };
        if ends_access { Urgency::EndsAccess } else { Urgency::Normal }
    }
}

/// Whether a value is false, be it in words, as identity providers send it.
pub(crate) fn is_false(value: &Value) -> bool {
    *value == Value::Bool(false) || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("false"))
}

/// Whether what was sent of a user blocks them.
pub(crate) fn says_inactive(sent: &Value) -> bool {
    sent.as_object().is_some_and(|sent| {
        sent.iter().any(|(name, value)| name.eq_ignore_ascii_case("active") && is_false(value))
    })
}

/// What names of attributes a caller asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) attributes: Vec<String>,
    pub(crate) excluded: Vec<String>,
}

impl Asked {
    /// Whether nothing was asked for by name.
    pub(crate) fn is_empty(&self) -> bool {
        self.attributes.is_empty() && self.excluded.is_empty()
    }

    pub(crate) fn projection(&self, resource_type: &ResourceType) -> Result<Projection, Fault> {
        Projection::of(resource_type, &self.attributes, &self.excluded)
    }
}

/// What a write came to.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    /// None of what is no longer there.
    pub(crate) tag: Option<EntityTag>,
    /// The resource as it is shown; empty where none is.
    pub(crate) body: Vec<u8>,
    /// The names that no schema has, for the log.
    pub(crate) unknown: Vec<String>,
}

/// How a write is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Manner<'a> {
    /// The URL of the face.
    pub(crate) base: &'a str,
    pub(crate) now: Timestamp,
    /// The condition on what is there.
    pub(crate) condition: &'a TagCondition,
    /// What is to be shown.
    pub(crate) asked: &'a Asked,
}

impl<'a> Manner<'a> {
    fn sight(self, company: &'a Company) -> Sight<'a> {
        Sight { base: self.base, company, now: self.now }
    }

    fn check(self, tag: &EntityTag) -> ScimResult<()> {
        if self.condition.allows(tag) { Ok(()) } else { Err(ScimError::changed_since()) }
    }
}

/// The teammate of an id that a path names.
pub(crate) fn find_user<'a>(company: &'a Company, id: &str) -> ScimResult<&'a Arc<Teammate>> {
    let found = id.parse().ok().and_then(|id: TeammateId| company.present_teammate(id));
    found.ok_or_else(|| ScimError::not_found("user", id))
}

/// The team of an id that a path names.
pub(crate) fn find_group<'a>(company: &'a Company, id: &str) -> ScimResult<&'a Arc<Team>> {
    let found = id.parse().ok().and_then(|id: TeamId| company.teams.get(&id));
    found.ok_or_else(|| ScimError::not_found("group", id))
}

/// Carries out a write in a turn.
pub(crate) fn carry_out(turn: &mut Turn<'_>, write: &Write, manner: Manner<'_>) -> ScimResult<Written> {
    match write {
        Write::Create(Kind::User, sent) => create_user(turn, sent, manner),
        Write::Create(Kind::Group, sent) => create_group(turn, sent, manner),
        Write::Replace(Kind::User, id, sent) => {
            let users = resource_type(turn.company(), Kind::User);
            let Intake { resource, unknown } = users.read(sent)?;
            change_user(turn, id, &users, manner, |_, _| Ok((resource, unknown)))
        }
        Write::Patch(Kind::User, id, operations) => {
            let users = resource_type(turn.company(), Kind::User);
            change_user(turn, id, &users, manner, |sight, teammate| {
                let mut resource = sight.user(teammate);
                let unknown = patch::apply(&users, &mut resource, operations)?;
                Ok((resource, unknown))
            })
        }
        Write::Replace(Kind::Group, id, sent) => replace_group(turn, id, sent, manner),
        Write::Patch(Kind::Group, id, operations) => patch_group(turn, id, operations, manner),
        Write::Delete(kind, id) => delete(turn, *kind, id, manner),
    }
}

fn create_user(turn: &mut Turn<'_>, sent: &Value, manner: Manner<'_>) -> ScimResult<Written> {
    let users = resource_type(turn.company(), Kind::User);
    let projection = manner.asked.projection(&users)?;
    let intake = users.read(sent)?;
    let person = Person::read(turn.company(), intake.resource)?;
    let provision = Command::ProvisionTeammate(Box::new(person.provision()));
    let provisioned = turn.tell(&provision);
    let events = provisioned.map_err(|refusal| ScimError::of_refusal(refusal, turn.company()))?;
    let id = events.iter().find_map(|event| event.teammates().first().copied());
    let id = id.expect("a provision that succeeds is about a teammate");
    Ok(show_user(turn, id, StatusCode::CREATED, &users, &projection, manner, intake.unknown))
}

fn change_user(
    turn: &mut Turn<'_>,
    id: &str,
    users: &ResourceType,
    manner: Manner<'_>,
    change: impl FnOnce(Sight<'_>, &Teammate) -> ScimResult<(Resource, Vec<String>)>,
) -> ScimResult<Written> {
    let company = turn.company();
    let projection = manner.asked.projection(users)?;
    let teammate = Arc::clone(find_user(company, id)?);
    let sight = manner.sight(company);
    manner.check(&sight.tag_of_user(&teammate))?;
    let (resource, unknown) = change(sight, &teammate)?;
    let person = Person::read(company, resource)?;
    let update = Command::UpdateTeammate(person.update(&teammate));
    let updated = turn.tell(&update);
    updated.map_err(|refusal| ScimError::of_refusal(refusal, turn.company()))?;
    Ok(show_user(turn, teammate.id, StatusCode::OK, users, &projection, manner, unknown))
}

fn show_user(
    turn: &Turn<'_>,
    id: TeammateId,
    status: StatusCode,
    users: &ResourceType,
    projection: &Projection,
    manner: Manner<'_>,
    unknown: Vec<String>,
) -> Written {
    let sight = manner.sight(turn.company());
    let teammate = turn.company().teammates.get(&id).expect("who was just written is there");
    Written {
        status,
        location: sight.url_of_user(id),
        tag: Some(sight.tag_of_user(teammate)),
        body: shown_user(sight, teammate, users, projection),
        unknown,
    }
}

/// A user with all that is shown by default.
pub(crate) fn whole_user(sight: Sight<'_>, teammate: &Teammate) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    sight.write_user(&mut bytes, &mut IsoWriter::default(), teammate);
    bytes
}

/// A user as a caller wants to see it.
pub(crate) fn shown_user(
    sight: Sight<'_>,
    teammate: &Teammate,
    users: &ResourceType,
    projection: &Projection,
) -> Vec<u8> {
    if *projection == Projection::Default {
        return whole_user(sight, teammate);
    }
    let mut resource = sight.user(teammate);
    projection.apply(users, &mut resource);
    resource.insert("schemas".to_owned(), users.schemas_of(&resource).into());
    serde_json::to_vec(&resource).expect("a resource has a JSON form")
}

/// A group as a caller wants to see it.
pub(crate) fn shown_group(
    sight: Sight<'_>,
    team: &Team,
    groups: &ResourceType,
    projection: &Projection,
) -> Vec<u8> {
    let members = if projection.shows("members") { Members::Shown } else { Members::LeftOut };
    if *projection == Projection::Default || projection.is_all_but("members") {
        let mut bytes = Vec::new();
        sight.write_group(&mut bytes, team, members);
        return bytes;
    }
    let mut resource = sight.group(team, members);
    projection.apply(groups, &mut resource);
    serde_json::to_vec(&resource).expect("a resource has a JSON form")
}

fn create_group(turn: &mut Turn<'_>, sent: &Value, manner: Manner<'_>) -> ScimResult<Written> {
    let groups = resource_type(turn.company(), Kind::Group);
    let projection = manner.asked.projection(&groups)?;
    let intake = groups.read(sent)?;
    let Named { name, external_id } = Named::read(&intake.resource)?;
    let members = members_of(values_of(&intake.resource))?;
    let events = turn.tell(&Command::ProvisionTeam(ProvisionTeam { name, external_id, members }))?;
    let id = events.iter().find_map(|event| match event {
        Event::TeamCreated(created) => Some(created.team),
        _ => None,
    });
    let id = id.expect("a create that succeeds makes a team");
    Ok(show_group(turn, id, StatusCode::CREATED, &groups, &projection, manner, intake.unknown))
}

fn values_of(group: &Resource) -> &[Value] {
    group.get("members").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn replace_group(turn: &mut Turn<'_>, id: &str, sent: &Value, manner: Manner<'_>) -> ScimResult<Written> {
    let groups = resource_type(turn.company(), Kind::Group);
    let projection = manner.asked.projection(&groups)?;
    let team = Arc::clone(find_group(turn.company(), id)?);
    manner.check(&tag_of_group(&team))?;
    let intake = groups.read(sent)?;
    let Named { name, external_id } = Named::read(&intake.resource)?;
    let members = vec![MemberEdit::Replace(members_of(values_of(&intake.resource))?)];
    let update =
        UpdateTeam { team: team.id.into(), name: Some(name), external_id: Some(external_id), members };
    turn.tell(&Command::UpdateTeam(update))?;
    Ok(show_group(turn, team.id, StatusCode::OK, &groups, &projection, manner, intake.unknown))
}

fn patch_group(
    turn: &mut Turn<'_>,
    id: &str,
    operations: &[Operation],
    manner: Manner<'_>,
) -> ScimResult<Written> {
    let groups = resource_type(turn.company(), Kind::Group);
    // A projection that cannot be is told before anything is written.
    manner.asked.projection(&groups)?;
    let team = Arc::clone(find_group(turn.company(), id)?);
    let sight = manner.sight(turn.company());
    manner.check(&tag_of_group(&team))?;
    let (member_edits, others) = patch::edits_of(&groups, "members", operations)?;
    let names_members = !member_edits.is_empty();
    let mut resource = sight.group(&team, Members::LeftOut);
    let mut unknown = patch::apply(&groups, &mut resource, &others)?;
    let Named { name, external_id } = Named::read(&resource)?;
    let members = edits(&sight, &team, &groups, member_edits, &mut unknown)?;
    let update =
        UpdateTeam { team: team.id.into(), name: Some(name), external_id: Some(external_id), members };
    turn.tell(&Command::UpdateTeam(update))?;
    let projection = asked_of_patch(turn, team.id, names_members, manner.asked).projection(&groups)?;
    Ok(show_group(turn, team.id, StatusCode::OK, &groups, &projection, manner, unknown))
}

/// What is shown of a group after a PATCH. Members only when they are asked for, or when the PATCH was about them and they
/// are few: clients compare what they sent with what comes back, and identity providers do not read thousands each time.
fn asked_of_patch(turn: &Turn<'_>, id: TeamId, names_members: bool, asked: &Asked) -> Asked {
    let members = turn.company().teams.get(&id).map_or(0, |team| team.members.len());
    if !asked.attributes.is_empty() || (names_members && members <= FEW_MEMBERS) {
        return asked.clone();
    }
    let excluded = asked.excluded.iter().cloned().chain(["members".to_owned()]);
    Asked { attributes: vec![], excluded: excluded.collect() }
}

fn show_group(
    turn: &Turn<'_>,
    id: TeamId,
    status: StatusCode,
    groups: &ResourceType,
    projection: &Projection,
    manner: Manner<'_>,
    unknown: Vec<String>,
) -> Written {
    let sight = manner.sight(turn.company());
    let team = turn.company().teams.get(&id).expect("what was just written is there");
    Written {
        status,
        location: sight.url_of_group(id),
        tag: Some(tag_of_group(team)),
        body: shown_group(sight, team, groups, projection),
        unknown,
    }
}

fn delete(turn: &mut Turn<'_>, kind: Kind, id: &str, manner: Manner<'_>) -> ScimResult<Written> {
    let company = turn.company();
    let sight = manner.sight(company);
    let (command, location) = match kind {
        Kind::User => {
            let teammate = find_user(company, id)?;
            manner.check(&sight.tag_of_user(teammate))?;
            let command = DeprovisionTeammate { teammate: teammate.id.into() };
            (Command::DeprovisionTeammate(command), sight.url_of_user(teammate.id))
        }
        Kind::Group => {
            let team = find_group(company, id)?;
            manner.check(&tag_of_group(team))?;
            (Command::DeleteTeam(DeleteTeam { team: team.id.into() }), sight.url_of_group(team.id))
        }
    };
    turn.tell(&command)?;
    Ok(Written { status: StatusCode::NO_CONTENT, location, tag: None, body: vec![], unknown: vec![] })
}
