//! The load: clients that ask one thing after another, each on a connection of its own, all on one thread of their own.

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// A request to send.
pub(crate) type Ask = Request<Full<Bytes>>;

/// Makes the requests; given a number that rises over all clients.
pub(crate) type MakeAsk = Arc<dyn Fn(u64) -> Ask + Send + Sync>;

/// How hard to ask.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) clients: u64,
    pub(crate) time: Duration,
    pub(crate) expected: StatusCode,
    pub(crate) make: MakeAsk,
}

/// What came back.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    seconds: f64,
    /// In microseconds, in order of size.
    latencies: Vec<u32>,
}

impl Outcome {
    /// Answers a second.
    #[expect(clippy::cast_precision_loss, reason = "counts of requests stay far below the exact range")]
    pub(crate) fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.seconds
    }

    /// The time within which 99 of 100 answers came, in microseconds.
    pub(crate) fn p99_us(&self) -> f64 {
        let at = self.latencies.len() * 99 / 100;
        self.latencies.get(at).copied().map_or(0.0, f64::from)
    }
}

impl Load {
    /// Asks on a thread of its own; to be joined for what came back.
    pub(crate) fn start(self) -> std::thread::JoinHandle<Result<Outcome, String>> {
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(|error| error.to_string())?.block_on(self.run())
        })
    }

    /// Asks, and waits for what came back.
    pub(crate) fn finish(self) -> Result<Outcome, String> {
        self.start().join().map_err(|_| "the load panicked".to_owned())?
    }

    async fn run(self) -> Result<Outcome, String> {
        let start = Instant::now();
        let clients = (0..self.clients).map(|number| tokio::spawn(self.clone().client(number, start)));
        let mut outcome = Outcome::default();
        for client in clients.collect::<Vec<_>>() {
            outcome.latencies.extend(client.await.map_err(|error| error.to_string())??);
        }
        outcome.seconds = start.elapsed().as_secs_f64();
        outcome.latencies.sort_unstable();
        Ok(outcome)
    }

    async fn client(self, number: u64, start: Instant) -> Result<Vec<u32>, String> {
        let mut connection = connect(self.address).await?;
        let mut latencies = Vec::new();
        let mut ask = number;
        while start.elapsed() < self.time {
            let asked = Instant::now();
            exchange(&mut connection, (self.make)(ask), self.expected).await?;
            latencies.push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
            ask += self.clients;
        }
        Ok(latencies)
    }
}

/// Asks over a connection, and takes the whole answer.
pub(crate) async fn exchange(
    connection: &mut SendRequest<Full<Bytes>>,
    ask: Ask,
    expected: StatusCode,
) -> Result<(), String> {
    let failed = |error: hyper::Error| format!("a request failed: {error}");
    connection.ready().await.map_err(failed)?;
    let answer = connection.send_request(ask).await.map_err(failed)?;
    let status = answer.status();
    let body = answer.into_body().collect().await.map_err(failed)?.to_bytes();
    if status == expected {
        return Ok(());
    }
    Err(format!("{status} instead of {expected}: {}", String::from_utf8_lossy(&body)))
}

/// Opens a connection.
pub(crate) async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, String> {
    let socket = TcpStream::connect(address).await.map_err(|error| format!("cannot connect: {error}"))?;
    socket.set_nodelay(true).map_err(|error| error.to_string())?;
    let (sender, connection) = handshake(TokioIo::new(socket)).await.map_err(|error| error.to_string())?;
    // It ends with the sender; what goes wrong with it is seen by who asks.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}
