//! Rows of separated text. One row with broken quoting must not swallow the rows behind it: such a row is told of and
//! reading goes on at the line after the one where it began.

use std::ops::ControlFlow;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::file::BadFile;
use crate::limits::{BROKEN_ROWS_MAX, COLUMNS_MAX, ROW_BYTES_MAX};
use crate::row::{BadRow, Cells, Rows, header_names};

/// Reads rows out of text that grows.
pub(crate) struct CsvRows {
    reader: Reader,
    separator: u8,
    /// Whether the first row names the columns.
    named: bool,
    columns: Option<usize>,
    output: Vec<u8>,
    ends: Vec<usize>,
    cells: Cells,
    number: u64,
    broken: u64,
    /// Inside of a line that is longer than a row may be.
    skipping: bool,
}

/// What stands at the beginning of the text.
enum Found {
    /// A row of so many bytes, whose cells are in `cells`.
    Row(usize),
    Bad(BadRow),
    /// No more than a part of a row.
    Part,
}

impl CsvRows {
    pub(crate) fn new(separator: u8, named: bool) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(separator).build(),
            separator,
            named,
            columns: None,
            output: vec![0; ROW_BYTES_MAX],
            ends: vec![0; COLUMNS_MAX],
            cells: Cells::default(),
            number: 0,
            broken: 0,
            skipping: false,
        }
    }

    /// Tells of the whole rows in `text` and returns how many bytes they are. With `last`, nothing comes after.
    pub(crate) fn read(
        &mut self,
        text: &str,
        last: bool,
        dirty: bool,
        rows: &mut dyn Rows,
    ) -> Result<(usize, ControlFlow<()>), BadFile> {
        let bytes = text.as_bytes();
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or(&[]);
            if self.skipping {
                let Some(line) = line_end(rest) else { return Ok((bytes.len(), ControlFlow::Continue(()))) };
                self.skipping = false;
                at += line;
                continue;
            }
            let blank = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            at += blank;
            let rest = rest.get(blank..).unwrap_or(&[]);
            if rest.is_empty() {
                return Ok((at, ControlFlow::Continue(())));
            }
            let flow = match self.find(rest, last) {
                Found::Part if rest.len() <= 2 * ROW_BYTES_MAX => {
                    self.reader.reset();
                    return Ok((at, ControlFlow::Continue(())));
                }
                Found::Part => self.resume(rest, BadRow::TooLong, &mut at, rows)?,
                Found::Bad(bad) => self.resume(rest, bad, &mut at, rows)?,
                Found::Row(used) => {
                    at += used;
                    self.tell(dirty, rows)?
                }
            };
            if flow.is_break() {
                return Ok((at, flow));
            }
        }
    }

    fn find(&mut self, rest: &[u8], last: bool) -> Found {
        let (mut used, mut written, mut cells) = (0, 0, 0);
        loop {
            let input = rest.get(used..).unwrap_or(&[]);
            let (output, ends) = (self.output.get_mut(written..), self.ends.get_mut(cells..));
            let (Some(output), Some(ends)) = (output, ends) else { return Found::Bad(BadRow::TooLong) };
            let (result, read, wrote, ended) = self.reader.read_record(input, output, ends);
            used += read;
            written += wrote;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty if !last => return Found::Part,
                // What the file ends with is a row too: an empty input says so.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => return Found::Bad(BadRow::TooLong),
                ReadRecordResult::OutputEndsFull => return Found::Bad(BadRow::TooWide),
                ReadRecordResult::End => return Found::Part,
                ReadRecordResult::Record => break,
            }
        }
        let (Some(text), Some(ends)) = (self.output.get(..written), self.ends.get(..cells)) else {
            return Found::Bad(BadRow::TooLong);
        };
        let Ok(text) = std::str::from_utf8(text) else { return Found::Bad(BadRow::Encoding) };
        self.cells.set(text, ends);
        let raw = rest.get(..used).unwrap_or(rest);
        if self.is_swallowed(raw.trim_ascii_end()) { Found::Bad(BadRow::Quoting) } else { Found::Row(used) }
    }

    /// Whether a row over several lines is more likely a quotation mark too many: then its number of cells is wrong, or
    /// a quotation mark ends where no cell does.
    fn is_swallowed(&self, raw: &[u8]) -> bool {
        let lines = raw.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
        let miscounted = || self.columns.is_some_and(|columns| columns != self.cells.len());
        lines && (miscounted() || !well_quoted(raw, self.separator))
    }

    /// After a row that cannot be read: tells of it and goes on behind its first line.
    fn resume(
        &mut self,
        rest: &[u8],
        bad: BadRow,
        at: &mut usize,
        rows: &mut dyn Rows,
    ) -> Result<ControlFlow<()>, BadFile> {
        self.reader.reset();
        let line = line_end(rest);
        let bad = match (bad, line) {
            (BadRow::TooLong, Some(line)) if line <= ROW_BYTES_MAX => BadRow::Quoting,
            (BadRow::TooWide, Some(line)) if !self.is_wide(rest.get(..line).unwrap_or(rest)) => BadRow::Quoting,
            (bad, _) => bad,
        };
        if self.columns.is_none() {
            return Err(BadFile::Header(bad));
        }
        if bad == BadRow::Quoting {
            self.broken += 1;
            if self.broken > BROKEN_ROWS_MAX {
                return Err(BadFile::Quoting);
            }
        }
        *at += line.unwrap_or(rest.len());
        self.skipping = line.is_none();
        self.number += 1;
        Ok(rows.row(self.number, Err(bad)))
    }

    fn is_wide(&self, line: &[u8]) -> bool {
        line.iter().filter(|byte| **byte == self.separator).count() >= COLUMNS_MAX
    }

    fn tell(&mut self, dirty: bool, rows: &mut dyn Rows) -> Result<ControlFlow<()>, BadFile> {
        if self.columns.is_none() {
            let unnamed = || (1..=self.cells.len()).map(|number| format!("column {number}")).collect();
            let names = if self.named { header_names(self.cells.iter()) } else { unnamed() };
            self.columns = Some(self.cells.len());
            let flow = rows.header(&names);
            if self.named || flow.is_break() {
                return Ok(flow);
            }
        }
        if self.cells.iter().all(str::is_empty) {
            return Ok(ControlFlow::Continue(()));
        }
        self.number += 1;
        if dirty && self.cells.iter().any(|cell| cell.contains('\u{fffd}')) {
            return Ok(rows.row(self.number, Err(BadRow::Encoding)));
        }
        Ok(rows.row(self.number, Ok(&self.cells)))
    }
}

/// Bytes up to the end of the line, its mark included.
fn line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).map(|at| at + 1)
}

/// Whether every cell that begins with a quotation mark ends with one.
fn well_quoted(raw: &[u8], separator: u8) -> bool {
    let mut rest = raw.iter().copied().peekable();
    while let Some(first) = rest.next() {
        if first != b'"' {
            // A cell without quotation marks around it: up to the next one.
            if first != separator && rest.by_ref().all(|byte| byte != separator) {
                return true;
            }
            continue;
        }
        loop {
            match rest.next() {
                None => return false,
                Some(b'"') if rest.peek() == Some(&b'"') => drop(rest.next()),
                Some(b'"') => break,
                Some(_) => {}
            }
        }
        if rest.next().is_some_and(|after| after != separator) {
            return false;
        }
    }
    true
}
