//! The bytes of one connection to a mail server, counted: no reply is endless, and whether a message was handed over is known.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Bytes of all that a server may say before it is spoken to again.
const REPLY_BYTES_MAX: usize = 32 * 1024;
/// Ends a message (RFC 5321, 4.5.2).
const END: &[u8] = b"\r\n.\r\n";

/// With TLS or without.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Secured(Box<TlsStream<TcpStream>>),
}

/// Whether the end of the message of the exchange under way may have left.
#[derive(Debug, Clone, Default)]
pub(super) struct HandedOver(Arc<AtomicBool>);

impl HandedOver {
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(super) fn set(&self, is: bool) {
        self.0.store(is, Ordering::Release);
    }
}

/// One connection.
pub(super) struct Wire {
    stream: Stream,
    peer: SocketAddr,
    /// The greeting that was read before TLS began: a server says it once.
    greeting: Bytes,
    room: usize,
    handed_over: HandedOver,
}

impl Wire {
    pub(super) fn new(stream: Stream, greeting: Bytes, handed_over: HandedOver) -> io::Result<Self> {
        let peer = match &stream {
            Stream::Plain(stream) => stream.peer_addr()?,
            Stream::Secured(stream) => stream.get_ref().0.peer_addr()?,
        };
        Ok(Self { stream, peer, greeting, room: REPLY_BYTES_MAX, handed_over })
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.greeting.has_remaining() {
            let part = self.greeting.len().min(into.remaining());
            into.put_slice(&self.greeting.split_to(part));
            return Poll::Ready(Ok(()));
        }
        let before = into.filled().len();
        match &mut self.stream {
            Stream::Plain(stream) => ready!(Pin::new(stream).poll_read(cx, into))?,
            Stream::Secured(stream) => ready!(Pin::new(stream.as_mut()).poll_read(cx, into))?,
        }
        let read = into.filled().len() - before;
        match self.room.checked_sub(read) {
            Some(room) => self.room = room,
            None => {
                let why = format!("a reply of more than {REPLY_BYTES_MAX} bytes");
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, why)));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if bytes.ends_with(END) {
            self.handed_over.set(true);
        }
        self.room = REPLY_BYTES_MAX;
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Secured(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Secured(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Secured(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}

/// Shows no bytes: they may be a password.
impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("peer", &self.peer).finish_non_exhaustive()
    }
}
