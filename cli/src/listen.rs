//! Where services listen: on any address with TLS, and else on a loopback port or a Unix socket.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::PathBuf,
};

use anyhow::{Context as _, bail};
use clap::Args;
use futures_util::stream;
use tokio::net::{TcpListener, UnixListener, UnixStream};
use wufu_serve::{Incoming, Transport, unix_transport};
use wufu_wallet::endpoint::is_this_machine;

use crate::serve::Security;

/// Options that say where to listen.
#[derive(Args, Clone, Debug)]
pub struct ListenArgs {
    /// Listen on this address and port: a loopback address, or any with --tls-cert. Port 0 takes a
    /// free port
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "unix", value_parser = address)]
    pub listen: Option<SocketAddr>,
    /// Listen on a Unix socket at this path, with mode 0600
    #[arg(long, value_name = "PATH")]
    pub unix: Option<PathBuf>,
}

/// Reads an address and a port.
pub fn address(text: &str) -> Result<SocketAddr, &'static str> {
    // The name means what it means to clients.
    let port = text.strip_prefix("localhost:").and_then(|port| port.parse::<u16>().ok());
    if let Some(port) = port {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    text.parse().map_err(|_| "expected an address and a port, such as 127.0.0.1:7182 or [::1]:7182")
}

/// A bound listener, and what it shows and asks its clients for.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    security: Security,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    // The socket's file is removed with the second value.
    Unix(UnixListener, SocketFile),
}

/// The file of a Unix socket, removed when its service ends.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl ListenArgs {
    /// Binds the listener: by default to `port` on 127.0.0.1. Without TLS, it is on a loopback
    /// address or a Unix socket.
    pub async fn bind(&self, port: u16, security: Security) -> anyhow::Result<Listener> {
        if let Some(path) = &self.unix {
            if security.tls.is_some() {
                bail!(
                    "--unix {} and --tls-cert: a Unix socket needs no TLS, because nobody else can \
                     read it, expected --listen ADDRESS:PORT or no certificate",
                    path.display()
                );
            }
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
            let socket = Socket::Unix(listener, SocketFile(path.clone()));
            return Ok(Listener { socket, security });
        }
        let address = self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], port)));
        if security.tls.is_none() {
            loopback(address)?;
        }
        let listener = TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
        Ok(Listener { socket: Socket::Tcp(listener), security })
    }
}

/// Refuses an address that others can reach.
fn loopback(address: SocketAddr) -> anyhow::Result<()> {
    if !is_this_machine(address.ip()) {
        bail!(
            "--listen is {address}, expected a loopback address (127.0.0.1 or [::1]), --unix PATH, or \
             --tls-cert FILE and --tls-key FILE, because without TLS anybody on the network could \
             read what is sent"
        );
    }
    Ok(())
}

impl Listener {
    /// The address that clients connect to.
    pub fn url(&self) -> anyhow::Result<String> {
        let scheme = if self.security.tls.is_some() { "https" } else { "http" };
        Ok(match &self.socket {
            Socket::Tcp(listener) => format!("{scheme}://{}", listener.local_addr()?),
            Socket::Unix(_, file) => format!("unix:{}", file.0.display()),
        })
    }

    /// The incoming connections.
    pub fn into_incoming(self) -> Incoming {
        let Self { socket, security } = self;
        // The socket's file lives as long as the stream.
        let accepted = stream::unfold(socket, |socket| async move {
            let accepted: io::Result<Box<dyn Transport>> = match &socket {
                // Sent at once, and not when the client has acknowledged what came before.
                Socket::Tcp(listener) => listener.accept().await.map(|(stream, _)| {
                    // It only costs time if this fails.
                    let _ = stream.set_nodelay(true);
                    Box::new(stream) as Box<dyn Transport>
                }),
                Socket::Unix(listener, _) => {
                    listener.accept().await.map(|(stream, _)| unix_transport(stream))
                }
            };
            Some((accepted, socket))
        });
        let mut incoming = Incoming::from(accepted);
        if let Some(tls) = security.tls {
            incoming = incoming.with_tls(tls);
        }
        if let Some(tokens) = security.tokens {
            incoming = incoming.with_tokens(tokens);
        }
        incoming
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_one_address() {
        for (text, expected) in [
            ("localhost:7182", "127.0.0.1:7182"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("[::1]:5", "[::1]:5"),
        ] {
            assert_eq!(address(text), Ok(expected.parse().unwrap()), "{text}");
        }
        for text in ["localhost", "localhost:", "localhost:x", "example.org:1", "127.0.0.1"] {
            assert!(address(text).is_err(), "{text}");
        }
    }

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
