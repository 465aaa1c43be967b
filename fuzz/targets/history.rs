//! A log's history: whatever checkpoints arrive, in whatever order, the accepted ones do not
//! contradict each other.
#![no_main]

use ed25519_dalek::SigningKey;
use libfuzzer_sys::fuzz_target;
use wufu_fuzz::reached;
use wufu_verifier::{
    Fr, Root,
    log::{
        checkpoint::{Checkpoint, LogState},
        history::{HistoryError, LogHistory, RootError, Window},
    },
};

/// The length of an epoch in seconds. Now and then it differs.
const SECONDS: [u64; 4] = [10, 10, 10, 20];

fuzz_target!(|data: &[u8]| {
    let signing = SigningKey::from_bytes(&[9; 32]);
    let origin = "cerf/donations/1";
    let mut log = LogHistory::new(origin);
    let (steps, rest) = data.as_chunks::<3>();
    for [epoch, size, root] in steps.iter().take(16) {
        let state = LogState {
            origin,
            size: u64::from(size % 8),
            root: Root(Fr::from(u64::from(root % 8))),
            epoch: u64::from(epoch % 16),
            epoch_seconds: SECONDS[usize::from(epoch / 64)],
        };
        let Ok(checkpoint) = Checkpoint::sign("cerf", &signing, &state) else { continue };
        let before = log.checkpoints().count();
        match log.insert(checkpoint.clone()) {
            Ok(()) => {
                assert_eq!(
                    log.insert(checkpoint),
                    Ok(()),
                    "the second insertion differs from the first"
                );
                assert!(log.checkpoints().count() <= before + 1);
            }
            Err(error) => {
                assert!(matches!(error, HistoryError::Contradiction(_)));
                assert!(log.evidence().is_some());
                assert_eq!(log.checkpoints().count(), before);
                reached("contradiction");
            }
        }
    }
    for pair in log.checkpoints().zip(log.checkpoints().skip(1)) {
        let (one, next) = pair;
        assert!(one.epoch() < next.epoch() && one.size() <= next.size());
        assert_eq!(one.size() == next.size(), one.root() == next.root());
        assert_eq!(one.epoch_seconds(), next.epoch_seconds());
    }
    let now = 10 * u64::from(rest.first().copied().unwrap_or(100) % 32);
    let window = Window(u64::from(rest.get(1).copied().unwrap_or(20)));
    for root in 0..8u64 {
        let root = Root(Fr::from(root));
        match log.accept(root, now, window) {
            Ok(checkpoint) => {
                assert_eq!(checkpoint.root(), root);
                reached("root");
                assert!(log.evidence().is_none());
            }
            Err(error) => {
                let held = log.checkpoints().any(|checkpoint| checkpoint.root() == root);
                assert_eq!(error == RootError::Unknown, !held && log.evidence().is_none());
            }
        }
    }
});
