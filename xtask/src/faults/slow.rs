//! Clients that are slow on purpose: heads and bodies that trickle, answers that nobody takes, connections on which nothing
//! comes. Each must be closed in its time, others must not feel it, and memory must not grow.

use super::latency::{p99, ratio, times};
use super::{Setting, Verdict, folder, runtime};
use crate::server::{Process, Site};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// How a client is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Head,
    Body,
    Reader,
    HalfOpen,
}

const KINDS: [Kind; 4] = [Kind::Head, Kind::Body, Kind::Reader, Kind::HalfOpen];
/// Between two bytes that trickle.
const TRICKLE: Duration = Duration::from_secs(1);
/// What a slow connection may take of memory, in bytes, at most.
const BYTES_OF_EACH: u64 = 64 * 1024;
/// The most that 99 of 100 answers to others may take, to alone.
const MOST: f64 = 2.0;

impl Kind {
    /// An address of its own for each kind: one address may not have as many connections as all kinds together.
    fn source(self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 1, 1 + self as u8)), 0)
    }

    fn beginning(self, token: &str) -> String {
        match self {
            Kind::Head => "GET /healthz HTTP/1.1\r\nHost: tenure.test\r\n".to_owned(),
            Kind::Body => format!(
                "POST /teammates HTTP/1.1\r\nHost: tenure.test\r\nAuthorization: Bearer {token}\r\nContent-Type: \
                 application/json\r\nContent-Length: 100000\r\n\r\n"
            ),
            // Far more than the buffers of both sides hold.
            Kind::Reader => "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: tenure.test\r\n\r\n".repeat(8),
            Kind::HalfOpen => String::new(),
        }
    }

    /// Within which it must be closed: its limit (`docs/configuration.md`) and as long again, since the machine is busy.
    fn closed_within(self) -> Duration {
        Duration::from_secs(match self {
            Kind::Head | Kind::HalfOpen => 2 * 10,
            Kind::Body => 2 * 5 + 2,
            Kind::Reader => 2 * 20,
        })
    }

    fn trickles(self) -> bool {
        matches!(self, Kind::Head | Kind::Body)
    }
}

pub(super) fn run(setting: &Setting<'_>) -> Result<Verdict, String> {
    let of_each = setting.extent.rounds(200, 500);
    open_files(of_each * KINDS.len() as u64)?;
    let folder = folder()?;
    let site = Site::found(setting.binary, &folder.path().join("data"))?;
    let server = site.serve(&[])?;
    let verdict = runtime()?.block_on(closes_nobody_else(setting, &site, &server, of_each))?;
    server.terminate()?;
    Ok(verdict)
}

/// Lets this process have so many connections.
fn open_files(connections: u64) -> Result<(), String> {
    let needed = connections + 100;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum });
    raised
        .map_err(|_| format!("the system lets this process open fewer than {needed} files; see `ulimit -Hn`"))
}

async fn closes_nobody_else(
    setting: &Setting<'_>,
    site: &Site,
    server: &Process,
    of_each: u64,
) -> Result<Verdict, String> {
    let address = server.address()?;
    let api = server.api(&site.token)?;
    let alone = p99(&api, "/teams/tim_1", 5).await?;
    let before = server.memory().ok_or("the system does not tell a process's memory")?;
    let healthy = tokio::spawn(healthy(address));
    let mut slow = JoinSet::new();
    for number in 0..of_each * KINDS.len() as u64 {
        let kind = KINDS[usize::try_from(number).unwrap_or_default() % KINDS.len()];
        let beginning = kind.beginning(&site.token);
        slow.spawn(async move { (kind, be_slow(address, kind, beginning).await) });
        if number % 100 == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let measuring = p99(&api, "/teams/tim_1", 8);
    let (beside, during) = tokio::join!(measuring, most_memory(server));
    let (beside, during) = (beside?, during?);
    let mut longest = [Duration::ZERO; KINDS.len()];
    while let Some(ended) = slow.join_next().await {
        let (kind, lived) = ended.map_err(|error| error.to_string())?;
        let lived = lived.map_err(|error| format!("{kind:?}: {error}"))?;
        longest[kind as usize] = longest[kind as usize].max(lived);
    }
    let kept = healthy.await.map_err(|error| error.to_string())??;
    let grown = during.saturating_sub(before);
    let count = of_each * KINDS.len() as u64;
    if grown > count * BYTES_OF_EACH {
        return Err(format!("{count} slow connections took {grown} bytes"));
    }
    if setting.extent.judges_times() && times(alone, beside) > MOST {
        return Err(format!("p99 of others is {}", ratio(alone, beside)));
    }
    let seconds = longest.map(|lived| lived.as_secs());
    Ok(Verdict::Survived {
        injected: format!(
            "{of_each} of each at once, closed after at most {seconds:?} s (head, body, reader, half-open); p99 of others, \
             to alone: {}; {} bytes of memory for each",
            ratio(alone, beside),
            grown / count
        ),
        control: format!("a connection that asks something every second was left open, {kept} answers"),
    })
}

/// The most memory that the server has in use within the first seconds, in bytes.
async fn most_memory(server: &Process) -> Result<u64, String> {
    let mut most = 0;
    for _ in 0..16 {
        most = most.max(server.memory().ok_or("the system does not tell a process's memory")?);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(most)
}

/// Is slow until the server closes; how long it lived.
async fn be_slow(address: SocketAddr, kind: Kind, beginning: String) -> Result<Duration, String> {
    let text = |error: std::io::Error| error.to_string();
    let socket = TcpSocket::new_v4().map_err(text)?;
    socket.bind(kind.source()).map_err(text)?;
    if kind == Kind::Reader {
        socket.set_recv_buffer_size(4096).map_err(text)?;
    }
    let mut stream = socket.connect(address).await.map_err(text)?;
    let begun = Instant::now();
    // A server that closes early may not take all of it.
    let _ = stream.write_all(beginning.as_bytes()).await;
    while begun.elapsed() < kind.closed_within() {
        if is_closed(&mut stream, kind).await {
            return Ok(begun.elapsed());
        }
        if kind.trickles() && stream.write_all(b"x").await.is_err() {
            return Ok(begun.elapsed());
        }
    }
    Err(format!("still open after {} s", kind.closed_within().as_secs()))
}

/// Waits for a while; whether the server has closed. A reader takes nothing, so it asks the system instead.
async fn is_closed(stream: &mut TcpStream, kind: Kind) -> bool {
    if kind == Kind::Reader {
        tokio::time::sleep(TRICKLE).await;
        // A connection that was reset has an error; one that still stands takes another byte into its buffer.
        return matches!(stream.take_error(), Ok(Some(_)) | Err(_)) || stream.write_all(b" ").await.is_err();
    }
    let mut bytes = [0; 1024];
    let read = tokio::time::timeout(TRICKLE, stream.read(&mut bytes)).await;
    matches!(read, Ok(Ok(0) | Err(_)))
}

/// A client that is not slow, on one connection, for as long as the others last; how many answers it got.
async fn healthy(address: SocketAddr) -> Result<u64, String> {
    let mut stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let (begun, mut answers) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(25) {
        let ask = b"GET /healthz HTTP/1.1\r\nHost: tenure.test\r\n\r\n";
        stream.write_all(ask).await.map_err(|error| error.to_string())?;
        let mut bytes = [0; 4096];
        match stream.read(&mut bytes).await {
            Ok(length) if length > 0 => answers += 1,
            _ => return Err("a connection that was not slow was closed too".to_owned()),
        }
        tokio::time::sleep(TRICKLE).await;
    }
    Ok(answers)
}
