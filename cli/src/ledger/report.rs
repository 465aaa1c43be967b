//! The summary of an import.

use serde_json::json;
use wufu_ledger::{
    Ledger, LedgerPolicy,
    import::{ImportReport, SpanningCells, amount::format_amount},
};

use crate::{
    human::{self, count},
    output::Output,
};

/// Prints what was imported.
pub fn imported(ledger: &Ledger, step: &str, report: &ImportReport, output: Output) {
    let (sum, code) = money(ledger.policy(), report.sum);
    let text = format!(
        "{}, {}; {} with an owner, {} pending\n\
         {} read: {} imported, {} known, {} blank, {} bad and left out{}",
        count(report.rows, "donation"),
        human::money(report.sum, ledger.policy().currency),
        human::number(report.leaves),
        human::number(report.pending()),
        count(report.read, "row"),
        human::number(report.rows),
        human::number(report.known),
        human::number(report.blank),
        human::number(report.skipped.count()),
        spanning(report.spanning)
    );
    let fields = json!({
        "read": report.read,
        "records": report.rows,
        "known": report.known,
        "blank": report.blank,
        "skipped": report.skipped.count(),
        "leaves": report.leaves,
        "pending": report.pending(),
        "normalized": report.normalized,
        "unused_owners": report.unused_owners,
        "unknown_owners": report.unknown_owners.count,
        "other_owners": report.other_owners.count,
        "multiline_cells": report.spanning.count,
        "first_multiline_cell": report.spanning.first.map(|(from, to)| [from, to]),
        "sum": sum,
        "sum_minor": u64::try_from(report.sum).ok(),
        "currency": code,
    });
    output.result(step, text, fields);
}

/// How many cells span lines, if any: a forgotten quote swallows rows.
fn spanning(cells: SpanningCells) -> String {
    match cells {
        SpanningCells { count: 1, first: Some((from, to)) } => {
            format!("\n1 cell spans lines: {from} to {to}")
        }
        SpanningCells { count, first: Some((from, to)) } => {
            format!("\n{} cells span lines: the first one {from} to {to}", human::number(count))
        }
        _ => String::new(),
    }
}

/// An amount as programs read it, with its currency.
pub fn money(policy: &LedgerPolicy, minor: u128) -> (String, &'static str) {
    match policy.currency {
        Some(currency) => (format_amount(minor, usize::from(currency.decimals())), currency.code()),
        None => (minor.to_string(), ""),
    }
}
