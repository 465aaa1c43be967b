//! A ledger's service as an operator runs it: how it reacts to signals, and what strangers cannot
//! do to it.
//!
//! SIGHUP once killed every service. One open health watch delayed SIGTERM by ten seconds and made
//! the ledger exit with 2. 1,100 silent connections, with 1,024 descriptors, made it spin: nobody
//! was served, epochs did not close, and nothing was logged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

#[path = "../../serve/tests/common/wire.rs"]
mod wire;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use tonic::{Code, codegen::Bytes};

use wire::{Wire, framed};

const INFO: &str = "/wufu.v1.LedgerService/GetLedgerInfo";

/// A `wufu serve ledger`, and what it writes to standard error.
struct Service {
    process: Child,
    at: SocketAddr,
    log: std::path::PathBuf,
}

impl Service {
    /// Starts the service with a limit of descriptors.
    fn start(folder: &Path, descriptors: u32) -> Self {
        let wufu = env!("CARGO_BIN_EXE_wufu");
        let ledger = folder.join("ledger");
        let init = Command::new(wufu)
            .args(["ledger", "init", "--org", "wufu", "--dir"])
            .arg(&ledger)
            .output()
            .unwrap();
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        let log = folder.join("log");
        let limited = format!("ulimit -n {descriptors}; exec \"$0\" \"$@\"");
        let mut process = Command::new("sh")
            .args(["-c", &limited, wufu, "serve", "ledger", "--listen", "127.0.0.1:0", "--dir"])
            .arg(&ledger)
            .env("WUFU_LOG", "info")
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let at = line.trim().rsplit("http://").next().unwrap().parse();
        let at = at.unwrap_or_else(|_| panic!("{line:?}: {}", fs::read_to_string(&log).unwrap()));
        Self { process, at, log }
    }

    fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        let kill = Command::new("kill").args(["-s", name, &pid]).status().unwrap();
        assert!(kill.success());
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until the log contains a text.
    fn says(&self, text: &str) {
        let until = Instant::now() + Duration::from_secs(60);
        while !self.log().contains(text) {
            assert!(Instant::now() < until, "{text:?} is not in the log: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits up to a minute for its end.
    fn ended(&mut self) -> ExitStatus {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "the service did not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether an honest client is served.
    async fn serves(&self) -> bool {
        let Ok(stream) = tokio::net::TcpStream::connect(self.at).await else { return false };
        let Some(mut wire) = Wire::try_over(stream, 65_535).await else { return false };
        let Some(call) = wire.try_call(INFO, None, framed(0, &[]), true).await else {
            return false;
        };
        call.code().await == Some(Code::Ok)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn sighup_kills_nothing_sigterm_awaits_no_watch() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::start(folder.path(), 1024);
    for _ in 0..3 {
        service.signal("HUP");
    }
    service.says("settings were read again; changed: nothing");
    assert!(service.serves().await);

    let mut wire = Wire::connect(service.at, 65_535).await;
    let health = "/grpc.health.v1.Health/Watch";
    let watch = wire.call(health, None, framed(0, &[]), true).await;
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let reflection = wire.call(reflection, None, Bytes::new(), false).await;
    let silent = TcpStream::connect(service.at).unwrap();
    assert!(service.serves().await);
    service.signal("TERM");
    let status = service.ended();
    assert_eq!(status.code(), Some(0), "{status}: {}", service.log());
    drop((watch, reflection, silent));
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_stop_neither_service_nor_epochs() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::start(folder.path(), 128);
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect(service.at).unwrap());
    }
    // The service logs it once.
    service.says("every place is taken");
    wire::within("an honest client to be served", async {
        while !service.serves().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let log = service.log();
    assert_eq!(log.matches("every place is taken").count(), 1, "{log}");
    // The database had its descriptors, so the epoch was closed.
    assert!(!log.contains("could not close the epoch"), "{log}");
    service.signal("TERM");
    assert_eq!(service.ended().code(), Some(0), "{}", service.log());
    drop(silent);
}
