//! What the service says about itself (RFC 7644, section 4): true to what is served, a company's custom fields included.

use crate::scim::address::{Kind, Target};
use crate::scim::bulk::MAX_OPERATIONS;
use crate::scim::cursor::TIMEOUT_SECONDS;
use crate::scim::error::{ScimError, ScimResult};
use crate::scim::list::{DEFAULT_COUNT, MAX_COUNT};
use crate::scim::types::resource_type;
use serde_json::{Value, json};
use tenure_directory::Company;
use tenure_directory::settings::ScimProfile;
use tenure_scim::{LIST_RESPONSE, ResourceType};

/// The URN of what a service provider can do (RFC 7643, section 5).
const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";

/// The bytes of what a path of discovery leads to. `body_bytes` are what a body may have.
pub(crate) fn show(company: &Company, base: &str, body_bytes: usize, target: &Target) -> ScimResult<Vec<u8>> {
    let types = types(company);
    let shown = match target {
        Target::ServiceProviderConfig => service_provider_config(company, base, body_bytes),
        Target::ResourceTypes(None) => list_of(types.iter().map(|kind| kind.to_json(base)).collect()),
        Target::ResourceTypes(Some(id)) => {
            let found = types.iter().find(|kind| kind.name.eq_ignore_ascii_case(id));
            found.ok_or_else(|| ScimError::not_found("resource type", id))?.to_json(base)
        }
        Target::Schemas(None) => list_of(schemas(&types, base)),
        Target::Schemas(Some(id)) => {
            let found = schemas(&types, base)
                .into_iter()
                .find(|schema| schema["id"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(id)));
            found.ok_or_else(|| ScimError::not_found("schema", id))?
        }
        _ => Value::Null,
    };
    Ok(shown.to_string().into_bytes())
}

fn types(company: &Company) -> Vec<ResourceType> {
    let kinds: &[Kind] = match company.settings.scim_profile {
        ScimProfile::Complete => &[Kind::User, Kind::Group],
        ScimProfile::Documented => &[Kind::User],
    };
    kinds.iter().map(|kind| resource_type(company, *kind)).collect()
}

fn schemas(types: &[ResourceType], base: &str) -> Vec<Value> {
    let all = types.iter().flat_map(|kind| std::iter::once(&kind.schema).chain(&kind.extensions));
    all.map(|schema| schema.to_json(base)).collect()
}

fn list_of(resources: Vec<Value>) -> Value {
    json!({
        "schemas": [LIST_RESPONSE],
        "totalResults": resources.len(),
        "itemsPerPage": resources.len(),
        "startIndex": 1,
        "Resources": resources,
    })
}

fn service_provider_config(company: &Company, base: &str, body_bytes: usize) -> Value {
    let is_complete = company.settings.scim_profile == ScimProfile::Complete;
    json!({
        "schemas": [SERVICE_PROVIDER_CONFIG],
        "documentationUri": "https://www.rfc-editor.org/rfc/rfc7644",
        "patch": {"supported": is_complete},
        "bulk": {
            "supported": is_complete,
            "maxOperations": if is_complete { MAX_OPERATIONS } else { 0 },
            "maxPayloadSize": if is_complete { body_bytes } else { 0 },
        },
        "filter": {"supported": true, "maxResults": MAX_COUNT},
        "changePassword": {"supported": false},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "A SCIM token in the header Authorization: Bearer",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": true,
        }],
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_COUNT,
            "maxPageSize": MAX_COUNT,
            "cursorTimeout": TIMEOUT_SECONDS,
        },
        "meta": {"resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig")},
    })
}
