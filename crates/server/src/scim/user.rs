//! From a User to what the directory keeps of a person (`contract/scim.md`, "Resources").

use crate::scim::types::{CUSTOM_FIELDS, TEAMMATE};
use crate::scim::user_json::{ADMIN, is_admin, own_email};
use serde_json::{Map, Value, json};
use std::fmt::Display;
use tenure_directory::custom_field::GivenValue;
use tenure_directory::email::EmailAddress;
use tenure_directory::kept::{Kept, KeptEmail, KeptJson, TooLargeToKeep, WHOLE_NAME};
use tenure_directory::provisioning::ProvisionTeammate;
use tenure_directory::teammate::{Availability, Role, Standing, Teammate, UpdateTeammate};
use tenure_directory::text::{ExternalId, PersonName, UserName, full_name};
use tenure_directory::{Company, FieldId};
use tenure_scim::{Fault, Resource, core};

/// The attributes that a User shows and that say nothing about the person when they come back.
const SHOWN_ONLY: [&str; 4] = ["schemas", "id", "groups", "meta"];

/// A User as it was read from a request.
pub(crate) struct Person {
    email: EmailAddress,
    first_name: PersonName,
    last_name: PersonName,
    role: Role,
    availability: Option<Availability>,
    standing: Standing,
    custom_fields: Vec<(Box<str>, GivenValue)>,
    kept: Kept,
}

fn fault(attribute: &str, fault: impl Display) -> Fault {
    Fault::value(format!("`{attribute}` {fault}"))
}

