//! Which roots are accepted now: a log's checkpoints, and the window in which a replaced root still
//! counts.
//!
//! Proofs use the roots of epochs only. A root that was made for a single wallet would identify it.
//! Two different checkpoints of one epoch therefore contradict each other, even if one extends the
//! other, and both are kept as evidence.

mod error;

use alloc::{boxed::Box, collections::BTreeMap, string::String};
use core::{iter, ops::Bound};

use crate::{
    hash::element::{Anchor, Root, Scope},
    log::checkpoint::Checkpoint,
    statement::{self, ClaimRoots},
};
pub use error::{Evidence, HistoryError, RootError};

/// How far a log's clock may run ahead of ours, in seconds.
pub const CLOCK_SKEW: u64 = 120;

/// How long a root is accepted after it was replaced, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window(pub u64);

impl Default for Window {
    /// One hour.
    fn default() -> Self {
        Self(3600)
    }
}

/// A log's checkpoints that a verifier holds, by epoch.
#[derive(Clone, Debug)]
pub struct LogHistory {
    origin: String,
    epoch_seconds: Option<u64>,
    checkpoints: BTreeMap<u64, Checkpoint>,
    evidence: Option<Evidence>,
}

impl LogHistory {
    /// Creates an empty history of the log `origin` (`org/log`).
    pub fn new(origin: &str) -> Self {
        let (checkpoints, epoch_seconds) = (BTreeMap::new(), None);
        Self { origin: origin.into(), epoch_seconds, checkpoints, evidence: None }
    }

