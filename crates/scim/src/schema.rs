//! What a resource consists of (RFC 7643, sections 2 and 7).

use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// How many values an attribute may have, unless it says otherwise.
pub const MAX_VALUES: usize = 200;

/// The type of a value (RFC 7643, section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A number, perhaps with a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// A moment.
    DateTime,
    /// Bytes, in base64.
    Binary,
    /// A URI, or the id of another resource.
    Reference,
    /// Sub-attributes.
    Complex,
}

impl Kind {
    /// The name in a schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::Boolean => "boolean",
            Kind::Decimal => "decimal",
            Kind::Integer => "integer",
            Kind::DateTime => "dateTime",
            Kind::Binary => "binary",
            Kind::Reference => "reference",
            Kind::Complex => "complex",
        }
    }

    /// What a value of it is, for messages.
    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            Kind::String => "a text",
            Kind::Boolean => "true or false",
            Kind::Decimal => "a number",
            Kind::Integer => "a whole number",
            Kind::DateTime => "a moment such as \"2026-01-31T09:00:00Z\"",
            Kind::Binary => "bytes in base64",
            Kind::Reference => "a URI, as a text",
            Kind::Complex => "an object",
        }
    }
}

/// Who may change a value, and when (RFC 7643, section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// Only the service provider.
    ReadOnly,
    /// The client, at any time.
    ReadWrite,
    /// The client, once.
    Immutable,
}

/// When a value is shown (RFC 7643, section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// Whatever is asked for.
    Always,
    /// Unless it is excluded, or others are asked for.
    Default,
    /// Only when asked for.
    Request,
    /// Not at all.
    Never,
}

/// Among which resources a value is unique (RFC 7643, section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uniqueness {
    /// It need not be.
    None,
    /// Those of the service provider.
    Server,
}

/// Whether a value must be there (RFC 7643, section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Required {
    /// It may be absent.
    No,
    /// It is advertised as required, and the service provider makes one up where it is absent.
    Advertised,
    /// It must be there.
    Yes,
}

/// An attribute and its characteristics (RFC 7643, section 7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, in the schema's spelling.
    pub name: Cow<'static, str>,
    /// Another name that is taken for it, and never shown.
    pub alias: Option<Cow<'static, str>>,
    /// What it is for.
    pub description: Cow<'static, str>,
    /// The type of its values.
    pub kind: Kind,
    /// Whether there can be several.
    pub multi_valued: bool,
    /// How many there may be at most; comparing each with each must stay cheap.
    pub max_values: usize,
    /// Whether one must be there.
    pub required: Required,
    /// Whether case counts when values are compared.
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is shown.
    pub returned: Returned,
    /// Among which resources it is unique.
    pub uniqueness: Uniqueness,
    /// Values that are suggested.
    pub canonical_values: Vec<Cow<'static, str>>,
    /// What a reference may refer to.
    pub reference_types: Vec<&'static str>,
    /// The parts of a complex value.
    pub sub_attributes: Vec<Attribute>,
}

