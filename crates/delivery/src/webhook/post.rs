//! One attempt of a delivery over the network: a POST, and as much of the answer as is wanted.
//!
//! Everything that keeps an attempt from reaching inside or from holding up its worker is in here: the addresses of a
//! name are resolved once for each connection and judged within the connector, redirects are not followed, the
//! environment's proxies are not asked, one time-out covers everything, and an answer is cut and never unpacked.

use crate::webhook::egress::{EgressRules, Forbidden, Reach};
use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, Proxy, Response, redirect};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::error::Error as StdError;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::{Host, Url};

/// How long an attempt may take, from the look-up of the name to the end of the answer (`contract/events.md`).
pub const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// The least time that an attempt takes which comes to nothing. A refusal by a rule is decided at once and one by an
/// address only after a look-up, so without it the time would tell what the text does not: which names exist inside.
pub const REFUSED_AFTER: Duration = Duration::from_millis(500);
/// How much of an answer's body is read, in bytes.
pub const BODY_AT_MOST: usize = 64 * 1024;

/// How long a connection is kept for the next delivery to the same host.
const IDLE: Duration = Duration::from_secs(30);
/// How many connections to one host are kept.
const IDLE_PER_HOST: usize = 16;
const USER_AGENT: &str = concat!("Tenure/", env!("CARGO_PKG_VERSION"));

/// What is sent. It cannot be printed, since the URL is often as good as a password.
#[derive(Clone)]
pub struct Call {
    /// Where to.
    pub url: Url,
    /// The headers, by name.
    pub headers: Vec<(&'static str, String)>,
    /// The body, as it was signed.
    pub body: Bytes,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status, whatever it is.
    pub status: u16,
    /// How long `Retry-After` asks to wait, in milliseconds; 0 for a date that has passed.
    pub retry_after_ms: Option<i64>,
    /// The first [`BODY_AT_MOST`] bytes of the body, as they were sent.
    pub body: Vec<u8>,
}

/// Why nothing came back. The texts are for people and repeat neither the URL nor a header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// The rules forbid the URL or an address of its name.
    #[error("{}", crate::webhook::egress::Forbidden)]
    Forbidden,
    /// The answer was not whole in time.
    #[error("no whole answer came in time")]
    TimedOut,
    /// Anything else that may go better another time. For a name that cannot be resolved the text is that of
    /// [`PostError::Forbidden`]: otherwise it would tell which names exist inside.
    #[error("{0}")]
    Failed(String),
}

impl From<Forbidden> for PostError {
    fn from(_: Forbidden) -> Self {
        Self::Forbidden
    }
}

/// What [`Post::post`] answers with.
pub type Posting<'a> = Pin<Box<dyn Future<Output = Result<Answer, PostError>> + Send + 'a>>;

/// How attempts are made.
pub trait Post: Send + Sync + 'static {
    /// Makes one attempt. Any answer is one, a redirect or an error too.
    fn post(&self, call: Call) -> Posting<'_>;
}

/// What [`Lookup::lookup`] answers with.
pub type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// How the addresses of a name are found.
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of a name. Their ports do not count.
    fn lookup(&self, name: String) -> Looking;
}

/// How many look-ups run at once. Each blocks a thread for as long as the resolver takes, whoever waits for it or not, and
/// the journal reads on threads of the same pool.
const LOOKUPS_AT_ONCE: usize = 64;

/// The system's resolver.
#[derive(Debug, Clone)]
pub struct SystemLookup {
    free: Arc<Semaphore>,
}

impl Default for SystemLookup {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(LOOKUPS_AT_ONCE)) }
    }
}

impl Lookup for SystemLookup {
    fn lookup(&self, name: String) -> Looking {
        let free = Arc::clone(&self.free);
        Box::pin(async move {
            let place = free.acquire_owned().await.map_err(io::Error::other)?;
            let looking = tokio::task::spawn_blocking(move || {
                // Held until the resolver has answered, though nobody may wait for it any more.
                let _place = place;
                (name.as_str(), 0).to_socket_addrs().map(Iterator::collect)
            });
            looking.await.map_err(io::Error::other)?
        })
    }
}

