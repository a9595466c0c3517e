//! The shell around every request, byte by byte: heads, framing, time-outs, connections, headers.

mod bodies;
mod compression;
mod connections;
mod heads;
mod methods;
mod origins;
mod request_id;
mod targets;
mod time_outs;

use std::time::Duration;
use tenure_server::http::Limits;
use tenure_testkit::{TestCompany, TestServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// How long a test waits for something that is to happen soon.
const PATIENCE: Duration = Duration::from_secs(10);
/// A limit that is short enough to be waited for.
const SOON: Duration = Duration::from_millis(200);

/// What an attacker would smuggle behind another request.
const SMUGGLED: &str = "GET /healthz HTTP/1.1\r\nHost: tenure.test\r\n\r\n";
/// A body of 30 bytes, `1e` in a chunk.
const BODY: &str = r#"{"email":"smuggled@x.example"}"#;

/// A connection of which every byte is ours.
struct Wire(TcpStream);

impl Wire {
    async fn open(server: &TestServer) -> Self {
        Self(TcpStream::connect(server.address()).await.expect("the server listens"))
    }

    /// Sends as much as the server takes: one that refuses may be gone already.
    async fn send(&mut self, bytes: &str) {
        let _ = self.0.write_all(bytes.as_bytes()).await;
    }

    /// Everything until the server closes.
    async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let closed = timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.is_ok();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(closed, "the server did not close after: {text}");
        text
    }

    /// What comes until it ends like this.
    async fn until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end.as_bytes()) {
            let byte = timeout(PATIENCE, self.0.read_u8()).await.expect("an answer comes in time");
            bytes.push(byte.expect("the connection stays open"));
        }
        String::from_utf8(bytes).expect("the answer is text")
    }

    /// Sends a little again and again until the server closes; all that it said.
    async fn trickle(&mut self, drop: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut said = Vec::new();
        while Instant::now() < until {
            self.send(drop).await;
            if timeout(SOON / 10, self.0.read_to_end(&mut said)).await.is_ok() {
                return String::from_utf8_lossy(&said).into_owned();
            }
        }
        panic!("the server waits on; it said: {}", String::from_utf8_lossy(&said))
    }
}

/// All that the server says to these bytes until it closes.
async fn exchange(server: &TestServer, bytes: &str) -> String {
    let mut wire = Wire::open(server).await;
    wire.send(bytes).await;
    wire.rest().await
}

/// The statuses of all answers in what a server said.
fn statuses(said: &str) -> Vec<u16> {
    let answers = said.split("HTTP/1.").skip(1);
    answers.map(|answer| answer[2..5].parse().expect("a status follows the version")).collect()
}

/// A request that ends the connection.
fn last(method: &str, target: &str, headers: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: tenure.test\r\n{headers}Connection: close\r\n\r\n")
}

/// The head of a POST that creates a teammate, less its framing.
fn creation(company: &TestCompany) -> String {
    let token = &company.token;
    format!(
        "POST /teammates HTTP/1.1\r\nHost: tenure.test\r\nAuthorization: Bearer {token}\r\nContent-Type: \
         application/json\r\n"
    )
}

/// Limits under which a connection that waits for more is closed soon.
fn impatient() -> Limits {
    Limits { head_timeout: SOON, idle_timeout: SOON, body_grace: SOON, ..Limits::default() }
}

/// Sends each shape with something smuggled behind it, and says which were not refused once and for all.
async fn not_refused(
    server: &TestServer,
    shapes: impl IntoIterator<Item = (&'static str, String)>,
) -> Vec<String> {
    let mut not_refused = Vec::new();
    for (name, bytes) in shapes {
        let said = exchange(server, &format!("{bytes}{SMUGGLED}")).await;
        if !matches!(statuses(&said).as_slice(), [] | [400 | 431 | 501]) {
            not_refused.push(format!("{name}: {:?}", statuses(&said)));
        }
    }
    not_refused
}

/// A company whose list of teammates is worth compressing.
async fn large(server: &TestServer) -> TestCompany {
    let company = server.company("Acme").await;
    for index in 0..5 {
        company.teammate(&format!("p{index}@x.example")).await;
    }
    company
}
