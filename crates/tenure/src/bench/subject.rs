//! What is measured: a server of ours in this process, on temporary data, and the requests that are sent to it.

use crate::bench::load::{Ask, Load, MakeAsk};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use metrics_exporter_prometheus::PrometheusHandle;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tenure_directory::email::EmailAddress;
use tenure_directory::invitation::InvitationWish;
use tenure_directory::teammate::CreateTeammate;
use tenure_directory::text::PersonName;
use tenure_directory::{Actor, Command, CompanyId, TeammateId};
use tenure_engine::Engine;
use tenure_server::http::{LogForm, RequestLog};
use tenure_server::operator::{CompanyRequest, Operator, OperatorReply, OperatorRequest, TokenWish};
use tenure_server::{DataFolder, Node, NodeOptions, Server, ServerOptions, Serving, WebhookOptions};
use tokio::task::JoinSet;

/// How many commands wait at the same time while data is made.
const TOGETHER: usize = 4096;

/// A server with one company.
pub(crate) struct Subject {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    teammates: u64,
    serving: Serving,
    folder: TempDir,
}

/// What went wrong, as everything here tells it.
pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A person who is like most: a name and an address.
fn person(number: u64) -> CreateTeammate {
    let email = EmailAddress::parse(&format!("person{number}@bench.example")).expect("the address is valid");
    CreateTeammate {
        first_name: PersonName::parse("Kim").expect("the name is valid"),
        last_name: PersonName::parse("Example").expect("the name is valid"),
        invitation: InvitationWish::None,
        ..CreateTeammate::of(email)
    }
}

/// Creates people in a company, as fast as the journal takes them.
pub(crate) async fn populate(engine: &Engine, company: CompanyId, count: u64) -> Result<(), String> {
    tell_all(engine, company, count, |number| Command::CreateTeammate(person(number))).await
}

/// Tells a company so many commands, numbered from 1, as fast as the journal takes them.
async fn tell_all(
    engine: &Engine,
    company: CompanyId,
    count: u64,
    command: impl Fn(u64) -> Command,
) -> Result<(), String> {
    let mut waiting = JoinSet::new();
    for number in 1..=count {
        if waiting.len() >= TOGETHER {
            join(&mut waiting).await?;
        }
        let (engine, command) = (engine.clone(), command(number));
        waiting.spawn(async move { engine.tell(company, command, Actor::Operator).await });
    }
    while !waiting.is_empty() {
        join(&mut waiting).await?;
    }
    Ok(())
}

/// Waits for one of them to end.
pub(crate) async fn join<E: std::fmt::Display + 'static>(
    waiting: &mut JoinSet<Result<(), E>>,
) -> Result<(), String> {
    match waiting.join_next().await {
        Some(joined) => joined.map_err(text)?.map_err(text),
        None => Ok(()),
    }
}

/// Creates a company; its id.
pub(crate) async fn create_company(node: &Node, number: u64) -> Result<CompanyId, String> {
    let request = OperatorRequest::CreateCompany {
        name: format!("Bench {number}"),
        slug: Some(format!("bench-{number}")),
    };
    match Operator::of(node).operate(request).await.map_err(text)? {
        OperatorReply::Company(company) => company.id.parse().map_err(text),
        other => Err(format!("creating a company answered {other:?}")),
    }
}

/// The company of a node that has one.
pub(crate) fn only_company(engine: &Engine) -> Result<CompanyId, String> {
    let registry = engine.registry();
    registry.entries().next().map(|entry| entry.id).ok_or_else(|| "there is no company".to_owned())
}

/// Makes a token without a limit for a company; its text.
async fn create_token(node: &Node, company: CompanyId, kind: &str) -> Result<String, String> {
    let wish = TokenWish {
        kind: kind.to_owned(),
        teammate: None,
        scopes: vec![],
        rate_limit: Some("unlimited".to_owned()),
        expires_in: None,
        note: None,
    };
    let request = OperatorRequest::Company {
        company: Some(company.to_string()),
        ask: CompanyRequest::CreateToken(wish),
    };
    match Operator::of(node).operate(request).await.map_err(text)? {
        OperatorReply::NewToken(token) => Ok(token.token),
        other => Err(format!("creating a token answered {other:?}")),
    }
}

/// Opens a node on a folder.
pub(crate) async fn open(folder: &Path) -> Result<Node, String> {
    Node::open(DataFolder::open(folder).map_err(text)?, NodeOptions::default()).await.map_err(text)
}

/// Opens a node on a new folder, with one company of so many teammates; and a token of it.
pub(crate) async fn furnish(folder: &Path, teammates: u64) -> Result<(Node, String), String> {
    let node = open(folder).await?;
    let company = create_company(&node, 1).await?;
    populate(&node.engine, company, teammates).await?;
    let token = create_token(&node, company, "company").await?;
    Ok((node, token))
}

