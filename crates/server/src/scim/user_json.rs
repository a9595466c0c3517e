//! A teammate as a User: the one place that says what is shown of it. Written straight into bytes, since pages of a hundred
//! and look-ups of one are most of what identity providers ask; whoever needs it as values reads the bytes back.

use crate::http::conditional::EntityTag;
use crate::http::json_text::{flag, raw, text};
use crate::moment::IsoWriter;
use crate::scim::address::Kind;
use crate::scim::types::{CUSTOM_FIELDS, TEAMMATE};
use std::io::Write as _;
use tenure_directory::kept::{KeptEmail, KeptJson, WHOLE_NAME};
use tenure_directory::teammate::{Availability, Role, Standing, Teammate};
use tenure_directory::{Company, Stamp, TeammateId, Timestamp};
use tenure_scim::{Resource, core, fold};

/// The role that makes an administrator.
pub(crate) const ADMIN: &str = "admin";

/// About how many bytes a user takes.
pub(crate) const USUAL_BYTES: usize = 900;

/// How much is shown of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// What is shown by default.
    Default,
    /// Also what is shown on request.
    Everything,
}

/// Whether it is told if a person is there for work: when that was given, and always when they are not.
fn shows_availability(teammate: &Teammate) -> bool {
    teammate.kept().availability || teammate.availability == Availability::Away
}

/// From where resources are looked at.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    /// The URL of the face, in the form of the request's path.
    pub(crate) base: &'a str,
    pub(crate) company: &'a Company,
    pub(crate) now: Timestamp,
}

