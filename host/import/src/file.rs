//! A file of rows, read piece by piece as it comes.

use std::ops::ControlFlow;

use crate::csv_rows::CsvRows;
use crate::encoding::{Decoder, Encoding};
use crate::json_rows::JsonRows;
use crate::row::{BadRow, Rows};
use crate::separator;

/// Kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Text with commas, semicolons, tabs or bars between cells.
    Csv,
    /// An Excel workbook.
    Xlsx,
    /// An object of JSON on each line.
    JsonLines,
}

impl Format {
    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::JsonLines => "json-lines",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Csv, Self::Xlsx, Self::JsonLines].into_iter().find(|format| format.as_str() == text)
    }
}

/// Why a file as a whole cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFile {
    /// No row that names the columns, or none that can be read.
    #[error("the first row has to name the columns: {0}")]
    Header(BadRow),
    /// Quoting is broken in very many rows.
    #[error(
        "quoting is broken in more than {} rows: choose another separator, or save the file again",
        crate::limits::BROKEN_ROWS_MAX
    )]
    Quoting,
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Excel's format before 2007.
    #[error("this is an old Excel file (.xls): save it as .xlsx or CSV")]
    OldExcel,
    /// A compressed file.
    #[error("the file is compressed: unpack it first")]
    Packed,
    /// JSON, but not line by line.
    #[error("this is JSON but not JSON lines: write one object on each line, without a list around them")]
    JsonList,
    /// Larger than it may be.
    #[error("the workbook is too large: {0}")]
    TooLarge(String),
    /// A workbook that cannot be read.
    #[error("the workbook cannot be read: {0}")]
    Workbook(String),
    /// A sheet that is not there.
    #[error("the workbook has no sheet called `{0}`")]
    NoSheet(String),
}

/// What a file is, by the way it begins.
pub fn sniff(beginning: &[u8], encoding: Encoding) -> Result<Format, BadFile> {
    match beginning {
        [] => return Err(BadFile::Empty),
        [b'P', b'K', 3, 4, ..] => return Ok(Format::Xlsx),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => return Err(BadFile::OldExcel),
        [0x1f, 0x8b, ..] | [b'7', b'z', 0xbc, 0xaf, ..] | [b'R', b'a', b'r', b'!', ..] => return Err(BadFile::Packed),
        _ => {}
    }
    let mut text = String::new();
    Decoder::new(encoding).decode(beginning.get(..beginning.len().min(4096)).unwrap_or(beginning), false, &mut text);
    match text.trim_start().chars().next() {
        Some('{') => Ok(Format::JsonLines),
        Some('[') if text.trim_start_matches(['[', ' ', '\r', '\n', '\t']).starts_with('{') => Err(BadFile::JsonList),
        _ => Ok(Format::Csv),
    }
}

/// How to read a file of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSettings {
    /// CSV or JSON lines.
    pub format: Format,
    /// The file's encoding.
    pub encoding: Encoding,
    /// Between the cells; found out if not said.
    pub separator: Option<u8>,
    /// Whether the first row names the columns.
    pub header: bool,
    /// The columns of JSON lines; those of the first lines if not said.
    pub columns: Option<Vec<String>>,
}

/// Reads text that comes in pieces, however it is cut.
pub struct TextReader {
    settings: TextSettings,
    decoder: Decoder,
    text: String,
    rows: Option<Shape>,
    /// Bytes were found that are no text.
    dirty: bool,
}

enum Shape {
    Csv(Box<CsvRows>),
    Json(JsonRows),
}

/// Text from which the separator and the columns of JSON lines are found out.
const FIRST_LOOK: usize = 64 * 1024;

impl TextReader {
    /// Before the first piece.
    pub fn new(settings: TextSettings) -> Self {
        let decoder = Decoder::new(settings.encoding);
        Self { settings, decoder, text: String::new(), rows: None, dirty: false }
    }

    /// Tells of the rows that the next piece of the file completes.
    pub fn push(&mut self, piece: &[u8], rows: &mut dyn Rows) -> Result<ControlFlow<()>, BadFile> {
        self.advance(piece, false, rows)
    }

    /// Tells of what is left when the file is at its end.
    pub fn finish(mut self, rows: &mut dyn Rows) -> Result<ControlFlow<()>, BadFile> {
        let flow = self.advance(&[], true, rows)?;
        if self.rows.is_none() { Err(BadFile::Empty) } else { Ok(flow) }
    }

    fn advance(&mut self, piece: &[u8], last: bool, rows: &mut dyn Rows) -> Result<ControlFlow<()>, BadFile> {
        let before = self.text.len();
        self.decoder.decode(piece, last, &mut self.text);
        self.dirty |= self.text.get(before..).is_some_and(|new| new.contains('\u{fffd}'));
        if self.rows.is_none() {
            if self.text.len() < FIRST_LOOK && !last {
                return Ok(ControlFlow::Continue(()));
            }
            if self.text.trim().is_empty() {
                self.text.clear();
                return if last { Err(BadFile::Empty) } else { Ok(ControlFlow::Continue(())) };
            }
            self.rows = Some(self.shape());
        }
        let (used, flow) = match &mut self.rows {
            Some(Shape::Csv(csv)) => csv.read(&self.text, last, self.dirty, rows)?,
            Some(Shape::Json(json)) => json.read(&self.text, last, self.dirty, rows)?,
            None => (0, ControlFlow::Continue(())),
        };
        self.text.drain(..used);
        Ok(flow)
    }

    fn shape(&mut self) -> Shape {
        if self.settings.format == Format::JsonLines {
            return Shape::Json(JsonRows::new(self.settings.columns.take()));
        }
        // Excel's own way to say what separates.
        let first = self.text.lines().next().unwrap_or("").trim();
        let said = first.strip_prefix("sep=").and_then(|rest| rest.bytes().next());
        if said.is_some() {
            self.text.drain(..self.text.find('\n').map_or(self.text.len(), |at| at + 1));
        }
        let separator = self.settings.separator.or(said).unwrap_or_else(|| separator::detect(&self.text));
        Shape::Csv(Box::new(CsvRows::new(separator, self.settings.header)))
    }
}
