//! Where in a resource a path leads, according to the schemas.

use crate::path::AttributePath;
use crate::schema::Kind;
use crate::schema::{Attribute, Mutability, ResourceType, Schema, by_name};
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// Where a path leads (RFC 7644, section 3.10).
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// To everything of an extension.
    Extension(&'a Schema),
    /// To an attribute, or a part of it.
    Attribute {
        /// The extension that has it; none for an attribute of the core schema or a common one.
        extension: Option<&'a Schema>,
        /// Which.
        attribute: &'a Attribute,
        /// Which part of it.
        sub: Option<&'a Attribute>,
    },
}

/// What every resource has beside its schemas (RFC 7643, section 3.1).
static COMMON: LazyLock<Vec<Attribute>> = LazyLock::new(|| {
    vec![
        Attribute::reference("schemas", "The URNs of the schemas that the resource has", &["uri"])
            .several()
            .read_only()
            .always(),
        Attribute::text("id", "The id, made by the service provider").case_exact().read_only().always(),
        Attribute::text("externalId", "The id that the client has for the resource").case_exact().unique(),
        Attribute::complex(
            "meta",
            "About the resource itself",
            vec![
                Attribute::text("resourceType", "The name of its type").case_exact().read_only(),
                Attribute::new(Kind::DateTime, "created", "When it was created").read_only(),
                Attribute::new(Kind::DateTime, "lastModified", "When it was last changed").read_only(),
                Attribute::reference("location", "Its URL", &["uri"]).read_only(),
                Attribute::text("version", "Its version, as in the header ETag").case_exact().read_only(),
            ],
        )
        .read_only(),
    ]
});

impl ResourceType {
    /// Where a path leads; nowhere, where the schemas do not have it.
    pub fn place(&self, path: &AttributePath) -> Option<Place<'_>> {
        let Some(schema) = &path.schema else {
            let common = by_name(&COMMON, &path.attribute);
            return part_of(None, common.or_else(|| self.schema.attribute(&path.attribute))?, path);
        };
        if let Some(extension) = self.extension(schema) {
            return part_of(Some(extension), extension.attribute(&path.attribute)?, path);
        }
        if self.schema.id.eq_ignore_ascii_case(schema) {
            let common = by_name(&COMMON, &path.attribute);
            return part_of(None, self.schema.attribute(&path.attribute).or(common)?, path);
        }
        let whole = format!("{schema}:{}", path.attribute);
        let extension = self.extension(&whole).filter(|_| path.sub.is_none())?;
        Some(Place::Extension(extension))
    }

    /// All attributes that can stand at the top of a resource.
    pub(crate) fn top(&self) -> impl Iterator<Item = &Attribute> {
        COMMON.iter().chain(&self.schema.attributes)
    }
}

fn part_of<'a>(
    extension: Option<&'a Schema>,
    attribute: &'a Attribute,
    path: &AttributePath,
) -> Option<Place<'a>> {
    let sub = match &path.sub {
        Some(sub) => Some(attribute.sub(sub)?),
        None => None,
    };
    Some(Place::Attribute { extension, attribute, sub })
}

impl Place<'_> {
    /// Whether only the service provider may change it.
    pub(crate) fn is_read_only(&self) -> bool {
        match self {
            Place::Extension(_) => false,
            Place::Attribute { attribute, sub, .. } => {
                attribute.mutability == Mutability::ReadOnly
                    || sub.is_some_and(|sub| sub.mutability == Mutability::ReadOnly)
            }
        }
    }
}

/// Where an attribute, or a part of it, is in a resource: the names of a [`Place`], kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    pub(crate) extension: Option<&'static str>,
    pub(crate) attribute: Box<str>,
    pub(crate) sub: Option<Box<str>>,
}

impl Spot {
    pub(crate) fn of(extension: Option<&Schema>, attribute: &Attribute, sub: Option<&Attribute>) -> Self {
        Self {
            extension: extension.map(|schema| schema.id),
            attribute: attribute.name.as_ref().into(),
            sub: sub.map(|sub| sub.name.as_ref().into()),
        }
    }

    /// The whole value of the attribute, whichever part of it is meant.
    pub(crate) fn attribute_in<'r>(&self, resource: &'r Map<String, Value>) -> Option<&'r Value> {
        let holder = match self.extension {
            Some(id) => resource.get(id)?.as_object()?,
            None => resource,
        };
        holder.get(&*self.attribute)
    }

    /// What is meant of one value of the attribute.
    pub(crate) fn part_of<'r>(&self, value: &'r Value) -> Option<&'r Value> {
        match &self.sub {
            Some(sub) => value.get(&**sub),
            None => Some(value),
        }
    }
}
