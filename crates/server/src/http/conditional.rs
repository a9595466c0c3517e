//! Conditions on versions: `ETag`, `If-Match`, `If-None-Match` (RFC 9110, section 13).

use crate::http::problem::Problem;
use hyper::header::{HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use tenure_directory::{Precondition, Version};

/// The tag of a thing at a revision.
pub(crate) fn etag(revision: Version) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{}\"", revision.number())).expect("digits in quotes fit a header")
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
    let revisions = tags.iter().filter(|tag| !tag.weak).filter_map(|tag| tag.opaque.parse().ok());
    Ok(Precondition::Revisions(revisions.map(Version::new).collect()))
}

/// Whether the caller has the thing already at this revision (`If-None-Match`); an unreadable list matches nothing.
pub(crate) fn is_known(headers: &HeaderMap, revision: Version) -> bool {
    let Some(text) = joined(headers, &IF_NONE_MATCH) else { return false };
    let this = revision.number().to_string();
    text.trim() == "*" || tags(&text).is_some_and(|tags| tags.iter().any(|tag| tag.opaque == this))
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
        assert_eq!(of("\"1\" , \"2\",W/\"3\", \"x\"").unwrap(), Precondition::Revisions(versions));
        for bad in ["1", "\"1", "\"1\" \"2\"", ""] {
            assert!(of(bad).is_err(), "{bad}");
        }
        assert!(is_known(&with(IF_NONE_MATCH, "W/\"7\""), Version::new(7)));
        assert!(!is_known(&with(IF_NONE_MATCH, "\"7"), Version::new(7)));
    }
}
