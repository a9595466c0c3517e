//! A team as a Group: what is shown of it, and what of a Group is read.

use crate::http::conditional::EntityTag;
use crate::http::json_text::raw;
use crate::moment::IsoWriter;
use crate::scim::address::Kind;
use crate::scim::user_json::{About, Sight, member, tag_of};
use serde_json::Value;
use std::collections::BTreeSet;
use tenure_directory::provisioning::MemberEdit;
use tenure_directory::team::Team;
use tenure_directory::teammate::TeammateRef;
use tenure_directory::text::{ExternalId, TeamName};
use tenure_directory::{Stamp, TeamId, TeammateId};
use tenure_scim::patch::Edit;
use tenure_scim::{Fault, Filter, Resource, ResourceType, ScimType, Test, core};

/// Whether the members of a group are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Members {
    /// All of them.
    Shown,
    /// None; that costs nothing, however many there are.
    LeftOut,
}

fn seen_change_of(team: &Team) -> Stamp {
    Stamp { version: team.revision, time: team.updated_at }.max(team.member_named)
}

/// The tag of a group.
pub(crate) fn tag_of_group(team: &Team) -> EntityTag {
    tag_of(seen_change_of(team))
}

impl Sight<'_> {
    /// The URL of a group.
    pub(crate) fn url_of_group(&self, id: TeamId) -> String {
        format!("{}{}/{id}", self.base, Kind::Group.endpoint())
    }

    /// A group as values.
    pub(crate) fn group(&self, team: &Team, members: Members) -> Resource {
        let mut bytes = Vec::new();
        self.write_group(&mut bytes, team, members);
        serde_json::from_slice(&bytes).expect("what is written of a group is a JSON object")
    }

    /// Writes a group.
    pub(crate) fn write_group(&self, out: &mut Vec<u8>, team: &Team, members: Members) {
        raw(out, "{\"schemas\":[\"");
        raw(out, core::GROUP);
        raw(out, "\"],\"id\":\"");
        raw(out, &team.id.to_string());
        raw(out, "\"");
        if let Some(external_id) = &team.external_id {
            member(out, "externalId", external_id.as_str());
        }
        member(out, "displayName", team.name.as_str());
        if members == Members::Shown && !team.members.is_empty() {
            raw(out, ",\"members\":[");
            for (at, id) in team.members.iter().enumerate() {
                raw(out, if at > 0 { "," } else { "" });
                self.write_member(out, *id);
            }
            raw(out, "]");
        }
        let about = About {
            kind: Kind::Group,
            created: team.created_at,
            changed: seen_change_of(team),
            base: self.base,
            id: &team.id.to_string(),
        };
        about.write(out, &mut IsoWriter::default());
        raw(out, "}");
    }

    fn write_member(&self, out: &mut Vec<u8>, id: TeammateId) {
        let text = id.to_string();
        raw(out, "{\"value\":\"");
        raw(out, &text);
        raw(out, "\",\"$ref\":\"");
        raw(out, self.base);
        raw(out, Kind::User.endpoint());
        raw(out, "/");
        raw(out, &text);
        raw(out, "\",\"type\":\"User\"");
        if let Some(name) = self.company.teammates.get(&id).and_then(|teammate| teammate.full_name()) {
            member(out, "display", &name);
        }
        raw(out, "}");
    }
}

/// A Group as it was read from a request, but for its members.
pub(crate) struct Named {
    pub(crate) name: TeamName,
    pub(crate) external_id: Option<ExternalId>,
}

impl Named {
    /// Reads a Group in the schema's own form.
    pub(crate) fn read(resource: &Resource) -> Result<Self, Fault> {
        let text = |name: &str| resource.get(name).and_then(Value::as_str);
        let name = text("displayName")
            .ok_or_else(|| Fault::value("`displayName` is required and must not be empty"))?;
        let name = TeamName::parse(name).map_err(|wrong| Fault::value(format!("`displayName` {wrong}")))?;
        let external_id = text("externalId")
            .map(|id| ExternalId::parse(id).map_err(|wrong| Fault::value(format!("`externalId` {wrong}"))));
        Ok(Self { name, external_id: external_id.transpose()? })
    }
}

