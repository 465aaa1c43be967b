//! Every row is missed: without it the circuit accepts a false statement.
//!
//! For each row, an attacker who may choose all wires looks for a statement that the native check
//! refuses in the row's clause and in no other, and for wires that satisfy every row but this one.
//! A circuit that lacks more than that row, because a line of a gadget or a whole gadget is
//! deleted, accepts the same wires. So single rows answer for all of these.
//!
//! Every run tries a row of every line of code in every clause, and a sample besides; all of them
//! with `WUFU_FULL=1`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod attack;
mod plan;

use std::collections::BTreeMap;

use crate::common::{shape, tell};
use attack::{Attacker, Killed, Target};
use plan::Level;
use rand::{SeedableRng, rngs::StdRng, seq::index};
use wufu_circuits::{Clause, DonationInstance, FiveFuInstance, GiftInstance};
use wufu_verifier::hash::merkle::CARD_DEPTH;

/// The number of rows besides the first of each line that a run leaves out if it is not full.
const SAMPLE: usize = 24;

fn full() -> bool {
    std::env::var_os("WUFU_FULL").is_some_and(|flag| flag == "1")
}

/// A line of code, such as `gadgets/range.rs:38`.
fn site<C: Target>(row: usize) -> String {
    let site = shape::<C>().sites()[row];
    let file = site.file().rsplit_once("src/").map_or(site.file(), |(_, file)| file);
    format!("{file}:{}", site.line())
}

fn every_row_is_missed<C: Target>() {
    let rows = shape::<C>().rows();
    let mut first: BTreeMap<(Clause, String), usize> = BTreeMap::new();
    for row in 0..rows {
        first.entry((shape::<C>().clauses()[row], site::<C>(row))).or_insert(row);
    }
    let mut chosen: Vec<usize> =
        if full() { (0..rows).collect() } else { first.into_values().collect() };
    if !full() {
        // The top of each path: its membership, and its last row, which says what the root is.
        let levels = Level::all(shape::<C>());
        let next = levels.iter().skip(1).map(|level| level.row).chain([rows]);
        let last = |level: &Level| level.row + Level::MEMBERSHIP + Level::HASH;
        let of_card =
            |at: usize| levels[at].clause == Clause::F3 && at % CARD_DEPTH + 1 == CARD_DEPTH;
        let tops = levels.iter().zip(next).enumerate();
        let tops = tops.filter(|(at, (level, next))| of_card(*at) || last(level) != *next);
        let rows_of = |level: &Level| (level.row..level.row + 3).chain([last(level) - 1]);
        chosen.extend(tops.flat_map(|(_, (level, _))| rows_of(level)));
        chosen.extend(index::sample(&mut StdRng::seed_from_u64(1), rows, SAMPLE));
    }
    let mut attacker = Attacker::<C>::new();
    let mut told: BTreeMap<(Clause, String, Killed), usize> = BTreeMap::new();
    let mut survivors = Vec::new();
    for row in &chosen {
        let clause = shape::<C>().clauses()[*row];
        match attacker.kill(*row) {
            Ok(killed) => *told.entry((clause, site::<C>(*row), killed)).or_default() += 1,
            Err(why) => {
                survivors.push(format!("row {row} of {clause}, {}: {why}", site::<C>(*row)))
            }
        }
    }
    let sample = if full() { "all" } else { "a sample, seed 1" };
    let (count, survive) = (chosen.len(), survivors.len());
    tell::<C>(&format!("{count} rows left out ({sample}), {survive} survive"));
    for ((clause, site, killed), count) in &told {
        println!("  {clause} {site:<28} {count:>6} {killed:?}");
    }
    assert!(survivors.is_empty(), "{}", survivors[..survivors.len().min(20)].join("\n"));
}

/// Rows of docs/failures.md: 8.
#[test]
fn every_row_of_five_fu_is_missed() {
    every_row_is_missed::<FiveFuInstance>();
}

/// Rows of docs/failures.md: 8.
#[test]
fn every_row_of_donation_is_missed() {
    every_row_is_missed::<DonationInstance>();
}

/// Rows of docs/failures.md: 8.
#[test]
fn every_row_of_gift_is_missed() {
    every_row_is_missed::<GiftInstance>();
}