impl Sight<'_> {
    /// The tag of a user: of what is shown of it by default.
    pub(crate) fn tag_of_user(&self, teammate: &Teammate) -> EntityTag {
        tag_of(self.company.seen_change_of(teammate))
    }

    /// The URL of a user.
    pub(crate) fn url_of_user(&self, id: TeammateId) -> String {
        format!("{}{}/{id}", self.base, Kind::User.endpoint())
    }

    /// A user as values, with what is shown on request alone.
    pub(crate) fn user(&self, teammate: &Teammate) -> Resource {
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        self.write(&mut bytes, &mut IsoWriter::default(), teammate, Shown::Everything);
        serde_json::from_slice(&bytes).expect("what is written of a user is a JSON object")
    }

    /// Writes a user with all that is shown by default.
    pub(crate) fn write_user(&self, out: &mut Vec<u8>, moments: &mut IsoWriter, teammate: &Teammate) {
        self.write(out, moments, teammate, Shown::Default);
    }

    fn write(&self, out: &mut Vec<u8>, moments: &mut IsoWriter, teammate: &Teammate, shown: Shown) {
        let (kept, id) = (teammate.kept(), teammate.id.to_string());
        self.write_schemas(out, teammate);
        raw(out, ",\"id\":\"");
        raw(out, &id);
        raw(out, "\"");
        if let Some(external_id) = &kept.external_id {
            member(out, "externalId", external_id.as_str());
        }
        member(out, "userName", teammate.user_name());
        write_name(out, teammate);
        raw(out, ",\"active\":");
        flag(out, teammate.standing == Standing::Active);
        write_emails(out, teammate);
        write_roles(out, teammate);
        self.write_groups(out, teammate);
        if let Some(attributes) = &kept.attributes {
            raw(out, ",");
            raw(out, members_of(attributes));
        }
        self.write_enterprise(out, teammate);
        self.write_custom_fields(out, teammate);
        self.write_extension(out, teammate, shown);
        let about = About {
            kind: Kind::User,
            created: teammate.created_at,
            changed: self.company.seen_change_of(teammate),
            base: self.base,
            id: &id,
        };
        about.write(out, moments);
        raw(out, "}");
    }

    fn write_schemas(&self, out: &mut Vec<u8>, teammate: &Teammate) {
        let kept = teammate.kept();
        raw(out, "{\"schemas\":[\"");
        raw(out, core::USER);
        if kept.enterprise.is_some() || kept.manager.is_some() {
            raw(out, "\",\"");
            raw(out, core::ENTERPRISE_USER);
        }
        if shows_availability(teammate) {
            raw(out, "\",\"");
            raw(out, TEAMMATE);
        }
        if self.shown_fields(teammate).next().is_some() {
            raw(out, "\",\"");
            raw(out, CUSTOM_FIELDS);
        }
        raw(out, "\"]");
    }

    fn write_extension(&self, out: &mut Vec<u8>, teammate: &Teammate, shown: Shown) {
        if shown == Shown::Default && !shows_availability(teammate) {
            return;
        }
        raw(out, ",\"");
        raw(out, TEAMMATE);
        raw(out, "\":{");
        if shows_availability(teammate) {
            raw(out, "\"is_available\":");
            flag(out, teammate.availability == Availability::Available);
        }
        if shown == Shown::Everything {
            raw(out, if shows_availability(teammate) { ",\"username\":" } else { "\"username\":" });
            text(out, teammate.username.as_str());
            member(out, "invitation", self.company.invitation_stage(teammate, self.now).name());
        }
        raw(out, "}");
    }

    fn shown_fields<'t>(
        &'t self,
        teammate: &'t Teammate,
    ) -> impl Iterator<Item = &'t (tenure_directory::FieldId, tenure_directory::custom_field::FieldValue)>
    {
        teammate.custom_fields.iter().filter(|(field, _)| self.company.fields.contains_key(field))
    }

    fn write_custom_fields(&self, out: &mut Vec<u8>, teammate: &Teammate) {
        let mut fields = self.shown_fields(teammate).peekable();
        if fields.peek().is_none() {
            return;
        }
        raw(out, ",\"");
        raw(out, CUSTOM_FIELDS);
        raw(out, "\":{");
        for (at, (field, value)) in fields.enumerate() {
            raw(out, if at > 0 { ",\"" } else { "\"" });
            write!(out, "{field}\":{}", value.to_json()).expect("writing to bytes cannot fail");
        }
        raw(out, "}");
    }

    fn write_groups(&self, out: &mut Vec<u8>, teammate: &Teammate) {
        let teams = teammate.teams().iter().filter_map(|id| self.company.teams.get(id));
        for (at, team) in teams.enumerate() {
            raw(out, if at > 0 { "," } else { ",\"groups\":[" });
            let id = team.id.to_string();
            raw(out, "{\"value\":\"");
            raw(out, &id);
            raw(out, "\",\"$ref\":\"");
            raw(out, self.base);
            raw(out, Kind::Group.endpoint());
            raw(out, "/");
            raw(out, &id);
            raw(out, "\"");
            member(out, "display", team.name.as_str());
            raw(out, ",\"type\":\"direct\"}");
        }
        if !teammate.teams().is_empty() {
            raw(out, "]");
        }
    }

    fn write_enterprise(&self, out: &mut Vec<u8>, teammate: &Teammate) {
        let kept = teammate.kept();
        if kept.enterprise.is_none() && kept.manager.is_none() {
            return;
        }
        raw(out, ",\"");
        raw(out, core::ENTERPRISE_USER);
        raw(out, "\":{");
        if let Some(enterprise) = &kept.enterprise {
            raw(out, members_of(enterprise));
        }
        if let Some(manager) = &kept.manager {
            raw(
                out,
                if kept.enterprise.is_some() {
                    ",\"manager\":{\"value\":"
                } else {
                    "\"manager\":{\"value\":"
                },
            );
            text(out, manager.as_str());
            if let Some(manager) = self.company.manager_of(teammate) {
                member(out, "$ref", &self.url_of_user(manager.id));
                if let Some(name) = manager.full_name() {
                    member(out, "displayName", &name);
                }
            }
            raw(out, "}");
        }
        raw(out, "}");
    }
}

/// What `meta` says of a resource.
pub(crate) struct About<'a> {
    pub(crate) kind: Kind,
    pub(crate) created: Timestamp,
    /// When what is shown of it last changed.
    pub(crate) changed: Stamp,
    pub(crate) base: &'a str,
    pub(crate) id: &'a str,
}

impl About<'_> {
    /// Writes it as a member of an object.
    pub(crate) fn write(&self, out: &mut Vec<u8>, moments: &mut IsoWriter) {
        raw(out, ",\"meta\":{\"resourceType\":\"");
        raw(out, self.kind.name());
        raw(out, "\",\"created\":\"");
        moments.write(out, self.created);
        raw(out, "\",\"lastModified\":\"");
        moments.write(out, self.changed.time);
        raw(out, "\",\"location\":\"");
        raw(out, self.base);
        raw(out, self.kind.endpoint());
        raw(out, "/");
        raw(out, self.id);
        write!(out, "\",\"version\":\"W/\\\"{}\\\"\"}}", self.changed.version.number())
            .expect("writing to bytes cannot fail");
    }
}

