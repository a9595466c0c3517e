//! SCIM 2.0 as a protocol (RFC 7643, RFC 7644, RFC 9865): what can be said of resources without knowing whose they are.
//!
//! A [`ResourceType`] says which attributes a resource has. Against it, a resource that came in is read
//! ([`ResourceType::read`]), a [`Filter`] is resolved to a [`Test`], a list of [`Operation`]s is applied
//! ([`patch::apply`]), and what a caller wants to see is cut out ([`Projection`]). Resources are JSON objects whose keys
//! have the schema's own spelling; nothing in them is `null` or empty. There is no I/O here, no HTTP, and no directory.

pub mod core;
mod error;
mod filter;
mod message;
mod parse;
pub mod patch;
mod path;
mod place;
mod projection;
mod read;
mod schema;
mod sort;
mod test;
mod text;

pub use error::{Fault, ScimType};
pub use filter::{Filter, Literal, Operator};
pub use message::{
    BULK_REQUEST, BULK_RESPONSE, BulkMethod, BulkOperation, BulkRequest, ERROR, LIST_RESPONSE,
    MAX_OPERATIONS, PATCH_OP, PatchRequest, SEARCH_REQUEST, SearchRequest,
};
pub use parse::{MAX_DEPTH, MAX_LENGTH};
pub use patch::{Change, Operation};
pub use path::{AttributePath, PatchPath};
pub use place::Place;
pub use projection::Projection;
pub use read::{Intake, Resource};
pub use schema::{
    Attribute, Kind, MAX_VALUES, Mutability, Required, ResourceType, Returned, Schema, Uniqueness,
};
pub use sort::{Sort, SortKey, SortOrder};
pub use test::Test;
pub use text::fold;
