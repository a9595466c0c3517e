//! A receiver of webhooks on a port of its own: it notes what comes, and answers as it is told.

use crate::eventually::{PATIENCE, PAUSE};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A request that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// The headers, by name in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Received {
    /// A header; empty, where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether it asks for a challenge.
    pub fn is_challenge(&self) -> bool {
        self.headers.contains_key("x-front-challenge")
    }
}

/// What a receiver does.
#[derive(Debug, Clone)]
pub enum Answering {
    /// It answers with a status; a challenge is given back where one is asked for.
    With(u16),
    /// It answers with a status and this body, whatever is asked.
    Saying(u16, String),
    /// It takes the request and never answers.
    Never,
    /// Its answer begins and never ends.
    WithoutEnd,
}

type Shared = Arc<Mutex<(Answering, Vec<Received>)>>;

/// A receiver.
pub struct Receiver {
    address: SocketAddr,
    shared: Shared,
    accepting: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Receiver {
    /// A receiver that takes everything.
    pub async fn start() -> Self {
        Self::answering(Answering::With(200)).await
    }

    /// A receiver that answers so.
    pub async fn answering(answering: Answering) -> Self {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared: Shared = Arc::new(Mutex::new((answering, vec![])));
        let seen = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&seen)));
            }
        });
        Self { address, shared, accepting }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Lets it answer otherwise from now on.
    pub fn answer(&self, answering: Answering) {
        self.shared.lock().unwrap().0 = answering;
    }

    /// All that came, but for challenges.
    pub fn received(&self) -> Vec<Received> {
        self.all().into_iter().filter(|one| !one.is_challenge()).collect()
    }

    /// All that came.
    pub fn all(&self) -> Vec<Received> {
        self.shared.lock().unwrap().1.clone()
    }

    /// Waits until so much has come, challenges not counted.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        let until = Instant::now() + PATIENCE;
        loop {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            assert!(Instant::now() < until, "{} of {count} came: {received:?}", received.len());
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn serve(mut socket: TcpStream, shared: Shared) {
    let mut bytes = Vec::new();
    while let Some(received) = read_request(&mut socket, &mut bytes).await {
        let challenge = received.header("x-front-challenge").to_owned();
        let answering = {
            let mut shared = shared.lock().unwrap();
            shared.1.push(received);
            shared.0.clone()
        };
        let (status, body) = match answering {
            Answering::With(status) => (status, challenge),
            Answering::Saying(status, body) => (status, body),
            Answering::Never => return std::future::pending().await,
            Answering::WithoutEnd => {
                let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
                let chunk = [b"1000\r\n".to_vec(), vec![b'x'; 4096], b"\r\n".to_vec()].concat();
                let mut left = socket.write_all(head).await;
                while left.is_ok() {
                    left = socket.write_all(&chunk).await;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                return;
            }
        };
        let answer = format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if socket.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The next request of a connection, of which these bytes were read before; none if it breaks off.
pub async fn read_request(socket: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<Received> {
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if socket.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let headers: BTreeMap<String, String> = head
        .split("\r\n")
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + 4 + length {
        if socket.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(bytes[end + 4..end + 4 + length].to_vec()).unwrap();
    bytes.drain(..end + 4 + length);
    Some(Received { headers, body })
}
