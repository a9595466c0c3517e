//! Conditions on versions: `ETag`, `If-Match`, `If-None-Match` (RFC 9110, section 13).

use crate::http::problem::Problem;
use hyper::header::{HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use sha2::{Digest as _, Sha256};
use std::fmt;
use tenure_directory::{Precondition, Version};

/// What a coding adds to a tag: the compressed form of a representation is another one.
pub(crate) const GZIP_SUFFIX: &str = "-gzip";

/// The tag of a representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntityTag {
    is_weak: bool,
    opaque: String,
}

impl EntityTag {
    /// The tag of a thing at a revision.
    pub(crate) fn of_revision(revision: Version) -> Self {
        Self { is_weak: false, opaque: revision.number().to_string() }
    }

    /// A tag of what a representation says, and not of its bytes.
    pub(crate) fn weak(opaque: String) -> Self {
        Self { is_weak: true, opaque }
    }

    /// The tag of something that has no revision of its own, made from its bytes.
    pub(crate) fn of_content(bytes: &[u8]) -> Self {
        use std::fmt::Write as _;
        let digest = Sha256::digest(bytes);
        let opaque = digest.iter().take(8).fold(String::new(), |mut tag, byte| {
            write!(tag, "{byte:02x}").expect("writing to a String cannot fail");
            tag
        });
        Self { is_weak: false, opaque }
    }

    /// The value of the header `ETag`.
    pub(crate) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.to_string()).expect("letters and digits in quotes fit a header")
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\"{}\"", if self.is_weak { "W/" } else { "" }, self.opaque)
    }
}

/// The tag of the compressed form, as a header. A weak one says nothing of the form, and stays.
pub(crate) fn compressed(tag: &HeaderValue) -> Option<HeaderValue> {
    let bare = tag.to_str().ok().filter(|tag| !tag.starts_with("W/"))?.strip_suffix('"')?;
    HeaderValue::from_str(&format!("{bare}{GZIP_SUFFIX}\"")).ok()
}

/// One tag of a list: whether it is weak, and what stands between the quotes.
struct Tag<'a> {
    weak: bool,
    opaque: &'a str,
}

/// Reads a comma-separated list of tags.
fn tags(text: &str) -> Option<Vec<Tag<'_>>> {
    let mut rest = text.trim();
    let mut tags = Vec::new();
    while !rest.is_empty() {
        let (weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
        let opaque = opaque.strip_suffix(GZIP_SUFFIX).unwrap_or(opaque);
        tags.push(Tag { weak, opaque });
        rest = after.trim_start();
        rest = match rest.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    (!tags.is_empty()).then_some(tags)
}

fn joined(headers: &HeaderMap, name: &hyper::header::HeaderName) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?")).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// The condition that a write carries. Weak tags match nothing, as the RFC asks for `If-Match`.
pub(crate) fn precondition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    let Some(text) = joined(headers, &IF_MATCH) else { return Ok(Precondition::None) };
    if text.trim() == "*" {
        return Ok(Precondition::Exists);
    }
    let tags = tags(&text).ok_or_else(|| {
        Problem::bad_request("request.bad_etag", "If-Match must be * or a list of ETags, such as \"12\"")
    })?;
    let revisions = tags.iter().filter(|tag| !tag.weak).filter_map(|tag| revision_of(tag.opaque));
    Ok(Precondition::Revisions(revisions.collect()))
}

/// A condition on the tag of what is there, weak tags included (RFC 7644, section 3.14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagCondition {
    /// None was given.
    None,
    /// The thing must exist (`*`).
    Exists,
    /// The thing must have one of these tags, by what stands between their quotes.
    OneOf(Vec<String>),
}

impl TagCondition {
    /// The `If-Match` of a request.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        joined(headers, &IF_MATCH).map_or(Ok(TagCondition::None), |text| Self::parse(&text))
    }

    /// Reads what `If-Match` can say.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        if text.trim() == "*" {
            return Ok(TagCondition::Exists);
        }
        let tags = tags(text).ok_or_else(|| {
            let message = "a version must be * or a list of ETags, such as W/\"12\"";
            Problem::bad_request("request.bad_etag", message)
        })?;
        Ok(TagCondition::OneOf(tags.iter().map(|tag| tag.opaque.to_owned()).collect()))
    }

    /// Whether a thing with this tag meets it.
    pub(crate) fn allows(&self, tag: &EntityTag) -> bool {
        match self {
            TagCondition::None | TagCondition::Exists => true,
            TagCondition::OneOf(tags) => tags.contains(&tag.opaque),
        }
    }
}

/// The revision that a tag of ours stands for; other spellings of the number are no tags of ours.
fn revision_of(opaque: &str) -> Option<Version> {
    let number: u64 = opaque.parse().ok()?;
    (number.to_string() == opaque).then_some(Version::new(number))
}

/// Whether the caller has this representation already (`If-None-Match`); an unreadable list matches nothing.
pub(crate) fn is_known(headers: &HeaderMap, this: &EntityTag) -> bool {
    let Some(text) = joined(headers, &IF_NONE_MATCH) else { return false };
    text.trim() == "*" || tags(&text).is_some_and(|tags| tags.iter().any(|tag| tag.opaque == this.opaque))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: hyper::header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn lists_of_tags_are_read_as_the_rfc_writes_them() {
        let of = |value| precondition(&with(IF_MATCH, value));
        assert_eq!(of("*").unwrap(), Precondition::Exists);
        let versions = vec![Version::new(1), Version::new(2)];
        let given = "\"1\" , \"2-gzip\",W/\"3\", \"x\", \"+4\", \"05\"";
        assert_eq!(of(given).unwrap(), Precondition::Revisions(versions));
        for bad in ["1", "\"1", "\"1\" \"2\"", ""] {
            assert!(of(bad).is_err(), "{bad}");
        }
        assert!(is_known(&with(IF_NONE_MATCH, "W/\"7\""), &EntityTag::of_revision(Version::new(7))));
        assert!(!is_known(&with(IF_NONE_MATCH, "\"7"), &EntityTag::of_revision(Version::new(7))));
    }
}
