//! What a path of the face leads to. Empty segments and a slash at the end are no matter: identity providers put a path
//! behind whatever URL an administrator gave them.

use percent_encoding::percent_decode_str;

/// The methods that a path takes, as `Allow` tells them.
pub(crate) type Methods = &'static [&'static str];

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Users, which are teammates.
    User,
    /// Groups, which are teams.
    Group,
}

impl Kind {
    /// The path of its resources below the face's.
    pub(crate) const fn endpoint(self) -> &'static str {
        match self {
            Kind::User => "/Users",
            Kind::Group => "/Groups",
        }
    }

    /// The name of the resource type.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Kind::User => "User",
            Kind::Group => "Group",
        }
    }
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// All resources of a kind.
    All(Kind),
    /// One of them, by its id.
    One(Kind, String),
    /// A search; over both kinds where none is named.
    Search(Option<Kind>),
    /// Many operations in one.
    Bulk,
    /// What the service can do.
    ServiceProviderConfig,
    /// The kinds of resources, or one of them.
    ResourceTypes(Option<String>),
    /// The schemas, or one of them.
    Schemas(Option<String>),
    /// Whoever asks. There is none: a token belongs to no person.
    Me,
    /// Nothing.
    Nowhere,
}

/// A path of the face, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// The company's slug, in the tenant-specific form.
    pub(crate) slug: Option<String>,
    pub(crate) target: Target,
}

impl Address {
    /// Takes a path apart; `None` for one of another face.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        match segments.as_slice() {
            ["scim", "v2", rest @ ..] => Some(Self { slug: None, target: Target::of(rest) }),
            ["companies", slug, "scim", "v2", rest @ ..] => {
                Some(Self { slug: Some(decoded(slug)), target: Target::of(rest) })
            }
            _ => None,
        }
    }

    /// The URL of the face in the form of this path.
    pub(crate) fn base(&self, public_url: &str) -> String {
        match &self.slug {
            Some(slug) => format!("{public_url}/companies/{slug}/scim/v2"),
            None => format!("{public_url}/scim/v2"),
        }
    }

    /// The template of the path, for logs and metrics.
    pub(crate) fn route(&self) -> String {
        let form = if self.slug.is_some() { "/companies/{slug}/scim/v2" } else { "/scim/v2" };
        format!("{form}{}", self.target.route())
    }
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

impl Target {
    /// What a path below the face's leads to, by its segments.
    pub(crate) fn of(segments: &[&str]) -> Self {
        match segments {
            ["Users"] => Target::All(Kind::User),
            ["Groups"] => Target::All(Kind::Group),
            [".search"] => Target::Search(None),
            ["Users", ".search"] => Target::Search(Some(Kind::User)),
            ["Groups", ".search"] => Target::Search(Some(Kind::Group)),
            ["Users", id] => Target::One(Kind::User, decoded(id)),
            ["Groups", id] => Target::One(Kind::Group, decoded(id)),
            ["Bulk"] => Target::Bulk,
            ["ServiceProviderConfig"] => Target::ServiceProviderConfig,
            ["ResourceTypes"] => Target::ResourceTypes(None),
            ["ResourceTypes", id] => Target::ResourceTypes(Some(decoded(id))),
            ["Schemas"] => Target::Schemas(None),
            ["Schemas", id] => Target::Schemas(Some(decoded(id))),
            ["Me", ..] => Target::Me,
            _ => Target::Nowhere,
        }
    }

    fn route(&self) -> &'static str {
        match self {
            Target::All(Kind::User) => "/Users",
            Target::All(Kind::Group) => "/Groups",
            Target::One(Kind::User, _) => "/Users/{id}",
            Target::One(Kind::Group, _) => "/Groups/{id}",
            Target::Search(None) => "/.search",
            Target::Search(Some(Kind::User)) => "/Users/.search",
            Target::Search(Some(Kind::Group)) => "/Groups/.search",
            Target::Bulk => "/Bulk",
            Target::ServiceProviderConfig => "/ServiceProviderConfig",
            Target::ResourceTypes(None) => "/ResourceTypes",
            Target::ResourceTypes(Some(_)) => "/ResourceTypes/{id}",
            Target::Schemas(None) => "/Schemas",
            Target::Schemas(Some(_)) => "/Schemas/{id}",
            Target::Me => "/Me",
            Target::Nowhere => "/{*rest}",
        }
    }

    /// The methods that it takes.
    pub(crate) const fn methods(&self) -> Methods {
        match self {
            Target::All(_) => &["GET", "HEAD", "POST", "OPTIONS"],
            Target::One(..) => &["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"],
            Target::Search(_) | Target::Bulk => &["POST", "OPTIONS"],
            Target::ServiceProviderConfig | Target::ResourceTypes(_) | Target::Schemas(_) => {
                &["GET", "HEAD", "OPTIONS"]
            }
            Target::Me | Target::Nowhere => &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_too_many_lead_to_the_same() {
        let users = Address { slug: None, target: Target::All(Kind::User) };
        for path in ["/scim/v2/Users", "/scim/v2/Users/", "/scim/v2//Users", "//scim//v2//Users//"] {
            assert_eq!(Address::parse(path).as_ref(), Some(&users), "{path}");
        }
        let one = Address::parse("/companies/acme/scim/v2/Groups/tim%5F1").unwrap();
        assert_eq!(one.slug.as_deref(), Some("acme"));
        assert_eq!(one.target, Target::One(Kind::Group, "tim_1".to_owned()));
        assert_eq!(one.base("http://x"), "http://x/companies/acme/scim/v2");
        for other in ["/teammates", "/scim", "/scim/v3/Users", "/companies/acme/teams", "/"] {
            assert_eq!(Address::parse(other), None, "{other}");
        }
    }

    /// An id is decoded once, so that `%2561` is not `a`.
    #[test]
    fn an_id_is_decoded_once() {
        let address = Address::parse("/scim/v2/Users/%2561").unwrap();
        assert_eq!(address.target, Target::One(Kind::User, "%61".to_owned()));
    }
}
