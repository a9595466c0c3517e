//! What of a resource is shown: `attributes` and `excludedAttributes` (RFC 7644, sections 3.4.2.5 and 3.9).

use crate::error::Fault;
use crate::path::{AttributePath, PatchPath};
use crate::place::{Place, Spot};
use crate::read::Resource;
use crate::schema::{Attribute, ResourceType, Returned};
use serde_json::{Map, Value};

/// What a caller wants to see (RFC 7644, section 3.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Projection {
    /// Everything that is shown by default.
    Default,
    /// These, and what is always shown.
    Only(Vec<Wanted>),
    /// Everything that is shown by default but these.
    Without(Vec<Wanted>),
}

/// Something that is named to be shown or left out (RFC 7644, section 3.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All of an extension.
    Extension(&'static str),
    /// An attribute, or a part of it.
    Attribute(Spot),
}

impl Projection {
    /// Reads both parameters, each a list of names. Names that the schemas do not have are left out; a filter behind a name
    /// is too.
    pub fn of(
        resource_type: &ResourceType,
        attributes: &[impl AsRef<str>],
        excluded: &[impl AsRef<str>],
    ) -> Result<Self, Fault> {
        match (attributes.is_empty(), excluded.is_empty()) {
            (true, true) => Ok(Projection::Default),
            (false, true) => Ok(Projection::Only(wanted(resource_type, attributes))),
            (true, false) => Ok(Projection::Without(wanted(resource_type, excluded))),
            (false, false) => Err(Fault::value(
                "`attributes` and `excludedAttributes` exclude each other; send one of them",
            )),
        }
    }

    /// Whether all is shown that is by default, but for one attribute of the core schema.
    pub fn is_all_but(&self, name: &str) -> bool {
        matches!(self, Projection::Without(left_out) if left_out.iter().all(|wanted| wanted.is_all_of(None, name)) && !left_out.is_empty())
    }

    /// Whether an attribute of the core schema can be in what is shown.
    pub fn shows(&self, name: &str) -> bool {
        self.keeps(None, name, true)
    }

    /// Cuts a resource down to what is shown: `returned` of each attribute (RFC 7643, section 7), and what was asked for.
    pub fn apply(&self, resource_type: &ResourceType, resource: &mut Resource) {
        cut(self, None, resource_type.top().collect(), resource);
        for schema in &resource_type.extensions {
            let Some(Value::Object(inner)) = resource.get_mut(schema.id) else { continue };
            cut(self, Some(schema.id), schema.attributes.iter().collect(), inner);
            if inner.is_empty() {
                resource.remove(schema.id);
            }
        }
    }
}

fn wanted(resource_type: &ResourceType, names: &[impl AsRef<str>]) -> Vec<Wanted> {
    let found = names.iter().filter_map(|name| {
        let path = PatchPath::parse(name.as_ref()).ok()?;
        let sub = path.part().map(Into::into);
        let place = resource_type.place(&AttributePath { sub, ..path.attribute })?;
        Some(match place {
            Place::Extension(schema) => Wanted::Extension(schema.id),
            Place::Attribute { extension, attribute, sub } => {
                Wanted::Attribute(Spot::of(extension, attribute, sub))
            }
        })
    });
    found.collect()
}

impl Wanted {
    fn is_of(&self, of: Option<&str>, name: &str) -> bool {
        match self {
            Wanted::Extension(id) => of == Some(*id),
            Wanted::Attribute(spot) => spot.extension == of && *spot.attribute == *name,
        }
    }

    fn is_all_of(&self, of: Option<&str>, name: &str) -> bool {
        self.is_of(of, name) && self.part().is_none()
    }

    fn part(&self) -> Option<&str> {
        match self {
            Wanted::Extension(_) => None,
            Wanted::Attribute(spot) => spot.sub.as_deref(),
        }
    }
}

fn cut(
    projection: &Projection,
    of: Option<&str>,
    attributes: Vec<&Attribute>,
    holder: &mut Map<String, Value>,
) {
    let mut kept = Map::new();
    for attribute in attributes {
        let name = attribute.name.as_ref();
        let Some(mut value) = holder.remove(name) else { continue };
        let is_kept = match attribute.returned {
            Returned::Never => false,
            Returned::Always => true,
            Returned::Default => projection.keeps(of, name, true),
            Returned::Request => projection.keeps(of, name, false),
        };
        if !is_kept {
            continue;
        }
        if attribute.returned != Returned::Always {
            projection.cut_parts(of, name, &mut value);
        }
        if !is_empty(&value) {
            kept.insert(name.to_owned(), value);
        }
    }
    if of.is_none() {
        // What is left at the top belongs to the extensions, which are cut next.
        kept.extend(std::mem::take(holder).into_iter().filter(|(name, _)| name.starts_with("urn:")));
    }
    *holder = kept;
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(parts) => parts.is_empty(),
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

impl Projection {
    fn keeps(&self, of: Option<&str>, name: &str, by_default: bool) -> bool {
        match self {
            Projection::Default => by_default,
            Projection::Only(wanted) => wanted.iter().any(|wanted| wanted.is_of(of, name)),
            Projection::Without(left_out) => {
                by_default && !left_out.iter().any(|wanted| wanted.is_all_of(of, name))
            }
        }
    }

    fn cut_parts(&self, of: Option<&str>, name: &str, value: &mut Value) {
        let (list, keep) = match self {
            Projection::Default => return,
            Projection::Only(wanted) if wanted.iter().any(|wanted| wanted.is_all_of(of, name)) => return,
            Projection::Only(wanted) => (wanted, true),
            Projection::Without(left_out) => (left_out, false),
        };
        let parts: Vec<&str> =
            list.iter().filter(|item| item.is_of(of, name)).filter_map(Wanted::part).collect();
        if parts.is_empty() {
            return;
        }
        let cut_one = |value: &mut Value| {
            if let Value::Object(object) = value {
                object.retain(|name, _| parts.contains(&name.as_str()) == keep);
            }
        };
        match value {
            Value::Array(values) => {
                values.iter_mut().for_each(cut_one);
                values.retain(|value| !is_empty(value));
            }
            value => cut_one(value),
        }
    }
}
