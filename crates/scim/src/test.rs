//! A filter looked up in a schema, and put to a resource (RFC 7644, section 3.4.2.2).
//!
//! A bare complex attribute stands for its `value`. Of several values one that matches is enough, also for `ne`: it says
//! that one differs. Of an attribute without a value, `ne` holds and all else does not; `eq null` asks for just that.

use crate::error::Fault;
use crate::filter::{Filter, Literal, Operator};
use crate::path::AttributePath;
use crate::place::{Place, Spot};
use crate::schema::{Attribute, Kind, ResourceType, Schema};
use crate::text::{fold, shown};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// A filter that can be put to resources of one type (RFC 7644, section 3.4.2.2).
///
/// ```
/// use serde_json::json;
/// use std::sync::Arc;
/// use tenure_scim::{Filter, ResourceType, Test, core};
///
/// let users = ResourceType {
///     name: "User",
///     endpoint: "/Users",
///     description: "A person",
///     schema: Arc::new(core::user()),
///     extensions: vec![],
/// };
/// let test = Test::of(&Filter::parse("userName eq \"ANN\" and active eq true")?, &users)?;
/// let ann = json!({"userName": "ann", "active": true});
/// assert!(test.holds(ann.as_object().expect("it is an object")));
/// # Ok::<(), tenure_scim::Fault>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Test(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Compare(Spot, Comparison),
    Present(Spot),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Within(Spot, Box<Node>),
}

#[derive(Debug, Clone, PartialEq)]
struct Comparison {
    operator: Operator,
    with: With,
}

#[derive(Debug, Clone, PartialEq)]
enum With {
    Nothing,
    Boolean(bool),
    Number(f64),
    Moment(Timestamp),
    Exact(Box<str>),
    Folded(Box<str>),
}

impl Test {
    /// Looks a filter up in the schemas of a type. What they do not have, or cannot compare so, is a fault (`invalidFilter`).
    pub fn of(filter: &Filter, resource_type: &ResourceType) -> Result<Self, Fault> {
        node(filter, &mut |path| {
            let Some(place) = resource_type.place(path) else {
                return Err(Fault::filter(format!(
                    "the filter asks for `{}`, which {} does not have; /Schemas lists the attributes",
                    shown(&path.to_string()),
                    resource_type.name
                )));
            };
            match place {
                Place::Attribute { extension, attribute, sub } => Ok(Found { extension, attribute, sub }),
                Place::Extension(schema) => Err(Fault::filter(format!(
                    "the filter compares all of {}; name one of its attributes",
                    schema.id
                ))),
            }
        })
        .map(Self)
    }

    /// Looks up a filter on the values of one complex attribute, as it stands between brackets (`valFilter`).
    pub fn of_values(filter: &Filter, attribute: &Attribute) -> Result<Self, Fault> {
        values_of(filter, attribute).map(Self)
    }

    /// Whether a resource, or a value of a complex attribute, meets the filter.
    pub fn holds(&self, resource: &Map<String, Value>) -> bool {
        holds(&self.0, resource)
    }
}

struct Found<'a> {
    extension: Option<&'a Schema>,
    attribute: &'a Attribute,
    sub: Option<&'a Attribute>,
}

fn values_of(filter: &Filter, complex: &Attribute) -> Result<Node, Fault> {
    node(filter, &mut |path| {
        let sub =
            (path.schema.is_none() && path.sub.is_none()).then(|| complex.sub(&path.attribute)).flatten();
        let Some(attribute) = sub else {
            return Err(Fault::filter(format!(
                "the filter asks for `{}` within `{}`, which has no such part",
                shown(&path.to_string()),
                complex.name
            )));
        };
        Ok(Found { extension: None, attribute, sub: None })
    })
}

type Find<'f, 'a> = dyn FnMut(&AttributePath) -> Result<Found<'a>, Fault> + 'f;

fn node(filter: &Filter, find: &mut Find<'_, '_>) -> Result<Node, Fault> {
    let mut all =
        |filters: &[Filter]| filters.iter().map(|filter| node(filter, find)).collect::<Result<_, _>>();
    match filter {
        Filter::And(filters) => Ok(Node::And(all(filters)?)),
        Filter::Or(filters) => Ok(Node::Or(all(filters)?)),
        Filter::Not(filter) => Ok(Node::Not(Box::new(node(filter, find)?))),
        Filter::Present(path) => Ok(Node::Present(find(path)?.spot())),
        Filter::Compare { path, operator, value } => {
            let found = find(path)?.valued(path)?;
            let with = with(found.compared(), path, *operator, value)?;
            Ok(Node::Compare(found.spot(), Comparison { operator: *operator, with }))
        }
        Filter::Within { path, filter } => {
            let found = find(path)?;
            if found.attribute.kind != Kind::Complex {
                return Err(Fault::filter(format!("`{path}` has no parts, so brackets cannot follow it")));
            }
            Ok(Node::Within(found.spot(), Box::new(values_of(filter, found.attribute)?)))
        }
    }
}

impl<'a> Found<'a> {
    fn spot(&self) -> Spot {
        Spot::of(self.extension, self.attribute, self.sub)
    }

