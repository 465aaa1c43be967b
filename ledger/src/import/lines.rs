//! Which line of a file a row begins on.

use std::{cell::RefCell, collections::VecDeque, io, rc::Rc};

/// Where lines that are not empty begin: byte from 0, line from 1. (A CSV reader passes over empty lines without saying so.)
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(Rc<RefCell<VecDeque<(u64, u64)>>>);

impl Lines {
    /// The line of the row that a reader began at `byte`, or at line ends before the row. Asked in ascending order.
    pub(crate) fn at(&self, byte: u64) -> u64 {
        let mut starts = self.0.borrow_mut();
        // The last line stays, for files whose lines end otherwise.
        while starts.len() > 1 && starts.front().is_some_and(|(start, _)| *start < byte) {
            starts.pop_front();
        }
        starts.front().map_or(1, |(_, line)| *line)
    }

    /// Reads through, and takes note.
    pub(crate) fn read<R: io::Read>(&self, from: R) -> Counted<R> {
        Counted { from, lines: self.clone(), byte: 0, line: 1, empty: true }
    }
}

/// A reader that takes note of lines.
pub(crate) struct Counted<R> {
    from: R,
    lines: Lines,
    byte: u64,
    line: u64,
    // Whether the line has nothing yet.
    empty: bool,
}

impl<R: io::Read> io::Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        let mut starts = self.lines.0.borrow_mut();
        for byte in &buffer[..read] {
            if self.empty && !matches!(byte, b'\r' | b'\n') {
                starts.push_back((self.byte, self.line));
                self.empty = false;
            }
            if *byte == b'\n' {
                self.line += 1;
                self.empty = true;
            }
            self.byte += 1;
        }
        Ok(read)
    }
}
