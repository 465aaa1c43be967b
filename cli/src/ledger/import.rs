//! `wufu ledger import`: donations from a CSV file, from a pipe or from standard input.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;
use wufu_ledger::{
    Ledger, Owners,
    import::{
        Columns, CsvFormat, Delimiter, ImportError, ImportOptions, ImportReport, Mapping,
        ReceiptKey, ReceiptSample, amount::DecimalMark, date::Zone,
    },
};
use wufu_verifier::{Time, encoding::text::QuotedText};

use crate::{
    files,
    human::{count, number},
    ledger::report,
    output::Output,
};

/// Arguments of `wufu ledger import`.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The CSV file, or - for standard input
    file: PathBuf,
    /// CSV file of owners, with the columns receipt and address, or - for standard input. A
    /// donation without an owner counts in the totals, and becomes a leaf when it gets one. With
    /// --receipt-key year, write receipts as 2019/001
    #[arg(long, value_name = "FILE")]
    owners: Option<PathBuf>,
    /// Give every receipt a made-up owner, derived from this text (not in production)
    #[arg(long, value_name = "SEED", conflicts_with = "owners")]
    dev_owners: Option<String>,
    /// Leave out bad rows, such as rows of totals, and list them. Without it, one bad row stops the
    /// whole import
    #[arg(long)]
    skip_bad: bool,
    #[command(flatten)]
    format: FormatArgs,
}

/// How to read a file of donations.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "How the file is written")]
pub struct FormatArgs {
    /// The column that holds a field: receipt, institution, project, amount, date or currency.
    /// Repeat the flag for more fields
    #[arg(long, value_name = "FIELD=COLUMN")]
    map: Vec<Mapping>,
    /// The character between cells, here and in the file of owners: ',', ';', '|', ':' or tab
    #[arg(long, value_name = "CHARACTER", default_value = ",", hide_default_value = true)]
    delimiter: Delimiter,
    /// Read amounts with a decimal comma, as in 1234,50
    #[arg(long)]
    decimal_comma: bool,
    /// Time zone of dates, and of times without an offset: a name such as Asia/Shanghai, an offset
    /// such as +08:00, or UTC
    #[arg(long, value_name = "ZONE")]
    timezone: Option<Zone>,
    /// Accept dates in the future
    #[arg(long)]
    allow_future: bool,
    /// Make the year or the institution part of each receipt's name, as in 2019/001, because their
    /// numbers start again. Repeat the flag for both. Use the same setting for every file of a
    /// ledger
    #[arg(long, value_name = "year|institution", value_delimiter = ',')]
    receipt_key: Vec<ReceiptKey>,
    /// Accept quoted cells that span several lines. Without it, a quote that is not closed on its
    /// line stops the import
    #[arg(long)]
    multiline_cells: bool,
}

impl FormatArgs {
    /// How to read the file. If no time zone was given, `zone` is used.
    pub fn format(&self, zone: Option<Zone>) -> anyhow::Result<CsvFormat> {
        let now = (!self.allow_future).then(files::now).transpose()?;
        Ok(CsvFormat {
            columns: Columns::new(self.map.iter().cloned()).context("--map")?,
            delimiter: self.delimiter,
            decimal_mark: if self.decimal_comma { DecimalMark::Comma } else { DecimalMark::Point },
            zone: self.timezone.clone().or(zone),
            now: now.map(Time::new).transpose()?,
            receipt_key: self.receipt_key(),
            is_multiline: self.multiline_cells,
        })
    }

    fn receipt_key(&self) -> ReceiptKey {
        self.receipt_key.iter().copied().fold(ReceiptKey::default(), ReceiptKey::with)
    }
}

/// Runs the command.
pub async fn import(ledger: &Ledger, args: ImportArgs, output: Output) -> anyhow::Result<()> {
    let format = args.format.format(None)?;
    let owners = owners(ledger, &args, format.delimiter)?;
    let report = import_file(ledger, &args.file, &format, owners, args.skip_bad, output).await?;
    tell_owners(&report, args.format.receipt_key(), output);
    report::imported(ledger, "import", &report, output);
    Ok(())
}

/// The owners of donations: from a file or standard input, made up, or none.
fn owners(ledger: &Ledger, args: &ImportArgs, delimiter: Delimiter) -> anyhow::Result<Owners> {
    let org = ledger.org();
    match (args.owners.as_deref(), &args.dev_owners) {
        (Some(path), _) if path == Path::new("-") => {
            if args.file == Path::new("-") {
                bail!(
                    "--owners - and the donations are both standard input, expected one of them: \
                     name a file for the other"
                );
            }
            Owners::read_with(io::stdin(), org, delimiter).context("standard input")
        }
        (Some(path), _) => {
            let owners = Owners::read_with(open(path)?, org, delimiter);
            owners.with_context(|| path.display().to_string())
        }
        (None, Some(seed)) => Ok(Owners::Development { seed: seed.clone(), org: org.into() }),
        (None, None) => Ok(Owners::Nobody),
    }
}

