//! `tenure serve`.

use crate::cli::{Global, LogForm, Output, Serve};
use crate::config::Settings;
use crate::failure::Failure;
use crate::operate::{data_path, runtime};
use crate::print;
use metrics_exporter_prometheus::PrometheusBuilder;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::Arc;
use std::time::Duration;
use tenure_journal::sqlite::WhenShorter;
use tenure_server::demo::{self, Demo};
use tenure_server::http::{RequestLog, TlsSetup};
use tenure_server::{DataFolder, Node, NodeOptions, Server, ServerOptions, SmtpPost};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// The exit code of a server that was told twice to stop.
const CUT_OFF: i32 = 130;

pub(crate) fn run(global: &Global, serve: Serve) -> Result<(), Failure> {
    let demo = serve.demo;
    let when_shorter = if serve.accept_loss { WhenShorter::Accept } else { WhenShorter::Refuse };
    let settings = Settings::read(global, serve)?;
    let log = start_log(settings.log)?;
    allow_connections(settings.limits.connections);
    let folder = match &settings.data {
        Some(path) => path.clone(),
        None => data_path(global)?,
    };
    let tls = match &settings.tls {
        Some((cert, key)) => Some(Arc::new(TlsSetup::open(cert, key).map_err(Failure::new)?)),
        None => None,
    };
    if settings.faults.is_some() {
        print::note("note: this is a rehearsal server: it misbehaves as its file of faults orders");
    }
    let mail = settings.mail.map(|mail| SmtpPost::new(mail.url, mail.from)).transpose();
    let mail = mail.map_err(|error| Failure::new(format!("[mail]: {error}")))?;
    let metrics = PrometheusBuilder::new().install_recorder().map_err(Failure::new)?;
    let options = ServerOptions {
        listen: settings.listen,
        public_url: settings.public_url,
        limits: settings.limits,
        trusted_proxies: settings.trusted_proxies,
        tls: tls.clone(),
        cors_origins: settings.cors_origins,
        webhooks: settings.webhooks,
        mail,
        log: Some(log.clone()),
        metrics: Some(metrics),
        drain_delay: settings.drain_delay,
        faults: settings.faults,
    };
    let output = global.output;
    let served = runtime()?.block_on(async move {
        let folder = DataFolder::open(&folder).map_err(Failure::new)?;
        let mut node_options = NodeOptions { when_shorter, ..NodeOptions::default() };
        if let Some(queue_length) = settings.queue_length {
            node_options.queue_length = queue_length;
        }
        let node = Node::open(folder, node_options).await.map_err(Failure::new)?;
        let server = Server::open(node, options).await.map_err(Failure::new)?;
        // Before anybody is told that it is ready: who waits for that may signal at once.
        let signals = Signals::listen()?;
        greet(&server, demo, output).await?;
        serve_until_told(server, signals, tls).await
    });
    log.flush(LOG_PATIENCE);
    served
}

/// How long the end of the process waits for the log to be written.
const LOG_PATIENCE: Duration = Duration::from_secs(1);

fn start_log(form: LogForm) -> Result<RequestLog, Failure> {
    let filter = match std::env::var("TENURE_LOG") {
        Ok(given) if !given.is_empty() => EnvFilter::try_new(&given).map_err(|_| {
            Failure::usage(format!("TENURE_LOG=`{}` is no level", given.escape_debug()))
                .with_hint("use one of: error, warn, info, debug, trace")
        })?,
        _ => EnvFilter::new("info"),
    };
    let log = RequestLog::open(form.into(), std::io::stderr()).map_err(Failure::new)?;
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .log_internal_errors(false)
        .with_writer(move || writer.clone());
    match form {
        LogForm::Json => subscriber.json().flatten_event(true).init(),
        LogForm::Human => {
            let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
            let has_color = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            subscriber.with_ansi(has_color).with_target(false).init();
        }
    }
    Ok(log)
}

/// Files that the server needs besides connections: the journal, its readers, the outbox, the log.
const OTHER_FILES: u64 = 64;

