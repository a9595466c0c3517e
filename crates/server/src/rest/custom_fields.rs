//! `/teammates/custom_fields`: which custom fields teammates have.

use crate::rest::access::{Authorized, CustomFieldsRead};
use crate::rest::app::App;
use crate::rest::error::{ErrorBody, RestError};
use crate::rest::list::{List, PageRequest, Query, SelfLink};
use crate::rest::view::ok;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use tenure_directory::FieldId;
use tenure_directory::custom_field::{CustomField, FieldType};
use utoipa::ToSchema;

/// A custom field.
#[derive(Serialize, ToSchema)]
pub(crate) struct CustomFieldRepresentation {
    #[serde(rename = "_links")]
    links: SelfLink,
    /// Its id.
    id: String,
    /// The key of its values in `custom_fields`.
    name: String,
    /// For people; empty.
    description: &'static str,
    /// `string`, `number`, `boolean`, `datetime`, `enum`, `teammate` or `inbox`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The choices of a field of type `enum`.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<ChoiceRepresentation>>,
}

/// One choice of an `enum` field.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChoiceRepresentation {
    /// The value as it travels.
    value: String,
    /// The value as people read it.
    label: String,
}

fn represent(base: &str, field: &CustomField) -> CustomFieldRepresentation {
    let CustomField { id, name, kind, revision: _ } = field;
    let choice = |choice: &tenure_directory::text::Choice| ChoiceRepresentation {
        value: choice.to_string(),
        label: choice.to_string(),
    };
    let values = match kind {
        FieldType::Enum(choices) => Some(choices.iter().map(choice).collect()),
        FieldType::String
        | FieldType::Number
        | FieldType::Boolean
        | FieldType::Datetime
        | FieldType::Teammate
        | FieldType::Inbox => None,
    };
    CustomFieldRepresentation {
        links: SelfLink { own: format!("{base}/custom_fields/{id}") },
        id: id.to_string(),
        name: name.to_string(),
        description: "",
        kind: kind.name(),
        values,
    }
}

/// List the custom fields of teammates
#[utoipa::path(get, path = "/teammates/custom_fields", tag = "Custom fields", operation_id = "list_custom_fields", security(("bearer" = [])),
    params(("limit" = Option<u8>, Query, description = "1 to 100; all, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query), ("as_of" = Option<String>, Query, description = "The moment to look at: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = List<CustomFieldRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<CustomFieldsRead>,
    query: Query,
) -> Result<Response, RestError> {
    let page =
        PageRequest::read(&app, caller.company.id, "/teammates/custom_fields".to_owned(), &query, None)?;
    let company = app.view(&caller, &query).await?;
    let fields = company.fields.range(FieldId::new(page.after + 1)..).map(|(id, field)| (id.number(), field));
    Ok(ok(&page.page(&app, fields, |field| represent(&app.public_url, field))))
}