/// Whom values of `members` name.
pub(crate) fn members_of(values: &[Value]) -> Result<Vec<TeammateRef>, Fault> {
    let named = values.iter().map(|value| {
        let is_user =
            value.get("type").and_then(Value::as_str).is_none_or(|kind| kind.eq_ignore_ascii_case("User"));
        if !is_user {
            return Err(Fault::value("`members` takes users only; a group cannot be in a group"));
        }
        let id = value.get("value").and_then(Value::as_str);
        let id = id.ok_or_else(|| Fault::value("each of `members` needs a `value`: the id of a user"))?;
        Ok(member_ref(id))
    });
    named.collect()
}

/// Whom an id names. Whatever else it is, it is no alias: that is a form of REST.
fn member_ref(id: &str) -> TeammateRef {
    id.parse::<TeammateId>().map_or_else(|_| TeammateRef::of_nobody(id), TeammateRef::from)
}

/// How many members the filters of one PATCH may look at, if they ask for more than ids.
const MOST_LOOKED_AT: usize = 1_000;

/// The edits of a PATCH as the directory takes them. Who is added and named as nobody here could be is left out and told, as an
/// attribute is that no schema has; an id of our form that is nobody's is an error, and so is either where everybody is replaced.
pub(crate) fn edits(
    sight: &Sight<'_>,
    team: &Team,
    groups: &ResourceType,
    edits: Vec<Edit>,
    unknown: &mut Vec<String>,
) -> Result<Vec<MemberEdit>, Fault> {
    let mut read: Vec<MemberEdit> = Vec::with_capacity(edits.len());
    let mut looked_at = 0;
    for edit in edits {
        read.push(match edit {
            Edit::Add(values) => MemberEdit::Add(known(members_of(&values)?, unknown)),
            Edit::Replace(values) => MemberEdit::Replace(members_of(&values)?),
            Edit::Remove(values) => MemberEdit::Remove(members_of(&values)?),
            Edit::RemoveWhere(filter) => {
                let ids = one_of(&filter).map(|ids| ids.into_iter().map(member_ref).collect());
                if ids.is_none() {
                    looked_at += team.members.len();
                }
                if looked_at > MOST_LOOKED_AT {
                    let detail =
                        "this group has too many members for such filters; name members by `value eq`";
                    return Err(Fault::new(ScimType::TooMany, detail));
                }
                let meeting = || meeting(sight, &after(team, &read), groups, &filter);
                MemberEdit::Remove(ids.map_or_else(meeting, Ok)?)
            }
        });
    }
    Ok(read)
}

fn known(members: Vec<TeammateRef>, unknown: &mut Vec<String>) -> Vec<TeammateRef> {
    let is_ours = |member: &TeammateRef| member.given().parse::<TeammateId>().is_ok();
    let (known, others): (Vec<_>, Vec<_>) = members.into_iter().partition(is_ours);
    unknown.extend(others.first().map(|_| "members".to_owned()));
    known
}

/// The ids that a filter asks for, where it asks for nothing else.
fn one_of(filter: &Filter) -> Option<Vec<&str>> {
    match filter {
        Filter::Or(filters) => filters.iter().map(one_of).collect::<Option<Vec<_>>>().map(|ids| ids.concat()),
        one => {
            let (path, id) = one.equal_text()?;
            path.attribute.eq_ignore_ascii_case("value").then(|| vec![id])
        }
    }
}

/// Who is in a team after edits, as far as their ids tell.
fn after(team: &Team, edits: &[MemberEdit]) -> BTreeSet<TeammateId> {
    let ids = |members: &[TeammateRef]| {
        members.iter().filter_map(|member| member.given().parse().ok()).collect::<BTreeSet<TeammateId>>()
    };
    edits.iter().fold(team.members.iter().copied().collect(), |members, edit| match edit {
        MemberEdit::Add(joining) => &members | &ids(joining),
        MemberEdit::Remove(leaving) => &members - &ids(leaving),
        MemberEdit::Replace(all) => ids(all),
    })
}

/// The members that meet a filter.
fn meeting(
    sight: &Sight<'_>,
    members_now: &BTreeSet<TeammateId>,
    groups: &ResourceType,
    filter: &Filter,
) -> Result<Vec<TeammateRef>, Fault> {
    let members = groups.schema.attribute("members").expect("the schema of groups has members");
    let test = Test::of_values(filter, members)?;
    let meeting = members_now.iter().filter(|id| {
        let mut bytes = Vec::new();
        sight.write_member(&mut bytes, **id);
        let shown: Resource =
            serde_json::from_slice(&bytes).expect("what is written of a member is a JSON object");
        test.holds(&shown)
    });
    Ok(meeting.map(|id| TeammateRef::from(*id)).collect())
}