/// What an [`HttpPost`] is made of.
pub struct HttpPostOptions {
    /// What may be reached.
    pub rules: EgressRules,
    /// The operator's proxy, http or https. It resolves the names then and must have rules of its own; what this machine
    /// can see of a name is judged nevertheless.
    pub proxy: Option<Url>,
    /// Root certificates that are trusted besides the system's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// How long an attempt may take; [`ANSWER_WITHIN`], but for tests.
    pub answer_within: Duration,
}

/// Attempts over the network.
pub struct HttpPost {
    rules: Arc<EgressRules>,
    lookup: Arc<dyn Lookup>,
    way: Way,
    answer_within: Duration,
}

enum Way {
    /// A client for each reach. A connector is told a name and not what URL it is for, and a connection that was made
    /// for one reach must not be used for the other.
    Direct { public: Client, opened: Client },
    /// Everything through the operator's proxy.
    Proxied(Client),
}

impl HttpPost {
    /// With the system's resolver; or what is wrong with the options.
    pub fn new(options: HttpPostOptions) -> Result<Self, String> {
        Self::with_lookup(options, Arc::new(SystemLookup::default()))
    }

    /// With a resolver of one's own.
    pub fn with_lookup(options: HttpPostOptions, lookup: Arc<dyn Lookup>) -> Result<Self, String> {
        let HttpPostOptions { rules, proxy, extra_roots, answer_within } = options;
        let rules = Arc::new(rules);
        let tls = tls_config(extra_roots)?;
        let way = if let Some(proxy) = proxy {
            Way::Proxied(built(client(tls).proxy(whole_proxy(proxy)?))?)
        } else {
            let direct = |reach| {
                let judged = Judged { rules: Arc::clone(&rules), reach, lookup: Arc::clone(&lookup) };
                built(client(tls.clone()).dns_resolver(judged))
            };
            Way::Direct { public: direct(Reach::Public)?, opened: direct(Reach::Opened)? }
        };
        Ok(Self { rules, lookup, way, answer_within })
    }

    async fn attempt_padded(&self, call: Call) -> Result<Answer, PostError> {
        let earliest = Instant::now() + REFUSED_AFTER;
        let attempt = tokio::time::timeout(self.answer_within, self.attempt(call));
        let outcome = attempt.await.unwrap_or(Err(PostError::TimedOut));
        if outcome.is_err() {
            tokio::time::sleep_until(earliest).await;
        }
        outcome
    }

    async fn attempt(&self, call: Call) -> Result<Answer, PostError> {
        let Call { url, headers, body } = call;
        // A literal address is connected to without the resolver, so it is judged here, and at every attempt.
        let reach = self.rules.reach(&url)?;
        let client = match (&self.way, reach) {
            (Way::Direct { public, .. }, Reach::Public) => public,
            (Way::Direct { opened, .. }, Reach::Opened) => opened,
            (Way::Proxied(client), reach) => {
                self.check_before_proxy(&url, reach).await?;
                client
            }
        };
        let mut request = client.post(url).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        read(request.send().await.map_err(failure)?).await
    }

    /// Judges a name that the proxy will resolve by what this machine knows of it. A public name may be known to the
    /// proxy alone.
    async fn check_before_proxy(&self, url: &Url, reach: Reach) -> Result<(), Forbidden> {
        let Some(Host::Domain(name)) = url.host() else {
            return Ok(());
        };
        match (self.lookup.lookup(name.to_owned()).await, reach) {
            (Ok(addresses), reach) => self.rules.check_reached(reach, &addresses),
            (Err(_), Reach::Public) => Ok(()),
            (Err(_), Reach::Opened) => Err(Forbidden),
        }
    }
}

impl Post for HttpPost {
    fn post(&self, call: Call) -> Posting<'_> {
        Box::pin(self.attempt_padded(call))
    }
}

/// What every client has in common.
fn client(tls: ClientConfig) -> ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        // These hold even if another crate of the same build turns the features on.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .user_agent(USER_AGENT)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
}

fn built(builder: ClientBuilder) -> Result<Client, String> {
    builder.build().map_err(|error| format!("webhooks cannot be sent: {}", innermost(&error)))
}

/// The proxy for everything. What is wrong with it is told without its URL, which may hold a password.
fn whole_proxy(url: Url) -> Result<Proxy, String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("the proxy of webhooks must be an http or https URL".to_owned());
    }
    Proxy::all(url).map_err(|error| format!("the proxy of webhooks cannot be used: {}", error.without_url()))
}

