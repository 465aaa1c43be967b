//! Rows and cells of CSV, strictly: a row is a line, a quoted cell ends where it began, and nothing is guessed.
//!
//! A reader that accepts stray quotes loses rows without a word: an open quote swallows the rest of the file
//! (docs/failures.md, row 49). So a quote that is not closed on its line refuses the whole file, whatever else is skipped.

use std::io::{self, BufRead, BufReader, Read};

/// Longest row, in bytes. It bounds the memory of a file without line ends, such as `/dev/zero`.
pub(crate) const MAX_ROW: usize = 1 << 20;

/// Most rows of one file, which bounds the memory of a file without end: five times what the largest known campaign
/// had.
pub(crate) const MAX_ROWS: u64 = 4_000_000;

/// Why a file is not CSV.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
    /// Reading failed.
    #[error("{0}")]
    Read(io::Error),
    /// It is a folder.
    #[error("this is a folder, expected a CSV file")]
    Folder,
    /// It begins like another sort of file.
    #[error("this is {found}, expected CSV in UTF-8")]
    Other {
        /// What it begins like.
        found: &'static str,
    },
    /// A byte 0.
    #[error(
        "the line holds a NUL byte, which no text does; if the file is UTF-16, save it as UTF-8"
    )]
    Nul,
    /// A row that does not end.
    #[error("the row is longer than {MAX_ROW} bytes, expected CSV with line ends")]
    Long,
    /// Rows without end.
    #[error(
        "there are more than {MAX_ROWS} rows, expected at most that many; import a part at a time"
    )]
    CellRows,
    /// A quote is not closed on its line.
    #[error(
        "a quote opens in cell {cell} and is not closed on the same line; close it, or double it if it belongs to the text \
         (--multiline-cells accepts quoted cells that span lines)"
    )]
    OpenQuote {
        /// Which cell of the row, from 1.
        cell: usize,
    },
    /// A quote is not closed at all.
    #[error("a quote opens in cell {cell} and is not closed before the file ends")]
    Unclosed {
        /// Which cell of the row, from 1.
        cell: usize,
    },
    /// A quote inside a cell that does not begin with one, or text after a closing quote, where the row's end would be
    /// a guess.
    #[error(
        "cell {cell} has a quote that neither begins nor ends it; put the cell in quotes and double those inside"
    )]
    StrayQuote {
        /// Which cell of the row, from 1.
        cell: usize,
    },
    /// The next quote is on another line, and does not end the cell: most likely the first one belongs to the text.
    #[error(
        "a quote opens in cell {cell} and is not closed on the same line; the next one, on line {next}, does not end a \
         cell: close the first where its text ends, or double it and put the cell in quotes"
    )]
    OpenUntil {
        /// Which cell of the row, from 1.
        cell: usize,
        /// The line of the next quote.
        next: u64,
    },
}

/// What is wrong with a row that ends where its line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowFault {
    /// A quote inside a cell that does not begin with one, or text after a closing quote. The cell's place, from 0.
    Quote(usize),
    /// A line end of the other sort: CR in a file of LF, or the reverse.
    LineEnd,
}

/// Quoted cells that span lines. Where one does not mean to, it has swallowed rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpanningCells {
    /// How many there are.
    pub count: u64,
    /// The first and the last line of the first of them.
    pub first: Option<(u64, u64)>,
}

impl SpanningCells {
    /// Adds those that came later.
    pub(crate) fn append(&mut self, later: Self) {
        self.count += later.count;
        self.first = self.first.or(later.first);
    }
}

/// One row. It is filled again and again.
#[derive(Debug, Default)]
pub(crate) struct CellRow {
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    /// What is wrong with it.
    pub(crate) stray: Option<RowFault>,
    /// Its cells that span lines.
    pub(crate) spanning: SpanningCells,
    text: Vec<u8>,
    // Where each cell ends in the text.
    ends: Vec<usize>,
}

impl CellRow {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell without the white space around it. Empty where there is none.
    pub(crate) fn cell(&self, at: usize) -> &[u8] {
        let Some(end) = self.ends.get(at) else { return &[] };
        let begin = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        self.text.get(begin.unwrap_or(0)..*end).unwrap_or_default().trim_ascii()
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|at| self.cell(at))
    }

    /// Whether all cells are empty.
    pub(crate) fn is_blank(&self) -> bool {
        self.stray.is_none() && self.cells().all(<[u8]>::is_empty)
    }

    fn clear(&mut self, line: u64) {
        (self.line, self.stray) = (line, None);
        self.spanning = SpanningCells::default();
        self.text.clear();
        self.ends.clear();
    }
}

