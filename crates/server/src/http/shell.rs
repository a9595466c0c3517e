//! The shell around every request: id, caller, limit, deadline, headers, log line, metrics. One place instead of a
//! stack of layers, because each layer costs more than a look-up.

use crate::http::authentication::{Caller, Stranger, authenticate};
use crate::http::limits::Limits;
use crate::http::problem::Problem;
use crate::http::rate_limit::{RateLimiter, Standing};
use crate::http::request_id::RequestIds;
use crate::last_used::LastUsed;
use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue, VARY,
};
use hyper::{Method, Request, Response, StatusCode};
use ipnet::IpNet;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tenure_engine::Engine;
use tower::ServiceExt as _;

/// Answers smaller than this are not worth compressing.
const COMPRESS_FROM: u64 = 1024;

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
}

/// What a request's log line needs to know from inside the router.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace(pub(crate) Arc<OnceLock<MatchedPath>>);

/// Who asks, for the extractors of the faces.
pub(crate) type Asking = Result<Caller, Stranger>;

/// Gives a problem the body that a face's clients expect.
pub(crate) type RenderProblem = fn(Problem) -> Response<Body>;

/// The shell of a server.
pub struct Shell {
    engine: Engine,
    router: Router,
    render: RenderProblem,
    limits: Limits,
    limiter: RateLimiter,
    ids: RequestIds,
    trusted_proxies: Vec<IpNet>,
    last_used: LastUsed,
}

/// How a shell is set up.
pub(crate) struct ShellOptions {
    pub(crate) limits: Limits,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) last_used: LastUsed,
}

/// How a path is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// Needs no token and is not counted: it tells nothing about a company.
    Open,
    /// Needs no token, and is counted by address, so that guessing is slow.
    Counted,
    /// Needs a token.
    Token,
}

fn guard_of(path: &str) -> Guard {
    match path {
        "/healthz" | "/readyz" | "/metrics" | "/openapi.json" | "/docs" => Guard::Open,
        _ if path.starts_with("/docs/") => Guard::Open,
        _ if path.starts_with("/invitations/") => Guard::Counted,
        _ => Guard::Token,
    }
}

impl Shell {
    pub(crate) fn new(engine: Engine, router: Router, render: RenderProblem, options: ShellOptions) -> Self {
        let ids = RequestIds::new(u32::from_be_bytes(engine.random()));
        let ShellOptions { limits, trusted_proxies, last_used } = options;
        Self {
            engine,
            router,
            render,
            limits,
            limiter: RateLimiter::default(),
            ids,
            trusted_proxies,
            last_used,
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Answers a request, whatever happens.
    pub(crate) async fn handle(&self, peer: Peer, request: Request<Incoming>) -> Response<Body> {
        let start = Instant::now();
        let id = self.ids.of(request.headers().get("x-request-id"));
        let method = request.method().clone();
        let compress = accepts_gzip(&request);
        let trace = Trace::default();
        let mut seen = Seen { company: None, token: None };
        let answered = AssertUnwindSafe(self.answer(peer, request, trace.clone(), &mut seen)).catch_unwind();
        let mut response = match answered.await {
            Ok(response) => response,
            Err(_) => (self.render)(Problem::internal(&"a handler panicked")),
        };
        if compress {
            response = gzip(response).await;
        }
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id.clone());
        let route = trace.0.get().map_or("-", MatchedPath::as_str);
        record(&method, route, response.status(), start.elapsed(), &seen, &id);
        response
    }

    async fn answer(
        &self,
        peer: Peer,
        request: Request<Incoming>,
        trace: Trace,
        seen: &mut Seen,
    ) -> Response<Body> {
        if request.uri().path_and_query().is_some_and(|url| url.as_str().len() > self.limits.url_bytes) {
            let message = format!("the URL is longer than {} bytes", self.limits.url_bytes);
            return (self.render)(Problem::new(StatusCode::URI_TOO_LONG, "request.url_too_long", message));
        }
        let guard = guard_of(request.uri().path());
        if guard == Guard::Open {
            return self.route(request, trace, Err(Stranger::NoHeader)).await;
        }
        let asking: Asking = match guard {
            Guard::Token => authenticate(&self.engine, request.headers()).await,
            Guard::Open | Guard::Counted => Err(Stranger::NoHeader),
        };
        if let Ok(caller) = &asking {
            seen.company = Some(caller.company.id);
            seen.token = Some(caller.token.id);
            self.last_used.note(caller.company.id, caller.token.id, self.engine.now());
        }
        let standing = self.count(&asking, self.address_of(peer, &request));
        let mut response = if standing.exceeded {
            (self.render)(too_many(standing))
        } else {
            self.route(request, trace, asking).await
        };
        standing.write(response.headers_mut());
        response
    }

    fn count(&self, asking: &Asking, address: IpAddr) -> Standing {
        let now = self.engine.now();
        match asking {
            Ok(Caller { company, token }) => {
                self.limiter.token(company.id, token.id, company.rate_limit_of(token), now)
            }
            Err(_) => self.limiter.stranger(address, self.limits.strangers_per_minute, now),
        }
    }

    /// The client's address: what a trusted proxy says, else the peer's.
    fn address_of(&self, peer: Peer, request: &Request<Incoming>) -> IpAddr {
        let is_trusted = |address: IpAddr| self.trusted_proxies.iter().any(|net| net.contains(&address));
        if !is_trusted(peer.address) {
            return peer.address;
        }
        let forwarded = request.headers().get_all("x-forwarded-for").iter();
        let hops: Vec<IpAddr> = forwarded
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|hop| hop.trim().parse().ok())
            .collect();
        hops.into_iter().rev().find(|hop| !is_trusted(*hop)).unwrap_or(peer.address)
    }

