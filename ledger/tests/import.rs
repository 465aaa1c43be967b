//! Importing: a real file, corner cases of CSV, owners, and the generator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{NOW, address, ledger};
use tempfile::TempDir;
use wufu_circuits::Seed;
use wufu_ledger::{
    Ledger, LedgerPolicy, Log, Owners,
    generate::{GenerateError, LogShape, generate, write_csv},
    import::{Columns, CsvFormat, ImportError, ImportOptions, Mapping, Rows, date::Zone},
};
use wufu_verifier::{
    ProjectKey,
    log::{directory::Directory, signed_note},
};

const CERF: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/cerf_contributions.csv");

async fn in_dollars() -> (TempDir, Ledger) {
    let folder = TempDir::new().unwrap();
    let mut policy = LedgerPolicy::new("cerf");
    policy.currency = Some("USD".parse().unwrap());
    let ledger = Ledger::create(folder.path(), &policy, NOW).await.unwrap();
    (folder, ledger)
}

/// The times in the file have no offset.
fn in_utc() -> CsvFormat {
    CsvFormat { zone: Some(Zone::UTC), ..CsvFormat::default() }
}

#[tokio::test]
async fn the_cerf_file_comes_in_whole_and_to_the_cent() {
    let (_folder, ledger) = in_dollars().await;
    let owners = Owners::Development { seed: "trial".into(), org: "cerf".into() };
    let options = ImportOptions { owners, skip_bad: false };
    let report = ledger.import_file(CERF.as_ref(), &in_utc(), options, |_| ()).await.unwrap();
    assert_eq!((report.rows, report.leaves, report.pending()), (1053, 1053, 0));
    assert_eq!(report.sum, 514_548_148_914);
    assert_eq!((report.read, report.known, report.blank), (1053, 0, 0));
    assert!(report.skipped.is_empty());

    ledger.accept_clock(NOW + 100_000_000);
    let closed = ledger.close_epoch(NOW + 100_000_000).await.unwrap();
    assert_eq!(closed.signed[0].size(), 1053);
    let origin = ledger.origin(Log::DONATIONS);
    let shard = ledger.shard(&origin, closed.epoch, 0).await.unwrap();
    let wufu_proto::log::ShardContent::Records(records) = shard.content else {
        panic!("a donation log has records")
    };
    let sum: u64 = records.iter().map(|record| record.amount.minor()).sum();
    assert_eq!((records.len(), sum), (1053, 514_548_148_914));
    assert_eq!(records.iter().filter(|record| record.amount.minor() == 0).count(), 24);
    let totals = ledger.totals().await.unwrap();
    assert_eq!((totals.donations, totals.sum, totals.pending), (1053, 514_548_148_914, 0));

    // Ids count from 1, in the order in which the names appear.
    let directory = ledger.projects().await.unwrap();
    assert_eq!(directory.institutions(), ["CERF"]);
    let first = &directory.projects()[0];
    assert_eq!(
        (first.key, first.name.as_str()),
        (ProjectKey::new(1, 1).unwrap(), "2006 Southern Europe")
    );
    assert_eq!(records[0].project, first.key);
    let keys: BTreeSet<_> = records.iter().map(|record| record.project).collect();
    assert_eq!(keys.len(), directory.projects().len());

    // Each made-up wallet owns its record.
    let receipt = ledger.donation_receipt(b"07-DC-PRV-063").await.unwrap();
    assert_eq!(receipt.amount.minor(), 810_705);
    let owner = Seed::dev_owner("trial", b"07-DC-PRV-063").address("cerf").pk;
    let record = receipt.record(owner);
    assert_eq!(records[receipt.path.index() as usize], record);
    assert!(receipt.path.path(record.leaf()).root(record.leaf()).is_some());

    // Every row of the same file is known the second time.
    let again =
        ledger.import_file(CERF.as_ref(), &in_utc(), ImportOptions::default(), |_| ()).await;
    let again = again.unwrap();
    assert_eq!((again.read, again.rows, again.known, again.sum), (1053, 0, 1053, 0));
    assert_eq!(ledger.size(Log::DONATIONS).await.unwrap(), 1053);

    // The file's times have no offset, so the operator must say in which zone they are.
    let (format, options) = (CsvFormat::default(), ImportOptions::default());
    let refused = ledger.import_file(CERF.as_ref(), &format, options, |_| ()).await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.starts_with("1053 of 1053 rows are bad, and nothing was imported; the first: ")
    );
    assert!(refused.contains(
        ":2: column \"date\": \"2018-01-16T22:51:30.42\" is a time of day without a time zone"
    ));
}

