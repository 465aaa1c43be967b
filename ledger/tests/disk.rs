//! A ledger on a disk that is really full.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tonic::{Code, transport::Endpoint};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use wufu_ledger::{Ledger, Log, service::Limits};
use wufu_proto::v1;

use crate::common::{
    NOW, cards, policy,
    served::{LONG, Served, bearer, serve_within, with_token},
};

/// A disk of 16 MiB, in memory. Only root can make one.
struct Disk(TempDir);

impl Disk {
    fn make() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(folder.path());
        let done = mount.stderr(Stdio::null()).status().ok()?;
        done.success().then_some(Self(folder))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

/// Writes a file until nothing more fits.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    for size in [64 * 1024, 4096, 1] {
        while file.write_all(&vec![7; size]).is_ok() {}
    }
}

async fn becomes(served: &Served, expected: ServingStatus) {
    let endpoint = Endpoint::from_shared(format!("http://{}", served.at)).unwrap();
    let mut client = HealthClient::new(endpoint.connect().await.unwrap());
    let told = async {
        loop {
            let question = HealthCheckRequest { service: "wufu.v1.LedgerService".into() };
            let status = client.check(question).await.unwrap().into_inner().status();
            if status == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let in_time = tokio::time::timeout(LONG, told).await;
    in_time.unwrap_or_else(|_| panic!("it never became {expected:?}"));
}

/// Rows of docs/failures.md: 40.
/// A ledger whose disk was full reported SERVING, and so kept getting requests. Where the test may
/// not make a disk, it ends at once: unit tests of `service/watch.rs` stand for it there.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_so_is_its_end() {
    let Some(disk) = Disk::make() else { return };
    let ledger = Ledger::create(&disk.path("ledger"), &policy(), NOW).await.unwrap();
    let mut limits = Limits::default();
    limits.free = 1 << 20;
    let served = serve_within(&ledger, None, limits).await;
    becomes(&served, ServingStatus::Serving).await;

    fill(&disk.path("filler"));
    let batch = v1::AppendRequest::from(&cards(0..4000));
    let refused = served.client().await.append(with_token(&bearer(&ledger), batch)).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unavailable);
    becomes(&served, ServingStatus::NotServing).await;
    assert_eq!(ledger.size(Log::Cards).await.unwrap(), 0);

    fs::remove_file(disk.path("filler")).unwrap();
    becomes(&served, ServingStatus::Serving).await;
    ledger.append(cards(0..10)).await.unwrap();
    assert_eq!(ledger.size(Log::Cards).await.unwrap(), 10);
    served.end().await;
    ledger.close().await;
    drop(disk);
}