    /// Creates an empty history of a log whose epochs have a published length. Without it, the
    /// first checkpoint sets the length for all others.
    pub fn scheduled(origin: &str, epoch_seconds: u64) -> Self {
        Self { epoch_seconds: Some(epoch_seconds), ..Self::new(origin) }
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the newest checkpoint.
    pub fn newest(&self) -> Option<&Checkpoint> {
        self.checkpoints.last_key_value().map(|(_, checkpoint)| checkpoint)
    }

    /// Returns the checkpoints, by epoch.
    pub fn checkpoints(&self) -> impl DoubleEndedIterator<Item = &Checkpoint> + Clone {
        self.checkpoints.values()
    }

    /// Returns the proof that the log's operator lied, if there is one.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// Adds a checkpoint. One that the history holds already changes nothing.
    ///
    /// # Errors
    /// Returns an error if the checkpoint is of another log, or contradicts one that the history
    /// holds. After a contradiction the history accepts nothing more.
    pub fn insert(&mut self, came: Checkpoint) -> Result<(), HistoryError> {
        if came.origin() != self.origin {
            let (got, expected) = (came.origin().into(), self.origin.clone());
            return Err(HistoryError::Origin { got, expected });
        }
        if let Some(other) = self.newest().filter(|held| held.signer() != came.signer()) {
            return Err(HistoryError::Key { name: other.signer().name().into() });
        }
        let (got, expected) = (came.epoch_seconds(), self.epoch_seconds);
        if let Some(expected) = expected.filter(|expected| *expected != got) {
            return Err(HistoryError::Schedule { got, expected });
        }
        let epoch = came.epoch();
        let before = self.checkpoints.range(..=epoch).next_back();
        let after = self.checkpoints.range(epoch..).next();
        let contradicts = |held: &&Checkpoint| {
            let (first, second) =
                if held.epoch() < epoch { (*held, &came) } else { (&came, *held) };
            if held.epoch() == epoch {
                return !same_state(held, &came);
            }
            first.size() > second.size()
                || first.time() > second.time()
                || first.epoch_seconds() != second.epoch_seconds()
                // A log that grows has a new root, and a log with a new root has grown.
                || (first.size() == second.size()) != (first.root() == second.root())
        };
        let held = [before, after].into_iter().flatten().map(|(_, held)| held).find(contradicts);
        if let Some(held) = held {
            let evidence = Evidence { held: held.clone(), came };
            self.evidence.get_or_insert_with(|| evidence.clone());
            return Err(HistoryError::Contradiction(Box::new(evidence)));
        }
        self.checkpoints.entry(epoch).or_insert(came);
        Ok(())
    }

    /// Drops the checkpoints that were replaced longer ago than `window` at `now`. Checks at `now`
    /// or later, with this window or a shorter one, do not accept their roots anyway; these roots
    /// are then unknown instead of expired. A contradiction that was found stays.
    ///
    /// A history grows by one checkpoint an epoch, and no check searches all of it, so this only
    /// saves memory. It also forgets evidence: to detect contradictions in old epochs, keep the
    /// checkpoints.
    pub fn prune(&mut self, now: u64, window: Window) {
        let replaced = |epoch: &u64| self.replaced(*epoch).and_then(|at| now.checked_sub(at));
        let counts = |epoch: &u64| replaced(epoch).is_none_or(|age| age <= window.0);
        // The newest was never replaced. What was replaced later than another one is newer.
        if let Some(oldest) = self.checkpoints.keys().copied().find(counts) {
            self.checkpoints = self.checkpoints.split_off(&oldest);
        }
    }

    /// Returns the checkpoint in force at an epoch: the newest one that is not later. A log without
    /// appends keeps its last checkpoint.
    pub fn in_force(&self, epoch: u64) -> Option<&Checkpoint> {
        self.checkpoints.range(..=epoch).next_back().map(|(_, checkpoint)| checkpoint)
    }

    /// Returns when the checkpoint in force at an epoch was replaced, in Unix seconds.
    fn replaced(&self, epoch: u64) -> Option<u64> {
        let next = self.checkpoints.range((Bound::Excluded(epoch), Bound::Unbounded)).next();
        next.map(|(_, checkpoint)| checkpoint.time())
    }

    /// Returns the checkpoint that makes `root` acceptable at `now`.
    ///
    /// # Errors
    /// Returns an error if no epoch has this root, if its epoch has not begun, if it was replaced
    /// before the window, or if the log contradicted itself.
    pub fn accept(&self, root: Root, now: u64, window: Window) -> Result<&Checkpoint, RootError> {
        if self.evidence.is_some() {
            return Err(RootError::Contradicted);
        }
        // The newest epoch with this root decides, since it was in force the longest. An epoch in
        // the future does not hide an earlier one.
        let mut found = self.checkpoints().rev().filter(|checkpoint| checkpoint.root() == root);
        let newest = found.clone().next();
        let begun = found.find(|checkpoint| has_begun(checkpoint.time(), now));
        let checkpoint = begun.or(newest).ok_or(RootError::Unknown)?;
        in_window(checkpoint.time(), self.replaced(checkpoint.epoch()), now, window)?;
        Ok(checkpoint)
    }
}

/// Whether all but the signature lines are equal: co-signatures may be added later.
fn same_state(one: &Checkpoint, other: &Checkpoint) -> bool {
    one.size() == other.size() && one.root() == other.root() && one.time() == other.time()
}

fn has_begun(began: u64, now: u64) -> bool {
    began <= now.saturating_add(CLOCK_SKEW)
}

fn in_window(began: u64, replaced: Option<u64>, now: u64, window: Window) -> Result<(), RootError> {
    if !has_begun(began, now) {
        return Err(RootError::Future { ahead: began - now });
    }
    match replaced.and_then(|replaced| now.checked_sub(replaced)) {
        Some(age) if age > window.0 => Err(RootError::Expired { age, window: window.0 }),
        _ => Ok(()),
    }
}

/// Both roots of a claim, in force at the same epoch.
#[derive(Clone, Copy, Debug)]
pub struct EpochRoots<'a> {
    /// The epoch.
    pub epoch: u64,
    /// The card log's checkpoint.
    pub cards: &'a Checkpoint,
    /// The person log's checkpoint.
    pub persons: &'a Checkpoint,
}

/// Finds the epoch whose roots make `anchor`, and checks that it counts at `now`.
///
/// # Errors
/// Returns the errors of [`LogHistory::accept`]. Roots of two different epochs make an unknown
/// anchor.
///
/// # Cost
/// One hash for each epoch of the window, and one for the last epoch before it. Older epochs are
/// not looked at, so their anchors are unknown.
pub fn accept_anchor<'a>(
    cards: &'a LogHistory,
    persons: &'a LogHistory,
    scope: Scope,
    anchor: Anchor,
    now: u64,
    window: Window,
) -> Result<EpochRoots<'a>, RootError> {
    let made = |roots| statement::anchor(roots, scope);
    find_anchor(cards, persons, anchor, now, window, made)
}

/// The epochs in which one of two logs has a checkpoint, newest first. They are found one by one as
/// the caller asks, because the oldest are rarely needed.
fn newest_first<'a>(
    cards: &'a LogHistory,
    persons: &'a LogHistory,
) -> impl Iterator<Item = u64> + 'a {
    let mut logs = [cards, persons].map(|log| log.checkpoints.keys().rev().copied().peekable());
    iter::from_fn(move || {
        let newest = logs.iter_mut().filter_map(|log| log.peek().copied()).max()?;
        for log in &mut logs {
            log.next_if_eq(&newest);
        }
        Some(newest)
    })
}

