//! `data/cases`: files on which importers failed, this one among them. Money disappeared without an
//! error, two forms of one name became two names, and widespread file formats were refused with no
//! way to import them.
use std::{io::Write, path::PathBuf};

use proptest::prelude::*;
use wufu_ledger::{
    Ledger, Log, Owners,
    import::{
        Columns, CsvError, CsvFormat, ImportError, ImportOptions, ImportReport, Mapping, Rows,
        SpanningCells,
        amount::{DecimalMark, parse_amount},
        date::{Zone, parse_date},
    },
};
use wufu_verifier::{Time, encoding::text::check_name};

use crate::common::{address, ledger};

/// 30 November 2026, when the cases were written.
const NOW: u64 = 1_796_000_000;

pub fn format() -> CsvFormat {
    let fields = ["receipt", "institution", "project", "amount", "date"];
    let map = fields.map(|field| format!("{field}={field}").parse::<Mapping>().unwrap());
    let now = Some(Time::new(NOW).unwrap());
    CsvFormat { now, ..Columns::new(map).unwrap().into() }
}

pub fn path(case: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/cases")).join(case)
}

pub async fn import(
    ledger: &Ledger,
    case: &str,
    format: &CsvFormat,
    skip_bad: bool,
) -> Result<ImportReport, ImportError> {
    let options = ImportOptions { skip_bad, ..ImportOptions::default() };
    let report = ledger.import_file(&path(case), format, options, |_| ()).await?;
    let counted = report.rows + report.known + report.blank + report.skipped.count();
    assert_eq!(report.read, counted, "{case}: a row is lost");
    Ok(report)
}

/// The messages of the bad rows, without the file's name.
pub fn told(error: ImportError) -> Vec<String> {
    let ImportError::Rows { bad, .. } = error else { panic!("{error}") };
    let told = bad.kept().iter().map(|bad| {
        let told = bad.to_string();
        told.split_once(".csv:").unwrap().1.to_owned()
    });
    told.collect()
}

async fn count(ledger: &Ledger) -> u64 {
    ledger.totals().await.unwrap().donations
}

/// Rows of docs/failures.md: 49.
/// `"oops` in the last column swallowed two rows: "1 donation, 0 rows left out", exit 0. When a
/// quote further down closed it again, four rows became two. Where a row ends after such a quote is
/// a guess. So nothing is imported, whatever may be skipped.
#[tokio::test]
async fn a_quote_left_open_on_its_line_refuses_the_file() {
    let (_folder, ledger) = ledger().await;
    for case in ["open-quote-last-column.csv", "open-quote-closed-later.csv"] {
        for skip_bad in [false, true] {
            let error = import(&ledger, case, &format(), skip_bad).await.unwrap_err();
            assert!(
                matches!(
                    error,
                    ImportError::Csv { line: 2, error: CsvError::OpenQuote { cell: 6 }, .. }
                ),
                "{error}"
            );
            assert!(
                error.to_string().contains(".csv:2: a quote opens in cell 6 and is not closed")
            );
        }
        // The same holds if cells may span lines: the quote is never closed, or text follows the
        // one that closes it. The error is about the open quote, not about the other one.
        let format = CsvFormat { is_multiline: true, ..format() };
        let error = import(&ledger, case, &format, true).await.unwrap_err();
        assert!(matches!(error, ImportError::Csv { line: 2, .. }), "{error}");
        let told = error.to_string();
        assert!(told.contains(":2: a quote opens in cell 6 and is not closed "), "{told}");
        let names_the_next = told.contains("; the next one, on line 4, does not end a cell");
        assert_eq!(names_the_next, case == "open-quote-closed-later.csv", "{told}");
    }
    assert_eq!(count(&ledger).await, 0);

    let text = "receipt,institution,project,amount,date,note\n\
        r1,I,P,1,2020-01-01,\"two\nlines, \"\"one\"\" cell\"\nr2,I,P,2,2020-01-01,x\n";
    let currency = "CNY".parse().unwrap();
    let refused = Rows::read(text.as_bytes(), "f", &format(), currency).unwrap_err();
    assert!(refused.to_string().contains("--multiline-cells"), "{refused}");
    let multiline = CsvFormat { is_multiline: true, ..format() };
    let rows = Rows::read(text.as_bytes(), "f", &multiline, currency).unwrap();
    assert_eq!((rows.read, rows.donations.len(), rows.donations.sum()), (2, 2, 300));
    // The joined lines are reported.
    let report = ledger.import(rows, ImportOptions::default(), |_| ()).await.unwrap();
    assert_eq!(report.spanning, SpanningCells { count: 1, first: Some((2, 3)) });
}

