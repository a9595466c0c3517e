//! A server: a node with its followers, its operator socket and its HTTP faces.

use crate::data_folder::FolderError;
use crate::gauges;
use crate::http::accept;
use crate::http::faults::Faults;
use crate::http::limits::Limits;
use crate::http::page_key::PageKey;
use crate::http::problem::Problem;
use crate::http::request_log::RequestLog;
use crate::http::shell::{Shell, ShellOptions};
use crate::http::tls::TlsSetup;
use crate::last_used::LastUsed;
use crate::node::Node;
use crate::operator::Operator;
use crate::operator::socket::{InFlight, OperatorSocket};
use crate::public_url::PublicUrl;
use crate::rest::{self, App};
use crate::scim::{self, ScimApp};
use axum::body::Body;
use axum::response::IntoResponse as _;
use hyper::header::HeaderValue;
use hyper::{Request, Response};
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;
use rustls::pki_types::CertificateDer;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tenure_delivery::webhook::egress::EgressRules;
use tenure_delivery::webhook::post::{ANSWER_WITHIN, HttpPost, HttpPostOptions};
use tenure_delivery::webhook::{WEBHOOK_FOLLOWER, Webhooks};
use tenure_delivery::{
    INVITATION_FOLLOWER, InvitationFollower, InvitationSender, MailRoute, Outbox, SmtpPost,
};
use tenure_engine::Engine;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tower_http::cors::{Any, CorsLayer};

/// How a server is set up.
pub struct ServerOptions {
    /// Where it listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// What links start with; made from the bound address when absent.
    pub public_url: Option<PublicUrl>,
    /// What connections and requests may take.
    pub limits: Limits,
    /// Proxies whose word about the client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The certificate, where the server speaks TLS by itself.
    pub tls: Option<Arc<TlsSetup>>,
    /// Web origins whose pages may call the API.
    pub cors_origins: Vec<String>,
    /// Where webhooks may go, and how.
    pub webhooks: WebhookOptions,
    /// The mail server; when absent, mail is written into the outbox folder.
    pub mail: Option<SmtpPost>,
    /// Where the line of each request is written; nowhere, when absent.
    pub log: Option<RequestLog>,
    /// The recorder that `/metrics` shows.
    pub metrics: Option<PrometheusHandle>,
    /// How long the server goes on after it was asked to stop, with `/readyz` saying no.
    pub drain_delay: Duration,
    /// How it misbehaves, where that is rehearsed.
    pub faults: Option<Faults>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8400)),
            public_url: None,
            limits: Limits::default(),
            trusted_proxies: vec![],
            tls: None,
            cors_origins: vec![],
            webhooks: WebhookOptions::default(),
            mail: None,
            log: None,
            metrics: None,
            drain_delay: Duration::ZERO,
            faults: None,
        }
    }
}

/// Where webhooks may go, and how.
#[derive(Default)]
pub struct WebhookOptions {
    /// Networks that they may reach although they are not public.
    pub allowed_networks: Vec<IpNet>,
    /// Whether they may go over http to public hosts.
    pub allow_http: bool,
    /// The proxy that they go through.
    pub proxy: Option<url::Url>,
    /// Certificates of authorities that are trusted beside the system's.
    pub extra_roots: Vec<CertificateDer<'static>>,
}

