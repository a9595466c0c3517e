//! Filters as they are written (RFC 7644, section 3.4.2.2).

use crate::error::Fault;
use crate::parse::Parser;
use crate::path::AttributePath;
use std::fmt;

/// How a value is compared (RFC 7644, section 3.4.2.2, table 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// It is the value.
    Equal,
    /// It is not.
    NotEqual,
    /// It contains the value.
    Contains,
    /// It starts with it.
    StartsWith,
    /// It ends with it.
    EndsWith,
    /// It is greater, or later.
    Greater,
    /// It is not less.
    GreaterOrEqual,
    /// It is less, or earlier.
    Less,
    /// It is not greater.
    LessOrEqual,
}

impl Operator {
    /// All of them.
    pub const ALL: [Operator; 9] = [
        Operator::Equal,
        Operator::NotEqual,
        Operator::Contains,
        Operator::StartsWith,
        Operator::EndsWith,
        Operator::Greater,
        Operator::GreaterOrEqual,
        Operator::Less,
        Operator::LessOrEqual,
    ];

    /// The word in a filter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Operator::Equal => "eq",
            Operator::NotEqual => "ne",
            Operator::Contains => "co",
            Operator::StartsWith => "sw",
            Operator::EndsWith => "ew",
            Operator::Greater => "gt",
            Operator::GreaterOrEqual => "ge",
            Operator::Less => "lt",
            Operator::LessOrEqual => "le",
        }
    }
}

/// The value that is compared with: a JSON literal (RFC 7644, section 3.4.2.2, `compValue`).
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(Box<str>),
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Null => f.write_str("null"),
            Literal::Boolean(value) => write!(f, "{value}"),
            Literal::Number(value) => write!(f, "{value}"),
            Literal::Text(text) => {
                let json = serde_json::to_string(text).map_err(|_| fmt::Error)?;
                f.write_str(&json)
            }
        }
    }
}

/// A filter, not yet looked up in a schema (RFC 7644, section 3.4.2.2, `FILTER`).
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// A value compares so.
    Compare {
        /// Which.
        path: AttributePath,
        /// How.
        operator: Operator,
        /// With what.
        value: Literal,
    },
    /// There is a value.
    Present(AttributePath),
    /// All hold; two or more.
    And(Vec<Filter>),
    /// One holds; two or more.
    Or(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// One value of a complex attribute meets the whole filter. `emails[type eq "work"].value eq "x"` is read as
    /// `emails[type eq "work" and value eq "x"]`, which means the same.
    Within {
        /// The attribute.
        path: AttributePath,
        /// What one of its values must meet.
        filter: Box<Filter>,
    },
}

impl Filter {
    /// Reads a filter. A fault (`invalidFilter`) tells the character at which it cannot go on. At most [`MAX_LENGTH`](crate::MAX_LENGTH)
    /// octets long and [`MAX_DEPTH`](crate::MAX_DEPTH) deep.
    ///
    /// ```
    /// use tenure_scim::Filter;
    ///
    /// let filter = Filter::parse("emails[type eq \"work\"].value ew \"@x.example\"")?;
    /// assert_eq!(filter.to_string(), "emails[type eq \"work\" and value ew \"@x.example\"]");
    /// let fault = Filter::parse("userName eq bjensen").unwrap_err();
    /// assert!(fault.detail.contains("character 13"), "{fault}");
    /// # Ok::<(), tenure_scim::Fault>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut parser = Parser::of_filter(text)?;
        let filter = parser.filter()?;
        parser.end()?;
        Ok(filter)
    }

    /// The attribute and the text, where the whole filter is `attribute eq "text"`: what an index can be asked for.
    pub fn equal_text(&self) -> Option<(&AttributePath, &str)> {
        match self {
            Filter::Compare { path, operator: Operator::Equal, value: Literal::Text(text) } => {
                Some((path, text))
            }
            _ => None,
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, filters: &[Filter], word: &str) -> fmt::Result {
    for (at, filter) in filters.iter().enumerate() {
        if at > 0 {
            write!(f, " {word} ")?;
        }
        match filter {
            Filter::And(_) | Filter::Or(_) => write!(f, "({filter})")?,
            _ => write!(f, "{filter}")?,
        }
    }
    Ok(())
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::Compare { path, operator, value } => write!(f, "{path} {} {value}", operator.as_str()),
            Filter::Present(path) => write!(f, "{path} pr"),
            Filter::And(filters) => joined(f, filters, "and"),
            Filter::Or(filters) => joined(f, filters, "or"),
            Filter::Not(filter) => write!(f, "not ({filter})"),
            Filter::Within { path, filter } => write!(f, "{path}[{filter}]"),
        }
    }
}