impl Attribute {
    /// An optional, single value of a type, which the client may change.
    pub fn new(
        kind: Kind,
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            name: name.into(),
            alias: None,
            description: description.into(),
            kind,
            multi_valued: false,
            max_values: MAX_VALUES,
            required: Required::No,
            case_exact: matches!(kind, Kind::Reference | Kind::Binary),
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            canonical_values: vec![],
            reference_types: vec![],
            sub_attributes: vec![],
        }
    }

    /// A text.
    pub fn text(name: impl Into<Cow<'static, str>>, description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::String, name, description)
    }

    /// True or false.
    pub fn flag(name: impl Into<Cow<'static, str>>, description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Boolean, name, description)
    }

    /// A reference to something of these types.
    pub fn reference(name: &'static str, description: &'static str, types: &[&'static str]) -> Self {
        Self { reference_types: types.to_vec(), ..Self::new(Kind::Reference, name, description) }
    }

    /// A value with parts.
    pub fn complex(name: &'static str, description: &'static str, parts: Vec<Attribute>) -> Self {
        Self { sub_attributes: parts, ..Self::new(Kind::Complex, name, description) }
    }

    /// The same with several values.
    pub fn several(self) -> Self {
        Self { multi_valued: true, ..self }
    }

    /// The same with as many values as a request can carry.
    pub fn many(self) -> Self {
        Self { max_values: usize::MAX, ..self.several() }
    }

    /// The same, only for the service provider to change.
    pub fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    /// The same, to be given once.
    pub fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    /// The same, required.
    pub fn required(self) -> Self {
        Self { required: Required::Yes, ..self }
    }

    /// The same, advertised as required.
    pub fn advertised_as_required(self) -> Self {
        Self { required: Required::Advertised, ..self }
    }

    /// The same, where case counts.
    pub fn case_exact(self) -> Self {
        Self { case_exact: true, ..self }
    }

    /// The same, unique at the service provider.
    pub fn unique(self) -> Self {
        Self { uniqueness: Uniqueness::Server, ..self }
    }

    /// The same, always shown.
    pub fn always(self) -> Self {
        Self { returned: Returned::Always, ..self }
    }

    /// The same, shown only when it is asked for by name.
    pub fn on_request(self) -> Self {
        Self { returned: Returned::Request, ..self }
    }

    /// The same with values that are suggested.
    pub fn suggesting(self, values: &[&'static str]) -> Self {
        Self { canonical_values: values.iter().map(|value| Cow::Borrowed(*value)).collect(), ..self }
    }

    /// The part of this name, without regard to case.
    pub fn sub(&self, name: &str) -> Option<&Attribute> {
        by_name(&self.sub_attributes, name)
    }

    /// The form in a schema (RFC 7643, section 7).
    pub fn to_json(&self) -> Value {
        let mut json = json!({
            "name": self.name,
            "type": self.kind.as_str(),
            "multiValued": self.multi_valued,
            "description": self.description,
            "required": self.required != Required::No,
            "mutability": match self.mutability {
                Mutability::ReadOnly => "readOnly",
                Mutability::ReadWrite => "readWrite",
                Mutability::Immutable => "immutable",
            },
            "returned": match self.returned {
                Returned::Always => "always",
                Returned::Default => "default",
                Returned::Request => "request",
                Returned::Never => "never",
            },
        });
        if self.kind != Kind::Complex {
            json["caseExact"] = self.case_exact.into();
            let uniqueness = match self.uniqueness {
                Uniqueness::None => "none",
                Uniqueness::Server => "server",
            };
            json["uniqueness"] = uniqueness.into();
        }
        if !self.canonical_values.is_empty() {
            json["canonicalValues"] = json!(self.canonical_values);
        }
        if !self.reference_types.is_empty() {
            json["referenceTypes"] = json!(self.reference_types);
        }
        if !self.sub_attributes.is_empty() {
            json["subAttributes"] = self.sub_attributes.iter().map(Attribute::to_json).collect();
        }
        json
    }
}

pub(crate) fn by_name<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    let is_alias = |attribute: &&Attribute| {
        attribute.alias.as_ref().is_some_and(|alias| alias.eq_ignore_ascii_case(name))
    };
    let named = attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name));
    named.or_else(|| attributes.iter().find(is_alias))
}

/// The URN of schemas themselves (RFC 7643, section 7).
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
/// The URN of resource types (RFC 7643, section 6).
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";

/// A set of attributes under a URN (RFC 7643, section 7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Its URN.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// The attribute of this name, without regard to case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        by_name(&self.attributes, name)
    }

    /// The resource that discovery shows (RFC 7643, section 7). `base` is the URL of the SCIM service.
    pub fn to_json(&self, base: &str) -> Value {
        json!({
            "schemas": [SCHEMA],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": self.attributes.iter().map(Attribute::to_json).collect::<Vec<_>>(),
            "meta": {"resourceType": "Schema", "location": format!("{base}/Schemas/{}", self.id)},
        })
    }
}

/// A kind of resource: where it is, and which schemas describe it (RFC 7643, section 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceType {
    /// Its name, which is its id too.
    pub name: &'static str,
    /// Its path below the service's URL.
    pub endpoint: &'static str,
    /// What it is.
    pub description: &'static str,
    /// The schema that every resource of it has.
    pub schema: Arc<Schema>,
    /// The schemas that it may have besides.
    pub extensions: Vec<Arc<Schema>>,
}

impl ResourceType {
    /// The resource that discovery shows (RFC 7643, section 6). `base` is the URL of the SCIM service.
    pub fn to_json(&self, base: &str) -> Value {
        let extensions: Vec<_> =
            self.extensions.iter().map(|schema| json!({"schema": schema.id, "required": false})).collect();
        let mut json = json!({
            "schemas": [RESOURCE_TYPE],
            "id": self.name,
            "name": self.name,
            "endpoint": self.endpoint,
            "description": self.description,
            "schema": self.schema.id,
            "meta": {"resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", self.name)},
        });
        if !extensions.is_empty() {
            json["schemaExtensions"] = extensions.into();
        }
        json
    }

    /// The extension of this URN, without regard to case.
    pub fn extension(&self, id: &str) -> Option<&Arc<Schema>> {
        self.extensions.iter().find(|schema| schema.id.eq_ignore_ascii_case(id))
    }
}