impl WebhookOptions {
    fn rules(&self) -> EgressRules {
        let rules = EgressRules::strict().allow_networks(self.allowed_networks.clone());
        if self.allow_http { rules.allow_http() } else { rules }
    }
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}; name another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// The operator socket cannot be opened.
    #[error("cannot open the operator socket {path}: {error}")]
    Socket {
        /// Where.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// The outbox cannot be opened.
    #[error("cannot open the outbox {path}: {error}")]
    Outbox {
        /// Where.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// Webhooks cannot be sent.
    #[error("webhooks cannot be sent: {0}")]
    Webhooks(String),
    /// A web origin that no browser sends.
    #[error("`{0}` is no web origin; it must be such as https://app.example.com, or *")]
    Origin(String),
}

/// A server that has everything open and does not accept connections yet.
pub struct Server {
    node: Node,
    listener: TcpListener,
    address: SocketAddr,
    public_url: String,
    has_public_url: bool,
    shell: Arc<Shell>,
    tls: Option<Arc<TlsSetup>>,
    last_used: LastUsed,
    draining: Arc<AtomicBool>,
    drain_delay: Duration,
    background: JoinSet<()>,
    operators: InFlight,
}

/// A server that answers.
pub struct Serving {
    node: Node,
    last_used: LastUsed,
    draining: Arc<AtomicBool>,
    drain_delay: Duration,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    background: JoinSet<()>,
    operators: InFlight,
}

impl Server {
    /// Opens everything that a server needs on a node.
    pub async fn open(node: Node, options: ServerOptions) -> Result<Self, ServerError> {
        let listen_failed = |error| ServerError::Listen { address: options.listen, error };
        let listener = listen(options.listen).map_err(listen_failed)?;
        let address = listener.local_addr().map_err(listen_failed)?;
        let has_public_url = options.public_url.is_some();
        let public_url = match &options.public_url {
            Some(given) => given.to_string(),
            None => bound_url(options.tls.is_some(), address),
        };
        let engine = node.engine.clone();
        let last_used = LastUsed::open(node.folder().last_used_file());
        let page_key = PageKey::new(node.folder().page_key(engine.random())?);
        let draining = Arc::new(AtomicBool::new(false));
        let metrics = options.metrics.clone();
        let route = mail_route(&node, options.mail)?;
        let egress = options.webhooks.rules();
        let (webhooks, sending) =
            open_webhooks(&engine, &public_url, options.webhooks, Arc::clone(&route)).await?;
        let told = (webhooks.clone(), egress.clone());
        let scim = ScimApp::new(engine.clone(), &public_url, options.limits.clone(), page_key.clone());
        let app = App::new(engine.clone(), &public_url, options.limits.clone(), page_key, metrics, told)
            .draining_with(Arc::clone(&draining));
        let router = rest::router(app).fallback(move |request| elsewhere(scim.clone(), request));
        let shell = ShellOptions {
            limits: options.limits,
            trusted_proxies: options.trusted_proxies,
            cors: cors(&options.cors_origins)?,
            last_used: last_used.clone(),
            log: options.log,
            faults: options.faults,
        };
        let shell = Arc::new(Shell::new(engine, router, render, shell));
        let mut background = JoinSet::new();
        background.spawn(sending);
        let sent_to = (webhooks, egress);
        let operators = start_background(&node, &public_url, route, &last_used, sent_to, &mut background)?;
        if let Some(metrics) = options.metrics {
            background.spawn(keep_metrics(metrics));
            background.spawn(gauges::keep(node.engine.clone(), FOLLOWERS));
        }
        Ok(Self {
            node,
            listener,
            address,
            public_url,
            has_public_url,
            shell,
            tls: options.tls,
            last_used,
            draining,
            drain_delay: options.drain_delay,
            background,
            operators,
        })
    }

    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the address that it listens on.
    pub fn bound_url(&self) -> String {
        bound_url(self.tls.is_some(), self.address)
    }

    /// What links start with.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Whether links start with an address that means "all of this machine's", which nobody can open from elsewhere.
    pub fn public_url_is_reachable_from_here_alone(&self) -> bool {
        !self.has_public_url && self.address.ip().is_unspecified()
    }

    /// The node, for what is to be done before the first request.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Begins to accept connections.
    pub fn accept(self) -> Serving {
        let (stop, stopped) = watch::channel(false);
        let accepting = tokio::spawn(accept::serve(self.listener, self.shell, self.tls, stopped));
        Serving {
            node: self.node,
            last_used: self.last_used,
            draining: self.draining,
            drain_delay: self.drain_delay,
            stop,
            accepting,
            background: self.background,
            operators: self.operators,
        }
    }
}

impl Serving {
    /// The running node.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Waits until a part of the server ends by itself, which none should; tells how.
    pub async fn ended(&mut self) -> String {
        let how = tokio::select! {
            ended = &mut self.accepting => ended.err().map(|error| error.to_string()),
            Some(ended) = self.background.join_next() => ended.err().map(|error| error.to_string()),
        };
        how.unwrap_or_else(|| "it returned".to_owned())
    }

    /// Accepts no more, lets requests in flight end, carries out what waits, and closes the journal.
    pub async fn stop(mut self) {
        self.draining.store(true, Ordering::Relaxed);
        tokio::time::sleep(self.drain_delay).await;
        // Nobody listens any more if the loop has ended by itself.
        let _ = self.stop.send(true);
        if !self.accepting.is_finished()
            && let Err(error) = self.accepting.await
        {
            tracing::error!(%error, "the accept loop ended early");
        }
        // Operators' requests in flight end too; the rest of the background can be cut off anywhere.
        let _ = tokio::time::timeout(OPERATORS_DRAIN, self.operators.finish()).await;
        self.background.shutdown().await;
        self.last_used.save();
        self.node.close().await;
    }
}

/// How many connections may wait to be accepted. With the usual 128, clients that come at once believe to be connected while
/// the system has dropped them (`cargo xtask faults slow` found it).
const BACKLOG: u32 = 4096;

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Without it a server could not start again while connections of the one before linger.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn bound_url(speaks_tls: bool, address: SocketAddr) -> String {
    let scheme = if speaks_tls { "https" } else { "http" };
    format!("{scheme}://{address}")
}

/// How long operators' requests in flight may take when the server stops.
const OPERATORS_DRAIN: Duration = Duration::from_secs(2);
/// The followers that a server has, for its gauges.
const FOLLOWERS: &[&str] = &[INVITATION_FOLLOWER, WEBHOOK_FOLLOWER];
/// How often measurements are folded into their distributions, so that they take no memory while nobody asks for them.
const UPKEEP: Duration = Duration::from_secs(5);

async fn keep_metrics(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        metrics.run_upkeep();
    }
}