/// Lets the process open as many files as the system allows it: every connection is one, and many systems begin with 1,024.
fn allow_connections(connections: usize) {
    let needed = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHER_FILES);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return;
    }
    let allowed = maximum.map_or(needed, |maximum| maximum.min(needed));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(allowed), maximum });
    if raised.is_err() || allowed < needed {
        tracing::warn!(
            connections,
            allowed,
            "the system lets this process open fewer files than there may be connections; raise it with `ulimit -n`"
        );
    }
}

async fn greet(server: &Server, demo: bool, output: Output) -> Result<(), Failure> {
    if demo {
        match demo::fill(server.node()).await.map_err(Failure::new)? {
            Some(demo) => introduce(&demo, server.public_url(), output),
            None => print::note(
                "note: the data folder has a company already, so --demo changed nothing; `tenure token create` makes \
                 a new token",
            ),
        }
    } else if server.node().engine.registry().entries().next().is_none() {
        print::note("note: there is no company yet; create one with `tenure company create NAME`");
    }
    if server.public_url_is_reachable_from_here_alone() {
        print::note(
            "note: links and invitations start with the address that the server listens on; set --public-url to the one \
             that people can open",
        );
    }
    print::whole(&format!("tenure: ready at {}\n", server.bound_url()))
}

fn introduce(demo: &Demo, url: &str, output: Output) {
    let Demo { company, teammates, teams, company_token, teammate_token, scim_token } = demo;
    if output == Output::Json {
        print::json(&serde_json::json!({
            "company": company,
            "teammates": teammates,
            "teams": teams,
            "tokens": { "company": company_token, "teammate": teammate_token, "scim": scim_token },
        }));
        return;
    }
    let token = &company_token.token;
    print::result(&format!(
        "{company} is ready to try: {teammates} teammates, {teams} teams, custom fields, single sign-on.\n\n\
         Its tokens, shown this once:\n  company   {token}\n  teammate  {} (acts as {})\n  scim      {}\n\n\
         Try next:\n  curl -s '{url}/teammates?limit=3' -H 'Authorization: Bearer {token}'\n  \
         curl -s {url}/teammates -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' -d \
         '{{\"email\":\"you@example.com\",\"first_name\":\"You\"}}'\n  \
         curl -s {url}/teams/tim_1/teammates -H 'Authorization: Bearer {token}'\n\
         The reference: {url}/docs\n\n",
        teammate_token.token,
        teammate_token.details.teammate_id.as_deref().unwrap_or_default(),
        scim_token.token,
    ));
}

/// The signals that a server heeds.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listening =
            |kind| signal(kind).map_err(|error| Failure::new(format!("cannot listen for signals: {error}")));
        Ok(Self {
            terminate: listening(SignalKind::terminate())?,
            interrupt: listening(SignalKind::interrupt())?,
            reload: listening(SignalKind::hangup())?,
        })
    }
}

async fn serve_until_told(
    server: Server,
    signals: Signals,
    tls: Option<Arc<TlsSetup>>,
) -> Result<(), Failure> {
    let Signals { mut terminate, mut interrupt, mut reload } = signals;
    let mut serving = server.accept();
    let engine = serving.node().engine.clone();
    let failed = loop {
        tokio::select! {
            // In this order: when the journal fails, the parts that need it end too, and its reason is the one to tell.
            biased;
            _ = terminate.recv() => break None,
            _ = interrupt.recv() => break None,
            reason = engine.failed() => break Some(format!(
                "the journal failed ({reason}); look at the disk, then start again: the start decides what was written"
            )),
            how = serving.ended() => break Some(format!(
                "a part of the server ended by itself ({how}); this is a fault of Tenure, look at its log and start again"
            )),
            _ = reload.recv() => reload_certificate(tls.as_deref()),
        }
    };
    // The journal closes with the last handle on the engine.
    drop(engine);
    tracing::info!("stopping");
    tokio::select! {
        () = serving.stop() => {}
        _ = terminate.recv() => std::process::exit(CUT_OFF),
        _ = interrupt.recv() => std::process::exit(CUT_OFF),
    }
    match failed {
        None => Ok(()),
        Some(reason) => Err(Failure::new(reason)),
    }
}

fn reload_certificate(tls: Option<&TlsSetup>) {
    match tls.map(TlsSetup::reload) {
        None => {}
        Some(Ok(())) => tracing::info!("the certificate was read again"),
        Some(Err(error)) => tracing::error!(error, "the certificate could not be read; the one before stays"),
    }
}
