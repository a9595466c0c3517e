//! The SCIM face: teammates as Users and teams as Groups, for identity providers (`contract/scim.md`).

mod address;
mod app;
mod bulk;
mod candidates;
mod cursor;
mod discovery;
mod documented;
mod error;
mod group;
mod list;
mod requests;
mod selection;
mod types;
mod user;
mod user_json;
mod writes;

pub(crate) use address::Kind;
pub(crate) use app::ScimApp;
pub(crate) use error::render;
pub(crate) use requests::answer;
pub(crate) use types::resource_type;
pub(crate) use user::Person;
pub(crate) use user_json::Sight;

/// Whether a path belongs to this face. It has no routes: identity providers send paths with empty segments and a slash at the
/// end, and [`address`] says what those lead to.
pub(crate) fn is_at(path: &str) -> bool {
    address::Address::parse(path).is_some()
}