/// Rows of docs/failures.md: 53.
/// An institution's name with a bidirectional override, and one with a zero-width space, were
/// imported and printed.
#[tokio::test]
async fn deceptive_names_are_refused_with_their_column() {
    let (_folder, ledger) = ledger().await;
    let error = import(&ledger, "names-that-deceive.csv", &format(), false).await.unwrap_err();
    let expected = [
        "2: column \"institution\": \"Red\\u{202e}Cross\" holds U+202E at character 4, which \
         changes the direction of text",
        "3: column \"institution\": \"A\\u{200b}\" holds U+200B at character 2, an invisible or \
         formatting character",
    ];
    assert_eq!(told(error), expected);
    let report = import(&ledger, "names-that-deceive.csv", &format(), true).await.unwrap();
    assert_eq!((report.rows, report.skipped.count()), (1, 2));
    assert_eq!(ledger.projects().await.unwrap().institutions(), ["A"]);

    // The same for receipts and projects, which are hashed and signed.
    for (row, column) in [
        ("r\u{ad}1,I,P,1,2020-01-01", "receipt"),
        ("r1,I,P\u{61c},1,2020-01-01", "project"),
        ("r1,\u{3164},P,1,2020-01-01", "institution"),
        ("r1,I,P\u{e0041},1,2020-01-01", "project"),
        ("r1,I,P\u{a0}Q,1,2020-01-01", "project"),
        ("r1,I,P  Q,1,2020-01-01", "project"),
    ] {
        let text = format!("receipt,institution,project,amount,date\n{row}\n");
        let rows = Rows::read(text.as_bytes(), "f", &format(), "CNY".parse().unwrap()).unwrap();
        assert_eq!(rows.bad.kept()[0].column.as_deref(), Some(column), "{row:?}");
        assert_eq!((rows.bad.count(), rows.donations.len()), (1, 0));
    }
}

/// Rows of docs/failures.md: 53.
/// "Café" in two normal forms became two institutions, and two receipts that looked the same.
#[tokio::test]
async fn two_normal_forms_of_a_name_are_one() {
    let (_folder, ledger) = ledger().await;
    let case = "unicode-normal-forms.csv";
    let error = import(&ledger, case, &format(), false).await.unwrap_err();
    assert_eq!(
        told(error),
        ["3: column \"receipt\": \"Café\" is already on line 2 (receipts were converted to \
             Unicode normal form NFC, so two that look the same are one)"]
    );
    let report = import(&ledger, case, &format(), true).await.unwrap();
    assert_eq!((report.rows, report.skipped.count(), report.normalized), (1, 1, 2));
    let text =
        "receipt,institution,project,amount,date\nCafe\u{301} 2,Cafe\u{301},P,1,2020-01-01\n";
    let rows = Rows::read(text.as_bytes(), "f", &format(), "CNY".parse().unwrap()).unwrap();
    let report = ledger.import(rows, ImportOptions::default(), |_| ()).await.unwrap();
    assert_eq!((report.rows, report.normalized), (1, 2));
    let directory = ledger.projects().await.unwrap();
    assert_eq!(
        (directory.institutions(), directory.projects().len()),
        (&["Café".to_owned()][..], 1)
    );
    // An owner is found by either form in the list.
    let owners = format!("receipt,address\nCafe\u{301},{}\n", address(1));
    let owners = Owners::read(owners.as_bytes(), ledger.org()).unwrap();
    assert!(owners.owner("Café".as_bytes()).is_some());
}

/// A blank row stopped the import, and so did a row of totals. No option skipped them.
#[tokio::test]
async fn blank_rows_are_counted_and_totals_can_be_left_out() {
    let (_folder, ledger) = ledger().await;
    let case = "blank-and-total-rows.csv";
    let error = import(&ledger, case, &format(), false).await.unwrap_err();
    let total = "4: column \"amount\": \"1\" has no institution, project or date: is it a total?";
    assert_eq!(told(error), [total]);
    let report = import(&ledger, case, &format(), true).await.unwrap();
    assert_eq!((report.read, report.rows, report.blank, report.skipped.count()), (3, 1, 1, 1));
    assert_eq!(report.sum, 100);
}

