//! A server in process.

use crate::clock::ManualClock;
use crate::company::TestCompany;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tenure_engine::QUEUE_LENGTH;
use tenure_server::http::Limits;
use tenure_server::operator::{Operator, OperatorReply, OperatorRequest};
use tenure_server::{
    DataFolder, Node, NodeOptions, PublicUrl, Server, ServerOptions, Serving, WebhookOptions,
};

/// What links of a test server start with: not its address, so that a link made from `Host` would be noticed.
pub const PUBLIC_URL: &str = "http://tenure.test";

/// A server on a port of its own, with its data in a folder that goes with it.
pub struct TestServer {
    serving: Serving,
    address: SocketAddr,
    folder: TempDir,
    clock: Arc<ManualClock>,
    setup: Setup,
    http: reqwest::Client,
}

/// How a server is set up otherwise than by default; kept for a restart.
#[derive(Clone)]
struct Setup {
    change: Change,
    queue_length: usize,
}

type Change = Arc<dyn Fn(&mut ServerOptions) + Send + Sync>;

impl TestServer {
    /// Starts a server without any company.
    pub async fn start() -> Self {
        Self::with_limits(Limits::default()).await
    }

    /// Starts a server with other limits.
    pub async fn with_limits(limits: Limits) -> Self {
        Self::with_options(move |options| options.limits = limits.clone()).await
    }

    /// Starts a server that is set up otherwise. Where it listens and its public URL stay.
    pub async fn with_options(change: impl Fn(&mut ServerOptions) + Send + Sync + 'static) -> Self {
        Self::set_up(Setup { change: Arc::new(change), queue_length: QUEUE_LENGTH }).await
    }

    /// Starts a server in which so few commands may wait.
    pub async fn with_queue(queue_length: usize) -> Self {
        Self::set_up(Setup { change: Arc::new(|_| ()), queue_length }).await
    }

    async fn set_up(setup: Setup) -> Self {
        Self::on(tempfile::tempdir().unwrap(), Arc::default(), setup).await
    }

    async fn on(folder: TempDir, clock: Arc<ManualClock>, setup: Setup) -> Self {
        let data = DataFolder::open(folder.path()).unwrap();
        let node_options =
            NodeOptions { clock: clock.clone(), queue_length: setup.queue_length, ..NodeOptions::default() };
        let node = Node::open(data, node_options).await.unwrap();
        let mut options = ServerOptions {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: Some(PublicUrl::parse(PUBLIC_URL).unwrap()),
            // Receivers of tests are on this machine.
            webhooks: WebhookOptions {
                allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
                ..WebhookOptions::default()
            },
            ..ServerOptions::default()
        };
        (setup.change)(&mut options);
        let server = Server::open(node, options).await.unwrap();
        let address = server.address();
        let http = crate::http_client::local_client().build().unwrap();
        Self { serving: server.accept(), address, folder, clock, setup, http }
    }

    /// Stops in good order and starts again on the same folder.
    pub async fn restart(self) -> Self {
        let Self { serving, folder, clock, setup, .. } = self;
        serving.stop().await;
        Self::on(folder, clock, setup).await
    }

    /// Stops in good order; the folder is handed over.
    pub async fn stop(self) -> TempDir {
        self.serving.stop().await;
        self.folder
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The server's clock.
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// The running node.
    pub fn node(&self) -> &Node {
        self.serving.node()
    }

    /// A client that keeps connections.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Carries out an operator's request.
    pub async fn operate(&self, request: OperatorRequest) -> OperatorReply {
        Operator::of(self.node()).operate(request).await.unwrap()
    }

    /// Creates a company with a token for everything and no limit.
    pub async fn company(&self, name: &str) -> TestCompany {
        TestCompany::found(self, name).await
    }
}
