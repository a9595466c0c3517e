//! A socket that gives up on peers who are too slow: with a head, between requests, or with taking an answer.
//!
//! `hyper`'s own head time-out cannot tell a connection that rests between requests from one that trickles a head, so
//! the three times are kept here. The service says when a request starts and ends, through [`Phase`].

use crate::http::head_scan::HeadScan;
use crate::http::limits::Limits;
use crate::http::refused_head;
use hyper::StatusCode;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

const HEAD: u8 = 0;
const REQUEST: u8 = 1;
const RESTING: u8 = 2;

/// Where a connection is, shared between the socket and the service.
#[derive(Debug, Default)]
pub(crate) struct Phase(AtomicU8);

impl Phase {
    /// A head was read: from here on the request has its own time-outs.
    pub(crate) fn request_started(&self) {
        self.0.store(REQUEST, Ordering::Release);
    }

    /// The answer is made: the connection may rest.
    pub(crate) fn request_ended(&self) {
        self.0.store(RESTING, Ordering::Release);
    }
}

/// Makes the answer to a head that the HTTP library refused by itself.
pub(crate) type RefuseHead = Box<dyn Fn(StatusCode) -> Vec<u8> + Send>;

/// An answer of ours on its way, in the place of one of the library's.
struct Substitute {
    bytes: Vec<u8>,
    written: usize,
    /// How many bytes the library believes to have written once all of ours are.
    stands_for: usize,
}

pub(crate) struct TimedIo<S> {
    socket: S,
    refuse_head: RefuseHead,
    substitute: Option<Substitute>,
    scan: HeadScan,
    /// Whether a head was refused here: nothing more is read.
    is_refused: bool,
    phase: Arc<Phase>,
    seen: u8,
    head_timeout: Duration,
    idle_timeout: Duration,
    write_timeout: Duration,
    read_deadline: Option<Instant>,
    write_deadline: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl<S> TimedIo<S> {
    pub(crate) fn new(socket: S, phase: Arc<Phase>, limits: &Limits, refuse_head: RefuseHead) -> Self {
        let deadline = Instant::now() + limits.head_timeout;
        Self {
            socket,
            refuse_head,
            substitute: None,
            scan: HeadScan::default(),
            is_refused: false,
            phase,
            seen: HEAD,
            head_timeout: limits.head_timeout,
            idle_timeout: limits.idle_timeout,
            write_timeout: limits.write_timeout,
            read_deadline: Some(deadline),
            write_deadline: None,
            timer: Box::pin(tokio::time::sleep_until(deadline)),
        }
    }

    /// Follows the service: a request has no deadline here, a resting connection gets a new one.
    fn follow_phase(&mut self) {
        let phase = self.phase.0.load(Ordering::Acquire);
        if phase != self.seen {
            self.seen = phase;
            self.read_deadline = (phase == RESTING).then(|| Instant::now() + self.idle_timeout);
        }
    }

    /// The first bytes after a rest start the time for a head.
    fn bytes_came(&mut self) {
        if self.seen == RESTING {
            self.read_deadline = Some(Instant::now() + self.head_timeout);
            self.seen = HEAD;
            // Unless the service has started on a request in the meantime.
            let _ = self.phase.0.compare_exchange(RESTING, HEAD, Ordering::AcqRel, Ordering::Acquire);
        }
    }

    fn poll_deadline(
        &mut self,
        deadline: Instant,
        what: &'static str,
        cx: &mut Context<'_>,
    ) -> Poll<io::Error> {
        // Setting a timer costs more than the rest of a small request, so one that is set for an earlier time is left to go
        // off, and only then set anew.
        if self.timer.deadline() > deadline {
            self.timer.as_mut().reset(deadline);
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, what));
            }
            self.timer.as_mut().reset(deadline);
        }
    }

    fn judge_write<T>(&mut self, written: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_deadline = None;
            return written;
        }
        let deadline = *self.write_deadline.get_or_insert_with(|| Instant::now() + self.write_timeout);
        self.poll_deadline(deadline, "the client does not take the answer", cx).map(Err)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TimedIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.is_refused {
            return this.poll_refused(cx);
        }
        this.follow_phase();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.socket).poll_read(cx, buffer);
        if read.is_ready() {
            if buffer.filled().len() > before {
                this.bytes_came();
            }
            if this.scan.look(&buffer.filled()[before..]).is_err() {
                buffer.set_filled(before);
                this.is_refused = true;
                return this.poll_refused(cx);
            }
            let late = this.read_deadline.is_some_and(|deadline| Instant::now() > deadline);
            return if late { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { read };
        }
        match (this.read_deadline, this.write_deadline) {
            // While an answer waits to be taken, the timer belongs to it.
            (Some(deadline), None) => this.poll_deadline(deadline, "the client is too slow", cx).map(Err),
            _ => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> TimedIo<S> {
    /// Tells that a head was refused, then ends the connection.
    fn poll_refused(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.substitute.is_none() {
            let bytes = (self.refuse_head)(StatusCode::BAD_REQUEST);
            self.substitute = Some(Substitute { bytes, written: 0, stands_for: 0 });
        }
        let told = self.poll_write_substitute(cx);
        let told = ready!(self.judge_write(told, cx));
        Poll::Ready(Err(told
            .err()
            .unwrap_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "an ambiguous head"))))
    }

    /// Writes the substitute to its end; answers with what it stands for.
    fn poll_write_substitute(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Some(substitute) = self.substitute.as_mut() else { return Poll::Ready(Ok(0)) };
        while substitute.written < substitute.bytes.len() {
            let rest = &substitute.bytes[substitute.written..];
            match ready!(Pin::new(&mut self.socket).poll_write(cx, rest)) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(written) => substitute.written += written,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let stands_for = substitute.stands_for;
        self.substitute = None;
        Poll::Ready(Ok(stands_for))
    }

    /// Writes our answer where the library refuses a head by itself; `None` for all other bytes.
    fn poll_substitute(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Option<Poll<io::Result<usize>>> {
        if self.substitute.is_none() {
            // While a request runs, or its answer is on its way, the library has nothing to say by itself.
            let is_before_a_request = self.phase.0.load(Ordering::Acquire) == HEAD;
            let status = is_before_a_request.then(|| refused_head::status_of(bytes)).flatten()?;
            let (bytes, stands_for) = ((self.refuse_head)(status), bytes.len());
            self.substitute = Some(Substitute { bytes, written: 0, stands_for });
        }
        Some(self.poll_write_substitute(cx))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = match self.poll_substitute(bytes, cx) {
            Some(written) => written,
            None => Pin::new(&mut self.socket).poll_write(cx, bytes),
        };
        self.judge_write(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = slices {
            return self.poll_write(cx, only);
        }
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.judge_write(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        self.judge_write(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.socket).poll_shutdown(cx);
        self.judge_write(shut, cx)
    }
}
