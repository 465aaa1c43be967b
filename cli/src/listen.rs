//! Where services listen: loopback or a Unix socket, until TLS comes.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::PathBuf,
};

use anyhow::{Context as _, bail};
use clap::Args;
use tokio::net::{TcpListener, UnixListener};

/// Where to listen.
#[derive(Args, Clone, Debug)]
pub struct ListenArgs {
    /// Loopback address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "unix")]
    pub listen: Option<SocketAddr>,
    /// Unix socket, made with mode 0600
    #[arg(long, value_name = "PATH")]
    pub unix: Option<PathBuf>,
}

/// A bound listener.
#[derive(Debug)]
pub enum Listener {
    /// Loopback.
    Tcp(TcpListener),
    /// Unix socket; its file goes when the service ends.
    Unix(UnixListener, PathBuf),
}

impl ListenArgs {
    /// Binds, by default to `port` on 127.0.0.1.
    pub async fn bind(&self, port: u16) -> anyhow::Result<Listener> {
        if let Some(path) = &self.unix {
            // A socket that a killed service left; anything else is not ours to remove.
            if fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket()) {
                if tokio::net::UnixStream::connect(path).await.is_ok() {
                    bail!("{}: a service listens there already", path.display());
                }
                fs::remove_file(path).with_context(|| format!("{}", path.display()))?;
            }
            let listener = UnixListener::bind(path).with_context(|| format!("{}", path.display()))?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            return Ok(Listener::Unix(listener, path.clone()));
        }
        let address = self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], port)));
        loopback(address)?;
        let listener = TcpListener::bind(address).await;
        Ok(Listener::Tcp(listener.with_context(|| format!("listen on {address}"))?))
    }
}

/// Refuses an address that others can reach.
fn loopback(address: SocketAddr) -> anyhow::Result<()> {
    if !address.ip().is_loopback() {
        bail!(
            "--listen is {address}, expected a loopback address (127.0.0.1 or [::1]) or --unix PATH: \
             without TLS, anybody on the way could read what is sent"
        );
    }
    Ok(())
}

impl Listener {
    /// Where clients connect.
    pub fn url(&self) -> anyhow::Result<String> {
        Ok(match self {
            Self::Tcp(listener) => format!("http://{}", listener.local_addr()?),
            Self::Unix(_, path) => format!("unix:{}", path.display()),
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            let _ = fs::remove_file(path);
        }
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
