//! A receiver of webhooks that outlives the server. Its port can be shut for a while, and it can kill the server at a moment
//! that nobody else knows: when it has read a request, before or just after it answers.

use super::judge::Arrival;
use rustix::process::{Pid, Signal, kill_process};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tenure_testkit::read_request;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 128;

/// How nothing arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shut {
    /// Connections are refused.
    Refusing,
    /// The system takes connections, and nobody reads what comes over them.
    Unread,
}

/// When the server is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    /// A request was read whole, and is never answered.
    BeforeAnswer,
    /// The answer was written just now.
    AfterAnswer,
}

/// What the next delivery sets off.
struct Trap {
    pid: Pid,
    moment: Moment,
    /// Is told the delivery's `sequence`.
    sprung: oneshot::Sender<i64>,
}

impl Trap {
    fn kill(&self) {
        // One that is dead already needs no signal.
        let _ = kill_process(self.pid, Signal::KILL);
    }
}

#[derive(Default)]
struct Shared {
    arrivals: Mutex<Vec<Arrival>>,
    trap: Mutex<Option<Trap>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder of the lock panics")
}

/// A receiver on a port of this machine.
pub(super) struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Has the port while connections are refused, so that nobody else gets it.
    held: Option<TcpSocket>,
    /// Has the port while they are not.
    listening: Option<JoinHandle<()>>,
}

impl Receiver {
    /// A receiver that takes everything.
    pub(super) async fn start() -> Result<Self, String> {
        let held = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = held.local_addr().map_err(text)?;
        let mut receiver = Self { address, shared: Arc::default(), held: Some(held), listening: None };
        receiver.open().await?;
        Ok(receiver)
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Takes everything again.
    pub(super) async fn open(&mut self) -> Result<(), String> {
        let listener = self.freed().await?.listen(BACKLOG).map_err(text)?;
        self.listening = Some(tokio::spawn(accept(listener, Arc::clone(&self.shared))));
        Ok(())
    }

    /// Lets nothing arrive.
    pub(super) async fn shut(&mut self, how: Shut) -> Result<(), String> {
        let socket = self.freed().await?;
        match how {
            Shut::Refusing => self.held = Some(socket),
            Shut::Unread => {
                let listener = socket.listen(BACKLOG).map_err(text)?;
                self.listening = Some(tokio::spawn(async move {
                    let _unread = listener;
                    std::future::pending::<()>().await;
                }));
            }
        }
        Ok(())
    }

    /// The port, on which nobody listens any more.
    async fn freed(&mut self) -> Result<TcpSocket, String> {
        if let Some(held) = self.held.take() {
            return Ok(held);
        }
        if let Some(listening) = self.listening.take() {
            listening.abort();
            // The listener is gone when this has ended; that it was aborted is no news.
            let _ = listening.await;
        }
        bound(self.address)
    }

    /// Has the next delivery kill a server; what is told then is that delivery's `sequence`.
    pub(super) fn arm(&self, server: u32, moment: Moment) -> Result<oneshot::Receiver<i64>, String> {
        let pid = i32::try_from(server).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| format!("{server} is no process"))?;
        let (sprung, told) = oneshot::channel();
        *locked(&self.shared.trap) = Some(Trap { pid, moment, sprung });
        Ok(told)
    }

    /// Kills nobody any more. The number of a process that was waited for may be another's.
    pub(super) fn disarm(&self) {
        locked(&self.shared.trap).take();
    }

    /// All deliveries that came, in their order.
    pub(super) fn arrivals(&self) -> MutexGuard<'_, Vec<Arrival>> {
        locked(&self.shared.arrivals)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.disarm();
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}

fn text(error: std::io::Error) -> String {
    format!("the receiver: {error}")
}

/// Takes an address without listening on it.
fn bound(address: SocketAddr) -> Result<TcpSocket, String> {
    let socket = TcpSocket::new_v4().map_err(text)?;
    // Connections that were closed a moment ago still count as users of the port.
    socket.set_reuseaddr(true).map_err(text)?;
    socket.bind(address).map_err(text)?;
    Ok(socket)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            // The other end may be dead already.
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        };
        tokio::spawn(take(socket, Arc::clone(&shared)));
    }
}

/// Takes the one request of a connection: gives a challenge back, and notes all else before it is answered.
async fn take(mut socket: TcpStream, shared: Arc<Shared>) -> Option<()> {
    let received = read_request(&mut socket, &mut Vec::new()).await?;
    if received.is_challenge() {
        return answer(&mut socket, received.header("x-front-challenge")).await;
    }
    let trap = locked(&shared.trap).take();
    if let Some(trap) = trap.as_ref().filter(|trap| trap.moment == Moment::BeforeAnswer) {
        trap.kill();
    }
    let arrival = Arrival::new(&received.headers, received.body);
    let sequence = arrival.sequence();
    locked(&shared.arrivals).push(arrival);
    let Some(trap) = trap else {
        return answer(&mut socket, "").await;
    };
    if trap.moment == Moment::AfterAnswer {
        // Killed all the same if it did not take the answer.
        let _ = answer(&mut socket, "").await;
        trap.kill();
    }
    trap.sprung.send(sequence).ok()
}

/// Answers, and closes: a connection that is kept would be a way past a port that is shut.
async fn answer(socket: &mut TcpStream, said: &str) -> Option<()> {
    let length = said.len();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{said}");
    socket.write_all(answer.as_bytes()).await.ok()
}
