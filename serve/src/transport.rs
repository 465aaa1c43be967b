//! What carries the bytes of a connection.

use tokio::io::{AsyncRead, AsyncWrite};

/// A connection: a TCP stream, a Unix stream, or a test's stand-in for one.
pub trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for IO {}
