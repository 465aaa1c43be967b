//! Tests cells, quotes and line endings, and what is refused.
use proptest::prelude::*;

use super::*;

/// A row's line and its cells, and any fault of the row.
type ReadRow = (u64, Vec<String>);

fn read(text: &[u8], is_multiline: bool) -> Result<Vec<ReadRow>, (u64, CsvError)> {
    let mut rows = CellRows::new(text, b',', is_multiline);
    let (mut row, mut read) = (CellRow::default(), Vec::new());
    while rows.next(&mut row).map_err(|error| (rows.line(), error))? {
        let cells = row.cells().map(|cell| String::from_utf8_lossy(cell).into_owned());
        let mut cells: Vec<_> = cells.collect();
        cells.extend(row.stray.map(|stray| format!("{stray:?}")));
        read.push((row.line, cells));
    }
    Ok(read)
}

fn cells(text: &str) -> Vec<Vec<String>> {
    read(text.as_bytes(), false).unwrap().into_iter().map(|(_, cells)| cells).collect()
}

#[test]
fn cells_quotes_and_line_ends() {
    let one = |text: &str| cells(text).concat();
    assert_eq!(one("a,b"), ["a", "b"]);
    assert_eq!(one(" a , b \n"), ["a", "b"]);
    assert_eq!(one("\"a,b\", \"c\" ,\"d \"\"e\"\"\"\n"), ["a,b", "c", "d \"e\""]);
    assert_eq!(one("\"\",\"\"\"\""), ["", "\""]);
    assert_eq!(one(",\n"), ["", ""]);
    assert_eq!(one("\u{feff}a,b\r\n"), ["a", "b"]);
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "", "c,\"d\"", "e,f"].join(end);
        for last in ["", end] {
            let read = read(format!("{text}{last}").as_bytes(), false).unwrap();
            let lines: Vec<u64> = read.iter().map(|(line, _)| *line).collect();
            assert_eq!(lines, [1, 2, 3, 4], "{end:?}");
            assert_eq!(read[2].1, ["c", "d"]);
        }
    }
    // The other kind of line ending ends nothing, and is reported.
    assert_eq!(cells("a\nb\rc\nd\n")[1], ["b\rc", "LineEnd"]);
    assert_eq!(cells("a\rb\nc\rd\r")[1], ["b\nc", "LineEnd"]);
}

/// Rows of docs/failures.md: 49.
/// As in rust-csv#289 and #252: a stray quote swallowed the rest of a file, and the exit code was
/// 0.
#[test]
fn a_stray_quote_is_told_on_its_line() {
    let error = |text: &str, is_multiline| {
        let (line, error) = read(text.as_bytes(), is_multiline).unwrap_err();
        format!("{line}: {error}").split([';', '(']).next().unwrap().trim().to_owned()
    };
    let open = |line, cell| {
        format!("{line}: a quote opens in cell {cell} and is not closed on the same line")
    };
    assert_eq!(error("a,b\nc,\"d\ne,f\n", false), open(2, 2));
    assert_eq!(error("a,b\nc,\"d\ne,\"f\"\n", false), open(2, 2));
    assert_eq!(error("a,b\nc,\"d", false), open(2, 2));
    assert_eq!(error("\"a,b\nc,d", false), open(1, 1));
    assert_eq!(error("a\n5\" pipe\nb\n", false), open(2, 1));
    assert_eq!(error("a\n\"b\"c\",d\n", false), open(2, 1));
    assert_eq!(error("a\n\"b\"\"\n", false), open(2, 1));
    assert_eq!(
        error("a,b\nc,\"d\ne,f\n", true),
        "2: a quote opens in cell 2 and is not closed before the file ends"
    );
    assert_eq!(
        error("a,b\nc,\"d\ne,\"f\"\n", true),
        "2: a quote opens in cell 2 and is not closed on the same line"
    );
    assert_eq!(
        error("a,b\nc,\"d\"e\n", true),
        "2: cell 2 has a quote that neither begins nor ends it"
    );
    assert_eq!(
        error("a\nb \"c\" d\n", true),
        "2: cell 1 has a quote that neither begins nor ends it"
    );
    // If a line contains a pair of stray quotes, its row is bad.
    assert_eq!(cells("a\nb \"c\" d,e\nf\n")[1], ["b \"c\" d", "e", "Quote(0)"]);
    assert_eq!(cells("a\ne,\"b\"c\nf\n")[1], ["e", "bc", "Quote(1)"]);
    // Two quotes with a space in between are not a doubled quote.
    assert_eq!(cells("a\n\"b\" \"c\",d\n")[1], ["b\"c\"", "d", "Quote(0)"]);
    let lines = read(b"a,b\n\"c\nd\r\n\",e\nf,g", true).unwrap();
    assert_eq!(lines[1], (2, vec!["c\nd".to_owned(), "e".to_owned()]));
    assert_eq!(lines[2].0, 5);
}

/// Rows of docs/failures.md: 49.
/// A stray quote opened a cell that spanned lines, which joined rows without an error.
#[test]
fn cells_that_span_lines_are_counted() {
    let spanning = |text: &str| {
        let mut rows = CellRows::new(text.as_bytes(), b',', true);
        let (mut row, mut all) = (CellRow::default(), SpanningCells::default());
        while rows.next(&mut row).unwrap() {
            all.append(row.spanning);
        }
        (all.count, all.first)
    };
    assert_eq!(spanning("a,b\n\"c\",d\n"), (0, None));
    assert_eq!(spanning("a,b\nc,\"d\ne\nf\"\ng,h\n"), (1, Some((2, 4))));
    assert_eq!(spanning("a,b\n\"c\nd\",\"e\nf\"\ng,\"h\n\"\n"), (3, Some((2, 3))));
}