/// Reads a text as a file, and returns the message for the first bad row.
fn bad(text: &[u8]) -> String {
    let rows = Rows::read(text, "f.csv", &CsvFormat::default(), "CNY".parse().unwrap());
    match rows {
        Ok(rows) => {
            rows.bad.kept().first().map(ToString::to_string).unwrap_or_else(|| "none".into())
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_bad_row_names_file_line_column_and_reason() {
    let head = "receipt,institution,project,amount,currency,date\n";
    let good = "r1,I,P,5,CNY,2018-02-15\n";
    let row = |row: &str| bad(format!("{head}{good}\n{row}\n").as_bytes());
    for (text, expected) in [
        ("r2,I,P,5,CNY,2018-02-15", "none"),
        ("r2,I,P,1,CNY", "f.csv:4: row has 5 cells, expected 6"),
        ("r2,I,P,1,000,CNY,2018-02-15", "f.csv:4: row has 7 cells, expected 6"),
        (
            "r2,I,P,\"1,000\",CNY,2018-02-15",
            "f.csv:4: column \"amount\": \"1,000\" has a thousands separator, expected digits and \
             a point before the decimals",
        ),
        (
            "r2,I,P,-1,CNY,2018-02-15",
            "f.csv:4: column \"amount\": \"-1\" has a sign, expected digits: a donation cannot be \
             negative",
        ),
        (
            "r2,I,P,1e3,CNY,2018-02-15",
            "f.csv:4: column \"amount\": \"1e3\" has an exponent, expected digits",
        ),
        (
            "r2,I,P,1.005,CNY,2018-02-15",
            "f.csv:4: column \"amount\": \"1.005\" has 3 decimals, expected at most 2",
        ),
        (
            "r2,I,P,2814749767106.56,CNY,2018-02-15",
            "f.csv:4: column \"amount\": \"2814749767106.56\" is too much for one record, expected \
             at most 2,814,749,767,106.55 CNY",
        ),
        // The currency was once reported as a thousands separator, and U+2000 as U+2002, which is
        // what NFC turns it into.
        (
            "r2,I,P,5 CNY,CNY,2018-02-15",
            "f.csv:4: column \"amount\": \"5 CNY\" has \"CNY\" next to the number, expected only \
             the number (the currency has its own column)",
        ),
        (
            "r2,I,P\u{2000}Q,5,CNY,2018-02-15",
            "f.csv:4: column \"project\": \"P\\u{2000}Q\" holds U+2000 at character 2, a space \
             other than the ordinary one",
        ),
        ("r2,I,P,,CNY,2018-02-15", "f.csv:4: column \"amount\": \"\" is empty, expected an amount"),
        (
            "r2,I,P,5,USD,2018-02-15",
            "f.csv:4: column \"currency\": \"USD\" is another currency, expected CNY",
        ),
        (
            "r2,I,P,5,CNY,15.2.2018",
            "f.csv:4: column \"date\": \"15.2.2018\" is not of the form YYYY-MM-DD or YYYY-MM-DD \
             hh:mm:ss, with or without seconds, fraction and offset",
        ),
        (
            "r2,I,P,5,CNY,2018-02-30",
            "f.csv:4: column \"date\": \"2018-02-30\" is not a date or time that exists",
        ),
        (
            ",I,P,5,CNY,2018-02-15",
            "f.csv:4: column \"receipt\": \"\" is empty, expected 1 to 256 bytes",
        ),
        (
            "r2,,P,5,CNY,2018-02-15",
            "f.csv:4: column \"institution\": \"\" is empty, expected 1 to 256 bytes",
        ),
        (
            "r2,I,P\tQ,5,CNY,2018-02-15",
            "f.csv:4: column \"project\": \"P\\tQ\" holds U+0009 at character 2, a control \
             character",
        ),
        (
            "r2,I,P \"Q\" R,5,CNY,2018-02-15",
            "f.csv:4: column \"project\": \"P \\\"Q\\\" R\" has a quote that neither begins nor \
             ends the cell, expected the cell in quotes and the quotes inside doubled",
        ),
        (
            "receipt,institution,project,amount,currency,date",
            "f.csv:4: row repeats the names of the columns, as in files that were joined",
        ),
        (
            ",,,5,,",
            "f.csv:4: column \"amount\": \"5\" has no institution, project or date: is it a total?",
        ),
    ] {
        assert_eq!(row(text), expected, "{text}");
    }
    let latin = [head.as_bytes(), b"r2,I,P\xe9,5,CNY,2018-02-15\n"].concat();
    assert_eq!(
        bad(&latin),
        "f.csv:2: column \"project\": \"P\\u{fffd}\" is not UTF-8: save the file as UTF-8 (in a \
         spreadsheet, as \"CSV UTF-8\")"
    );
    let utf16: Vec<u8> = "\u{feff}receipt".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(bad(&utf16), "f.csv:1: this is UTF-16, expected CSV in UTF-8");
    assert_eq!(
        bad(b"receipt,institution,project,sum,date\n"),
        "f.csv:1: there is no column \"amount\" for the amount; the file has: \"receipt\", \
         \"institution\", \
         \"project\", \"sum\", \"date\"; name it with --map amount=COLUMN"
    );
    assert_eq!(
        bad(b"receipt,institution,project,amount,Amount,date\n"),
        "f.csv:1: two columns are called \"amount\"; rename one in the file"
    );
    assert_eq!(bad(b""), "f.csv: the file is empty, expected a line with the names of the columns");
}

#[test]
fn a_bad_row_is_found_on_its_line_however_lines_end() {
    let lines = [
        "receipt,institution,project,amount,date",
        "r1,I,\"P\",5,2018-02-15",
        "",
        "r2,I,\"a,b\",5,2018-02-15",
        "r3,I,P,x,2018-02-15",
        "r4,I,P,y,2018-02-15",
    ];
    for end in ["\n", "\r\n", "\r"] {
        let mut text = lines.join(end);
        for last in ["", end] {
            text.push_str(last);
            let rows =
                Rows::read(text.as_bytes(), "f", &CsvFormat::default(), "CNY".parse().unwrap());
            let rows = rows.unwrap();
            let bad: Vec<u64> = rows.bad.kept().iter().map(|bad| bad.line).collect();
            assert_eq!(bad, [5, 6], "{end:?}");
            assert_eq!((rows.read, rows.blank, rows.donations.len()), (5, 1, 2));
        }
    }
}

#[tokio::test]
async fn quotes_bom_crlf_and_mapped_columns_are_read() {
    let (_folder, ledger) = ledger().await;
    let text = "\u{feff}When;x,Sum (CNY) ,\"Who \"\"W\"\"\",For,Receipt\r\n\
        2018-02-15T22:18:00+08:00,1.5 ,\"Foundation, The \",\"He said \"\"go\"\"\",\"r,1\"\r\n\
        \r\n\
        2018-02-15,0,五福,P,r2";
    let map = ["date=When;x", "amount=Sum (CNY)", "institution=Who \"W\"", " project = For"];
    let columns = Columns::new(map.iter().map(|text| text.parse::<Mapping>().unwrap())).unwrap();
    let rows = Rows::read(text.as_bytes(), "f", &columns.into(), "CNY".parse().unwrap()).unwrap();
    assert!(rows.bad.is_empty());
    let owners = Owners::Listed([("r,1".as_bytes().into(), address(1).pk)].into());
    let options = ImportOptions { owners, skip_bad: false };
    let report = ledger.import(rows, options, |_| ()).await.unwrap();
    assert_eq!((report.rows, report.leaves, report.sum), (2, 1, 150));
    let names: Vec<_> = ledger
        .projects()
        .await
        .unwrap()
        .projects()
        .into_iter()
        .map(|p| (p.institution, p.name))
        .collect();
    let expected = [("Foundation, The", "He said \"go\""), ("五福", "P")];
    assert_eq!(names, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    ledger.close_epoch(NOW).await.unwrap();
    let receipt = ledger.donation_receipt(b"r,1").await.unwrap();
    assert_eq!((receipt.amount.minor(), receipt.time.seconds()), (150, 1_518_704_280));
}

#[tokio::test]
async fn a_bad_row_stops_the_import_unless_it_is_skipped() {
    let (_folder, ledger) = ledger().await;
    let text = "receipt,institution,project,amount,date\n\
        r1,I,P,1,2018-02-15\nr2,I,Q,x,2018-02-15\nr1,I,R,2,2018-02-15\nr3,J,S,4,2018-02-15\n";
    let rows =
        || Rows::read(text.as_bytes(), "f", &CsvFormat::default(), "CNY".parse().unwrap()).unwrap();
    let refused = ledger.import(rows(), ImportOptions::default(), |_| ()).await.unwrap_err();
    let ImportError::Rows { bad, rows: 4 } = &refused else { panic!("{refused}") };
    let lines: Vec<String> = bad.kept().iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "f:3: column \"amount\": \"x\" has \"x\" (U+0078), expected the digits 0 to 9",
            "f:4: column \"receipt\": \"r1\" is already on line 2",
        ]
    );
    assert_eq!(ledger.totals().await.unwrap().donations, 0);
    assert_eq!(ledger.projects().await.unwrap().institutions().len(), 0);

    let skip = || ImportOptions { skip_bad: true, ..ImportOptions::default() };
    let report = ledger.import(rows(), skip(), |_| ()).await.unwrap();
    assert_eq!((report.rows, report.pending(), report.sum), (2, 2, 500));
    let skipped: Vec<String> = report.skipped.kept().iter().map(ToString::to_string).collect();
    assert_eq!(skipped, lines);
    // Names in skipped rows get no ids.
    let directory = ledger.projects().await.unwrap();
    assert_eq!(directory.key("I", "P"), ProjectKey::new(1, 1).ok());
    assert_eq!(directory.key("J", "S"), ProjectKey::new(2, 2).ok());
    assert_eq!((directory.key("I", "Q"), directory.key("I", "R")), (None, None));
    let report = ledger.import(rows(), skip(), |_| ()).await.unwrap();
    assert_eq!((report.rows, report.known, report.skipped.count()), (0, 2, 2));
}

#[tokio::test]
async fn a_pending_donation_is_summed_and_becomes_one_leaf() {
    let (_folder, ledger) = ledger().await;
    let text = "receipt,institution,project,amount,date\n\
        r1,I,P,1,2018-02-15\nr2,I,P,2.50,2018-02-15\n";
    let rows =
        Rows::read(text.as_bytes(), "f", &CsvFormat::default(), "CNY".parse().unwrap()).unwrap();
    let owners = Owners::Listed(
        [("r2".as_bytes().into(), address(2).pk), ("r9".as_bytes().into(), address(9).pk)].into(),
    );
    let options = ImportOptions { owners, skip_bad: false };
    let report = ledger.import(rows, options, |_| ()).await.unwrap();
    assert_eq!((report.leaves, report.pending(), report.unused_owners, report.sum), (1, 1, 1, 350));
    let totals = ledger.totals().await.unwrap();
    assert_eq!(
        (totals.donations, totals.sum, totals.pending, totals.pending_sum),
        (2, 350, 1, 100)
    );
    ledger.close_epoch(NOW).await.unwrap();
    let pending = ledger.donation_receipt(b"r1").await.unwrap_err().to_string();
    assert_eq!(pending, "the donation of receipt \"r1\" has no owner yet");

    let placed = ledger.own(b"r1", &address(1)).await.unwrap();
    assert_eq!(placed.donations, 1..2);
    let twice = ledger.own(b"r1", &address(3)).await.unwrap_err().to_string();
    assert!(twice.contains("\"r1\" has an owner already: it is leaf 1 of "), "{twice}");
    let unknown = ledger.own(b"r7", &address(3)).await.unwrap_err().to_string();
    assert!(unknown.starts_with("no donation has receipt \"r7\""), "{unknown}");
    ledger.close_epoch(NOW + 600).await.unwrap();
    let receipt = ledger.donation_receipt(b"r1").await.unwrap();
    let record = receipt.record(address(1).pk);
    assert_eq!(record.amount.minor(), 100);
    assert!(receipt.path.path(record.leaf()).root(record.leaf()).is_some());
    let totals = ledger.totals().await.unwrap();
    assert_eq!((totals.donations, totals.sum, totals.pending), (2, 350, 0));
    assert!(ledger.audit().await.unwrap().findings.is_empty());
}

#[tokio::test]
async fn made_up_owners_are_refused_in_production() {
    let folder = TempDir::new().unwrap();
    let mut policy = crate::common::policy();
    policy.production = true;
    let ledger = Ledger::create(folder.path(), &policy, NOW).await.unwrap();
    let donations =
        generate(1, &LogShape { transfers: 400, total: 100_000, ..LogShape::FULL }).unwrap();
    let owners = Owners::Development { seed: "trial".into(), org: "wufu".into() };
    let options = ImportOptions { owners, skip_bad: false };
    let refused = ledger.import(donations.into(), options, |_| ()).await.unwrap_err();
    assert_eq!(refused.to_string(), "made-up owners are refused in production");
    assert_eq!(ledger.totals().await.unwrap().donations, 0);
}

/// A made-up ledger of this shape, imported in the same way as a file.
async fn made_up(shape: LogShape) {
    let (_folder, ledger) = ledger().await;
    let donations = generate(2018, &shape).unwrap();
    assert_eq!((donations.len(), donations.sum()), (shape.transfers as usize, shape.total.into()));
    let mut text = Vec::new();
    write_csv(&donations, "CNY".parse().unwrap(), &mut text).unwrap();
    let rows =
        Rows::read(text.as_slice(), "made-up", &CsvFormat::default(), "CNY".parse().unwrap());
    let rows = rows.unwrap();
    assert_eq!((rows.bad.count(), rows.donations.sum()), (0, donations.sum()));
    drop((donations, text));
    let owners = Owners::Development { seed: "trial".into(), org: "wufu".into() };
    let options = ImportOptions { owners, skip_bad: false };
    let report = ledger.import(rows, options, |_| ()).await.unwrap();
    assert_eq!((report.leaves, report.sum), (shape.transfers.into(), shape.total.into()));
    let closed = ledger.close_epoch(NOW).await.unwrap();
    assert_eq!(closed.signed[0].size(), u64::from(shape.transfers));
    let directory = ledger.projects().await.unwrap();
    assert_eq!(directory.institutions().len(), shape.institutions as usize);
    assert_eq!(directory.projects().len(), shape.projects as usize);
    let totals = ledger.totals().await.unwrap();
    assert_eq!((totals.donations, totals.sum), (shape.transfers.into(), shape.total.into()));
    assert!(ledger.audit().await.unwrap().findings.is_empty());

    // The distribution is skewed like a real one: the first project has many times more transfers
    // than the last.
    let by_project: BTreeMap<u64, u64> = ledger
        .project_totals()
        .await
        .unwrap()
        .into_iter()
        .map(|t| (t.key.to_u64(), t.donations))
        .collect();
    let (least, most) = (by_project.values().min().unwrap(), by_project.values().max().unwrap());
    assert!(*least >= 1 && most / least > 50, "{least} to {most}");

    // The directory as everybody gets it.
    let note = ledger.projects_note().await.unwrap();
    let origin = ledger.origin(Log::DONATIONS);
    let read = Directory::open(ledger.log_key(), &origin, &note).unwrap();
    assert_eq!(read, directory);
    assert!(Directory::open(ledger.log_key(), "wufu/other", &note).is_err());
    let forged = note.replace("Foundation 01", "Foundation 99");
    assert!(Directory::open(ledger.log_key(), &origin, &forged).is_err());
    assert!(note.len() < signed_note::MAX_BYTES);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_ledger_has_the_true_shape() {
    made_up(LogShape::TENTH).await;
    if std::env::var_os("WUFU_FULL").is_some() {
        made_up(LogShape::FULL).await;
    }
}

#[test]
fn the_generator_is_deterministic_and_exact() {
    let csv = |seed| {
        let shape = LogShape { transfers: 3000, total: 90_001, ..LogShape::FULL };
        let mut text = Vec::new();
        write_csv(&generate(seed, &shape).unwrap(), "CNY".parse().unwrap(), &mut text).unwrap();
        text
    };
    assert_eq!(csv(1), csv(1));
    assert_ne!(csv(1), csv(2));
    let full = generate(7, &LogShape::FULL).unwrap();
    assert_eq!((full.len(), full.sum()), (747_000, 34_900_000_000));
    for (transfers, total) in [(304, 304), (304, 305), (305, 1 << 40), (100_000, 100_003)] {
        let some = generate(7, &LogShape { transfers, total, ..LogShape::FULL }).unwrap();
        assert_eq!((some.len(), some.sum()), (transfers as usize, total.into()));
    }
    for (transfers, total) in [(303, 10_000), (1000, 999), (0, 0)] {
        let none = generate(7, &LogShape { transfers, total, ..LogShape::FULL });
        assert!(matches!(none, Err(GenerateError::LogShape { .. })), "{transfers} {total}");
    }
}

/// Rows of docs/failures.md: 49.
/// A whole file was once held in memory. Now it is read and entered in batches, still in one
/// transaction: a bad row, or a receipt from an earlier batch, undoes all of them.
#[tokio::test]
async fn a_file_of_several_batches_is_imported_atomically() {
    let (folder, ledger) = in_dollars().await;
    let rows = 70_000;
    let mut csv = String::from("receipt,institution,project,amount,date\n");
    for at in 0..rows {
        csv += &format!("r{at},I{},P{},1,2018-02-15\n", at % 7, at % 50);
    }
    let file = folder.path().join("f.csv");
    let import = async |text: &str, skip_bad| {
        std::fs::write(&file, text).unwrap();
        let options = ImportOptions { skip_bad, ..ImportOptions::default() };
        ledger.import_file(&file, &CsvFormat::default(), options, |_| ()).await
    };
    for (last, why) in [
        ("r70000,I1,P1,x,2018-02-15\n", "70002: column \"amount\""),
        ("r5,I1,P1,1,2018-02-15\n", "is already on line 7"),
        ("r69000,I1,P1,1,2018-02-15\n", "is already on line 69002"),
        ("r70000,I1,P1,1\n", "row has 4 cells, expected 5"),
        ("\"r70000,I1,P1,1,2018-02-15\n", "quote"),
    ] {
        let refused = import(&format!("{csv}{last}"), false).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{last}: {refused}");
        assert_eq!(ledger.totals().await.unwrap().donations, 0, "{last}");
        assert!(ledger.projects().await.unwrap().projects().is_empty(), "{last}");
    }
    let twice = format!("{csv}r5,I1,P1,1,2018-02-15\n");
    let report = import(&twice, true).await.unwrap();
    assert_eq!((report.read, report.rows, report.skipped.count()), (70_001, rows, 1));
    assert_eq!(ledger.totals().await.unwrap().donations, rows);
    ledger.close_epoch(NOW).await.unwrap();
    let report = import(&csv, false).await.unwrap();
    assert_eq!((report.read, report.rows, report.known), (rows, 0, rows));
    assert_eq!(ledger.audit().await.unwrap().findings, []);
}