impl Subject {
    /// Starts a server with a company of so many teammates.
    pub(crate) async fn start(teammates: u64, metrics: &PrometheusHandle) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(text)?;
        let (node, token) = furnish(folder.path(), teammates).await?;
        Self::serve(folder, node, token, teammates, metrics).await
    }

    /// Starts a server on a node that is furnished with a company of so many teammates and a token of it. Its webhooks may
    /// go to receivers on this machine.
    pub(crate) async fn serve(
        folder: TempDir,
        node: Node,
        token: String,
        teammates: u64,
        metrics: &PrometheusHandle,
    ) -> Result<Self, String> {
        let here = IpAddr::from(Ipv4Addr::LOCALHOST);
        let options = ServerOptions {
            listen: SocketAddr::new(here, 0),
            webhooks: WebhookOptions { allowed_networks: vec![here.into()], ..WebhookOptions::default() },
            // Written as always, to nowhere.
            log: Some(RequestLog::open(LogForm::Human, std::io::sink()).map_err(text)?),
            metrics: Some(metrics.clone()),
            ..ServerOptions::default()
        };
        let server = Server::open(node, options).await.map_err(text)?;
        let address = server.address();
        Ok(Self { address, token, teammates, serving: server.accept(), folder })
    }

    /// Its data folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends it, and removes its data.
    pub(crate) async fn stop(self) {
        self.serving.stop().await;
    }

    /// Its engine.
    pub(crate) fn engine(&self) -> &Engine {
        &self.serving.node().engine
    }

    fn company(&self) -> Result<CompanyId, String> {
        only_company(self.engine())
    }

    /// Tells its company so many commands, numbered from 1, in no certain order.
    pub(crate) async fn change(&self, count: u64, command: impl Fn(u64) -> Command) -> Result<(), String> {
        tell_all(self.engine(), self.company()?, count, command).await
    }

    /// A SCIM token of its company.
    pub(crate) async fn scim_token(&self) -> Result<String, String> {
        let company = self.company()?;
        let ask = CompanyRequest::SetSso { metadata: "<EntityDescriptor/>".to_owned() };
        let request = OperatorRequest::Company { company: Some(company.to_string()), ask };
        Operator::of(self.serving.node()).operate(request).await.map_err(text)?;
        create_token(self.serving.node(), company, "scim").await
    }

    fn load(&self, clients: u64, time: Duration, expected: StatusCode, make: MakeAsk) -> Load {
        Load { address: self.address, clients, time, expected, make }
    }

    /// Clients that read one teammate after another.
    pub(crate) fn reads(&self, clients: u64, time: Duration) -> Load {
        self.reads_of(self.teammates, clients, time)
    }

    /// Clients that read one of so many teammates after another.
    pub(crate) fn reads_of(&self, teammates: u64, clients: u64, time: Duration) -> Load {
        let token = self.token.clone();
        let make = move |number: u64| {
            // A stride that meets all of them, in an order that no cache likes.
            let id = TeammateId::new(1 + number.wrapping_mul(7_919) % teammates);
            get(&format!("/teammates/{id}"), &token)
        };
        self.load(clients, time, StatusCode::OK, Arc::new(make))
    }

    /// Clients that read pages of a hundred.
    pub(crate) fn pages(&self, clients: u64, time: Duration) -> Load {
        let token = self.token.clone();
        self.load(clients, time, StatusCode::OK, Arc::new(move |_| get("/teammates?limit=100", &token)))
    }

    /// Clients that create teammates whom nobody has created before.
    pub(crate) fn writes(&self, clients: u64, time: Duration) -> Load {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let token = self.token.clone();
        let make = move |_| post("/teammates", &token, NEXT.fetch_add(1, Ordering::Relaxed));
        self.load(clients, time, StatusCode::CREATED, Arc::new(make))
    }
}

/// A GET with a token.
pub(crate) fn get(path: &str, token: &str) -> Ask {
    let request = Request::get(path).header(HOST, "bench").header(AUTHORIZATION, format!("Bearer {token}"));
    request.body(Full::default()).expect("the parts of the request are valid")
}

/// A POST of the `number`-th new teammate.
pub(crate) fn post(path: &str, token: &str, number: u64) -> Ask {
    let body = format!(
        "{{\"email\":\"new{number}@bench.example\",\"first_name\":\"Kim\",\"last_name\":\"Example\"}}"
    );
    let request = Request::post(path)
        .header(HOST, "bench")
        .header(CONTENT_TYPE, "application/json")
        .header(AUTHORIZATION, format!("Bearer {token}"));
    request.body(Full::new(Bytes::from(body))).expect("the parts of the request are valid")
}

/// A SCIM PATCH with one operation.
pub(crate) fn scim_patch(path: &str, token: &str, operation: &str) -> Ask {
    let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    let body = format!("{{\"schemas\":[\"{schema}\"],\"Operations\":[{operation}]}}");
    let request = Request::patch(path)
        .header(HOST, "bench")
        .header(CONTENT_TYPE, "application/scim+json")
        .header(AUTHORIZATION, format!("Bearer {token}"));
    request.body(Full::new(Bytes::from(body))).expect("the parts of the request are valid")
}