/// Takes a text out of a resource and checks it.
fn take<T, E: Display>(
    resource: &mut Map<String, Value>,
    name: &str,
    path: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, Fault> {
    match resource.remove(name) {
        Some(Value::String(text)) => parse(&text).map(Some).map_err(|wrong| fault(path, wrong)),
        _ => Ok(None),
    }
}

fn take_object(resource: &mut Resource, name: &str) -> Map<String, Value> {
    match resource.remove(name) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

fn kept_object(object: Map<String, Value>, path: &str) -> Result<Option<KeptJson>, Fault> {
    if object.is_empty() {
        return Ok(None);
    }
    KeptJson::of(&Value::Object(object)).map(Some).map_err(|wrong| fault(path, wrong))
}

impl Person {
    /// Reads a User in the schema's own form.
    pub(crate) fn read(company: &Company, mut resource: Resource) -> Result<Self, Fault> {
        for name in SHOWN_ONLY {
            resource.remove(name);
        }
        let user_name = take(&mut resource, "userName", "userName", UserName::parse)?
            .ok_or_else(|| fault("userName", "is required and must not be empty"))?;
        let emails = resource.remove("emails");
        if emails.as_ref().is_some_and(|emails| KeptJson::of(emails).is_err()) {
            return Err(fault("emails", TooLargeToKeep));
        }
        let emails = read_emails(emails);
        let (email, user_name) = address_of(user_name, &emails)?;
        let mut name = take_object(&mut resource, "name");
        let first_name = take(&mut name, "givenName", "name.givenName", PersonName::parse)?;
        let last_name = take(&mut name, "familyName", "name.familyName", PersonName::parse)?;
        let first_name = first_name.unwrap_or_else(PersonName::empty);
        let last_name = last_name.unwrap_or_else(PersonName::empty);
        // The whole name that the names make is made when it is shown.
        if name.get(WHOLE_NAME).and_then(Value::as_str) == full_name(&first_name, &last_name).as_deref() {
            name.remove(WHOLE_NAME);
        }
        let standing = match resource.remove("active") {
            Some(Value::Bool(false)) => Standing::Blocked,
            _ => Standing::Active,
        };
        let (role, roles) = read_roles(resource.remove("roles"))?;
        let mut enterprise = take_object(&mut resource, core::ENTERPRISE_USER);
        let mut manager = take_object(&mut enterprise, "manager");
        let manager = take(&mut manager, "value", "manager.value", ExternalId::parse)?;
        let availability = match take_object(&mut resource, TEAMMATE).get("is_available") {
            Some(Value::Bool(true)) => Some(Availability::Available),
            Some(Value::Bool(false)) => Some(Availability::Away),
            _ => None,
        };
        let custom_fields = read_custom_fields(company, take_object(&mut resource, CUSTOM_FIELDS));
        let kept = Kept {
            external_id: take(&mut resource, "externalId", "externalId", ExternalId::parse)?,
            user_name,
            emails: emails.into(),
            availability: availability.is_some(),
            name_parts: kept_object(name, "name")?,
            roles,
            manager,
            enterprise: kept_object(enterprise, core::ENTERPRISE_USER)?,
            attributes: kept_object(resource, "the attributes together")?,
        };
        Ok(Self { email, first_name, last_name, role, availability, standing, custom_fields, kept })
    }

    /// As a new teammate, or one who comes back.
    pub(crate) fn provision(self) -> ProvisionTeammate {
        let Self { email, first_name, last_name, role, availability, standing, custom_fields, kept } = self;
        ProvisionTeammate { email, first_name, last_name, role, availability, standing, custom_fields, kept }
    }

    /// As what a teammate is to be from now on.
    pub(crate) fn update(mut self, teammate: &Teammate) -> UpdateTeammate {
        // What is shown of a teammate without kept addresses is no new address when it comes back.
        if teammate.kept().emails.is_empty() && *self.kept.emails == [own_email(teammate)] {
            self.kept.emails = Box::default();
        }
        // Nor is it said by the identity provider that somebody is away whom REST shows as away.
        let is_away =
            teammate.availability == Availability::Away && self.availability == Some(Availability::Away);
        if !teammate.kept().availability && is_away {
            self.kept.availability = false;
        }
        self.forget_old_name(teammate);
        UpdateTeammate {
            email: Some(self.email),
            first_name: Some(self.first_name),
            last_name: Some(self.last_name),
            role: Some(self.role),
            availability: Some(self.availability.unwrap_or(Availability::Available)),
            standing: Some(self.standing),
            custom_fields: Some(self.custom_fields),
            kept: Some(Box::new(self.kept)),
            ..UpdateTeammate::of(teammate.id.into())
        }
    }

    /// A whole name that stays as it was is not the person's any more once a part of it is another.
    fn forget_old_name(&mut self, before: &Teammate) {
        let is_renamed = self.first_name != before.first_name || self.last_name != before.last_name;
        let shown = |kept: &Kept| kept.name_parts.as_ref().map(KeptJson::to_value);
        let Some(Value::Object(mut parts)) = shown(&self.kept).filter(|_| is_renamed) else { return };
        let of_before = shown(before.kept()).and_then(|parts| parts.get(WHOLE_NAME).cloned());
        let of_before = of_before.or_else(|| before.full_name().map(Value::String));
        if parts.get(WHOLE_NAME) == of_before.as_ref() {
            parts.remove(WHOLE_NAME);
            self.kept.name_parts = kept_object(parts, "name").expect("a part is not larger than the whole");
        }
    }
}

fn read_emails(emails: Option<Value>) -> Vec<KeptEmail> {
    let Some(Value::Array(emails)) = emails else { return vec![] };
    let text = |email: &Value, name: &str| email.get(name).and_then(Value::as_str).map(Into::into);
    let read = emails.iter().map(|email| KeptEmail {
        value: text(email, "value"),
        kind: text(email, "type"),
        display: text(email, "display"),
        primary: email.get("primary").and_then(Value::as_bool),
    });
    read.collect()
}

/// The address that the service knows the person by, and what they sign in by where that is another text: `userName`, when
/// it is an address; else the primary of `emails`, else the first.
fn address_of(user_name: UserName, emails: &[KeptEmail]) -> Result<(EmailAddress, Option<UserName>), Fault> {
    if let Ok(email) = EmailAddress::parse(user_name.as_str()) {
        return Ok((email, None));
    }
    let valued = || emails.iter().filter_map(|email| Some((email.primary, email.value.as_deref()?)));
    let chosen = valued().find(|(primary, _)| *primary == Some(true)).or_else(|| valued().next());
    let Some((_, address)) = chosen else {
        return Err(fault(
            "userName",
            "is no e-mail address, and `emails` has none: one of them must give the address",
        ));
    };
    let email = EmailAddress::parse(address).map_err(|wrong| fault("emails.value", wrong))?;
    Ok((email, Some(user_name)))
}

/// Whether the person administers the company, and the roles to keep. The bare role that is shown of every administrator
/// is not kept: the record has it.
fn read_roles(roles: Option<Value>) -> Result<(Role, Option<KeptJson>), Fault> {
    let Some(Value::Array(mut roles)) = roles else { return Ok((Role::Regular, None)) };
    let role = if roles.iter().any(is_admin) { Role::Admin } else { Role::Regular };
    let bare = json!({"value": ADMIN});
    if let Some(last) = roles.pop_if(|last| *last == bare)
        && roles.iter().any(is_admin)
    {
        roles.push(last);
    }
    if roles.is_empty() {
        return Ok((role, None));
    }
    let kept = KeptJson::of(&Value::Array(roles)).map_err(|wrong| fault("roles", wrong))?;
    Ok((role, Some(kept)))
}

fn read_custom_fields(company: &Company, fields: Map<String, Value>) -> Vec<(Box<str>, GivenValue)> {
    let given = fields.into_iter().filter_map(|(id, value)| {
        let field = company.fields.get(&id.parse::<FieldId>().ok()?)?;
        let value = match value {
            Value::Bool(value) => GivenValue::Boolean(value),
            Value::Number(number) => GivenValue::Number(number.as_f64()?),
            Value::String(text) => GivenValue::Text(text.into()),
            Value::Null => GivenValue::Null,
            Value::Array(_) => GivenValue::Other("an array"),
            Value::Object(_) => GivenValue::Other("an object"),
        };
        Some((field.name.as_str().into(), value))
    });
    given.collect()
}
