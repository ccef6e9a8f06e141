//! Rows as readers hand them on: cells as text, borrowed for as long as one row is looked at.

use std::ops::ControlFlow;

/// Why a row cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// A quotation mark opens a cell that nothing closes where it should end.
    #[error("a quotation mark is opened and not closed; reading went on at the next line")]
    Quoting,
    /// More bytes than a row may have.
    #[error("the row is longer than 64 KB")]
    TooLong,
    /// More cells than a row may have.
    #[error("the row has more than 256 cells")]
    TooWide,
    /// Bytes that are no text in the file's encoding.
    #[error("the row holds bytes that are no text in the file's encoding")]
    Encoding,
    /// Not an object of JSON.
    #[error("the line is not a JSON object")]
    Json,
}

/// Whom readers tell of what they find. Either answer may end reading.
pub trait Rows {
    /// The names of the columns: once, before the first row.
    fn header(&mut self, names: &[String]) -> ControlFlow<()>;
    /// The next row; `number` counts from 1 and includes those that cannot be read.
    fn row(&mut self, number: u64, row: Result<&Cells, BadRow>) -> ControlFlow<()>;
}

/// The cells of one row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cells {
    text: String,
    ends: Vec<usize>,
}

impl Cells {
    /// How many.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cell of the column, without the space around it; empty for a row that is shorter.
    pub fn get(&self, column: usize) -> &str {
        let Some(&end) = self.ends.get(column) else { return "" };
        let start = column.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..end).unwrap_or("").trim()
    }

    /// All cells in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|column| self.get(column))
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    pub(crate) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// Bytes of all cells.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Takes over the cells of a record whose fields end where `ends` says.
    pub(crate) fn set(&mut self, text: &str, ends: &[usize]) {
        self.clear();
        self.text.push_str(text);
        self.ends.extend_from_slice(ends);
    }
}

impl<'a> FromIterator<&'a str> for Cells {
    fn from_iter<T: IntoIterator<Item = &'a str>>(cells: T) -> Self {
        let mut row = Self::default();
        for cell in cells {
            row.push(cell);
        }
        row
    }
}

/// Names of columns as they are shown and mapped: trimmed, never empty, each once.
pub(crate) fn header_names<'a>(cells: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (index, cell) in cells.enumerate() {
        let bare: String = cell
            .trim()
            .chars()
            .filter(|c| !c.is_control() && *c != '\u{feff}')
            .take(crate::limits::HEADER_CHARS_MAX)
            .collect();
        let bare = if bare.is_empty() { format!("column {}", index + 1) } else { bare };
        let mut name = bare.clone();
        let mut again = 2;
        while names.contains(&name) {
            name = format!("{bare} ({again})");
            again += 1;
        }
        names.push(name);
    }
    while names.len() > 1 && names.last().is_some_and(|name| *name == format!("column {}", names.len())) {
        names.pop();
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_one_name() {
        let names = header_names([" 手机号 ", "", "手机号", "\u{feff}a\u{0}", "", ""].into_iter());
        assert_eq!(names, ["手机号", "column 2", "手机号 (2)", "a"]);
        let row: Cells = ["a", " b ", ""].into_iter().collect();
        assert_eq!((row.len(), row.get(0), row.get(1), row.get(2), row.get(3)), (3, "a", "b", "", ""));
    }
}
