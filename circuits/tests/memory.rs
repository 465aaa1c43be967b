//! What is left in a process's memory after the passes over a circuit.
//!
//! This test is alone in its binary: another one's search would read these secrets into a buffer of
//! its own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
};

use ark_bn254::Fr;
use ark_ff::UniformRand;
use rand::{SeedableRng, rngs::StdRng};
use wufu_circuits::{Circuit, DonationInstance, FiveFuInstance, GiftInstance, Path, r1cs::Mode};
use zeroize::Zeroizing;

const CHUNK: usize = 1 << 20;

/// Secrets as they lie in memory, with all bits inverted, so that these are not copies. Only the
/// upper two of the four limbs: an allocator overwrites the lower ones of freed memory.
struct Canaries(StdRng, Vec<[u64; 2]>);

impl Canaries {
    fn put(&mut self, secret: &mut Fr) {
        *secret = Fr::rand(&mut self.0);
        let [.., a, b] = secret.0.0;
        self.1.push([!a, !b]);
    }

    fn put_path<const DEPTH: usize>(&mut self, path: &mut Path<DEPTH>) {
        path.levels_mut().iter_mut().flatten().for_each(|child| self.put(child));
    }

    /// Counts how many are found in this process. The stack is left out: moves leave copies there
    /// until later calls overwrite them.
    fn found(&self) -> usize {
        let stack = std::ptr::from_ref(&self).addr() as u64;
        let mut mem = File::open("/proc/self/mem").unwrap();
        let mut chunk = Zeroizing::new(vec![0u8; CHUNK]);
        let mut found = 0;
        for line in fs::read_to_string("/proc/self/maps").unwrap().lines() {
            let (range, rest) = line.split_once(' ').unwrap();
            let (from, to) = range.split_once('-').unwrap();
            let from = u64::from_str_radix(from, 16).unwrap();
            let to = u64::from_str_radix(to, 16).unwrap();
            if !rest.starts_with("rw") || (from..to).contains(&stack) {
                continue;
            }
            for at in (from..to).step_by(CHUNK) {
                mem.seek(SeekFrom::Start(at)).unwrap();
                let size = CHUNK.min(usize::try_from(to - at).unwrap());
                // A mapping may be gone since it was listed. Then there is nothing to find.
                if mem.read_exact(&mut chunk[..size]).is_ok() {
                    found += self.found_in(&chunk[..size]);
                }
            }
        }
        found
    }

    fn found_in(&self, bytes: &[u8]) -> usize {
        let words = bytes.as_chunks().0;
        let is = |word: &[u8; 8], turned: u64| !u64::from_ne_bytes(*word) == turned;
        let pairs = words.windows(2);
        pairs
            .filter(|pair| self.1.iter().any(|[a, b]| is(&pair[0], *a) && is(&pair[1], *b)))
            .count()
    }
}

/// Puts secrets into an instance, lets the circuit run over it, and checks that they are gone with
/// it.
fn leaves_nothing<C: Circuit>(put: impl FnOnce(&mut Canaries, &mut C)) {
    let mut canaries = Canaries(StdRng::seed_from_u64(18), Vec::new());
    let mut instance = C::blank();
    put(&mut canaries, &mut instance);
    assert!(canaries.found() > 0, "the search finds nothing at all");
    drop(instance.assign());
    drop(instance.synthesize(Mode::Both).finish());
    assert!(!instance.false_clauses().is_empty());
    drop(instance);
    assert_eq!(canaries.found(), 0, "{}", C::NAME);
}

fn joined_paths_leave_nothing() {
    let mut canaries = Canaries(StdRng::seed_from_u64(19), Vec::new());
    let (mut lower, mut upper) = (Path::<8>::default(), Path::<6>::default());
    canaries.put_path(&mut lower);
    canaries.put_path(&mut upper);
    upper.levels_mut()[0][2] = lower.top();
    let path = Path::<14>::join(&lower, &upper).unwrap();
    drop((lower, upper));
    assert!(canaries.found() > 0);
    assert!(path.root(path.levels()[0][3]).is_none());
    drop(path);
    assert_eq!(canaries.found(), 0);
}

#[test]
fn no_witness_is_left_in_freed_memory() {
    leaves_nothing(|canaries, claim: &mut FiveFuInstance| {
        let w = &mut claim.private;
        for secret in [&mut w.sk, &mut w.pk, &mut w.salt] {
            canaries.put(secret);
        }
        canaries.put_path(&mut w.cards[0].path);
        canaries.put_path(&mut w.person);
    });
    leaves_nothing(|canaries, showing: &mut DonationInstance| {
        let w = &mut showing.private;
        for secret in [&mut w.sk, &mut w.pk, &mut w.receipt, &mut w.rcm] {
            canaries.put(secret);
        }
        canaries.put_path(&mut w.path);
    });
    leaves_nothing(|canaries, gift: &mut GiftInstance| {
        let w = &mut gift.private;
        for secret in [&mut w.sk, &mut w.pk, &mut w.rho, &mut w.rcm] {
            canaries.put(secret);
        }
        canaries.put_path(&mut w.path);
    });
    joined_paths_leave_nothing();
}
