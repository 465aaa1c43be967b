//! Checkpoints that a ledger withholds.

use wufu_circuits::Seed;
use wufu_proto::log::Shard;

use super::*;
use crate::source::{EPOCH_SECONDS, LedgerSource, MemoryLedger};

const NOW: u64 = 6 * EPOCH_SECONDS + 60;

/// A ledger that withholds what one log has after epoch 5.
#[derive(Clone, Debug)]
struct Withholding(MemoryLedger, LogName);

#[tonic::async_trait]
impl CheckpointSource for Withholding {
    fn name(&self) -> String {
        "withholding".into()
    }

    async fn checkpoint(&self, log: &LogName, at: Option<u64>) -> Result<String, SourceError> {
        let at = if *log == self.1 { Some(5) } else { at };
        self.0.checkpoint(log, at).await
    }
}

#[tonic::async_trait]
impl LedgerSource for Withholding {
    async fn roof(&self, log: &LogName, epoch: u64) -> Result<Roof, SourceError> {
        self.0.roof(log, epoch).await
    }

    async fn shard(&self, log: &LogName, epoch: u64, shard: u64) -> Result<Shard, SourceError> {
        self.0.shard(log, epoch, shard).await
    }
}

#[tokio::test]
async fn a_second_source_reveals_a_withheld_checkpoint() {
    let ledger = MemoryLedger::new("wufu", [1; 32]);
    let logs = [LogName::cards("wufu"), LogName::persons("wufu")];
    for epoch in [5, 6] {
        for log in &logs {
            ledger.append(log, &[(epoch + 100).into()]);
        }
        ledger.seal(epoch);
    }
    for log in &logs {
        let wallet = || {
            let wallet = Wallet::in_memory(Seed::from_bytes([3; 32])).unwrap();
            wallet.pin_log_key(&ledger.log_key()).unwrap();
            wallet
        };
        let (one, two) = (wallet(), wallet());
        let liar = Withholding(ledger.clone(), log.clone());
        // Without a second source, it is believed.
        one.campaign(&Sources::one(liar.clone()), "wufu", NOW).await.unwrap();
        let compared = Sources::compared(liar, ledger.clone());
        for refused in [
            one.campaign(&compared, "wufu", NOW).await.map(drop),
            two.look_up(&compared, log, 0, NOW).await,
        ] {
            let Err(SyncError::Epoch { place, got: 6, expected: 5, .. }) = refused else {
                panic!("{refused:?}");
            };
            assert_eq!(place, "wufu in memory");
        }
        let honest = Sources::compared(ledger.clone(), ledger.clone());
        one.campaign(&honest, "wufu", NOW).await.unwrap();
    }
}

#[tokio::test]
async fn a_donation_log_is_compared_with_the_second_source() {
    let ledger = MemoryLedger::new("cerf", [1; 32]);
    let wallet = Wallet::in_memory(Seed::from_bytes([3; 32])).unwrap();
    wallet.pin_log_key(&ledger.log_key()).unwrap();
    let what = (
        wufu_verifier::ProjectKey::new(1, 1).unwrap(),
        wufu_verifier::Amount::new(9).unwrap(),
        wufu_verifier::Time::MIN,
    );
    for epoch in [5, 6] {
        ledger.donate(&wallet.address("cerf"), what);
        ledger.seal(epoch);
    }
    let log = LogName::donations("cerf", 1);
    let liar = Withholding(ledger.clone(), log.clone());
    let alone = wallet.donation_log(&Sources::one(liar.clone()), &log, NOW).await.unwrap();
    assert_eq!(alone.records().count(), 1);
    let compared = Sources::compared(liar, ledger.clone());
    let refused = wallet.donation_log(&compared, &log, NOW).await.map(drop);
    assert!(matches!(refused, Err(SyncError::Epoch { got: 6, expected: 5, .. })), "{refused:?}");
    let honest = Sources::compared(ledger.clone(), ledger);
    assert_eq!(wallet.donation_log(&honest, &log, NOW).await.unwrap().records().count(), 2);
}