/// A first line `sep=;`, which spreadsheets write, was taken for the names of the columns.
#[tokio::test]
async fn a_file_that_says_its_delimiter_is_read() {
    let text = "sep=;\nreceipt;institution;project;amount;date\nr1;I;P;1.50;2020-01-01\n";
    let rows = Rows::read(text.as_bytes(), "f", &format(), "CNY".parse().unwrap()).unwrap();
    assert_eq!((rows.read, rows.donations.sum(), rows.bad.count()), (1, 150, 0));
}

/// For a file with semicolons the advice was to use `receipt=COLUMN`, and there was no way to
/// import it.
#[tokio::test]
async fn semicolons_and_decimal_commas_are_read_when_told() {
    let (_folder, ledger) = ledger().await;
    let case = "semicolons-decimal-comma.csv";
    let error = import(&ledger, case, &format(), false).await.unwrap_err().to_string();
    let hint = "; the first line has 4 semicolons and no comma: --delimiter ';'";
    assert!(error.ends_with(hint), "{error}");
    let semicolons = CsvFormat { delimiter: ";".parse().unwrap(), ..format() };
    let error = import(&ledger, case, &semicolons, false).await.unwrap_err();
    assert!(
        told(error)[0].contains(
            "\"1,50\" has a comma, expected a point before the decimals (--decimal-comma"
        )
    );
    let both = CsvFormat { decimal_mark: DecimalMark::Comma, ..semicolons };
    let report = import(&ledger, case, &both, false).await.unwrap();
    assert_eq!((report.rows, report.sum), (1, 150));
}

#[tokio::test]
async fn a_refund_is_refused() {
    let (_folder, ledger) = ledger().await;
    let error = import(&ledger, "refund.csv", &format(), false).await.unwrap_err();
    let refund = "2: column \"amount\": \"-1.00\" has a sign, expected digits: a donation cannot \
                  be negative";
    assert_eq!(told(error), [refund]);
}

/// Receipt numbers that restart each year: those of the second year were "imported already", as
/// 20,000 lines, and their money was missing.
#[tokio::test]
async fn receipts_with_the_same_number_are_told_apart() {
    let (_folder, old) = ledger().await;
    import(&old, "receipts-2019.csv", &format(), false).await.unwrap();
    let (second, year) = ("receipts-2020-same-numbers.csv", "year".parse().unwrap());
    let error = import(&old, second, &format(), false).await.unwrap_err();
    let held = "2: column \"receipt\": \"001\" is already in the ledger, for another donation: \
                1.00 CNY of 2019-01-01 00:00 UTC to \"I\", project \"P\", pending; the years \
                differ: if numbers restart each year, --receipt-key year tells them apart";
    assert_eq!(told(error), [held]);
    // The same rows again are not an error: each is counted, and nothing is entered twice.
    let again = import(&old, "receipts-2019.csv", &format(), false).await.unwrap();
    assert_eq!((again.read, again.known, again.rows, again.sum), (1, 1, 0, 0));

    let (_folder, ledger) = ledger().await;
    let keyed = CsvFormat { receipt_key: year, ..format() };
    for case in ["receipts-2019.csv", second] {
        assert_eq!(import(&ledger, case, &keyed, false).await.unwrap().rows, 1);
    }
    assert_eq!(ledger.totals().await.unwrap().sum, 600);
    for receipt in ["2019/001", "2020/001"] {
        ledger.own(receipt.as_bytes(), &address(1)).await.unwrap();
    }
}

