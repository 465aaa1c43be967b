//! `wallet sync` printed nothing and succeeded when it had read nothing: for an organisation that
//! the wallet does not know, a ledger that does not exist, or somebody else's ledger.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_wallet::{
    Endpoint, GrpcSource, LogName, NoteFile, Sources,
    source::{CheckpointSource as _, MemoryLedger, SourceError},
    sync::SyncError,
};

use crate::common::*;

#[tokio::test]
async fn a_look_at_nothing_is_an_error() {
    let ledger = MemoryLedger::new(CAMPAIGN, [1; 32]);
    crowd(&ledger, 10, 5);
    ledger.seal(5);
    let wallet = wallet(3, &ledger);
    let sources = Sources::one(ledger.clone());

    // Without a pinned key of the organisation, nobody is asked.
    let unknown = wallet.sync(&sources, "unknown", NOW).await;
    assert!(matches!(unknown, Err(SyncError::NoLogKey { .. })), "{unknown:?}");
    assert_eq!(ledger.calls(), []);

    // A ledger that does not exist.
    let nobody = Sources::one(GrpcSource::new(Endpoint::Socket("/nobody/is/here.sock".into())));
    let dead = wallet.sync(&nobody, CAMPAIGN, NOW).await;
    assert!(matches!(dead, Err(SyncError::Source(SourceError::Connect { .. }))), "{dead:?}");

    // Somebody else's ledger, which has none of the organisation's logs, and a ledger that has not
    // signed anything yet.
    for other in [MemoryLedger::new(CHARITY, [1; 32]), MemoryLedger::new(CAMPAIGN, [1; 32])] {
        let none = wallet.sync(&Sources::one(other), CAMPAIGN, NOW).await;
        assert!(matches!(none, Err(SyncError::NoLog { .. })), "{none:?}");
    }

    // If only the second source does not know the log, the error must not say that there is none.
    let folder = tempfile::tempdir().unwrap();
    let notes = folder.path().join("mirror.notes");
    let persons = LogName::persons(CAMPAIGN);
    std::fs::write(&notes, ledger.checkpoint(&persons, None).await.unwrap()).unwrap();
    let second = Sources::compared(ledger.clone(), NoteFile::new(&notes));
    let refused = wallet.sync(&second, CAMPAIGN, NOW).await;
    assert!(
        matches!(
            &refused,
            Err(SyncError::Source(SourceError::NoCheckpoint { from, .. }))
                if from.contains("mirror")
        ),
        "{refused:?}"
    );

    // The logs that exist are read, even if the wallet holds nothing in them.
    let found = wallet.sync(&sources, CAMPAIGN, NOW).await.unwrap();
    let found: Vec<_> =
        found.iter().map(|log| (log.log.to_string(), log.size, log.ready)).collect();
    assert_eq!(found, [("wufu/cards".into(), 10, 0), ("wufu/persons".into(), 5, 0)]);
}
