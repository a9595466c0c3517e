//! A socket that gives up on peers who are too slow: with a head, between requests, or with taking an answer.
//!
//! `hyper`'s own head time-out cannot tell a connection that rests between requests from one that trickles a head, so
//! the three times are kept here. The service says when a request starts and ends, through [`Phase`].

use crate::http::limits::Limits;
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

pub(crate) struct TimedIo<S> {
    socket: S,
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
    pub(crate) fn new(socket: S, phase: Arc<Phase>, limits: &Limits) -> Self {
        let deadline = Instant::now() + limits.head_timeout;
        Self {
            socket,
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
        if self.timer.deadline() != deadline {
            self.timer.as_mut().reset(deadline);
        }
        ready!(self.timer.as_mut().poll(cx));
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, what))
    }

    fn judge_write(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.write_deadline = None;
            return written;
        }
        let deadline = *self.write_deadline.get_or_insert_with(|| Instant::now() + self.write_timeout);
        self.poll_deadline(deadline, "the client does not take the answer", cx).map(Err)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.follow_phase();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.socket).poll_read(cx, buffer);
        if read.is_ready() {
            if buffer.filled().len() > before {
                this.bytes_came();
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

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.judge_write(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.judge_write(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
