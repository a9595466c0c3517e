//! The shell around every request: id, caller, limit, deadline, headers, log line, metrics. One place instead of a
//! stack of layers, because each layer costs more than a look-up.

use crate::http::authentication::{Caller, Stranger, authenticate};
use crate::http::conditional;
use crate::http::faults::{CutOff, Faults};
use crate::http::limits::Limits;
use crate::http::problem::{self, Problem};
use crate::http::rate_limit::{RateLimiter, Standing};
use crate::http::refused_head;
use crate::http::request_id::RequestIds;
use crate::http::request_log::{RequestLine, RequestLog, method_label};
use crate::http::request_metrics::RequestMetrics;
use crate::last_used::LastUsed;
use axum::Router;
use axum::body::Body;
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, HOST,
    HeaderMap, HeaderName, HeaderValue, VARY,
};
use hyper::{Method, Request, Response, StatusCode, Uri, Version};
use ipnet::IpNet;
use std::any::Any;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tenure_directory::{CompanyId, TokenId};
use tenure_engine::Engine;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::cors::CorsLayer;

/// Answers smaller than this are not worth compressing.
const COMPRESS_FROM: u64 = 1024;
/// Answers larger than this are compressed where that holds up nobody else.
const COMPRESS_APART_FROM: usize = 64 * 1024;

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
}

/// What a request's log line needs to know from inside the router.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace(pub(crate) Arc<OnceLock<Arc<str>>>);

/// Who asks, for the extractors of the faces.
pub(crate) type Asking = Result<Caller, Stranger>;

/// Gives a problem the body that the clients of a path's face expect.
pub(crate) type RenderProblem = fn(&str, Problem) -> Response<Body>;

/// Who a request turned out to come from, for its log line.
type Seen = OnceLock<(CompanyId, TokenId)>;

/// The shell of a server.
pub struct Shell {
    engine: Engine,
    router: Router,
    render: RenderProblem,
    limits: Limits,
    limiter: RateLimiter,
    ids: RequestIds,
    trusted_proxies: Vec<IpNet>,
    cors: Option<CorsLayer>,
    last_used: LastUsed,
    metrics: RequestMetrics,
    log: Option<RequestLog>,
    faults: Option<Faults>,
    /// What stands for the route of a request that has none.
    no_route: Arc<str>,
}

/// How a shell is set up.
pub(crate) struct ShellOptions {
    pub(crate) limits: Limits,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) cors: Option<CorsLayer>,
    pub(crate) last_used: LastUsed,
    pub(crate) log: Option<RequestLog>,
    pub(crate) faults: Option<Faults>,
}

