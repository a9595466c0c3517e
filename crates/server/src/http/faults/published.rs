//! The published subset: what the product's public document has, and no more (`contract/rest.md`, "Differences").

use crate::http::faults::{problem, whole};
use axum::body::Body;
use hyper::header::{ALLOW, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::Value;

/// The fields that the published `PATCH` of a teammate takes.
const PATCH_FIELDS: [&str; 5] = ["username", "first_name", "last_name", "is_available", "custom_fields"];

/// What the document has at a path, where that is less than what is here.
fn methods_at(path: &str) -> Option<&'static str> {
    let parts: Vec<_> = path.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        ["teammates"] => Some("GET, HEAD, OPTIONS"),
        ["teammates", "custom_fields"] => None,
        ["teammates", _] => Some("GET, HEAD, PATCH, OPTIONS"),
        ["teams", _, "teammates"] => Some("POST, DELETE, OPTIONS"),
        _ => None,
    }
}

/// Lets through what the document has; else the answer of a server that does not have it.
pub(super) async fn check(request: Request<Body>) -> Result<Request<Body>, Response<Body>> {
    let Some(allowed) = methods_at(request.uri().path()) else { return Ok(request) };
    let method = request.method().clone();
    let allow = HeaderValue::from_static(allowed);
    if method == Method::OPTIONS {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response.headers_mut().insert(ALLOW, allow);
        return Err(response);
    }
    if !allowed.split(", ").any(|name| name == method.as_str()) {
        let mut response =
            problem(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", "this is not offered here");
        response.headers_mut().insert(ALLOW, allow);
        return Err(response);
    }
    if method != Method::PATCH {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let bytes = whole(body).await;
    let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let unknown =
        value.as_object().and_then(|body| body.keys().find(|key| !PATCH_FIELDS.contains(&key.as_str())));
    match unknown {
        Some(field) => {
            let message = format!("Body did not satisfy requirements: {field}: unknown field");
            Err(problem(StatusCode::BAD_REQUEST, "Bad request", &message))
        }
        None => Ok(Request::from_parts(parts, Body::from(bytes))),
    }
}