    async fn route(&self, request: Request<Incoming>, trace: Trace, asking: Asking) -> Response<Body> {
        let method = request.method().clone();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(trace);
        request.extensions_mut().insert(asking);
        let answered = self.router.clone().oneshot(request);
        let Ok(answered) = tokio::time::timeout(self.limits.request_timeout, answered).await else {
            let message = "the request took too long and was given up; a write may still be carried out, so look \
                           before you repeat";
            return (self.render)(Problem::new(StatusCode::REQUEST_TIMEOUT, "request.too_slow", message));
        };
        let response = answered.unwrap_or_else(|never| match never {});
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            return self.other_method(&method, response);
        }
        response
    }

    /// The router says which methods a path has; this says it in the face's words, and answers `OPTIONS`.
    fn other_method(&self, method: &Method, response: Response<Body>) -> Response<Body> {
        let allow = response.headers().get(ALLOW).cloned().unwrap_or(HeaderValue::from_static(""));
        if *method == Method::OPTIONS {
            let mut options = Response::new(Body::empty());
            *options.status_mut() = StatusCode::NO_CONTENT;
            options.headers_mut().insert(ALLOW, allow);
            return options;
        }
        let methods = allow.to_str().unwrap_or_default().replace(',', ", ");
        let message = format!("this path does not take {method}; it takes {methods}");
        let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "request.method_not_allowed", message);
        (self.render)(problem.with_header(ALLOW, allow))
    }
}

fn too_many(standing: Standing) -> Problem {
    let message = format!(
        "{} requests a minute are allowed and this was one more; nothing was done, wait {} s",
        standing.limit(),
        standing.retry_after_seconds()
    );
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "request.too_many", message)
}

fn accepts_gzip(request: &Request<Incoming>) -> bool {
    let values = request.headers().get_all(ACCEPT_ENCODING).iter();
    values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name == "*");
        let refused = parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        is_gzip && !refused
    })
}

async fn gzip(response: Response<Body>) -> Response<Body> {
    use http_body_util::BodyExt as _;
    use hyper::body::Body as _;
    use std::io::Write as _;
    let size = response.body().size_hint().exact();
    let is_worth_it = size.is_some_and(|size| size >= COMPRESS_FROM);
    if !is_worth_it || response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = body.collect().await else { return Response::from_parts(parts, Body::empty()) };
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let compressed = encoder.write_all(&body.to_bytes()).and_then(|()| encoder.finish());
    let compressed = compressed.expect("writing to a Vec cannot fail");
    parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(compressed))
}

struct Seen {
    company: Option<tenure_directory::CompanyId>,
    token: Option<tenure_directory::TokenId>,
}

/// The one log line of a request. Never a token, an address or a body; a path only as its template.
fn record(
    method: &Method,
    route: &str,
    status: StatusCode,
    latency: Duration,
    seen: &Seen,
    id: &HeaderValue,
) {
    let latency_us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
    metrics::counter!(
        "tenure_requests_total",
        "method" => method_label(method),
        "route" => route.to_owned(),
        "status" => status.as_u16().to_string()
    )
    .increment(1);
    metrics::histogram!("tenure_request_seconds", "route" => route.to_owned()).record(latency.as_secs_f64());
    tracing::info!(
        method = method_label(method),
        route,
        status = status.as_u16(),
        latency_us,
        company = seen.company.map(tracing::field::display),
        token = seen.token.map(tracing::field::display),
        request_id = id.to_str().unwrap_or_default(),
        "request"
    );
}

/// The method for logs and labels; one that nobody knows could be anything and is not repeated.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
