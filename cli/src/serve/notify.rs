//! Tells systemd that the service listens (`Type=notify`).

#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt as _;
use std::{
    ffi::OsStr,
    io,
    os::unix::{
        ffi::OsStrExt as _,
        net::{SocketAddr, UnixDatagram},
    },
};

use crate::environment::variable;

/// Sends `READY=1` to the socket that `NOTIFY_SOCKET` names, if it names one. A failure is ignored:
/// systemd then reports that the service did not start in time.
pub fn ready() {
    if let Some(socket) = variable("NOTIFY_SOCKET") {
        let _ = send(&socket, b"READY=1");
    }
}

/// # Source
/// `man sd_notify`: a path, or a name of the abstract namespace after `@`.
fn send(socket: &OsStr, text: &[u8]) -> io::Result<()> {
    let address = match socket.as_bytes() {
        // Other systems have no such names, and no systemd.
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(text, &address).map(drop)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn systemd_is_told_on_either_kind_of_socket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let name = format!("wufu-notify-{}", std::process::id());
        let by_name = SocketAddr::from_abstract_name(&name).unwrap();
        for (address, text) in [
            (SocketAddr::from_pathname(&path).unwrap(), path.as_os_str().to_owned()),
            (by_name, format!("@{name}").into()),
        ] {
            let systemd = UnixDatagram::bind_addr(&address).unwrap();
            systemd.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            send(&text, b"READY=1").unwrap();
            let mut read = [0; 16];
            let length = systemd.recv(&mut read).unwrap();
            assert_eq!(&read[..length], b"READY=1");
        }
        assert!(send("none/at/all".as_ref(), b"READY=1").is_err());
    }
}
