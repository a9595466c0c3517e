//! A connection to a mail server that leaves nothing from before TLS behind.

use lettre::transport::smtp::client::AsyncTokioStream;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What the first record of TLS begins with. No SMTP command does.
const HANDSHAKE: u8 = 0x16;

/// A connection that is read byte by byte until TLS begins. The library reads lines through a buffer and keeps it when
/// TLS begins, so that who sits in between could leave answers there that would count as the server's own.
#[derive(Debug)]
pub(super) struct Unbuffered {
    stream: TcpStream,
    is_plain: bool,
}

impl Unbuffered {
    /// A connection over which no TLS was spoken yet.
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, is_plain: true }
    }
}

impl AsyncRead for Unbuffered {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.is_plain || buffer.remaining() == 0 {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut this.stream).poll_read(context, &mut one))?;
        buffer.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Unbuffered {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if data.first() == Some(&HANDSHAKE) {
            this.is_plain = false;
        }
        Pin::new(&mut this.stream).poll_write(context, data)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl AsyncTokioStream for Unbuffered {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}
