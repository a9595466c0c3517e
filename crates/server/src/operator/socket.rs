//! The operator socket: one line of JSON with a request, one line with the answer. Whoever may open the file may ask.

use super::{CompanyRequest, Operator, OperatorError, OperatorReply, OperatorRequest};
use crate::data_folder::DataFolder;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

/// The longest request: metadata for single sign-on is the largest thing that is sent.
const MAX_REQUEST: u64 = 4 * 1024 * 1024;
/// How long a request may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an answer may take: an export of a large company is the longest.
const ANSWER_PATIENCE: Duration = Duration::from_mins(1);
/// The most bytes that the path of a socket may have; the system's limit is a little above it.
const MAX_PATH: usize = 100;

/// A listening operator socket. Its file goes with this value.
pub struct OperatorSocket {
    listener: UnixListener,
    path: PathBuf,
    in_flight: InFlight,
}

/// The requests that are being carried out; cheap to clone.
#[derive(Debug, Clone)]
pub struct InFlight(Arc<Semaphore>);

/// How many operators are answered at the same time; others wait.
const OPERATORS: u32 = 64;

impl InFlight {
    /// Waits until all are carried out. None is begun after that.
    pub async fn finish(&self) {
        // Only a closed semaphore refuses, and this one is never closed.
        let all = self.0.acquire_many(OPERATORS).await;
        all.expect("the semaphore is never closed").forget();
    }
}

/// A path to the socket that is short enough for the system, and the folder that must stay open for it.
fn short_path(folder: &DataFolder) -> io::Result<(PathBuf, Option<std::fs::File>)> {
    let path = folder.socket();
    if path.as_os_str().len() <= MAX_PATH || !cfg!(target_os = "linux") {
        return Ok((path, None));
    }
    let open = std::fs::File::open(folder.path())?;
    let name = path.file_name().unwrap_or_default();
    Ok((PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd())).join(name), Some(open)))
}

impl OperatorSocket {
    /// Opens the socket of a folder that this process holds.
    pub fn open(folder: &DataFolder) -> io::Result<Self> {
        let path = folder.socket();
        // Left over from a process that was killed; the folder's lock says that it is gone.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let (short, _open) = short_path(folder)?;
        let listener = UnixListener::bind(short)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        let in_flight = InFlight(Arc::new(Semaphore::new(OPERATORS as usize)));
        Ok(Self { listener, path, in_flight })
    }

    /// The requests that it is carrying out.
    pub fn in_flight(&self) -> InFlight {
        self.in_flight.clone()
    }

    /// Answers until it is dropped.
    pub async fn serve(self, operator: Operator) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let (operator, in_flight) = (operator.clone(), self.in_flight());
                    tokio::spawn(async move {
                        let _place = in_flight.0.acquire().await;
                        if let Err(error) = answer(stream, &operator).await {
                            tracing::debug!(%error, "an operator went away");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "an operator could not connect");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}

impl Drop for OperatorSocket {
    fn drop(&mut self) {
        // If it cannot be removed, the next server does it.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn answer(stream: UnixStream, operator: &Operator) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = Vec::new();
    let mut reader = BufReader::new(reader).take(MAX_REQUEST);
    let read = tokio::time::timeout(PATIENCE, reader.read_until(b'\n', &mut line)).await;
    let result = match read {
        Ok(read) => {
            read?;
            carry_out(operator, &line).await
        }
        Err(_) => Err(bad_request("the request did not arrive in time")),
    };
    let mut bytes = serde_json::to_vec(&result).expect("an answer has a JSON form");
    bytes.push(b'\n');
    writer.write_all(&bytes).await?;
    writer.shutdown().await
}

fn bad_request(message: impl Into<String>) -> OperatorError {
    OperatorError::new("request.malformed", message)
}

pub(crate) async fn carry_out(operator: &Operator, line: &[u8]) -> Result<OperatorReply, OperatorError> {
    if line.last() != Some(&b'\n') {
        return Err(bad_request(format!("a request is one line of JSON of at most {MAX_REQUEST} bytes")));
    }
    let request: OperatorRequest = serde_json::from_slice(line).map_err(|error| {
        bad_request(format!(
            "this is no request that this server knows ({error}); use a tenure of the same version"
        ))
    })?;
    tracing::info!(request = name_of(&request), "an operator's request");
    operator.operate(request).await
}

/// What is asked, for the log: no values, since they may be secret or personal.
fn name_of(request: &OperatorRequest) -> String {
    let name = |value: serde_json::Value| match value {
        serde_json::Value::String(name) => name,
        serde_json::Value::Object(fields) => fields.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    };
    let (noun, json) = match request {
        OperatorRequest::Company { ask: CompanyRequest::Webhook(ask), .. } => {
            ("webhook ", serde_json::to_value(ask))
        }
        OperatorRequest::Company { ask, .. } => ("", serde_json::to_value(ask)),
        OperatorRequest::Outbox(ask) => ("outbox ", serde_json::to_value(ask)),
        other => ("", serde_json::to_value(other)),
    };
    json.map(|json| format!("{noun}{}", name(json))).unwrap_or_default()
}

/// Asks the server of a folder; `None` when none runs.
pub async fn ask(
    folder: &DataFolder,
    request: &OperatorRequest,
) -> io::Result<Option<Result<OperatorReply, OperatorError>>> {
    let (path, _open) = short_path(folder)?;
    let mut stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut bytes = serde_json::to_vec(request)?;
    bytes.push(b'\n');
    // The server may answer before it has read all, if the request is too long; then the answer is what counts.
    let sent = stream.write_all(&bytes).await;
    let mut answer = Vec::new();
    let answered = tokio::time::timeout(ANSWER_PATIENCE, stream.read_to_end(&mut answer)).await;
    answered.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the server does not answer"))??;
    if answer.is_empty() {
        sent?;
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server ended before it answered"));
    }
    Ok(Some(serde_json::from_slice(&answer)?))
}
