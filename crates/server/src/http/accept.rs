//! Accepting connections: limits, time-outs, and an orderly end.

use crate::http::limits::Limits;
use crate::http::shell::{Peer, Shell};
use crate::http::timed_io::{Phase, TimedIo};
use crate::http::tls::TlsSetup;
use hyper::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long the loop rests when the system has no file left for another connection.
const REST_AFTER_ERROR: Duration = Duration::from_millis(50);

/// Open connections by address.
#[derive(Default)]
struct Census {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place among the open connections; given back when dropped.
struct Place {
    census: Arc<Mutex<Census>>,
    address: IpAddr,
}

impl Place {
    fn take(census: &Arc<Mutex<Census>>, address: IpAddr, limits: &Limits) -> Option<Self> {
        let mut counted = census.lock().expect("no holder of the lock panics");
        let of_address = counted.by_address.get(&address).copied().unwrap_or_default();
        if counted.total >= limits.connections || of_address >= limits.connections_per_address {
            return None;
        }
        counted.total += 1;
        counted.by_address.insert(address, of_address + 1);
        Some(Self { census: Arc::clone(census), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counted = self.census.lock().expect("no holder of the lock panics");
        counted.total -= 1;
        if let Some(of_address) = counted.by_address.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                counted.by_address.remove(&self.address);
            }
        }
    }
}

/// Serves connections until `stop` turns true, then lets requests in flight end within the drain time.
pub async fn serve(
    listener: TcpListener,
    shell: Arc<Shell>,
    tls: Option<Arc<TlsSetup>>,
    mut stop: watch::Receiver<bool>,
) {
    let census = Arc::new(Mutex::new(Census::default()));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((socket, address)) => {
                let Some(place) = Place::take(&census, address.ip(), shell.limits()) else {
                    // Only what fits the socket's own buffer: waiting would cost what the limit protects.
                    let peer = Peer { address: address.ip() };
                    let _ = socket.try_write(&shell.refuse_head(peer, StatusCode::SERVICE_UNAVAILABLE));
                    continue;
                };
                let (shell, stop, tls) = (Arc::clone(&shell), stop.clone(), tls.clone());
                connections.spawn(async move {
                    connection(socket, address, shell, tls, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REST_AFTER_ERROR).await;
            }
        }
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(shell.limits().drain, drained).await.is_err() {
        tracing::warn!("some requests did not end in time and were cut off");
    }
}

async fn connection(
    socket: TcpStream,
    address: SocketAddr,
    shell: Arc<Shell>,
    tls: Option<Arc<TlsSetup>>,
    stop: watch::Receiver<bool>,
) {
    // Small answers must not wait for the peer's acknowledgement; a socket that refuses this only becomes slower.
    let _ = socket.set_nodelay(true);
    match tls {
        None => http(socket, address, shell, stop).await,
        Some(tls) => {
            let accepted = tokio::time::timeout(shell.limits().head_timeout, tls.accept(socket)).await;
            if let Ok(Ok(socket)) = accepted {
                http(socket, address, shell, stop).await;
            }
        }
    }
}

async fn http<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    socket: S,
    address: SocketAddr,
    shell: Arc<Shell>,
    mut stop: watch::Receiver<bool>,
) {
    let phase = Arc::new(Phase::default());
    let peer = Peer { address: address.ip() };
    let refusing = Arc::clone(&shell);
    let refuse_head = Box::new(move |status| refusing.refuse_head(peer, status));
    let limits = shell.limits().clone();
    let io = TokioIo::new(TimedIo::new(socket, Arc::clone(&phase), &limits, refuse_head));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(limits.head_lines)
        .max_buf_size(limits.head_bytes)
        .half_close(true);
    let service = service_fn(move |request| {
        let (shell, phase) = (Arc::clone(&shell), Arc::clone(&phase));
        async move {
            phase.request_started();
            let response = shell.handle(peer, request).await;
            phase.request_ended();
            response
        }
    });
    let mut connection = std::pin::pin!(builder.serve_connection(io, service));
    // The guard that comes back must be gone before the connection is awaited again.
    let stopped = async { drop(stop.wait_for(|stop| *stop).await) };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
