//! Rows of an Excel workbook. A workbook is a zip of XML and may claim anything: every part is unpacked once into nothing,
//! counting, before anything is read from it.

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;

use calamine::{DataRef, ExcelDateTime, Reader, Xlsx};

use crate::file::BadFile;
use crate::limits::{
    COLUMNS_MAX, ROW_BYTES_MAX, WORKBOOK_BYTES_MAX, WORKBOOK_HELD_MAX, WORKBOOK_PARTS_MAX, WORKBOOK_RATIO_FROM,
    WORKBOOK_RATIO_MAX, WORKBOOK_UNPACKED_MAX,
};
use crate::row::{BadRow, Cells, Rows, header_names};

/// The sheets of a workbook, in order.
pub fn sheet_names(file: &[u8]) -> Result<Vec<String>, BadFile> {
    Ok(open(file)?.sheet_names())
}

/// Tells of the rows of a sheet, the first one if none is named.
pub fn read_workbook(file: &[u8], sheet: Option<&str>, header: bool, rows: &mut dyn Rows) -> Result<(), BadFile> {
    let mut book = open(file)?;
    let names = book.sheet_names();
    let name = match sheet {
        Some(wanted) if !names.iter().any(|name| name == wanted) => return Err(BadFile::NoSheet(wanted.to_owned())),
        Some(wanted) => wanted.to_owned(),
        None => names.first().cloned().ok_or(BadFile::Empty)?,
    };
    let mut cells = book.worksheet_cells_reader(&name).map_err(unreadable)?;
    let mut table = Table { columns: None, header, line: Vec::new(), cells: Cells::default(), number: 0 };
    let mut current = None;
    while let Some(cell) = cells.next_cell().map_err(unreadable)? {
        let (row, column) = cell.get_position();
        if current.is_some_and(|current| current != row) && table.tell(rows)?.is_break() {
            return Ok(());
        }
        current = Some(row);
        table.put(column, cell.get_value());
    }
    let flow = table.tell(rows)?;
    if table.columns.is_none() && flow.is_continue() { Err(BadFile::Empty) } else { Ok(()) }
}

fn open(file: &[u8]) -> Result<Xlsx<Cursor<&[u8]>>, BadFile> {
    check(file)?;
    Xlsx::new(Cursor::new(file)).map_err(unreadable)
}

fn unreadable(error: impl std::fmt::Display) -> BadFile {
    BadFile::Workbook(error.to_string().chars().take(200).collect())
}

/// Refuses what would unpack to more than a workbook may be.
fn check(file: &[u8]) -> Result<(), BadFile> {
    if file.len() > WORKBOOK_BYTES_MAX {
        return Err(BadFile::TooLarge(format!("at most {} MB are read; save it as CSV", WORKBOOK_BYTES_MAX >> 20)));
    }
    let mut parts = zip::ZipArchive::new(Cursor::new(file)).map_err(unreadable)?;
    if parts.len() > WORKBOOK_PARTS_MAX {
        return Err(BadFile::TooLarge(format!("it has {} parts", parts.len())));
    }
    let (mut whole, mut held) = (0u64, 0u64);
    for index in 0..parts.len() {
        let part = parts.by_index(index).map_err(unreadable)?;
        let packed = part.compressed_size();
        let name = part.name().map_err(unreadable)?.to_ascii_lowercase();
        // Sheets are read as a stream; everything else may be held in memory.
        let sheet = name.starts_with("xl/worksheets/") && !name.contains("strings") && !name.contains("styles");
        let most = (packed.saturating_mul(WORKBOOK_RATIO_MAX)).max(WORKBOOK_RATIO_FROM);
        let most = most.min(WORKBOOK_UNPACKED_MAX.saturating_sub(whole));
        let most = if sheet { most } else { most.min(WORKBOOK_HELD_MAX.saturating_sub(held)) };
        if part.size() > most {
            return Err(too_large());
        }
        // What a part says of its size may be a lie.
        let real = io::copy(&mut part.take(most + 1), &mut io::sink()).map_err(unreadable)?;
        if real > most {
            return Err(too_large());
        }
        whole += real;
        held += if sheet { 0 } else { real };
    }
    Ok(())
}

fn too_large() -> BadFile {
    BadFile::TooLarge("it unpacks to far more than its size; save the sheet as CSV".to_owned())
}

/// The row that is being gathered.
struct Table {
    columns: Option<usize>,
    header: bool,
    line: Vec<String>,
    cells: Cells,
    number: u64,
}

impl Table {
    fn put(&mut self, column: u32, value: &DataRef<'_>) {
        let text = text_of(value);
        if text.is_empty() {
            return;
        }
        // One more than there may be is kept, so that the row is refused and not cut.
        let column = usize::try_from(column).unwrap_or(usize::MAX).min(COLUMNS_MAX);
        if self.line.len() <= column {
            self.line.resize(column + 1, String::new());
        }
        if let Some(slot) = self.line.get_mut(column) {
            *slot = text;
        }
    }

    fn tell(&mut self, rows: &mut dyn Rows) -> Result<ControlFlow<()>, BadFile> {
        let line = std::mem::take(&mut self.line);
        if line.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(ControlFlow::Continue(()));
        }
        let bad = match (line.len() > COLUMNS_MAX, line.iter().map(String::len).sum::<usize>() > ROW_BYTES_MAX) {
            (true, _) => Some(BadRow::TooWide),
            (_, true) => Some(BadRow::TooLong),
            _ => None,
        };
        if self.columns.is_none() {
            if let Some(bad) = bad {
                return Err(BadFile::Header(bad));
            }
            self.columns = Some(line.len());
            let unnamed = || (1..=line.len()).map(|number| format!("column {number}")).collect();
            let names = if self.header { header_names(line.iter().map(String::as_str)) } else { unnamed() };
            let flow = rows.header(&names);
            if self.header || flow.is_break() {
                return Ok(flow);
            }
        }
        self.number += 1;
        if let Some(bad) = bad {
            return Ok(rows.row(self.number, Err(bad)));
        }
        self.cells.clear();
        line.iter().for_each(|cell| self.cells.push(cell));
        Ok(rows.row(self.number, Ok(&self.cells)))
    }
}

fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::DateTime(time) => time_text(time),
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// Whole numbers without a point: telephone and card numbers often stand in cells as numbers.
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 { format!("{number:.0}") } else { number.to_string() }
}

fn time_text(time: &ExcelDateTime) -> String {
    if !time.is_datetime() {
        return number_text(time.as_f64());
    }
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    match (hour, minute, second) {
        (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
    }
}