fn mail_route(node: &Node, mail: Option<SmtpPost>) -> Result<Arc<MailRoute>, ServerError> {
    let folder = node.folder();
    let outbox_failed = |error| ServerError::Outbox { path: folder.outbox().display().to_string(), error };
    let route = match mail {
        Some(post) => MailRoute::Smtp(Box::new(post)),
        None => MailRoute::Outbox(Outbox::open(&folder.outbox()).map_err(outbox_failed)?),
    };
    Ok(Arc::new(route))
}

async fn open_webhooks(
    engine: &Engine,
    public_url: &str,
    options: WebhookOptions,
    route: Arc<MailRoute>,
) -> Result<(Webhooks, impl Future<Output = ()> + Send + use<>), ServerError> {
    let rules = options.rules();
    let WebhookOptions { allowed_networks: _, allow_http: _, proxy, extra_roots } = options;
    let post = HttpPostOptions { rules, proxy, extra_roots, answer_within: ANSWER_WITHIN };
    let post = Arc::new(HttpPost::new(post).map_err(ServerError::Webhooks)?);
    let represent = Arc::new(rest::EventJson::new(public_url));
    let mail = Some((route, public_url.to_owned()));
    let opened = Webhooks::open(engine.clone(), post, represent, mail).await;
    opened.map_err(|error| ServerError::Webhooks(error.to_string()))
}

fn start_background(
    node: &Node,
    public_url: &str,
    route: Arc<MailRoute>,
    last_used: &LastUsed,
    (webhooks, egress): (Webhooks, EgressRules),
    background: &mut JoinSet<()>,
) -> Result<InFlight, ServerError> {
    let engine = node.engine.clone();
    let folder = node.folder();
    let socket_failed = |error| ServerError::Socket { path: folder.socket().display().to_string(), error };
    let socket = OperatorSocket::open(folder).map_err(socket_failed)?;
    let operators = socket.in_flight();
    let told = Arc::new(Notify::new());
    let sender = InvitationSender::new(engine.clone(), route, public_url.to_owned(), Arc::clone(&told));
    let operator = Operator::new(engine.clone(), last_used.clone(), Some(webhooks), egress);
    background.spawn(socket.serve(operator.waking(Arc::clone(&told))));
    background.spawn(engine.clone().follow(Arc::new(InvitationFollower), told));
    background.spawn(sender.run());
    background.spawn(engine.keep_snapshots());
    background.spawn(last_used.clone().keep());
    Ok(operators)
}

fn cors(origins: &[String]) -> Result<Option<CorsLayer>, ServerError> {
    if origins.is_empty() {
        return Ok(None);
    }
    let layer = CorsLayer::new().allow_methods(Any).allow_headers([
        hyper::header::AUTHORIZATION,
        hyper::header::CONTENT_TYPE,
        hyper::header::IF_MATCH,
        hyper::header::IF_NONE_MATCH,
        hyper::header::HeaderName::from_static("idempotency-key"),
        hyper::header::HeaderName::from_static("x-request-id"),
    ]);
    let layer = layer.expose_headers(Any);
    if origins.iter().any(|origin| origin == "*") {
        return Ok(Some(layer.allow_origin(Any)));
    }
    let parse = |origin: &String| {
        let parsed = HeaderValue::from_str(origin).ok().filter(|_| PublicUrl::parse(origin).is_ok());
        parsed.ok_or_else(|| ServerError::Origin(origin.clone()))
    };
    let origins: Vec<HeaderValue> = origins.iter().map(parse).collect::<Result<_, _>>()?;
    Ok(Some(layer.allow_origin(origins)))
}

/// What no route leads to: the SCIM face, which takes its paths apart by itself, or nothing.
async fn elsewhere(scim: ScimApp, request: Request<Body>) -> Response<Body> {
    if scim::is_at(request.uri().path()) {
        return scim::answer(scim, request).await;
    }
    rest::error::unknown_path(request.uri()).into_response()
}

/// Each face says in its own words what went wrong.
fn render(path: &str, problem: Problem) -> Response<Body> {
    if scim::is_at(path) { scim::render(problem) } else { rest::error::render(problem) }
}