/// The tag of what was last changed so; it is what `meta.version` says.
pub(crate) fn tag_of(changed: Stamp) -> EntityTag {
    EntityTag::weak(changed.version.number().to_string())
}

/// The names of the record, and the whole name that they make unless another was given.
fn write_name(out: &mut Vec<u8>, teammate: &Teammate) {
    let parts = &teammate.kept().name_parts;
    let whole = teammate.full_name();
    if whole.is_none() && parts.is_none() {
        return;
    }
    let is_whole_kept = parts.as_ref().is_some_and(|parts| parts.as_str().starts_with(KEPT_WHOLE_NAME));
    let names = [
        ("familyName", teammate.last_name.as_str()),
        ("givenName", teammate.first_name.as_str()),
        (WHOLE_NAME, if is_whole_kept { "" } else { whole.as_deref().unwrap_or_default() }),
    ];
    raw(out, ",\"name\":");
    let mut before = "{";
    for (name, value) in names.into_iter().filter(|(_, value)| !value.is_empty()) {
        raw(out, before);
        raw(out, "\"");
        raw(out, name);
        raw(out, "\":");
        text(out, value);
        before = ",";
    }
    if let Some(parts) = parts {
        raw(out, before);
        raw(out, members_of(parts));
    }
    raw(out, "}");
}

/// How kept parts of a name begin that have a whole name: keys are sorted, and no other part comes before it.
const KEPT_WHOLE_NAME: &str = "{\"formatted\":";

/// The addresses as they were given; the teammate's own, where none were.
fn write_emails(out: &mut Vec<u8>, teammate: &Teammate) {
    raw(out, ",\"emails\":[");
    for (at, email) in teammate.kept().emails.iter().enumerate() {
        raw(out, if at > 0 { "," } else { "" });
        write_email(out, email);
    }
    if teammate.kept().emails.is_empty() {
        raw(out, "{\"value\":");
        text(out, teammate.email.as_str());
        raw(out, ",\"type\":\"work\",\"primary\":true}");
    }
    raw(out, "]");
}

fn write_email(out: &mut Vec<u8>, email: &KeptEmail) {
    let KeptEmail { value, kind, display, primary } = email;
    let mut before = "{";
    for (name, part) in [("value", value), ("type", kind), ("display", display)] {
        if let Some(part) = part {
            raw(out, before);
            raw(out, "\"");
            raw(out, name);
            raw(out, "\":");
            text(out, part);
            before = ",";
        }
    }
    if let Some(primary) = primary {
        raw(out, before);
        raw(out, "\"primary\":");
        flag(out, *primary);
        before = ",";
    }
    raw(out, if before == "{" { "{}" } else { "}" });
}

/// The address of a teammate for whom none were given, as it is shown.
pub(crate) fn own_email(teammate: &Teammate) -> KeptEmail {
    KeptEmail {
        value: Some(teammate.email.as_str().into()),
        kind: Some("work".into()),
        display: None,
        primary: Some(true),
    }
}

/// Whether a role is the one that makes an administrator.
pub(crate) fn is_admin(role: &serde_json::Value) -> bool {
    role.get("value").and_then(serde_json::Value::as_str).is_some_and(|value| fold(value) == ADMIN)
}

/// The kept roles, with the administrator's as the record has it: REST can have changed that since.
fn write_roles(out: &mut Vec<u8>, teammate: &Teammate) {
    let kept = teammate.kept().roles.as_ref().map(KeptJson::to_value);
    if kept.is_none() && teammate.role == Role::Regular {
        return;
    }
    let mut roles = match kept {
        Some(serde_json::Value::Array(roles)) => roles,
        _ => vec![],
    };
    match teammate.role {
        Role::Regular => roles.retain(|role| !is_admin(role)),
        Role::Admin if roles.iter().any(is_admin) => {}
        Role::Admin => roles.push(serde_json::json!({"value": ADMIN})),
    }
    if !roles.is_empty() {
        raw(out, ",\"roles\":");
        serde_json::to_writer(out, &roles).expect("writing to bytes cannot fail");
    }
}

/// What stands between the braces of a kept object, which is never empty.
fn members_of(kept: &KeptJson) -> &str {
    let text = kept.as_str();
    text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default()
}

/// Writes one more member of an object: a text.
pub(crate) fn member(out: &mut Vec<u8>, name: &str, value: &str) {
    raw(out, ",\"");
    raw(out, name);
    raw(out, "\":");
    text(out, value);
}
