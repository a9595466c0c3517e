//! Which attributes Users and Groups of a company have.

use crate::scim::address::Kind;
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};
use tenure_directory::Company;
use tenure_directory::custom_field::{CustomField, FieldType};
use tenure_scim::{Attribute, Kind as ValueKind, ResourceType, Schema, core};

/// The URN of custom fields, which are named by their ids, as the product does.
pub(crate) const CUSTOM_FIELDS: &str =
    "urn:ietf:params:scim:schemas:extension:frontapp:teammate_custom_fields";
/// The URN of what a teammate has beyond SCIM.
pub(crate) const TEAMMATE: &str = "urn:tenure:params:scim:schemas:extension:1.0:Teammate";

static USER: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(core::user()));
static GROUP: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(core::group()));
static ENTERPRISE: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(core::enterprise_user()));
static OF_TEAMMATES: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    Arc::new(Schema {
        id: TEAMMATE,
        name: "Teammate",
        description: "What a teammate has beyond SCIM",
        attributes: vec![
            Attribute::flag("is_available", "Whether the person is there for work"),
            Attribute::text("username", "What the person is mentioned by")
                .case_exact()
                .read_only()
                .on_request(),
            Attribute::text("invitation", "How far the person's invitation has come")
                .suggesting(&["none", "pending", "held", "expired", "accepted"])
                .read_only()
                .on_request(),
        ],
    })
});

/// The type of a company's resources of a kind.
pub(crate) fn resource_type(company: &Company, kind: Kind) -> ResourceType {
    match kind {
        Kind::User => users(company),
        Kind::Group => groups(),
    }
}

fn users(company: &Company) -> ResourceType {
    let mut extensions = vec![Arc::clone(&ENTERPRISE), Arc::clone(&OF_TEAMMATES)];
    if !company.fields.is_empty() {
        extensions.push(Arc::new(custom_fields(company)));
    }
    ResourceType {
        name: Kind::User.name(),
        endpoint: Kind::User.endpoint(),
        description: "A teammate",
        schema: Arc::clone(&USER),
        extensions,
    }
}

fn groups() -> ResourceType {
    ResourceType {
        name: Kind::Group.name(),
        endpoint: Kind::Group.endpoint(),
        description: "A team",
        schema: Arc::clone(&GROUP),
        extensions: vec![],
    }
}

fn custom_fields(company: &Company) -> Schema {
    Schema {
        id: CUSTOM_FIELDS,
        name: "Custom fields",
        description: "The custom fields of teammates, by their ids",
        attributes: company.fields.values().map(attribute).collect(),
    }
}

fn attribute(field: &CustomField) -> Attribute {
    let (kind, choices) = match &field.kind {
        FieldType::Number | FieldType::Datetime => (ValueKind::Decimal, &[][..]),
        FieldType::Boolean => (ValueKind::Boolean, &[][..]),
        FieldType::Enum(choices) => (ValueKind::String, &choices[..]),
        FieldType::String | FieldType::Teammate | FieldType::Inbox => (ValueKind::String, &[][..]),
    };
    let choices = choices.iter().map(|choice| Cow::Owned(choice.to_string()));
    Attribute {
        alias: Some(field.name.to_string().into()),
        canonical_values: choices.collect(),
        case_exact: true,
        ..Attribute::new(kind, field.id.to_string(), field.name.to_string())
    }
}
