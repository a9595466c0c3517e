//! A server: a node with its followers, its operator socket and its HTTP faces.

use crate::data_folder::FolderError;
use crate::http::accept;
use crate::http::limits::Limits;
use crate::http::shell::{Shell, ShellOptions};
use crate::http::tls::TlsSetup;
use crate::last_used::LastUsed;
use crate::node::Node;
use crate::operator::Operator;
use crate::operator::socket::OperatorSocket;
use crate::rest::{self, App, PageKey};
use hyper::Uri;
use hyper::header::HeaderValue;
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tenure_delivery::{InvitationFollower, InvitationSender, Outbox};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tower_http::cors::{Any, CorsLayer};

/// How a server is set up.
pub struct ServerOptions {
    /// Where it listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// What links start with; made from the bound address when absent.
    pub public_url: Option<String>,
    /// What connections and requests may take.
    pub limits: Limits,
    /// Proxies whose word about the client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The certificate, where the server speaks TLS by itself.
    pub tls: Option<Arc<TlsSetup>>,
    /// Web origins whose pages may call the API.
    pub cors_origins: Vec<String>,
    /// The recorder that `/metrics` shows.
    pub metrics: Option<PrometheusHandle>,
    /// How long the server goes on after it was asked to stop, with `/readyz` saying no.
    pub drain_delay: Duration,
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
            metrics: None,
            drain_delay: Duration::ZERO,
        }
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
    /// A public URL that links cannot start with.
    #[error("`{0}` is no public URL; it must be such as https://tenure.example.com, without a query")]
    PublicUrl(String),
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
    shell: Arc<Shell>,
    tls: Option<Arc<TlsSetup>>,
    last_used: LastUsed,
    draining: Arc<AtomicBool>,
    drain_delay: Duration,
    background: JoinSet<()>,
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
}

impl Server {
    /// Opens everything that a server needs on a node.
    pub async fn open(node: Node, options: ServerOptions) -> Result<Self, ServerError> {
        let listen_failed = |error| ServerError::Listen { address: options.listen, error };
        let listener = TcpListener::bind(options.listen).await.map_err(listen_failed)?;
        let address = listener.local_addr().map_err(listen_failed)?;
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        let public_url = match &options.public_url {
            Some(given) => checked_url(given)?,
            None => format!("{scheme}://{address}"),
        };
        let engine = node.engine.clone();
        let last_used = LastUsed::open(node.folder().last_used_file());
        let page_key = PageKey::new(node.folder().page_key(engine.random())?);
        let draining = Arc::new(AtomicBool::new(false));
        let app = App::new(engine.clone(), &public_url, options.limits.clone(), page_key, options.metrics)
            .draining_with(Arc::clone(&draining));
        let mut router = rest::router(app);
        if let Some(cors) = cors(&options.cors_origins)? {
            router = router.layer(cors);
        }
        let shell = ShellOptions {
            limits: options.limits,
            trusted_proxies: options.trusted_proxies,
            last_used: last_used.clone(),
        };
        let shell = Arc::new(Shell::new(engine, router, rest::error::render, shell));
        let mut background = JoinSet::new();
        start_background(&node, &public_url, &last_used, &mut background)?;
        Ok(Self {
            node,
            listener,
            address,
            public_url,
            shell,
            tls: options.tls,
            last_used,
            draining,
            drain_delay: options.drain_delay,
            background,
        })
    }

    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether the server speaks TLS by itself.
    pub fn speaks_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// What links start with.
    pub fn public_url(&self) -> &str {
        &self.public_url
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
        }
    }
}

impl Serving {
    /// The running node.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Accepts no more, lets requests in flight end, carries out what waits, and closes the journal.
    pub async fn stop(mut self) {
        self.draining.store(true, Ordering::Relaxed);
        tokio::time::sleep(self.drain_delay).await;
        // Nobody listens any more if the loop has ended by itself.
        let _ = self.stop.send(true);
        if let Err(error) = self.accepting.await {
            tracing::error!(%error, "the accept loop ended early");
        }
        self.background.shutdown().await;
        self.last_used.save();
        self.node.close().await;
    }
}

fn start_background(
    node: &Node,
    public_url: &str,
    last_used: &LastUsed,
    background: &mut JoinSet<()>,
) -> Result<(), ServerError> {
    let engine = node.engine.clone();
    let folder = node.folder();
    let outbox_failed = |error| ServerError::Outbox { path: folder.outbox().display().to_string(), error };
    let outbox = Outbox::open(&folder.outbox()).map_err(outbox_failed)?;
    let socket_failed = |error| ServerError::Socket { path: folder.socket().display().to_string(), error };
    let socket = OperatorSocket::open(folder).map_err(socket_failed)?;
    let told = Arc::new(Notify::new());
    let sender = InvitationSender::new(engine.clone(), outbox, public_url.to_owned(), Arc::clone(&told));
    background.spawn(socket.serve(Operator::new(engine.clone(), last_used.clone())));
    background.spawn(engine.clone().follow(Arc::new(InvitationFollower), told));
    background.spawn(sender.run());
    background.spawn(engine.keep_snapshots());
    background.spawn(last_used.clone().keep());
    Ok(())
}

/// A URL that links can start with, without a slash at its end.
fn checked_url(given: &str) -> Result<String, ServerError> {
    let wrong = || ServerError::PublicUrl(given.to_owned());
    let url: Uri = given.parse().map_err(|_| wrong())?;
    let is_http = matches!(url.scheme_str(), Some("http" | "https"));
    let has_user = url.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if !is_http
        || url.host().is_none_or(str::is_empty)
        || url.query().is_some()
        || has_user
        || given.contains('#')
    {
        return Err(wrong());
    }
    Ok(given.trim_end_matches('/').to_owned())
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
        let parsed = HeaderValue::from_str(origin).ok().filter(|_| checked_url(origin).is_ok());
        parsed.ok_or_else(|| ServerError::Origin(origin.clone()))
    };
    let origins: Vec<HeaderValue> = origins.iter().map(parse).collect::<Result<_, _>>()?;
    Ok(Some(layer.allow_origin(origins)))
}