/// [`accept_anchor`], where `made` computes the anchor from both roots and the scope.
pub(crate) fn find_anchor<'a>(
    cards: &'a LogHistory,
    persons: &'a LogHistory,
    anchor: Anchor,
    now: u64,
    window: Window,
    mut made: impl FnMut(ClaimRoots) -> Anchor,
) -> Result<EpochRoots<'a>, RootError> {
    if cards.evidence.is_some() || persons.evidence.is_some() {
        return Err(RootError::Contradicted);
    }
    let mut future = None;
    for epoch in newest_first(cards, persons) {
        let (Some(card), Some(person)) = (cards.in_force(epoch), persons.in_force(epoch)) else {
            continue;
        };
        let replaced = [cards.replaced(epoch), persons.replaced(epoch)].into_iter().flatten().min();
        let counts = in_window(card.time().max(person.time()), replaced, now, window);
        let roots = ClaimRoots { cards: card.root(), persons: person.root() };
        let found = made(roots) == anchor;
        match (found, counts) {
            (true, Ok(())) => return Ok(EpochRoots { epoch, cards: card, persons: person }),
            // An earlier epoch that has begun may have the same roots.
            (true, Err(error @ RootError::Future { .. })) => future = future.or(Some(error)),
            (true, Err(error)) => return Err(error),
            // Older ones were replaced earlier still.
            (false, Err(RootError::Expired { .. })) => break,
            (false, _) => {}
        }
    }
    Err(future.unwrap_or(RootError::Unknown))
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::log::checkpoint::LogState;
    use ark_bn254::Fr;

    fn checkpoint(origin: &str, epoch: u64, size: u64, root: u64) -> Checkpoint {
        let key = SigningKey::from_bytes(&[7; 32]);
        let root = Root(Fr::from(root));
        let state = LogState { origin, size, root, epoch, epoch_seconds: 600 };
        Checkpoint::sign("wufu", &key, &state).unwrap()
    }

    fn history(origin: &str, states: &[(u64, u64, u64)]) -> LogHistory {
        let mut history = LogHistory::new(origin);
        for (epoch, size, root) in states {
            history.insert(checkpoint(origin, *epoch, *size, *root)).unwrap();
        }
        history
    }

    const HOUR: Window = Window(3600);

    fn scope() -> Scope {
        Scope(Fr::from(1u64))
    }

    fn anchor_of(cards: u64, persons: u64) -> Anchor {
        let [cards, persons] = [cards, persons].map(|root| Root(root.into()));
        statement::anchor(ClaimRoots { cards, persons }, scope())
    }

    /// Rows of docs/failures.md: 15.
    #[test]
    fn the_window_counts_from_when_a_root_was_replaced() {
        let log = history("wufu/donations/1", &[(10, 5, 50), (1000, 6, 60)]);
        let accept =
            |root: u64, now| log.accept(Root(root.into()), now, HOUR).map(Checkpoint::epoch);
        let replaced = 1000 * 600;
        // Current, however old it is.
        assert_eq!(accept(60, replaced), Ok(1000));
        assert_eq!(accept(60, replaced + 1_000_000), Ok(1000));
        // Idle for days, then replaced: the window begins there, and includes its edge.
        assert_eq!(accept(50, replaced), Ok(10));
        assert_eq!(accept(50, replaced + 3600), Ok(10));
        assert_eq!(
            accept(50, replaced + 3601),
            Err(RootError::Expired { age: 3601, window: 3600 })
        );
        // Unknown, zero, and in the future.
        assert_eq!(accept(70, replaced), Err(RootError::Unknown));
        assert_eq!(accept(0, replaced), Err(RootError::Unknown));
        assert_eq!(accept(60, replaced - CLOCK_SKEW), Ok(1000));
        assert_eq!(accept(60, replaced - 500), Err(RootError::Future { ahead: 500 }));
        assert_eq!(
            accept(60, replaced - CLOCK_SKEW - 1),
            Err(RootError::Future { ahead: CLOCK_SKEW + 1 })
        );
        assert_eq!(
            LogHistory::new("x/y").accept(Root(Fr::from(1u64)), 0, HOUR),
            Err(RootError::Unknown)
        );
    }

    /// Rows of docs/failures.md: 23, 31.
    #[test]
    fn two_states_of_one_epoch_are_refused_and_kept() {
        for (epoch, size, root) in
            [(10, 6, 60), (10, 5, 51), (11, 4, 40), (11, 5, 51), (9, 6, 60), (11, 6, 50)]
        {
            let mut log = history("wufu/cards", &[(10, 5, 50)]);
            let came = checkpoint("wufu/cards", epoch, size, root);
            let Err(HistoryError::Contradiction(evidence)) = log.insert(came.clone()) else {
                panic!("epoch {epoch} size {size} root {root} was taken");
            };
            assert_eq!(evidence.came, came);
            assert_eq!(log.evidence(), Some(&*evidence));
            assert_eq!(log.accept(Root(Fr::from(50u64)), 6000, HOUR), Err(RootError::Contradicted));
        }
        let mut log = history("wufu/cards", &[(10, 5, 50)]);
        assert_eq!(log.insert(checkpoint("wufu/cards", 10, 5, 50)), Ok(()));
        assert_eq!(log.insert(checkpoint("wufu/cards", 11, 5, 50)), Ok(()));
        let other = log.insert(checkpoint("wufu/persons", 12, 5, 50));
        assert!(matches!(other, Err(HistoryError::Origin { .. })));
        let other_key = SigningKey::from_bytes(&[8; 32]);
        let root = Root(Fr::from(60u64));
        let state = LogState { origin: "wufu/cards", size: 6, root, epoch: 12, epoch_seconds: 600 };
        let other = log.insert(Checkpoint::sign("wufu", &other_key, &state).unwrap());
        assert!(matches!(other, Err(HistoryError::Key { .. })));
    }

    /// Rows of docs/failures.md: 31.
    /// An operator that signs outside its schedule could give each wallet a root of its own.
    #[test]
    fn a_root_outside_the_schedule_is_refused() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let sign = |epoch, epoch_seconds, size| {
            let root = Root(Fr::from(size));
            let state = LogState { origin: "wufu/cards", size, root, epoch, epoch_seconds };
            Checkpoint::sign("wufu", &key, &state).unwrap()
        };
        let mut log = LogHistory::new("wufu/cards");
        log.insert(sign(10, 600, 5)).unwrap();
        let denser = log.insert(sign(6001, 1, 6));
        assert!(matches!(denser, Err(HistoryError::Contradiction(_))));

        let mut log = LogHistory::scheduled("wufu/cards", 600);
        let expected = HistoryError::Schedule { got: 1, expected: 600 };
        assert_eq!(log.insert(sign(6001, 1, 6)), Err(expected));
        assert_eq!(log.insert(sign(10, 600, 5)), Ok(()));
    }

    /// Rows of docs/failures.md: 15.
    /// A log that signs an unchanged root again must not take it away from verifiers whose clocks
    /// are behind.
    #[test]
    fn a_root_signed_again_stays_accepted() {
        let log = history("wufu/cards", &[(10, 5, 50), (11, 5, 50)]);
        let root = Root(Fr::from(50u64));
        assert_eq!(log.accept(root, 6600 - 200, HOUR).map(Checkpoint::epoch), Ok(10));
        let persons = history("wufu/persons", &[(10, 2, 20)]);
        let anchor = anchor_of(50, 20);
        let accept = |now| accept_anchor(&log, &persons, scope(), anchor, now, HOUR);
        assert_eq!(accept(6600 - 200).map(|roots| roots.epoch), Ok(10));
        assert_eq!(accept(6600).map(|roots| roots.epoch), Ok(11));
        assert!(matches!(accept(5000), Err(RootError::Future { .. })));
        let last = history("wufu/cards", &[(u64::MAX / 600, 5, 50)]);
        assert!(matches!(last.accept(root, 6600, HOUR), Err(RootError::Future { .. })));
    }

    /// Each claim collected and sorted years of epochs of both histories, to look at the epochs of
    /// one hour.
    #[test]
    fn epochs_of_two_logs_come_newest_first_and_once() {
        let cards = history("wufu/cards", &[(10, 5, 50), (11, 6, 60), (14, 7, 70)]);
        let persons = history("wufu/persons", &[(9, 1, 10), (11, 2, 20), (12, 3, 30)]);
        let none = LogHistory::new("wufu/persons");
        let epochs = |one, other| newest_first(one, other).collect::<alloc::vec::Vec<_>>();
        assert_eq!(epochs(&cards, &persons), [14, 12, 11, 10, 9]);
        assert_eq!(epochs(&persons, &cards), [14, 12, 11, 10, 9]);
        assert_eq!(epochs(&none, &cards), [14, 11, 10]);
        assert_eq!(epochs(&none, &none), []);
    }

    /// Rows of docs/failures.md: 15.
    #[test]
    fn what_is_forgotten_was_accepted_no_more() {
        let states = [(10, 5, 50), (11, 6, 60), (20, 6, 60), (30, 7, 70), (31, 8, 80)];
        let whole = history("wufu/cards", &states);
        let persons = history("wufu/persons", &[(10, 2, 20), (30, 3, 30)]);
        for now in (10 * 600..45 * 600).step_by(200) {
            let mut pruned = whole.clone();
            pruned.prune(now, HOUR);
            assert_eq!(pruned.newest(), whole.newest());
            // Now and later, with this window or a shorter one, the same roots are accepted and
            // refused.
            for (now, window) in [(now, HOUR), (now + 700, HOUR), (now, Window(60))] {
                for (card, person) in [(50, 20), (60, 20), (60, 30), (70, 30), (80, 30), (90, 30)] {
                    let of = |log: &LogHistory| {
                        let root = log.accept(Root(card.into()), now, window);
                        let anchor = anchor_of(card, person);
                        let both = accept_anchor(log, &persons, scope(), anchor, now, window);
                        (root.ok().map(Checkpoint::epoch), both.ok().map(|roots| roots.epoch))
                    };
                    assert_eq!(of(&pruned), of(&whole), "{card} {person} at {now}");
                }
            }
        }
        let mut pruned = whole.clone();
        pruned.prune(31 * 600 + 3601, HOUR);
        assert_eq!(
            pruned.checkpoints().map(Checkpoint::epoch).collect::<alloc::vec::Vec<_>>(),
            [31]
        );
        pruned.prune(0, HOUR);
        LogHistory::new("wufu/cards").prune(0, HOUR);
        // A checkpoint that was dropped may come again, and is as old as it was.
        assert_eq!(pruned.insert(checkpoint("wufu/cards", 11, 6, 60)), Ok(()));
        let expired = pruned.accept(Root(60.into()), 31 * 600 + 3601, HOUR);
        assert_eq!(expired, Err(RootError::Expired { age: 3601, window: 3600 }));
    }

    /// Rows of docs/failures.md: 31.
    #[test]
    fn an_anchor_of_mixed_epochs_is_refused() {
        let cards = history("wufu/cards", &[(10, 5, 50), (11, 6, 60)]);
        let persons = history("wufu/persons", &[(10, 2, 20), (12, 3, 30)]);
        let accept = |card: u64, person: u64, now| {
            let anchor = anchor_of(card, person);
            let roots = accept_anchor(&cards, &persons, scope(), anchor, now, HOUR);
            roots.map(|roots| roots.epoch)
        };
        let now = 12 * 600;
        assert_eq!(accept(50, 20, now), Ok(10));
        assert_eq!(accept(60, 20, now), Ok(11)); // persons keep their last
        assert_eq!(accept(60, 30, now), Ok(12));
        assert_eq!(accept(50, 30, now), Err(RootError::Unknown)); // never in force together
        // Replaced by whichever log moved first.
        assert_eq!(accept(50, 20, 11 * 600 + 3600), Ok(10));
        let age = 3601;
        let expired = Err(RootError::Expired { age, window: 3600 });
        assert_eq!(accept(50, 20, 11 * 600 + age), expired);
    }

    /// Rows of docs/failures.md: 23.
    /// A log that signed two states of one epoch is no longer believed, whichever of the two logs
    /// it is.
    #[test]
    fn an_anchor_of_a_contradictory_log_is_refused() {
        let now = 12 * 600;
        let anchor = anchor_of(50, 20);
        let good = ["wufu/cards", "wufu/persons"].map(|origin| {
            let root = if origin == "wufu/cards" { 50 } else { 20 };
            history(origin, &[(10, 5, root)])
        });
        let accept = |[cards, persons]: [&LogHistory; 2]| {
            accept_anchor(cards, persons, scope(), anchor, now, HOUR).map(|roots| roots.epoch)
        };
        assert_eq!(accept([&good[0], &good[1]]), Ok(10));
        let bad = good.clone().map(|mut log| {
            let came = checkpoint(log.origin(), 10, 6, 99);
            log.insert(came).unwrap_err();
            log
        });
        assert_eq!(accept([&bad[0], &good[1]]), Err(RootError::Contradicted));
        assert_eq!(accept([&good[0], &bad[1]]), Err(RootError::Contradicted));
    }
}