/// How a path is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// Needs no token and is not counted: it tells nothing about a person.
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
        let ShellOptions { limits, trusted_proxies, cors, last_used, log, faults } = options;
        Self {
            engine,
            router,
            render,
            limits,
            limiter: RateLimiter::default(),
            ids,
            trusted_proxies,
            cors,
            last_used,
            metrics: RequestMetrics::default(),
            log,
            faults,
            no_route: "-".into(),
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Answers a request, whatever happens; a rehearsal may cut the connection off instead.
    pub(crate) async fn handle(
        &self,
        peer: Peer,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, CutOff> {
        let request = request.map(Body::new);
        match &self.faults {
            Some(faults) if guard_of(request.uri().path()) == Guard::Token => {
                faults.around(request, |request| self.handle_faithfully(peer, request)).await
            }
            _ => Ok(self.handle_faithfully(peer, request).await),
        }
    }

    async fn handle_faithfully(&self, peer: Peer, request: Request<Body>) -> Response<Body> {
        let start = Instant::now();
        let id = self.ids.of(request.headers().get("x-request-id"));
        let method = request.method().clone();
        let compress = accepts_gzip(request.headers());
        let address = self.address_of(peer, request.headers());
        let (trace, seen) = (Trace::default(), Seen::new());
        let answered = self.answer_origins(address, request, &trace, &seen);
        let mut response = problem::REQUEST_ID.scope(id.clone(), answered).await;
        // Everything is counted where it is decided, but for what needs no decision.
        if !response.headers().contains_key("x-ratelimit-limit") {
            self.stranger_standing(address).write(response.headers_mut());
        }
        response = negotiate(response, compress).await;
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id.clone());
        let route = trace.0.get().unwrap_or(&self.no_route);
        self.record(method_label(&method), route, response.status(), start.elapsed(), &seen, id);
        response
    }

    /// An answer where there is no request yet, as the bytes of a whole response: to a head that the HTTP library refused by
    /// itself, or to a connection that is one too many.
    pub(crate) fn refuse_head(&self, peer: Peer, status: StatusCode) -> Vec<u8> {
        let id = self.ids.of(None);
        let problem = match status {
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => self.head_too_large(),
            StatusCode::URI_TOO_LONG => self.url_too_long(),
            StatusCode::SERVICE_UNAVAILABLE => {
                let message = "too many connections are open; close some, or try again shortly";
                Problem::unavailable("server.too_many_connections", message)
            }
            _ => {
                let message = "these bytes are no HTTP request that can be understood";
                Problem::bad_request("request.malformed", message)
            }
        };
        let mut response = (self.render)("", problem);
        self.stranger_standing(peer.address).write(response.headers_mut());
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id.clone());
        self.record("other", &self.no_route, response.status(), Duration::ZERO, &Seen::new(), id);
        refused_head::bytes_of(response)
    }

    fn record(
        &self,
        method: &'static str,
        route: &Arc<str>,
        status: StatusCode,
        latency: Duration,
        seen: &Seen,
        request_id: HeaderValue,
    ) {
        let (status, caller) = (status.as_u16(), seen.get().copied());
        self.metrics.count(route, method, status, latency);
        if let Some(log) = &self.log {
            let (time, route) = (self.engine.now(), Arc::clone(route));
            log.tell(RequestLine { time, method, route, status, latency, caller, request_id });
        }
    }

    /// Lets web pages of the configured origins in, and answers their browsers' questions beforehand.
    async fn answer_origins(
        &self,
        address: IpAddr,
        request: Request<Body>,
        trace: &Trace,
        seen: &Seen,
    ) -> Response<Body> {
        let is_question = request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let is_for_us = *request.method() != Method::OPTIONS || is_question;
        let Some(cors) = self.cors.as_ref().filter(|_| is_for_us) else {
            return self.answer(address, request, trace, seen).await;
        };
        let inner = service_fn(|request| async {
            Ok::<_, Infallible>(self.answer(address, request, trace, seen).await)
        });
        cors.layer(inner).oneshot(request).await.unwrap_or_else(|never| match never {})
    }

    async fn answer(
        &self,
        address: IpAddr,
        request: Request<Body>,
        trace: &Trace,
        seen: &Seen,
    ) -> Response<Body> {
        let uri = request.uri().clone();
        let render = |problem| (self.render)(uri.path(), problem);
        if let Err(problem) = self.check_head(&request) {
            return render(problem);
        }
        let guard = guard_of(uri.path());
        if guard == Guard::Open {
            if self.is_too_long(&uri) {
                return render(self.url_too_long());
            }
            return self.route(request, trace.clone(), Err(Stranger::NoHeader)).await;
        }
        let asking: Asking = match guard {
            Guard::Token => {
                let may_load = || !self.stranger_standing(address).is_spent();
                authenticate(&self.engine, request.headers(), may_load).await
            }
            Guard::Open | Guard::Counted => Err(Stranger::NoHeader),
        };
        if let Ok(Caller { company, token }) = &asking {
            // A request has one caller; a second note would say the same.
            let _ = seen.set((company.id, token.id));
            self.last_used.note(company.id, token.id, self.engine.now());
        }
        let standing = self.count(&asking, address);
        let mut response = if standing.exceeded {
            render(too_many(standing))
        } else if self.is_too_long(&uri) {
            render(self.url_too_long())
        } else {
            self.route(request, trace.clone(), asking).await
        };
        standing.write(response.headers_mut());
        response
    }

    /// What the HTTP library leaves to us: the size of the whole head, and exactly one `Host` (RFC 9112, section 3.2).
    fn check_head(&self, request: &Request<Body>) -> Result<(), Problem> {
        let url_bytes = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
        let lines = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
        if url_bytes + lines.sum::<usize>() > self.limits.head_bytes {
            return Err(self.head_too_large().closing());
        }
        let mut hosts = request.headers().get_all(HOST).iter();
        let is_right = match (hosts.next(), hosts.next()) {
            (Some(host), None) => is_authority(host.as_bytes()),
            (None, None) => request.version() < Version::HTTP_11,
            (_, Some(_)) => false,
        };
        if is_right {
            return Ok(());
        }
        let message = "a request needs exactly one Host header, with a host name and perhaps a port";
        Err(Problem::bad_request("request.malformed", message).closing())
    }

    fn head_too_large(&self) -> Problem {
        let Limits { head_bytes, head_lines, .. } = self.limits;
        let message = format!(
            "the head of the request is too large: at most {head_bytes} bytes and {head_lines} lines are taken"
        );
        Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "request.head_too_large", message)
    }

    fn is_too_long(&self, uri: &Uri) -> bool {
        uri.path_and_query().is_some_and(|url| url.as_str().len() > self.limits.url_bytes)
    }

    fn url_too_long(&self) -> Problem {
        let message = format!("the URL is longer than {} bytes", self.limits.url_bytes);
        Problem::new(StatusCode::URI_TOO_LONG, "request.url_too_long", message)
    }

    fn stranger_standing(&self, address: IpAddr) -> Standing {
        self.limiter.stranger_standing(address, self.limits.strangers_per_minute, self.engine.now())
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

    /// The client's address: what trusted proxies say, else the peer's. They write from left to right, so it is read from
    /// the right, up to the first hop that is not one of them; one that cannot be read ends the trust.
    fn address_of(&self, peer: Peer, headers: &HeaderMap) -> IpAddr {
        let is_trusted = |address: &IpAddr| self.trusted_proxies.iter().any(|net| net.contains(address));
        let mut address = peer.address.to_canonical();
        let values = headers.get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or("?"));
        let hops: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        for hop in hops.into_iter().rev() {
            if !is_trusted(&address) {
                break;
            }
            let parsed = hop.parse().or_else(|_| hop.parse().map(|socket: SocketAddr| socket.ip()));
            let Ok(parsed) = parsed else { break };
            address = parsed.to_canonical();
        }
        address
    }

    async fn route(&self, request: Request<Body>, trace: Trace, asking: Asking) -> Response<Body> {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let render = |problem| (self.render)(uri.path(), problem);
        let mut request = request;
        request.extensions_mut().insert(trace);
        request.extensions_mut().insert(asking);
        let answered = AssertUnwindSafe(self.router.clone().oneshot(request)).catch_unwind();
        let response = match tokio::time::timeout(self.limits.request_timeout, answered).await {
            Ok(Ok(answered)) => answered.unwrap_or_else(|never| match never {}),
            Ok(Err(panic)) => return render(Problem::internal(&panic_text(&*panic))),
            Err(_) => {
                let message = "the request took too long and was given up; a write may still be carried out, so look \
                               before you repeat";
                return render(Problem::new(StatusCode::REQUEST_TIMEOUT, "request.too_slow", message));
            }
        };
        match response.status() {
            // A face that says so itself has a body.
            StatusCode::METHOD_NOT_ALLOWED if response.body().is_end_stream() => {
                self.other_method(&method, uri.path(), &response)
            }
            // Of the pages whose files are in the binary; all else has a body.
            StatusCode::NOT_FOUND if response.body().is_end_stream() && method != Method::HEAD => {
                let message = "there is no such page; /docs lists what there is";
                render(Problem::new(StatusCode::NOT_FOUND, "request.unknown_path", message))
            }
            _ => response,
        }
    }

    /// The router says which methods a path has; this says it in the face's words, and answers `OPTIONS`.
    fn other_method(&self, method: &Method, path: &str, response: &Response<Body>) -> Response<Body> {
        let allowed = response.headers().get(ALLOW).and_then(|allow| allow.to_str().ok()).unwrap_or_default();
        let methods = format!("{},OPTIONS", allowed.replace(' ', "")).replace(',', ", ");
        let allow = HeaderValue::from_str(&methods).expect("the names of methods fit a header");
        if *method == Method::OPTIONS {
            let mut options = Response::new(Body::empty());
            *options.status_mut() = StatusCode::NO_CONTENT;
            options.headers_mut().insert(ALLOW, allow);
            return options;
        }
        let message = format!("this path does not take {method}; it takes {methods}");
        let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "request.method_not_allowed", message);
        (self.render)(path, problem.with_header(ALLOW, allow))
    }
}