fn tls_config(extra_roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "some of the system's root certificates cannot be read");
    }
    // Systems keep certificates that nobody can use any more; the others are not the worse for them.
    roots.add_parsable_certificates(system.certs);
    for root in extra_roots {
        roots.add(root).map_err(|error| format!("a root certificate cannot be used: {error}"))?;
    }
    if roots.is_empty() {
        tracing::warn!("no root certificate is known here; webhooks over https will fail");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// A resolver that answers only with addresses that the rules let through. The connector takes its answer as it is.
struct Judged {
    rules: Arc<EgressRules>,
    reach: Reach,
    lookup: Arc<dyn Lookup>,
}

/// A name that has no address here, or none at the moment.
#[derive(Debug, thiserror::Error)]
#[error("the name cannot be resolved")]
struct Unresolved;

impl Resolve for Judged {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        let looking = self.lookup.lookup(name.clone());
        Box::pin(judged(Arc::clone(&self.rules), self.reach, name, looking))
    }
}

/// Users are told the same of every name that does not do; what it was is for the operators' log.
async fn judged(
    rules: Arc<EgressRules>,
    reach: Reach,
    name: String,
    looking: Looking,
) -> Result<Addrs, Box<dyn StdError + Send + Sync>> {
    let addresses = match looking.await {
        Ok(addresses) => addresses,
        Err(error) => {
            tracing::debug!(host = name, %error, "a webhook's name cannot be resolved");
            return Err(Box::new(Unresolved));
        }
    };
    if let Err(forbidden) = rules.check_reached(reach, &addresses) {
        tracing::debug!(host = name, ?addresses, "a webhook's name has an address that may not be reached");
        return Err(Box::new(forbidden));
    }
    // Port 0 stands for the URL's.
    let addresses = addresses.into_iter().map(|mut address| {
        address.set_port(0);
        address
    });
    let addresses: Addrs = Box::new(addresses);
    Ok(addresses)
}

/// Reads an answer until its end, or until there is enough of it. The connection of one that was cut is closed.
async fn read(mut response: Response) -> Result<Answer, PostError> {
    let status = response.status().as_u16();
    let retry_after_ms = retry_after_ms(response.headers());
    let mut body = Vec::new();
    while body.len() < BODY_AT_MOST
        && let Some(chunk) = response.chunk().await.map_err(failure)?
    {
        let room = BODY_AT_MOST - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(Answer { status, retry_after_ms, body })
}

/// How long `Retry-After` asks to wait: as seconds, or until a date, which is taken by the clock that the answer's own
/// `Date` tells if it does.
fn retry_after_ms(headers: &HeaderMap) -> Option<i64> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let wanted = text(RETRY_AFTER)?;
    if !wanted.is_empty() && wanted.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than fits is as good as forever.
        return Some(wanted.parse::<i64>().map_or(i64::MAX, |seconds| seconds.saturating_mul(1000)));
    }
    let until = httpdate::parse_http_date(wanted).ok()?;
    let told_now = text(DATE).and_then(|date| httpdate::parse_http_date(date).ok());
    let wait = until.duration_since(told_now.unwrap_or_else(SystemTime::now)).unwrap_or_default();
    Some(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

/// What an error of the client means. The innermost cause says what happened, and knows no URL.
fn failure(error: reqwest::Error) -> PostError {
    let error = error.without_url();
    if is_caused_by::<Forbidden>(&error) {
        return PostError::Forbidden;
    }
    if is_caused_by::<Unresolved>(&error) {
        return PostError::Failed(Forbidden.to_string());
    }
    if error.is_timeout() {
        return PostError::TimedOut;
    }
    let what = if error.is_connect() {
        "no connection"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off"
    } else {
        "no answer"
    };
    PostError::Failed(format!("{what}: {}", innermost(&error)))
}

fn is_caused_by<E: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    error.is::<E>() || error.source().is_some_and(is_caused_by::<E>)
}

fn innermost<'e>(error: &'e (dyn StdError + 'static)) -> &'e (dyn StdError + 'static) {
    error.source().map_or(error, innermost)
}