/// Where a reader is inside a cell.
#[derive(Clone, Copy)]
enum State {
    /// At its beginning: nothing but white space yet.
    Begin,
    Plain,
    Quoted,
    /// After a quote that closes the cell, unless another one follows.
    Closing,
    /// After white space behind a closing quote.
    Closed,
    /// After text behind a closing quote.
    Behind,
}

/// Reads rows.
pub(crate) struct CellRows<R> {
    from: BufReader<R>,
    delimiter: u8,
    is_multiline: bool,
    // The last byte of a line, once the first line was seen.
    end: Option<u8>,
    // Lines that were read; after an error, the line that it is about.
    line: u64,
    rows: u64,
    // Lines of the row, with their ends.
    buffer: Vec<u8>,
}

impl<R: Read> CellRows<R> {
    pub(crate) fn new(from: R, delimiter: u8, is_multiline: bool) -> Self {
        let from = BufReader::with_capacity(1 << 16, from);
        Self { from, delimiter, is_multiline, end: None, line: 0, rows: 0, buffer: Vec::new() }
    }

    /// The line that was read last, or that an error is about, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line.max(1)
    }

    /// What stands between cells.
    pub(crate) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Whether the row that was read last is the line `sep=;` with which spreadsheets say what stands between cells.
    /// From here on it does.
    pub(crate) fn take_separator(&mut self) -> bool {
        let line = self.buffer.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.buffer);
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line =
            line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
        let Some((name, &[delimiter])) = line.split_at_checked(4) else { return false };
        let is_it = self.line == 1
            && name.eq_ignore_ascii_case(b"sep=")
            && matches!(delimiter, b',' | b';' | b'|' | b':' | b'\t');
        if is_it {
            self.delimiter = delimiter;
        }
        is_it
    }

    /// Reads the next row. False when there is none.
    pub(crate) fn next(&mut self, row: &mut CellRow) -> Result<bool, CsvError> {
        self.buffer.clear();
        let Some(content) = self.read_line()? else { return Ok(false) };
        self.rows += 1;
        if self.rows > MAX_ROWS {
            return Err(CsvError::CellRows);
        }
        row.clear(self.line);
        let mut at = if self.line == 1 && self.buffer.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let (mut end, mut quotes, mut state) = (content, 0usize, State::Begin);
        // The line and the cell, from 1, in which the last quote opened.
        let mut opened = (self.line, 1);
        let mut spanning = None;
        row.stray = self.other_line_end(at, end);
        loop {
            let Some(&byte) = self.buffer.get(at).filter(|_| at < end) else {
                if !matches!(state, State::Quoted) {
                    break;
                }
                if !self.is_multiline {
                    return Err(CsvError::OpenQuote { cell: opened.1 });
                }
                // The line's end belongs to the cell.
                row.text.extend_from_slice(self.buffer.get(end..).unwrap_or_default());
                at = self.buffer.len();
                let Some(next) = self.read_line()? else {
                    self.line = opened.0;
                    return Err(CsvError::Unclosed { cell: opened.1 });
                };
                end = next;
                row.spanning.count += u64::from(spanning.replace(opened) != Some(opened));
                if row.spanning.count == 1 {
                    row.spanning.first = Some((opened.0, self.line));
                }
                row.stray = row.stray.or(self.other_line_end(at, end));
                continue;
            };
            at += 1;
            quotes += usize::from(byte == b'"');
            let cell = row.ends.len();
            state = match (state, byte) {
                (State::Quoted, b'"') => State::Closing,
                (State::Quoted, _) => {
                    row.text.push(byte);
                    State::Quoted
                }
                (State::Closing, b'"') => {
                    row.text.push(b'"');
                    State::Quoted
                }
                (_, byte) if byte == self.delimiter => {
                    row.ends.push(row.text.len());
                    State::Begin
                }
                (State::Begin, b'"') => {
                    // White space before it is no part of the cell.
                    row.text.truncate(row.ends.last().copied().unwrap_or(0));
                    opened = (self.line, cell + 1);
                    State::Quoted
                }
                (State::Begin, b' ' | b'\t') => {
                    row.text.push(byte);
                    State::Begin
                }
                (State::Closing | State::Closed, b' ' | b'\t') => State::Closed,
                (State::Closing | State::Closed, _) | (State::Plain | State::Behind, b'"') => {
                    if self.is_multiline {
                        // Where this row ends would be a guess.
                        if matches!(state, State::Plain) || opened.0 == self.line {
                            return Err(CsvError::StrayQuote { cell: cell + 1 });
                        }
                        let next = std::mem::replace(&mut self.line, opened.0);
                        return Err(CsvError::OpenUntil { cell: opened.1, next });
                    }
                    row.stray = Some(RowFault::Quote(cell));
                    row.text.push(byte);
                    if matches!(state, State::Plain) { State::Plain } else { State::Behind }
                }
                (State::Behind, _) => {
                    row.text.push(byte);
                    State::Behind
                }
                (State::Begin | State::Plain, _) => {
                    row.text.push(byte);
                    State::Plain
                }
            };
        }
        row.ends.push(row.text.len());
        match row.stray {
            // With a quote left over nobody knows which of them opens, and whether the row ends here.
            Some(RowFault::Quote(cell)) if !quotes.is_multiple_of(2) => {
                Err(CsvError::OpenQuote { cell: cell + 1 })
            }
            _ => Ok(true),
        }
    }

    /// Whether a line holds the sort of line end that does not end the lines of this file.
    fn other_line_end(&self, from: usize, to: usize) -> Option<RowFault> {
        let other = if self.end == Some(b'\r') { b'\n' } else { b'\r' };
        let line = self.buffer.get(from..to).unwrap_or_default();
        line.contains(&other).then_some(RowFault::LineEnd)
    }

    /// Reads one more line into the buffer. Gives where its content ends, or nothing at the end of the file.
    fn read_line(&mut self) -> Result<Option<usize>, CsvError> {
        let begin = self.buffer.len();
        self.line += 1;
        let read = match self.end {
            Some(_) if begin > MAX_ROW => return Err(CsvError::Long),
            Some(end) => {
                let room = (MAX_ROW + 2).saturating_sub(begin) as u64;
                self.from.by_ref().take(room).read_until(end, &mut self.buffer).map(drop)
            }
            None => self.read_first_line(),
        };
        read.map_err(|error| match error.kind() {
            io::ErrorKind::IsADirectory => CsvError::Folder,
            _ => CsvError::Read(error),
        })?;
        let line = self.buffer.get(begin..).unwrap_or_default();
        if line.is_empty() {
            self.line -= 1;
            return Ok(None);
        }
        if let Some(found) = (self.line == 1).then(|| sort(line)).flatten() {
            return Err(CsvError::Other { found });
        }
        if line.contains(&0) {
            return Err(CsvError::Nul);
        }
        let content = match self.end {
            Some(b'\r') => line.strip_suffix(b"\r").unwrap_or(line),
            _ => {
                let line = line.strip_suffix(b"\n").unwrap_or(line);
                line.strip_suffix(b"\r").unwrap_or(line)
            }
        };
        let end = begin + content.len();
        if end > MAX_ROW { Err(CsvError::Long) } else { Ok(Some(end)) }
    }

    /// Reads the first line and learns from it how lines end: by LF, by CR and LF, or by CR.
    fn read_first_line(&mut self) -> io::Result<()> {
        loop {
            let chunk = match self.from.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if chunk.is_empty() {
                return Ok(());
            }
            let found = chunk.iter().position(|byte| matches!(byte, b'\n' | b'\r' | 0));
            let taken = found.map_or(chunk.len(), |at| at + 1);
            let last = found.and_then(|at| chunk.get(at)).copied();
            self.buffer.extend_from_slice(chunk.get(..taken).unwrap_or_default());
            self.from.consume(taken);
            match last {
                Some(b'\r') => {
                    let next = loop {
                        match self.from.fill_buf() {
                            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                            other => break other?.first().copied(),
                        }
                    };
                    if next == Some(b'\n') {
                        self.buffer.push(b'\n');
                        self.from.consume(1);
                    }
                    self.end = Some(if next == Some(b'\n') { b'\n' } else { b'\r' });
                    return Ok(());
                }
                Some(_) => {
                    self.end = Some(b'\n');
                    return Ok(());
                }
                None if self.buffer.len() > MAX_ROW => return Ok(()),
                None => {}
            }
        }
    }
}

/// What a file is that is not text.
fn sort(begin: &[u8]) -> Option<&'static str> {
    let sorts: [(&[u8], &str); 5] = [
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
        (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
        (b"\x1f\x8b", "compressed (gzip)"),
    ];
    sorts.into_iter().find(|(magic, _)| begin.starts_with(magic)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests;
