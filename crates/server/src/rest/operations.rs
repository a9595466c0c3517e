//! For machines that watch the server: whether it lives, whether it is ready, its metrics. They tell nothing of a person.

use crate::rest::access::Traced;
use crate::rest::app::App;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use std::sync::atomic::Ordering;
use tenure_engine::Health;

const TEXT: [(hyper::header::HeaderName, &str); 1] = [(CONTENT_TYPE, "text/plain; charset=utf-8")];

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "Operations", operation_id = "health", responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn health(_: Traced) -> Response {
    (TEXT, "ok\n").into_response()
}

/// Whether the journal answers
#[utoipa::path(get, path = "/readyz", tag = "Operations", operation_id = "ready",
    responses((status = 200, body = String, content_type = "text/plain"), (status = 503, body = String, content_type = "text/plain")))]
pub(super) async fn ready(_: Traced, State(app): State<App>) -> Response {
    let not_ready = |why: &'static str| (StatusCode::SERVICE_UNAVAILABLE, TEXT, why).into_response();
    if app.draining.load(Ordering::Relaxed) {
        return not_ready("the server is stopping\n");
    }
    match app.engine.health() {
        Health::Failed => not_ready("the journal failed; the server stops\n"),
        Health::Stopping => not_ready("the server is stopping\n"),
        Health::Running => match app.engine.journal().ping().await {
            Ok(()) => (TEXT, "ready\n").into_response(),
            Err(error) => {
                tracing::error!(%error, "the journal does not answer");
                not_ready("the journal does not answer\n")
            }
        },
    }
}

/// Metrics in the Prometheus text format
#[utoipa::path(get, path = "/metrics", tag = "Operations", operation_id = "metrics", responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn metrics(_: Traced, State(app): State<App>) -> Response {
    let text =
        app.metrics.as_ref().map(metrics_exporter_prometheus::PrometheusHandle::render).unwrap_or_default();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
