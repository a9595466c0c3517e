//! A type of users as a service provider would describe it.

use serde_json::Value;
use std::sync::Arc;
use tenure_scim::{Attribute, Fault, Operation, PatchRequest, Resource, ResourceType, Schema, core, patch};

pub(crate) const FIELDS: &str = "urn:example:params:scim:schemas:extension:fields";

pub(crate) fn users() -> ResourceType {
    let fields = Schema {
        id: FIELDS,
        name: "Fields",
        description: "Fields",
        attributes: vec![Attribute::new(tenure_scim::Kind::Decimal, "fld_1", "A number")],
    };
    ResourceType {
        name: "User",
        endpoint: "/Users",
        description: "A person's account",
        schema: Arc::new(core::user()),
        extensions: vec![Arc::new(core::enterprise_user()), Arc::new(fields)],
    }
}

pub(crate) fn groups() -> ResourceType {
    ResourceType {
        name: "Group",
        endpoint: "/Groups",
        description: "A team",
        schema: Arc::new(core::group()),
        extensions: vec![],
    }
}

pub(crate) fn object(json: Value) -> Resource {
    match json {
        Value::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}

pub(crate) fn operations(operations: Value) -> Result<Vec<Operation>, Fault> {
    let message = serde_json::json!({"schemas": [tenure_scim::PATCH_OP], "Operations": operations});
    Ok(PatchRequest::parse(&message)?.operations)
}

/// A user after operations.
pub(crate) fn patched(user: Value, given: Value) -> Result<Value, Fault> {
    let mut user = object(user);
    patch::apply(&users(), &mut user, &operations(given)?)?;
    Ok(Value::Object(user))
}
