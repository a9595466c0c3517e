//! A receiver of webhooks on this machine, on a thread of its own: it answers everything with an empty 200, and notes when
//! it came.

use crate::bench::subject::text;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tenure_server::Call;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use url::Url;

/// The header that tells one delivery from another.
pub(crate) const ID: &str = "webhook-id";
/// The headers that a delivery has of ours; the client adds its own to these.
const SENT: [&str; 7] = [
    "content-type",
    "user-agent",
    ID,
    "webhook-timestamp",
    "webhook-signature",
    "x-front-request-timestamp",
    "x-front-signature",
];
/// How often it is looked whether all has come. When it came is noted by the receiver itself.
const LOOK: Duration = Duration::from_millis(2);

/// A receiver; it ends when this is dropped.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    pub(crate) url: Url,
    heard: Arc<Mutex<Heard>>,
    _running: oneshot::Sender<Infallible>,
}

#[derive(Default)]
struct Heard {
    /// When each delivery first came, by its id.
    moments: HashMap<String, Instant>,
    /// The headers and the body of the first.
    sample: Option<(HeaderMap, Bytes)>,
}

/// What has come. A delivery that came twice counts once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrivals {
    pub(crate) count: u64,
    pub(crate) first: Instant,
    pub(crate) last: Instant,
}

impl Arrivals {
    /// How many a second, from the first to the last.
    #[expect(clippy::cast_precision_loss, reason = "counts of deliveries stay far below the exact range")]
    pub(crate) fn per_second(&self) -> f64 {
        self.count.saturating_sub(1) as f64 / self.last.duration_since(self.first).as_secs_f64()
    }
}

impl Receiver {
    /// Starts one.
    pub(crate) fn start() -> Result<Self, String> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(text)?;
        listener.set_nonblocking(true).map_err(text)?;
        let address = listener.local_addr().map_err(text)?;
        let url = Url::parse(&format!("http://{address}/webhook")).map_err(text)?;
        let (running, ended) = oneshot::channel();
        let heard = Arc::<Mutex<Heard>>::default();
        let noted = Arc::clone(&heard);
        let thread = std::thread::Builder::new().name("receiver".to_owned());
        thread.spawn(move || receive(listener, noted, ended)).map_err(text)?;
        Ok(Self { address, url, heard, _running: running })
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().expect("no holder of the lock panics")
    }

    /// Forgets what has come.
    pub(crate) fn forget(&self) {
        *self.heard() = Heard::default();
    }

    /// What has come since it last forgot; none, where nothing has.
    pub(crate) fn arrivals(&self) -> Option<Arrivals> {
        let heard = self.heard();
        let (first, last) = (heard.moments.values().min()?, heard.moments.values().max()?);
        Some(Arrivals { count: heard.moments.len() as u64, first: *first, last: *last })
    }

    /// Waits until so many have come, but no longer than `within`; tells what has come by then.
    pub(crate) async fn wait_for(&self, count: u64, within: Duration) -> Option<Arrivals> {
        let until = Instant::now() + within;
        while (self.heard().moments.len() as u64) < count && Instant::now() < until {
            tokio::time::sleep(LOOK).await;
        }
        self.arrivals()
    }

    /// The first that has come since it last forgot, to be sent once more.
    pub(crate) fn sample(&self) -> Option<Call> {
        let heard = self.heard();
        let (headers, body) = heard.sample.as_ref()?;
        let sent = |name: &'static str| Some((name, headers.get(name)?.to_str().ok()?.to_owned()));
        Some(Call {
            url: self.url.clone(),
            headers: SENT.into_iter().filter_map(sent).collect(),
            body: body.clone(),
        })
    }
}

/// The thread of a receiver: takes what comes until the other end of `ended` is dropped.
fn receive(listener: std::net::TcpListener, heard: Arc<Mutex<Heard>>, ended: oneshot::Receiver<Infallible>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be had where another one runs");
    runtime.block_on(async move {
        tokio::select! {
            () = accept(listener, heard) => {}
            _ = ended => {}
        }
    });
}

async fn accept(listener: std::net::TcpListener, heard: Arc<Mutex<Heard>>) {
    let listener = TcpListener::from_std(listener).expect("a new socket that does not block is taken");
    while let Ok((socket, _)) = listener.accept().await {
        // Without it the socket is only slower.
        let _ = socket.set_nodelay(true);
        let heard = Arc::clone(&heard);
        let service = service_fn(move |request| answer(request, Arc::clone(&heard)));
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(None)
                .serve_connection(TokioIo::new(socket), service);
            drop(connection.await);
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    heard: Arc<Mutex<Heard>>,
) -> Result<Response<Empty<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let now = Instant::now();
    heard.lock().expect("no holder of the lock panics").note(parts.headers, body, now);
    Ok(Response::new(Empty::new()))
}

impl Heard {
    fn note(&mut self, headers: HeaderMap, body: Bytes, now: Instant) {
        let id = headers.get(ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
        self.moments.entry(id.to_owned()).or_insert(now);
        if self.sample.is_none() {
            self.sample = Some((headers, body));
        }
    }
}
