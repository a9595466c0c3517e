//! Paths: how filters, projections and PATCH name an attribute (RFC 7644, sections 3.10 and 3.5.2).

use crate::error::Fault;
use crate::filter::Filter;
use crate::parse::Parser;
use std::fmt;

/// The name of an attribute: perhaps with the URN of its schema, perhaps with a sub-attribute (RFC 7644, section
/// 3.10, `attrPath`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributePath {
    /// The URN before the last colon.
    pub schema: Option<Box<str>>,
    /// The attribute. Of a path that is a whole URN, what stands behind its last colon.
    pub attribute: Box<str>,
    /// The sub-attribute behind a dot.
    pub sub: Option<Box<str>>,
}

impl AttributePath {
    /// Reads a path such as `name.givenName` or `urn:…:User:userName`; a fault is `invalidPath`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut parser = Parser::of_path(text)?;
        let path = parser.attribute_path()?;
        parser.end()?;
        Ok(path)
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}:")?;
        }
        f.write_str(&self.attribute)?;
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

/// The target of a PATCH operation: an attribute, some of its values, or a part of them (RFC 7644, section 3.5.2, `PATH`).
#[derive(Debug, Clone, PartialEq)]
pub struct PatchPath {
    /// The attribute, with a sub-attribute where no filter stands between.
    pub attribute: AttributePath,
    /// Which of its values.
    pub filter: Option<Filter>,
    /// The sub-attribute behind the filter.
    pub sub: Option<Box<str>>,
}

impl PatchPath {
    /// Reads a path such as `emails[type eq "work"].value`; a fault is `invalidPath`, or `invalidFilter` within brackets.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut parser = Parser::of_path(text)?;
        let path = parser.patch_path()?;
        parser.end()?;
        Ok(path)
    }

    /// The sub-attribute, wherever it stands.
    pub fn part(&self) -> Option<&str> {
        self.sub.as_deref().or(self.attribute.sub.as_deref())
    }
}

impl fmt::Display for PatchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.attribute)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}