/// `2018-02-15 22:18:00` was silently taken as UTC, and 2099 was accepted. For every other row, the
/// message names the column and the value.
#[tokio::test]
async fn each_date_and_amount_is_accepted_or_explained() {
    let (_folder, ledger) = ledger().await;
    let case = "dates-and-amounts.csv";
    let error = import(&ledger, case, &format(), false).await.unwrap_err();
    let told = told(error);
    let expected = [
        (
            "2: column \"date\": \"2018-02-15 22:18:00\" is a time of day without a time zone",
            "--timezone",
        ),
        ("3: column \"date\": \"15/02/2018\" is not of the form YYYY-MM-DD", ""),
        ("5: column \"amount\": \"1,234.56\" has a thousands separator", ""),
        ("6: column \"amount\": \"1.234,56\" has a thousands separator", ""),
        ("7: column \"amount\": \"$5\" has \"$\" (U+0024)", ""),
        ("8: column \"amount\": \"\u{ff11}\u{ff12}\" has \"\u{ff11}\" (U+FF11)", ""),
        ("9: column \"amount\": \"1e3\" has an exponent", ""),
        ("11: column \"amount\": \"1.005\" has 3 decimals, expected at most 2", ""),
        (
            "12: column \"date\": \"2099-01-01\" is in the future, expected at most 2026-11-",
            "--allow-future",
        ),
        ("13: column \"date\": \"1969-12-31\" is before 1970-01-01", ""),
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, (begin, hint)) in told.iter().zip(expected) {
        assert!(told.starts_with(begin) && told.contains(hint), "{told}");
    }
    // Zero is a valid amount, and a time with an offset is a valid time.
    let zoned =
        CsvFormat { zone: Some("Asia/Shanghai".parse::<Zone>().unwrap()), now: None, ..format() };
    let report = import(&ledger, case, &zoned, true).await.unwrap();
    assert_eq!((report.read, report.rows, report.skipped.count()), (12, 4, 8));
    ledger.own(b"z2", &address(1)).await.unwrap();
    ledger.own(b"z4", &address(1)).await.unwrap();
    ledger.accept_clock(NOW);
    ledger.close_epoch(NOW).await.unwrap();
    for receipt in [b"z2", b"z4"] {
        let receipt = ledger.donation_receipt(receipt).await.unwrap();
        assert_eq!(receipt.time.seconds(), 1_518_704_280);
    }
}

/// A known row that is pending in the ledger stays pending. An import that lists its owner says so.
#[tokio::test]
async fn a_known_row_whose_owner_is_listed_now_is_told() {
    let (_folder, ledger) = ledger().await;
    import(&ledger, "receipts-2019.csv", &format(), false).await.unwrap();
    let owners = Owners::Listed([("001".as_bytes().into(), address(1).pk)].into());
    let options = ImportOptions { owners, skip_bad: false };
    let path = path("receipts-2019.csv");
    let report = ledger.import_file(&path, &format(), options, |_| ()).await.unwrap();
    assert_eq!((report.known, report.known_pending, report.unused_owners), (1, 1, 0));
    assert_eq!(ledger.size(Log::DONATIONS).await.unwrap(), 0);
}

/// Rows of docs/failures.md: 49.
/// `import /dev/zero` grew to 7.7 GB in 20 seconds and ended with a backtrace. For a folder, the
/// error was "Is a directory". A pipe is read like a file.
#[tokio::test]
async fn a_file_without_rows_is_refused_and_a_pipe_is_read() {
    let (folder, ledger) = ledger().await;
    let import = async |path: &str| {
        let options = ImportOptions::default();
        ledger.import_file(path.as_ref(), &format(), options, |_| ()).await.map(|done| done.rows)
    };
    let error = import("/dev/zero").await.unwrap_err().to_string();
    assert!(error.starts_with("/dev/zero:1: the line contains a NUL byte"), "{error}");
    let error = import("/dev/null").await.unwrap_err().to_string();
    assert_eq!(
        error,
        "/dev/null: the file is empty, expected a line with the names of the columns"
    );
    let error = import(folder.path().to_str().unwrap()).await.unwrap_err().to_string();
    assert!(error.ends_with(":1: this is a folder, expected a CSV file"), "{error}");
    assert!(matches!(import("/nowhere/at.all").await, Err(ImportError::File { .. })));

    let (read, mut write) = std::io::pipe().unwrap();
    // Less than a pipe can hold, because nobody reads it yet.
    write.write_all(b"receipt,institution,project,amount,date\nr1,I,P,1,2020-01-01\n").unwrap();
    drop(write);
    let name = "standard input".to_string();
    let format = format();
    let options = ImportOptions::default();
    let report = ledger.import_reader(|| Ok(read), name, &format, options, |_| ());
    assert_eq!(report.await.unwrap().rows, 1);
}

/// If all rows are bad, or all are known, the report stays bounded.
#[tokio::test]
async fn bad_rows_are_counted_beyond_those_that_are_kept() {
    let (_folder, ledger) = ledger().await;
    let mut text = String::from("receipt,institution,project,amount,date\n");
    (0..3000).for_each(|n| text += &format!("r{n},I,P,x,2020-01-01\n"));
    let rows = Rows::read(text.as_bytes(), "f", &format(), "CNY".parse().unwrap()).unwrap();
    assert_eq!((rows.read, rows.bad.count(), rows.bad.kept().len()), (3000, 3000, 1000));
    let error = ledger.import(rows, ImportOptions::default(), |_| ()).await.unwrap_err();
    assert!(error.to_string().starts_with("3000 of 3000 rows are bad, and nothing was imported"));
}

