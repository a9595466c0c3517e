//! The log, and the one line of each request in it. Written by a thread of its own: nothing may wait for whoever reads it.

use hyper::Method;
use hyper::header::HeaderValue;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;
use tenure_directory::{CompanyId, Timestamp, TokenId};

/// How many lines may wait to be written; beyond that they are dropped, and counted in a metric.
const WAITING: usize = 16_384;

/// How many lines are written at once.
const AT_ONCE: usize = WAITING;
/// For how long lines are gathered.
const GATHER: Duration = Duration::from_millis(10);

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogForm {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// What a line tells. Never a token, an address or a body; a path only as its template.
#[derive(Debug, Clone)]
pub(crate) struct RequestLine {
    pub(crate) time: Timestamp,
    pub(crate) method: &'static str,
    pub(crate) route: Arc<str>,
    pub(crate) status: u16,
    pub(crate) latency: Duration,
    pub(crate) caller: Option<(CompanyId, TokenId)>,
    pub(crate) request_id: HeaderValue,
}

impl RequestLine {
    fn write(&self, form: LogForm, line: &mut String) {
        let Self { time, method, route, status, latency, caller, request_id } = self;
        let (time, latency_us) = (crate::moment::iso(*time), latency.as_micros());
        let request_id = request_id.to_str().unwrap_or_default();
        // Nothing here needs escaping: routes are ours, and request ids have no such characters.
        let written = match form {
            LogForm::Human => write!(
                line,
                "{time}  INFO request method={method} route={route} status={status} latency_us={latency_us}"
            ),
            LogForm::Json => write!(
                line,
                "{{\"timestamp\":\"{time}\",\"level\":\"INFO\",\"message\":\"request\",\"method\":\"{method}\",\
                 \"route\":\"{route}\",\"status\":{status},\"latency_us\":{latency_us}"
            ),
        };
        let written = written.and_then(|()| match (caller, form) {
            (Some((company, token)), LogForm::Human) => write!(line, " company={company} token={token}"),
            (Some((company, token)), LogForm::Json) => {
                write!(line, ",\"company\":\"{company}\",\"token\":\"{token}\"")
            }
            (None, _) => Ok(()),
        });
        let written = written.and_then(|()| match form {
            LogForm::Human => writeln!(line, " request_id={request_id}"),
            LogForm::Json => writeln!(line, ",\"request_id\":\"{request_id}\"}}"),
        });
        written.expect("writing to a String cannot fail");
    }
}

/// Something on its way to the log.
enum Entry {
    Request(RequestLine),
    Text(Box<[u8]>),
    /// All before it is to be written, and then this is told.
    Flush(SyncSender<()>),
}

/// The log: of requests, and of whatever else the process has to say. Cheap to clone. Nobody ever waits for whoever reads
/// it, and nothing goes wrong when nobody does: lines that cannot be written are dropped and counted.
#[derive(Clone)]
pub struct RequestLog {
    entries: SyncSender<Entry>,
}

impl RequestLog {
    /// A log that writes to `out`.
    pub fn open(form: LogForm, out: impl io::Write + Send + 'static) -> io::Result<Self> {
        let (entries, waiting) = sync_channel(WAITING);
        let writer = std::thread::Builder::new().name("log".to_owned());
        writer.spawn(move || write_all(&waiting, form, out))?;
        Ok(Self { entries })
    }

    pub(crate) fn tell(&self, line: RequestLine) {
        if tracing::enabled!(tracing::Level::INFO) {
            self.enter(Entry::Request(line));
        }
    }

    fn enter(&self, entry: Entry) {
        if self.entries.try_send(entry).is_err() {
            metrics::counter!("tenure_log_lines_dropped_total").increment(1);
        }
    }

    /// Waits until what was told is written, but no longer than `patience`.
    pub fn flush(&self, patience: Duration) {
        let (written, told) = sync_channel(1);
        self.enter(Entry::Flush(written));
        // Whoever reads the log may never do so again.
        let _ = told.recv_timeout(patience);
    }
}

/// For lines that are text already, each written at once.
impl io::Write for RequestLog {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.enter(Entry::Text(text.into()));
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_all(waiting: &Receiver<Entry>, form: LogForm, mut out: impl io::Write) {
    let mut lines = String::new();
    while let Ok(first) = waiting.recv() {
        let mut next = Some(first);
        // While lines come, they are gathered and not waited for: to be woken for each costs more than the request.
        while next.is_some() {
            let mut flushed = Vec::new();
            for entry in next.into_iter().chain(waiting.try_iter().take(AT_ONCE)) {
                match entry {
                    Entry::Request(line) => line.write(form, &mut lines),
                    Entry::Text(text) => lines.push_str(&String::from_utf8_lossy(&text)),
                    Entry::Flush(written) => flushed.push(written),
                }
            }
            // If it cannot be written, the server goes on without it.
            let _ = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
            lines.clear();
            for written in flushed {
                // Whoever asked may have waited long enough.
                let _ = written.try_send(());
            }
            std::thread::sleep(GATHER);
            next = waiting.try_recv().ok();
        }
    }
}

/// The method for logs and labels; one that nobody knows could be anything and is not repeated.
pub(crate) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(caller: Option<(CompanyId, TokenId)>, form: LogForm) -> String {
        let line = RequestLine {
            time: Timestamp::from_ms(1_767_225_600_123),
            method: "GET",
            route: "/teammates/{teammate_id}".into(),
            status: 200,
            latency: Duration::from_micros(42),
            caller,
            request_id: HeaderValue::from_static("req_1"),
        };
        let mut text = String::new();
        line.write(form, &mut text);
        text
    }

    const CALLER: Option<(CompanyId, TokenId)> = Some((CompanyId::new(1), TokenId::new(2)));

    #[test]
    fn a_line_tells_what_was_asked_and_by_whom() {
        insta::assert_snapshot!(line(CALLER, LogForm::Human), @"2026-01-01T00:00:00.123Z  INFO request method=GET route=/teammates/{teammate_id} status=200 latency_us=42 company=cmp_1 token=tok_2 request_id=req_1");
        insta::assert_snapshot!(line(CALLER, LogForm::Json), @r#"{"timestamp":"2026-01-01T00:00:00.123Z","level":"INFO","message":"request","method":"GET","route":"/teammates/{teammate_id}","status":200,"latency_us":42,"company":"cmp_1","token":"tok_2","request_id":"req_1"}"#);
    }

    #[test]
    fn a_line_without_a_caller_is_whole_too() {
        let json: serde_json::Value = serde_json::from_str(&line(None, LogForm::Json)).unwrap();
        assert_eq!(json["request_id"], "req_1");
        assert!(json.get("company").is_none());
    }
}