/// Spreadsheets write `sep=;` before the names of the columns. That line was once taken for a
/// column, and the hints were misleading.
#[test]
fn a_first_line_names_the_delimiter() {
    for (text, taken, delimiter) in [
        ("sep=;\na;b\n", true, b';'),
        ("\u{feff}SEP=;\r\na;b\r\n", true, b';'),
        ("\"sep=|\"\na|b\n", true, b'|'),
        ("sep=\t\na\tb\n", true, b'\t'),
        ("sep=,\na,b\n", true, b','),
        ("sep=x\naxb\n", false, b','),
        ("sep=\na,b\n", false, b','),
        ("sep=;;\na,b\n", false, b','),
    ] {
        let mut rows = CellRows::new(text.as_bytes(), b',', false);
        let mut row = CellRow::default();
        assert!(rows.next(&mut row).unwrap());
        assert_eq!((rows.take_separator(), rows.delimiter()), (taken, delimiter), "{text:?}");
        assert!(rows.next(&mut row).unwrap());
        assert_eq!(row.len() == 2, text.contains("a,b") || taken, "{text:?}");
        assert!(!rows.take_separator(), "only the first line can");
    }
}

/// Rows of docs/failures.md: 49.
/// A file without an end, or one that is not text, is refused after a bounded number of bytes.
#[test]
fn bytes_without_end_are_refused_in_bounded_memory() {
    /// Returns the first bytes once, and then the second ones for ever.
    struct Endless(&'static [u8], &'static [u8], usize);
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            for byte in buffer.iter_mut() {
                let Self(first, then, at) = self;
                *byte = first
                    .get(*at)
                    .copied()
                    .unwrap_or_else(|| then[(*at - first.len()) % then.len()]);
                *at += 1;
            }
            Ok(buffer.len())
        }
    }
    let refused = |first: &'static [u8], then: &'static [u8], is_multiline| {
        let mut rows = CellRows::new(Endless(first, then, 0), b',', is_multiline);
        let mut row = CellRow::default();
        let error = loop {
            match rows.next(&mut row) {
                Ok(more) => assert!(more),
                Err(error) => break error,
            }
        };
        assert!(rows.from.get_ref().2 < 3 * MAX_ROW, "{error}");
        assert!(rows.buffer.capacity() <= 4 * MAX_ROW && row.text.capacity() <= 4 * MAX_ROW);
        error
    };
    assert!(matches!(refused(b"", &[0], false), CsvError::Nul));
    assert!(matches!(refused(b"a,b\n", &[0], false), CsvError::Nul));
    for is_multiline in [false, true] {
        for first in [&b""[..], b"a,b\n", b"a,b\r", b"\""] {
            assert!(matches!(refused(first, b"a", is_multiline), CsvError::Long));
            assert!(matches!(refused(first, b"a,", is_multiline), CsvError::Long));
        }
    }
    assert!(matches!(refused(b"\"", b"a\n", true), CsvError::Long));
    assert!(matches!(refused(b"\"", b"a\n", false), CsvError::OpenQuote { cell: 1 }));
    for (bytes, found) in [
        (&b"\xff\xfea\0"[..], "UTF-16"),
        (b"PK\x03\x04\0", "a ZIP archive or an Excel workbook"),
        (b"\x1f\x8b\x08\0", "compressed (gzip)"),
    ] {
        let error = refused(bytes, b"a", false);
        assert!(matches!(error, CsvError::Other { found: got } if got == found), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Rows of docs/failures.md: 49.
    /// Rows written by another CSV writer are read back unchanged, in both modes and with every
    /// kind of line ending.
    #[test]
    fn what_is_written_is_read(
        rows in prop::collection::vec(prop::collection::vec("[a-c\",; é]{0,6}", 1..4), 1..6),
        is_multiline: bool,
        end in 0usize..3,
    ) {
        let any = csv::Terminator::Any;
        let end = [csv::Terminator::CRLF, any(b'\n'), any(b'\r')][end];
        let mut writer = csv::WriterBuilder::new().flexible(true).terminator(end)
            .quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let read = read(&text, is_multiline);
        let trim = |cell: &String| cell.trim_ascii().to_owned();
        let trimmed = rows.iter().map(|row| row.iter().map(trim).collect());
        let expected: Vec<Vec<String>> = trimmed.collect();
        let read: Vec<Vec<String>> = read.unwrap().into_iter().map(|(_, cells)| cells).collect();
        prop_assert_eq!(read, expected);
    }

    /// Rows of docs/failures.md: 49.
    /// If cells cannot span lines, a row is a line: no row is lost, whatever the bytes are.
    #[test]
    fn a_row_is_a_line(text in "[ab,\"; \r\n]{0,40}") {
        let rows = match read(text.as_bytes(), false) {
            Ok(rows) => rows,
            Err((_, CsvError::OpenQuote { .. })) => return Ok(()),
            Err((line, error)) => return Err(TestCaseError::fail(format!("{line}: {error}"))),
        };
        let first = text.find(['\r', '\n']);
        let is_alone = |rest: &str| rest.starts_with('\r') && !rest.starts_with("\r\n");
        let is_cr = first.is_some_and(|at| is_alone(&text[at..]));
        let end = if is_cr { '\r' } else { '\n' };
        prop_assert_eq!(rows.len(), text.split_terminator(end).count());
    }
}
