//! What was acknowledged is still there after `kill -9`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::common::{
    NOW, card, donation,
    forge::{Says, Trapdoor},
    persons, policy,
};
use wufu_ledger::{Ledger, Log};
use wufu_proto::{append::Append, claim::ClaimOutcome};
use wufu_testing::Process;

/// How long the test waits for something on a busy machine.
const LONG: Duration = Duration::from_secs(120);

const FOLDER: &str = "WUFU_DURABLE_FOLDER";

/// The process that is killed. It appends, closes epochs and admits claims, and prints each of
/// these only when it is acknowledged.
#[tokio::test]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let ledger = Ledger::open(Path::new(&folder)).await.unwrap();
    let trapdoor = Trapdoor::new(1);
    let newest = async |log| ledger.checkpoint(&ledger.origin(log), None).await.unwrap();
    let (mut cards, persons) = (newest(Log::Cards).await, newest(Log::Persons).await);
    let begin = ledger.size(Log::Cards).await.unwrap();
    let claims = ledger.claims().await.unwrap();
    let epoch = cards.epoch();
    for n in 0.. {
        let at = begin + 3 * n;
        let cards_and_donation = Append {
            cards: (0..3).map(|k| card(at + k, 1)).collect(),
            donations: vec![donation(at, &format!("r{at}"), 7)],
            ..Append::default()
        };
        let placed = ledger.append(cards_and_donation).await.unwrap();
        println!("appended {} {}", placed.cards.end, placed.donations.end);
        let claim = claims + n + 1;
        let nullifiers = [0, 1, 2, 3, 4, 5].map(|k| 10 * claim + k + 1);
        let payout = claim.to_le_bytes();
        let (org, expiry) = ("wufu", u64::MAX);
        let (roots, payout) = ((&cards, &persons), payout.as_slice());
        let says = Says { org, cards: roots.0, persons: roots.1, nullifiers, payout, expiry };
        let made = trapdoor.claim(&says, claim);
        let verified = ledger.check_claim(&trapdoor.key, &made, cards.time()).unwrap();
        let outcome = ledger.claim(&verified, &made, NOW).await.unwrap();
        assert!(matches!(outcome, ClaimOutcome::Admitted { .. }), "{outcome:?}");
        println!("claimed {claim}");
        if n % 5 == 4 {
            let closed = ledger.close_epoch((epoch + 1 + n / 5) * 600).await.unwrap();
            for checkpoint in closed.signed {
                println!("signed {} {}", checkpoint.origin(), checkpoint.size());
            }
            cards = newest(Log::Cards).await;
        }
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::TempDir::new().unwrap();
    let ledger = Ledger::create(folder.path(), &policy(), NOW).await.unwrap();
    ledger.append(persons(0..2)).await.unwrap();
    ledger.append(Append { cards: vec![card(0, 0)], ..Append::default() }).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    drop(ledger);
    let kills = if std::env::var_os("WUFU_FULL").is_some() { 40 } else { 5 };
    let mut lines = 0;
    for kill in 0..kills {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "durable::child", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped());
        let mut child = Process::start(&mut command).unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let count = acknowledged.clone();
        let reader = std::thread::spawn(move || {
            let counted = |_: &String| {
                count.fetch_add(1, Ordering::SeqCst);
            };
            out.lines().map_while(Result::ok).inspect(counted).collect::<Vec<String>>()
        });
        // The output also contains libtest's own lines.
        let end = Instant::now() + LONG;
        while acknowledged.load(Ordering::SeqCst) < 8 {
            assert!(child.try_wait().unwrap().is_none(), "the process ended by itself");
            assert!(Instant::now() < end, "the process acknowledged nothing within {LONG:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(100 + 37 * kill));
        assert!(child.try_wait().unwrap().is_none(), "the process ended by itself");
        // SIGKILL, on this system.
        child.kill();
        let told = reader.join().unwrap();

        let ledger = Ledger::open(folder.path()).await.unwrap();
        let size = async |log| ledger.size(log).await.unwrap();
        for line in told {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let number = |at: usize| words[at].parse::<u64>().unwrap();
            match words.first().copied() {
                Some("appended") => {
                    assert!(size(Log::Cards).await >= number(1), "lost: {line}");
                    assert!(size(Log::DONATIONS).await >= number(2), "lost: {line}");
                }
                Some("claimed") => {
                    assert!(ledger.claims().await.unwrap() >= number(1), "lost: {line}")
                }
                Some("signed") => {
                    let newest = ledger.checkpoint(words[1], None).await.unwrap();
                    assert!(newest.size() >= number(2), "lost: {line}");
                }
                _ => continue,
            }
            lines += 1;
        }
        // Batches are complete: three cards come with each donation.
        assert_eq!(size(Log::Cards).await - 1, 3 * size(Log::DONATIONS).await);
        let audit = ledger.audit().await.unwrap();
        assert_eq!(audit.findings, []);
        drop(ledger);
    }
    assert!(lines > 3 * kills, "only {lines} acknowledgements in {kills} runs");
}