/// The first receipts, for a message, and how many more there are.
fn sample(receipts: &ReceiptSample) -> String {
    let shown: Vec<_> = receipts.first.iter().map(|name| QuotedText(name).to_string()).collect();
    let more = receipts.count - shown.len() as u64;
    let more = if more > 0 { format!(" and {} more", number(more)) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// Prints which owners of the list were left out, and why.
fn tell_owners(report: &ImportReport, receipt_key: ReceiptKey, output: Output) {
    let fields =
        |receipts: &ReceiptSample| json!({ "owners": receipts.count, "receipts": receipts.first });
    let unknown = &report.unknown_owners;
    if unknown.count > 0 {
        let hint = if receipt_key == ReceiptKey::default() {
            "check their spelling".into()
        } else {
            format!("with {receipt_key} the list needs whole names, as in {}", example(receipt_key))
        };
        let text = format!(
            "{} of the list left out: neither this file nor the ledger has receipt {}: {hint}",
            count(unknown.count, "owner"),
            sample(unknown)
        );
        output.note("unknown-owners", text, fields(unknown));
    }
    let other = &report.other_owners;
    if other.count > 0 {
        let text = format!(
            "{} of the list left out: the ledger has another owner for receipt {}, and that cannot \
             be changed",
            count(other.count, "owner"),
            sample(other)
        );
        output.note("other-owners", text, fields(other));
    }
    if report.unused_pending > 0 {
        let owners = report.unused_pending;
        let text = format!(
            "{} of the list left out: their donations are pending in the ledger and not in this \
             file: set the owner with `wufu ledger own RECEIPT ADDRESS`",
            count(owners, "owner")
        );
        output.note("unused-owners", text, json!({ "owners": owners }));
    }
    if report.known_pending > 0 {
        let rows = report.known_pending;
        let text = format!(
            "{} already pending in the ledger, with an owner in the list: set the owner with `wufu \
             ledger own RECEIPT ADDRESS`",
            count(rows, "row")
        );
        output.note("known-pending", text, json!({ "rows": rows }));
    }
}

/// An example of a receipt's name in this form.
fn example(key: ReceiptKey) -> &'static str {
    match (key.year, key.institution) {
        (false, false) => "001",
        (true, false) => "2019/001",
        (false, true) => "Red Cross/001",
        (true, true) => "Red Cross/2019/001",
    }
}

/// Prints which rows were left out, and which cells were converted.
fn tell_rows(report: &ImportReport, output: Output) {
    for bad in report.skipped.kept() {
        output.note("skipped", format_args!("left out: {bad}"), json!({ "row": bad.to_string() }));
    }
    let more = report.skipped.count() - report.skipped.kept().len() as u64;
    if more > 0 {
        output.note(
            "skipped",
            format_args!("left out: {} more", count(more, "row")),
            json!({ "more": more }),
        );
    }
    if report.normalized > 0 {
        let cells = report.normalized;
        let text = format!(
            "{} converted to Unicode normal form NFC, so that names that look equal are equal",
            count(cells, "cell")
        );
        output.note("normalized", text, json!({ "cells": cells }));
    }
}

/// Imports a CSV file, or standard input if it is `-`, and prints every bad row, whether it stops
/// the import or is left out.
pub async fn import_file(
    ledger: &Ledger,
    file: &Path,
    format: &CsvFormat,
    owners: Owners,
    skip_bad: bool,
    output: Output,
) -> anyhow::Result<ImportReport> {
    let progress = output.progress("importing donations");
    let options = ImportOptions { owners, skip_bad };
    let told = move |rows| progress.at(rows);
    let done = if file == Path::new("-") {
        let open = || Ok(io::stdin());
        ledger.import_reader(open, "standard input".into(), format, options, told).await
    } else {
        ledger.import_file(file, format, options, told).await
    };
    match done {
        Err(ImportError::Rows { bad, rows }) => {
            for bad in bad.kept() {
                output.failure(&anyhow::anyhow!("{bad}"));
            }
            let more = bad.count() - bad.kept().len() as u64;
            if more > 0 {
                output.failure(&anyhow::anyhow!("and {} more", count(more, "row")));
            }
            let are = if bad.count() == 1 { "is" } else { "are" };
            bail!(
                "{} of {} {are} bad, and nothing was imported (--skip-bad leaves them out)",
                number(bad.count()),
                count(rows, "row")
            )
        }
        // After a database failure, the error itself says what became of the rows.
        Err(ImportError::Append(error)) if error.is_failure() => Err(error.into()),
        other => {
            let report = other.context("nothing was imported")?;
            tell_rows(&report, output);
            Ok(report)
        }
    }
}

/// Opens a file of donations or owners.
pub fn open(file: &Path) -> anyhow::Result<File> {
    File::open(file).with_context(|| file.display().to_string())
}
