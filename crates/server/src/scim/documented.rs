//! The documented service's limits (`scim.profile=documented`), to rehearse against: it creates, shows and deletes users,
//! blocks them, and answers 200 to every other change without making it.

use crate::scim::address::{Kind, Target};
use crate::scim::error::{ScimError, ScimResult};
use crate::scim::writes::{Manner, Write, Written, is_false, says_inactive};
use hyper::StatusCode;
use serde_json::Value;
use tenure_engine::Turn;
use tenure_scim::{Change, Operation};

/// Whether the documented service has what a path leads to.
pub(crate) fn check(target: &Target) -> ScimResult<()> {
    match target {
        Target::All(Kind::Group) | Target::One(Kind::Group, _) | Target::Search(Some(Kind::Group)) => {
            Err(not_there("groups"))
        }
        Target::Search(None) => Err(not_there("searches over all resources")),
        Target::Bulk => Err(not_there("bulk requests")),
        Target::All(Kind::User)
        | Target::One(Kind::User, _)
        | Target::Search(Some(Kind::User))
        | Target::ServiceProviderConfig
        | Target::ResourceTypes(_)
        | Target::Schemas(_)
        | Target::Me
        | Target::Nowhere => Ok(()),
    }
}

fn not_there(what: &str) -> ScimError {
    let detail = format!(
        "the documented service has no {what}, and this company is set to its limits; an operator can set \
         scim.profile=complete"
    );
    ScimError::new(StatusCode::NOT_IMPLEMENTED, "scim.documented", detail)
}

/// Carries out a write as the documented service does.
pub(crate) fn carry_out(turn: &mut Turn<'_>, write: &Write, manner: Manner<'_>) -> ScimResult<Written> {
    let write = match write {
        Write::Replace(kind, id, _) => Write::Patch(*kind, id.clone(), vec![]),
        Write::Patch(kind, id, operations) => Write::Patch(*kind, id.clone(), blocking(operations)),
        Write::Create(..) | Write::Delete(..) => write.clone(),
    };
    super::writes::carry_out(turn, &write, manner)
}

/// What of a PATCH propagates: `active` to false.
fn blocking(operations: &[Operation]) -> Vec<Operation> {
    let blocks = operations.iter().any(|operation| match &operation.path {
        Some(path) => path.eq_ignore_ascii_case("active") && is_false(&operation.value),
        None => says_inactive(&operation.value),
    });
    let block =
        Operation { change: Change::Replace, path: Some("active".to_owned()), value: Value::Bool(false) };
    if blocks { vec![block] } else { vec![] }
}
