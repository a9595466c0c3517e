//! A teammate's JSON, written straight into bytes. It is what [`represent`](super::teammates::represent) serialises to, to
//! the byte: that is the definition, and a test holds this to it. Written by hand because a page of a hundred teammates is
//! the heaviest answer of the API, and formatting its four hundred links took most of its time.

use crate::http::json_text::{flag, raw, text};
use std::io::Write as _;
use tenure_directory::custom_field::{FieldValue, number_as_json};
use tenure_directory::teammate::{Availability, Role, Standing, Teammate};
use tenure_directory::{Company, base36};

/// About how many bytes a teammate takes.
pub(crate) const USUAL_BYTES: usize = 480;

/// A teammate by itself.
pub(crate) fn bytes_of(base: &str, company: &Company, teammate: &Teammate) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    write(&mut bytes, base, company, teammate);
    bytes
}

/// Writes a teammate. `base` is the public URL, which has no character that JSON escapes.
pub(crate) fn write(out: &mut Vec<u8>, base: &str, company: &Company, teammate: &Teammate) {
    let Teammate {
        id,
        email,
        username,
        first_name,
        last_name,
        role,
        availability,
        standing,
        custom_fields,
        invitation: _,
        presence: _,
        relations: _,
        created_at: _,
        revision: _,
        updated_at: _,
    } = teammate;
    let number = base36::encode(id.number());
    raw(out, "{\"_links\":{\"self\":\"");
    link(out, base, &number);
    raw(out, "\",\"related\":{\"inboxes\":\"");
    link(out, base, &number);
    raw(out, "/inboxes\",\"conversations\":\"");
    link(out, base, &number);
    raw(out, "/conversations\"}},\"id\":\"tea_");
    raw(out, &number);
    raw(out, "\",\"email\":");
    text(out, email.as_str());
    raw(out, ",\"username\":");
    text(out, username.as_str());
    raw(out, ",\"first_name\":");
    text(out, first_name.as_str());
    raw(out, ",\"last_name\":");
    text(out, last_name.as_str());
    raw(out, ",\"license_type\":\"full\",\"is_admin\":");
    flag(out, *role == Role::Admin);
    raw(out, ",\"is_available\":");
    flag(out, *availability == Availability::Available);
    raw(out, ",\"is_blocked\":");
    flag(out, *standing == Standing::Blocked);
    raw(out, ",\"type\":\"user\",\"custom_fields\":{");
    let known = custom_fields.iter().filter_map(|(field, value)| Some((company.fields.get(field)?, value)));
    for (at, (field, value)) in known.enumerate() {
        raw(out, if at > 0 { "," } else { "" });
        text(out, field.name.as_str());
        raw(out, ":");
        write_value(out, value);
    }
    raw(out, "}}");
}

fn link(out: &mut Vec<u8>, base: &str, number: &str) {
    raw(out, base);
    raw(out, "/teammates/tea_");
    raw(out, number);
}

fn write_value(out: &mut Vec<u8>, value: &FieldValue) {
    match value {
        FieldValue::Text(value) => text(out, value.as_str()),
        FieldValue::Number(number) => {
            let number = number_as_json(*number);
            write!(out, "{number}").expect("writing to bytes cannot fail");
        }
        FieldValue::Boolean(value) => flag(out, *value),
        FieldValue::Teammate(id) => write!(out, "\"{id}\"").expect("writing to bytes cannot fail"),
        FieldValue::Inbox(id) => write!(out, "\"{id}\"").expect("writing to bytes cannot fail"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::teammates::represent;
    use super::super::view::to_json;
    use super::*;
    use proptest::prelude::*;
    use tenure_directory::custom_field::{CreateCustomField, FieldType, GivenValue};
    use tenure_directory::email::EmailAddress;
    use tenure_directory::invitation::InvitationWish;
    use tenure_directory::teammate::CreateTeammate;
    use tenure_directory::text::{FieldName, PersonName};
    use tenure_directory::{Actor, Command, CompanyId, Occasion, Recorded, Timestamp};

    fn told(company: Company, command: &Command) -> Company {
        let (now, actor) = (Timestamp::from_ms(0), Actor::Operator);
        let events = company.decide(command, &Occasion { now, actor }).unwrap();
        events.into_iter().fold(company, |company, event| {
            let version = company.version.next();
            company.evolve(&Recorded { version, time: now, actor, event })
        })
    }

    fn company_with_fields() -> Company {
        let field = |name: &str, kind| {
            Command::CreateCustomField(CreateCustomField { name: FieldName::parse(name).unwrap(), kind })
        };
        let fields = [
            field("Te\"xt", FieldType::String),
            field("Number", FieldType::Number),
            field("Flag", FieldType::Boolean),
        ];
        fields.iter().fold(Company::unborn(CompanyId::new(1)), told)
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_the_representation(
            first in "[a-z\"\\\\/<>'éß山 ]{0,12}",
            last in "\\PC{0,8}",
            value in "\\PC{0,12}",
            number in -1e15..1e15_f64,
            is_whole: bool,
            flags: [bool; 2],
        ) {
            let name = |text: &str| PersonName::parse(text).unwrap_or_else(|_| PersonName::parse("").unwrap());
            let number = if is_whole { number.trunc() } else { number };
            let (role, availability) = (
                if flags[0] { Role::Admin } else { Role::Regular },
                if flags[1] { Availability::Available } else { Availability::Away },
            );
            let mut custom_fields = vec![
                ("Number".into(), GivenValue::Number(number)),
                ("Flag".into(), GivenValue::Boolean(flags[0])),
            ];
            if tenure_directory::text::FieldText::parse(&value).is_ok() {
                custom_fields.push(("Te\"xt".into(), GivenValue::Text(value.as_str().into())));
            }
            let company = told(company_with_fields(), &Command::CreateTeammate(CreateTeammate {
                email: EmailAddress::parse("o'brien@x.example").unwrap(),
                username: None,
                first_name: name(&first),
                last_name: name(&last),
                role,
                availability,
                custom_fields,
                invitation: InvitationWish::None,
            }));
            let teammate = company.teammates.values().next().unwrap();
            let mut written = Vec::new();
            write(&mut written, "https://tenure.example.com/base", &company, teammate);
            let represented = to_json(&represent("https://tenure.example.com/base", &company, teammate));
            prop_assert_eq!(String::from_utf8(written).unwrap(), String::from_utf8(represented).unwrap());
        }
    }
}