    fn compared(&self) -> &'a Attribute {
        self.sub.unwrap_or(self.attribute)
    }

    /// What is compared: of a complex attribute, its `value`.
    fn valued(self, path: &AttributePath) -> Result<Self, Fault> {
        if self.compared().kind != Kind::Complex {
            return Ok(self);
        }
        match self.attribute.sub("value") {
            Some(value) if self.sub.is_none() => Ok(Self { sub: Some(value), ..self }),
            _ => Err(Fault::filter(format!("`{path}` has parts; compare one of them, such as `{path}.…`"))),
        }
    }
}

fn with(
    attribute: &Attribute,
    path: &AttributePath,
    operator: Operator,
    value: &Literal,
) -> Result<With, Fault> {
    let kind = attribute.kind;
    let orders = !matches!(operator, Operator::Equal | Operator::NotEqual);
    let takes_order = !matches!(kind, Kind::Boolean | Kind::Binary);
    if orders && (!takes_order || *value == Literal::Null) {
        let what =
            if takes_order { "null".to_owned() } else { format!("`{path}` is {}, which", kind.in_words()) };
        return Err(Fault::filter(format!(
            "{what} cannot be compared by `{}`; use eq, ne or pr",
            operator.as_str()
        )));
    }
    let is_text_operator = matches!(operator, Operator::Contains | Operator::StartsWith | Operator::EndsWith);
    if is_text_operator && matches!(kind, Kind::Decimal | Kind::Integer | Kind::DateTime) {
        let detail =
            format!("`{path}` is {}, which cannot be compared by `{}`", kind.in_words(), operator.as_str());
        return Err(Fault::filter(detail));
    }
    let wrong =
        || Fault::filter(format!("`{path}` is {}, and cannot be compared with {value}", kind.in_words()));
    match (kind, value) {
        (_, Literal::Null) => Ok(With::Nothing),
        (Kind::Boolean, Literal::Boolean(value)) => Ok(With::Boolean(*value)),
        (Kind::Boolean, Literal::Text(text)) => flag(text).map(With::Boolean).ok_or_else(wrong),
        (Kind::Decimal | Kind::Integer, Literal::Number(number)) => Ok(With::Number(*number)),
        (Kind::DateTime, Literal::Text(text)) => moment(text).map(With::Moment).ok_or_else(wrong),
        (Kind::String | Kind::Reference | Kind::Binary, Literal::Text(text)) => {
            Ok(if attribute.case_exact { With::Exact(text.clone()) } else { With::Folded(fold(text).into()) })
        }
        _ => Err(wrong()),
    }
}

/// A boolean that was sent as text.
pub(crate) fn flag(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A moment as RFC 7643, section 2.3.5, writes it; fractions of any length are read.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn holds(node: &Node, resource: &Map<String, Value>) -> bool {
    match node {
        Node::And(nodes) => nodes.iter().all(|node| holds(node, resource)),
        Node::Or(nodes) => nodes.iter().any(|node| holds(node, resource)),
        Node::Not(node) => !holds(node, resource),
        Node::Present(spot) => !values(spot, resource).is_empty(),
        Node::Compare(spot, comparison) => {
            let values = values(spot, resource);
            if values.is_empty() {
                return comparison.holds_of_nothing();
            }
            values.iter().any(|value| comparison.holds(value))
        }
        Node::Within(spot, node) => {
            let values = values(spot, resource);
            values.iter().any(|value| value.as_object().is_some_and(|value| holds(node, value)))
        }
    }
}

fn values<'r>(spot: &Spot, resource: &'r Map<String, Value>) -> Vec<&'r Value> {
    match spot.attribute_in(resource) {
        None => vec![],
        Some(Value::Array(values)) => values.iter().filter_map(|value| spot.part_of(value)).collect(),
        Some(value) => spot.part_of(value).into_iter().collect(),
    }
}

impl Comparison {
    fn holds_of_nothing(&self) -> bool {
        match self.operator {
            Operator::Equal => self.with == With::Nothing,
            Operator::NotEqual => self.with != With::Nothing,
            _ => false,
        }
    }

    fn holds(&self, value: &Value) -> bool {
        match (&self.with, value) {
            (With::Boolean(with), Value::Bool(value)) => self.ordered(value.cmp(with)),
            (With::Number(with), Value::Number(value)) => value
                .as_f64()
                .and_then(|value| value.partial_cmp(with))
                .is_some_and(|order| self.ordered(order)),
            (With::Moment(with), Value::String(value)) => {
                moment(value).is_some_and(|value| self.ordered(value.cmp(with)))
            }
            (With::Exact(with), Value::String(value)) => self.text(value, with),
            (With::Folded(with), Value::String(value)) => self.text(&fold(value), with),
            _ => self.operator == Operator::NotEqual,
        }
    }

    fn text(&self, value: &str, with: &str) -> bool {
        match self.operator {
            Operator::Contains => value.contains(with),
            Operator::StartsWith => value.starts_with(with),
            Operator::EndsWith => value.ends_with(with),
            _ => self.ordered(value.cmp(with)),
        }
    }

    fn ordered(&self, order: Ordering) -> bool {
        match self.operator {
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => order.is_ne(),
            Operator::Greater => order.is_gt(),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
        }
    }
}