/// A row as somebody might have written it.
fn row() -> impl Strategy<Value = [String; 6]> {
    let receipt = "[a-z]{1,3}";
    let name = prop_oneof![
        "[A-C]",
        "[A-C] [a-c;,\"]{1,3}x",
        Just("Café".into()),
        "[\u{202e}\u{ad}A]{0,2}"
    ];
    let amount = prop_oneof!["[0-9]{1,4}", "[0-9]{1,3}\\.[0-9]{2}", "[0-9,.$-]{0,4}"];
    let date =
        prop_oneof![Just("2020-01-01".into()), Just("2018-02-15T22:18:00Z".into()), "[0-9-]{0,10}"];
    let note = "[a-z ,;\"é]{0,8}";
    (receipt, name.clone(), name, amount, date, note)
        .prop_map(|(a, b, c, d, e, f)| [a, b, c, d, e, f])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Rows of docs/failures.md: 49.
    /// Every row from another CSV writer is accepted, blank or refused, with every delimiter, line
    /// ending and style of quoting.
    #[test]
    fn every_row_that_was_written_is_accounted_for(
        rows in prop::collection::vec(row(), 0..20),
        delimiter in prop::sample::select(vec![",", ";", "|", "tab"]),
        style in prop::sample::select(vec![csv::QuoteStyle::Always, csv::QuoteStyle::Necessary]),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        is_multiline: bool,
    ) {
        let byte = if delimiter == "tab" { b'\t' } else { delimiter.as_bytes()[0] };
        let terminator = match end {
            "\r\n" => csv::Terminator::CRLF,
            end => csv::Terminator::Any(end.as_bytes()[0]),
        };
        let mut writer = csv::WriterBuilder::new().delimiter(byte).quote_style(style)
            .terminator(terminator).from_writer(Vec::new());
        let header = ["receipt", "institution", "project", "amount", "date", "note"];
        writer.write_record(header).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let format = CsvFormat { delimiter: delimiter.parse().unwrap(), is_multiline, ..format() };
        let read = Rows::read(text.as_slice(), "f", &format, "CNY".parse().unwrap());
        let read = read.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(read.read, rows.len() as u64);
        prop_assert_eq!(read.donations.len() as u64 + read.blank + read.bad.count(), read.read);
        let is_good = |row: &&[String; 6]| {
            let names = [&row[1], &row[2]];
            let is_clean = |name: &&String| check_name(name.trim()).is_ok();
            let amount = parse_amount(&row[3], 2);
            let date = parse_date(&row[4], None);
            names.iter().all(is_clean) && amount.is_ok() && date.is_ok()
        };
        prop_assert_eq!(rows.iter().filter(is_good).count(), read.donations.len());
        let sum = rows.iter().filter(is_good);
        let sum = sum.map(|row| parse_amount(&row[3], 2).unwrap().minor());
        prop_assert_eq!(read.donations.sum(), u128::from(sum.sum::<u64>()));
    }

    /// Rows of docs/failures.md: 49.
    /// For arbitrary bytes, the file is refused, or each line after the first is a row that is
    /// imported, blank or bad.
    #[test]
    fn rows_accepted_and_refused_are_the_rows_of_the_file(
        body in "([rs][0-9]|[ABé\u{ad}\"]{0,2}|[0-9]{1,2}|2020-01-01|[,;\"\r\n ]|,|,|\n){0,60}",
        is_multiline: bool,
    ) {
        let text = format!("receipt,institution,project,amount,date\n{body}");
        let format = CsvFormat { is_multiline, ..format() };
        if let Ok(read) = Rows::read(text.as_bytes(), "f", &format, "CNY".parse().unwrap()) {
            prop_assert_eq!(read.donations.len() as u64 + read.blank + read.bad.count(), read.read);
            let lines = body.split_terminator('\n').count() as u64;
            let fits = if is_multiline { read.read <= lines } else { read.read == lines };
            prop_assert!(fits, "{} rows of {} lines", read.read, lines);
        }
    }
}