/// Whether a value of `Host` can be one: a name or an address, perhaps with a port.
fn is_authority(host: &[u8]) -> bool {
    let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%!$&'()*+,;=".contains(byte);
    host.iter().all(is_allowed)
}

fn too_many(standing: Standing) -> Problem {
    let message = format!(
        "{} allowed a minute and this was one more; nothing was done, wait {} s",
        if standing.limit() == 1 {
            "1 request is".to_owned()
        } else {
            format!("{} requests are", standing.limit())
        },
        standing.retry_after_seconds()
    );
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "request.too_many", message)
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("a handler panicked: {}", text.unwrap_or_default())
}

/// Whether the caller takes gzip (RFC 9110, section 12.5.3): by its name, else by the star.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut by_star = false;
    for coding in values.flat_map(|value| value.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refuses = ["q=0", "q=0.", "q=0.0", "q=0.00", "q=0.000"];
        let is_refused = parts.any(|part| refuses.iter().any(|refuses| part.eq_ignore_ascii_case(refuses)));
        if name.eq_ignore_ascii_case("gzip") {
            return !is_refused;
        }
        by_star |= name == "*" && !is_refused;
    }
    by_star
}

/// Compresses an answer that is worth it for those who take it, and tells caches that there are two forms.
async fn negotiate(mut response: Response<Body>, compress: bool) -> Response<Body> {
    // An answer to HEAD has no body any more, and tells its size all the same.
    let told = response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let size = told.or_else(|| response.body().size_hint().exact());
    let is_worth_it = size.is_some_and(|size| size >= COMPRESS_FROM);
    if !is_worth_it || response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    response.headers_mut().append(VARY, HeaderValue::from_static("Accept-Encoding"));
    if !compress || response.body().is_end_stream() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = body.collect().await else { return Response::from_parts(parts, Body::empty()) };
    let bytes = body.to_bytes();
    let compressed = if bytes.len() < COMPRESS_APART_FROM {
        gzip(&bytes)
    } else {
        let compressing = tokio::task::spawn_blocking(move || gzip(&bytes)).await;
        compressing.expect("compressing does not panic, and nothing ends it early")
    };
    parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.remove(CONTENT_LENGTH);
    if let Some(tag) = parts.headers.get(ETAG).and_then(conditional::compressed) {
        parts.headers.insert(ETAG, tag);
    }
    Response::from_parts(parts, Body::from(compressed))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let compressed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    compressed.expect("writing to a Vec cannot fail")
}
