//! What the machine and the same stack give without us: the same bytes from memory, and one `fdatasync` after another.

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, header::CONTENT_TYPE};
use axum::response::IntoResponse as _;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// How many bytes each append of the disk's baseline has: about what one new teammate takes.
const APPEND: usize = 600;

/// Serves the same bytes from memory at `/`: to GET at once, to POST after parsing its JSON. Answers with its address.
pub(crate) async fn serve(bytes: Vec<u8>) -> Result<SocketAddr, String> {
    let bytes = Bytes::from(bytes);
    let (read, written) = (bytes.clone(), bytes);
    let json = [(CONTENT_TYPE, "application/json")];
    let show = move || std::future::ready((json.clone(), read.clone()).into_response());
    let json = [(CONTENT_TYPE, "application/json")];
    let create = move |body: Bytes| {
        let parsed = serde_json::from_slice::<serde_json::Value>(&body);
        let status = if parsed.is_ok() { StatusCode::CREATED } else { StatusCode::BAD_REQUEST };
        std::future::ready((status, json.clone(), written.clone()).into_response())
    };
    let router = Router::new().route("/", get(show).post(create));
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    tokio::spawn(accept(listener, router));
    Ok(address)
}

async fn accept(listener: TcpListener, router: Router) {
    while let Ok((socket, _)) = listener.accept().await {
        // Without it the socket is only slower.
        let _ = socket.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(None)
                .serve_connection(TokioIo::new(socket), service);
            drop(connection.await);
        });
    }
}

/// Appends and syncs one after another for a time; how many a second.
pub(crate) fn synced_appends(folder: &Path, time: Duration) -> Result<f64, String> {
    let mut file = std::fs::File::create(folder.join("appends")).map_err(|error| error.to_string())?;
    let record = [b'x'; APPEND];
    let start = Instant::now();
    let mut count = 0.0;
    while start.elapsed() < time {
        file.write_all(&record).and_then(|()| file.sync_data()).map_err(|error| error.to_string())?;
        count += 1.0;
    }
    Ok(count / start.elapsed().as_secs_f64())
}
