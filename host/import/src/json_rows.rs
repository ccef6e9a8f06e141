//! Rows of JSON lines: an object a line. Objects inside are taken apart with dots, lists become text with commas.

use std::ops::ControlFlow;

use serde_json::{Map, Value};

use crate::file::BadFile;
use crate::limits::{COLUMNS_MAX, JSON_DEPTH_MAX, JSON_LEARN_LINES, ROW_BYTES_MAX};
use crate::row::{BadRow, Cells, Rows, header_names};

/// Reads rows out of text that grows.
pub(crate) struct JsonRows {
    columns: Option<Vec<String>>,
    told: bool,
    cells: Cells,
    number: u64,
    skipping: bool,
}

impl JsonRows {
    /// Without `columns`, they are those of the first lines.
    pub(crate) fn new(columns: Option<Vec<String>>) -> Self {
        Self { columns, told: false, cells: Cells::default(), number: 0, skipping: false }
    }

    /// As [`crate::csv_rows::CsvRows::read`].
    pub(crate) fn read(
        &mut self,
        text: &str,
        last: bool,
        dirty: bool,
        rows: &mut dyn Rows,
    ) -> Result<(usize, ControlFlow<()>), BadFile> {
        if !self.told {
            let columns = self.columns.take().unwrap_or_else(|| learn(text));
            if columns.is_empty() {
                return Err(BadFile::Header(BadRow::Json));
            }
            self.told = true;
            let flow = rows.header(&columns);
            self.columns = Some(columns);
            if flow.is_break() {
                return Ok((0, flow));
            }
        }
        let mut at = 0;
        loop {
            let rest = text.get(at..).unwrap_or("");
            let (line, used) = match rest.find('\n') {
                Some(end) => (rest.get(..end).unwrap_or(""), end + 1),
                None if last || rest.len() > ROW_BYTES_MAX => (rest, rest.len()),
                None => return Ok((at, ControlFlow::Continue(()))),
            };
            if used == 0 {
                return Ok((at, ControlFlow::Continue(())));
            }
            at += used;
            let whole = last || used > line.len();
            let was_skipping = std::mem::replace(&mut self.skipping, !whole);
            let line = line.trim();
            if was_skipping || line.is_empty() {
                continue;
            }
            let flow = self.tell(line, dirty, rows);
            if flow.is_break() {
                return Ok((at, flow));
            }
        }
    }

    fn tell(&mut self, line: &str, dirty: bool, rows: &mut dyn Rows) -> ControlFlow<()> {
        self.number += 1;
        let read = match line.len() > ROW_BYTES_MAX {
            true => Err(BadRow::TooLong),
            false if dirty && line.contains('\u{fffd}') => Err(BadRow::Encoding),
            false => self.take_apart(line),
        };
        match read {
            Ok(()) => rows.row(self.number, Ok(&self.cells)),
            Err(bad) => rows.row(self.number, Err(bad)),
        }
    }

    fn take_apart(&mut self, line: &str) -> Result<(), BadRow> {
        let object: Map<String, Value> = serde_json::from_str(line).map_err(|_| BadRow::Json)?;
        self.cells.clear();
        for column in self.columns.iter().flatten() {
            let text = find(&object, column, JSON_DEPTH_MAX).map(text_of).unwrap_or_default();
            self.cells.push(&text);
        }
        if self.cells.bytes() > ROW_BYTES_MAX { Err(BadRow::TooLong) } else { Ok(()) }
    }
}

fn find<'v>(object: &'v Map<String, Value>, path: &str, depth: usize) -> Option<&'v Value> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    let (outer, inner) = path.split_once('.')?;
    let inside = object.get(outer)?.as_object()?;
    if depth <= 1 { inside.get(inner) } else { find(inside, inner, depth - 1) }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// The columns of the first lines, in the order in which they come.
fn learn(text: &str) -> Vec<String> {
    let mut columns = Vec::new();
    for line in text.lines().filter(|line| line.len() <= ROW_BYTES_MAX).take(JSON_LEARN_LINES) {
        if let Ok(object) = serde_json::from_str::<Map<String, Value>>(line.trim()) {
            gather(&object, "", JSON_DEPTH_MAX, &mut columns);
        }
    }
    header_names(columns.iter().map(String::as_str))
}

fn gather(object: &Map<String, Value>, outer: &str, depth: usize, columns: &mut Vec<String>) {
    for (name, value) in object {
        let path = if outer.is_empty() { name.clone() } else { format!("{outer}.{name}") };
        match value {
            Value::Object(inside) if depth > 1 => gather(inside, &path, depth - 1, columns),
            _ if columns.len() < COLUMNS_MAX && !columns.contains(&path) => columns.push(path),
            _ => {}
        }
    }
}
