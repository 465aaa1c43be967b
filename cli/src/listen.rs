//! Where services listen: on a loopback port or a Unix socket, as long as there is no TLS.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::PathBuf,
    pin::Pin,
    task::{Context, Poll},
};

use anyhow::{Context as _, bail};
use clap::Args;
use futures_util::stream::{self, Stream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
};
use tonic::transport::server::Connected;
use wufu_wallet::endpoint::is_this_machine;

/// Options that say where to listen.
#[derive(Args, Clone, Debug)]
pub struct ListenArgs {
    /// Listen on this loopback address and port. Port 0 takes a free port
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "unix", value_parser = address)]
    pub listen: Option<SocketAddr>,
    /// Listen on a Unix socket at this path, with mode 0600
    #[arg(long, value_name = "PATH")]
    pub unix: Option<PathBuf>,
}

/// Reads an address and a port.
pub fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "expected an address and a port, such as 127.0.0.1:7182 or [::1]:7182")
}

/// A bound listener.
#[derive(Debug)]
pub enum Listener {
    /// A loopback port.
    Tcp(TcpListener),
    /// A Unix socket. Its file is removed with the second value.
    Unix(UnixListener, SocketFile),
}

/// The file of a Unix socket, removed when its service ends.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl ListenArgs {
    /// Binds the listener: by default to `port` on 127.0.0.1.
    pub async fn bind(&self, port: u16) -> anyhow::Result<Listener> {
        if let Some(path) = &self.unix {
            // Only a socket that a killed service left behind may be removed.
            if let Ok(meta) = fs::symlink_metadata(path) {
                if !meta.file_type().is_socket() {
                    let what =
                        if meta.is_dir() { "a folder" } else { "a file that is not a socket" };
                    bail!(
                        "--unix {}: {what} is there already, expected a new path: nothing was \
                         replaced",
                        path.display()
                    );
                }
                if UnixStream::connect(path).await.is_ok() {
                    bail!("--unix {}: a service listens there already", path.display());
                }
                fs::remove_file(path).with_context(|| format!("--unix {}", path.display()))?;
            }
            let listener =
                UnixListener::bind(path).with_context(|| format!("--unix {}", path.display()))?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            return Ok(Listener::Unix(listener, SocketFile(path.clone())));
        }
        let address = self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], port)));
        loopback(address)?;
        let listener = TcpListener::bind(address).await;
        Ok(Listener::Tcp(listener.with_context(|| format!("cannot listen on {address}"))?))
    }
}

/// Refuses an address that others can reach.
fn loopback(address: SocketAddr) -> anyhow::Result<()> {
    if !is_this_machine(address.ip()) {
        bail!(
            "--listen is {address}, expected a loopback address (127.0.0.1 or [::1]) or --unix \
             PATH, because without TLS anybody on the network could read what is sent"
        );
    }
    Ok(())
}

impl Listener {
    /// The address that clients connect to.
    pub fn url(&self) -> anyhow::Result<String> {
        Ok(match self {
            Self::Tcp(listener) => format!("http://{}", listener.local_addr()?),
            Self::Unix(_, file) => format!("unix:{}", file.0.display()),
        })
    }
}

/// An accepted connection of either kind. It is one type, so that the services are compiled once.
pub enum Connection {
    /// A loopback port.
    Tcp(TcpStream),
    /// A Unix socket.
    Unix(UnixStream),
}

impl Listener {
    /// The stream of incoming connections.
    pub fn into_stream(self) -> impl Stream<Item = io::Result<Connection>> + Send {
        // The socket's file lives as long as the stream.
        stream::unfold(self, |listener| async move {
            let accepted = match &listener {
                Listener::Tcp(listener) => {
                    listener.accept().await.map(|(stream, _)| Connection::Tcp(stream))
                }
                Listener::Unix(listener, _) => {
                    listener.accept().await.map(|(stream, _)| Connection::Unix(stream))
                }
            };
            Some((accepted, listener))
        })
    }
}

impl Connected for Connection {
    /// Services do not look at who connects.
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

macro_rules! either {
    ($self:ident, $stream:ident => $act:expr) => {
        match $self.get_mut() {
            Connection::Tcp(stream) => {
                let $stream = Pin::new(stream);
                $act
            }
            Connection::Unix(stream) => {
                let $stream = Pin::new(stream);
                $act
            }
        }
    };
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_read(context, buffer))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => stream.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_shutdown(context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_listened_on() {
        for good in ["127.0.0.1:0", "127.8.8.8:1", "[::1]:0"] {
            assert!(loopback(good.parse().unwrap()).is_ok(), "{good}");
        }
        for bad in ["0.0.0.0:0", "192.168.1.1:1", "[::]:0", "10.0.0.1:443"] {
            assert!(loopback(bad.parse().unwrap()).is_err(), "{bad}");
        }
    }
}
