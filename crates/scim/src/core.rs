//! The schemas of the RFC: User, Group, and the enterprise extension (RFC 7643, sections 4 and 8.7).

use crate::schema::{Attribute, Kind, Schema};

/// The URN of users (RFC 7643, section 4.1).
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The URN of groups (RFC 7643, section 4.2).
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The URN of what enterprises add to users (RFC 7643, section 4.3).
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn several(
    name: &'static str,
    description: &'static str,
    value: Attribute,
    types: &[&'static str],
) -> Attribute {
    let parts = vec![
        value,
        Attribute::text("display", "A name for people to read"),
        Attribute::text("type", "What it is for").suggesting(types),
        Attribute::flag("primary", "Whether it is the preferred one; at most one is"),
    ];
    Attribute::complex(name, description, parts).several()
}

fn name() -> Attribute {
    let parts = vec![
        Attribute::text("formatted", "The whole name, as it is shown"),
        Attribute::text("familyName", "The family name"),
        Attribute::text("givenName", "The given name"),
        Attribute::text("middleName", "The middle names"),
        Attribute::text("honorificPrefix", "A title before the name"),
        Attribute::text("honorificSuffix", "A title behind the name"),
    ];
    Attribute::complex("name", "The parts of the person's name", parts)
}

fn addresses() -> Attribute {
    let parts = vec![
        Attribute::text("formatted", "The whole address, as it is written on a letter"),
        Attribute::text("streetAddress", "Street and number"),
        Attribute::text("locality", "The town"),
        Attribute::text("region", "The state or region"),
        Attribute::text("postalCode", "The postal code"),
        Attribute::text("country", "The country"),
        Attribute::text("type", "What it is for").suggesting(&["work", "home", "other"]),
        Attribute::flag("primary", "Whether it is the preferred one; at most one is"),
    ];
    Attribute::complex("addresses", "Postal addresses", parts).several()
}

fn groups() -> Attribute {
    let parts = vec![
        Attribute::text("value", "The id of the group").case_exact().read_only(),
        Attribute::reference("$ref", "The URL of the group", &["Group"]).read_only(),
        Attribute::text("display", "The name of the group").read_only(),
        Attribute::text("type", "How the person is in it").suggesting(&["direct"]).read_only(),
    ];
    Attribute::complex("groups", "The groups that the person is in", parts).several().read_only()
}

/// The schema of users (RFC 7643, sections 4.1 and 8.7.1). `password` is not in it: whatever is sent as one is dropped.
pub fn user() -> Schema {
    let text = |name, description| Attribute::text(name, description);
    Schema {
        id: USER,
        name: "User",
        description: "A person's account",
        attributes: vec![
            Attribute::text("userName", "What the person signs in by; usually the e-mail address")
                .required()
                .unique(),
            name(),
            text("displayName", "The name to show"),
            text("nickName", "What the person is called by friends"),
            Attribute::reference("profileUrl", "A page about the person", &["external"]),
            text("title", "The person's title at work"),
            text("userType", "How the person belongs to the organisation"),
            text("preferredLanguage", "The languages that the person prefers"),
            text("locale", "For dates, numbers and currencies"),
            text("timezone", "The time zone, such as Europe/Oslo"),
            Attribute::flag("active", "Whether the account works").advertised_as_required(),
            several(
                "emails",
                "E-mail addresses",
                text("value", "The address").advertised_as_required(),
                &["work", "home", "other"],
            )
            .advertised_as_required(),
            several(
                "phoneNumbers",
                "Telephone numbers",
                text("value", "The number"),
                &["work", "home", "mobile", "fax", "pager", "other"],
            ),
            several("ims", "Addresses for instant messages", text("value", "The address"), &[]),
            several(
                "photos",
                "Pictures of the person",
                Attribute::reference("value", "The URL of the picture", &["external"]),
                &["photo", "thumbnail"],
            ),
            addresses(),
            groups(),
            several("entitlements", "What the person is entitled to", text("value", "The entitlement"), &[]),
            several(
                "roles",
                "The person's roles; `admin` makes an administrator",
                text("value", "The role"),
                &[],
            ),
            several(
                "x509Certificates",
                "The person's certificates",
                Attribute::new(Kind::Binary, "value", "The certificate, DER in base64"),
                &[],
            ),
        ],
    }
}

/// The schema of groups (RFC 7643, sections 4.2 and 8.7.1). Groups hold users, not groups.
pub fn group() -> Schema {
    let parts = vec![
        Attribute::text("value", "The id of the user").case_exact().immutable(),
        Attribute::reference("$ref", "The URL of the user", &["User"]).immutable(),
        Attribute::text("type", "What the member is").suggesting(&["User"]).immutable(),
        Attribute::text("display", "The member's name").read_only(),
    ];
    Schema {
        id: GROUP,
        name: "Group",
        description: "A team of users",
        attributes: vec![
            Attribute::text("displayName", "The name of the group").required().unique(),
            Attribute::complex("members", "Who is in the group", parts).many(),
        ],
    }
}

/// The schema of what enterprises add to users (RFC 7643, sections 4.3 and 8.7.1).
pub fn enterprise_user() -> Schema {
    let manager = vec![
        Attribute::text("value", "The id of the manager").case_exact(),
        Attribute::reference("$ref", "The URL of the manager", &["User"]),
        Attribute::text("displayName", "The manager's name").read_only(),
    ];
    Schema {
        id: ENTERPRISE_USER,
        name: "EnterpriseUser",
        description: "What enterprises keep about a person",
        attributes: vec![
            Attribute::text("employeeNumber", "The number of the person in the organisation"),
            Attribute::text("costCenter", "The cost centre"),
            Attribute::text("organization", "The organisation"),
            Attribute::text("division", "The division"),
            Attribute::text("department", "The department"),
            Attribute::complex("manager", "The person's manager", manager),
        ],
    }
}
