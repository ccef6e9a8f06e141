//! Reads the columns of a row into the domain's words; a value that this version cannot read is `Corrupt`, never a guess.

use serde::de::DeserializeOwned;
use sqlx::any::AnyRow;
use sqlx::{Any, Decode, Row, Type};

use crate::error::StoreError;

/// Comes after every identifier: where a list of the latest starts.
pub(crate) const AFTER_ALL_IDS: [u8; 16] = [0xff; 16];

/// One row of `table`, read column by column.
pub(crate) struct Cells<'r> {
    row: &'r AnyRow,
    table: &'static str,
}

impl<'r> Cells<'r> {
    /// The table only names the row in errors.
    pub(crate) fn of(row: &'r AnyRow, table: &'static str) -> Self {
        Self { row, table }
    }

    /// A value that needs no reading: `i64`, `f64`, `String`, `Vec<u8>` or an `Option` of them.
    pub(crate) fn get<T: Decode<'r, Any> + Type<Any>>(&self, column: &'static str) -> Result<T, StoreError> {
        Ok(self.row.try_get(column)?)
    }

    /// A number that is not `i64` inside.
    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        let value: i64 = self.get(column)?;
        T::try_from(value).map_err(|_| self.corrupt(column, format!("{value} is out of range")))
    }

    /// As [`Self::number`], where there may be none.
    pub(crate) fn maybe_number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        match self.get::<Option<i64>>(column)? {
            Some(_) => self.number(column).map(Some),
            None => Ok(None),
        }
    }

    /// A typed identifier: `cells.id("person_id", PersonId::from_slice)`.
    pub(crate) fn id<T>(&self, column: &'static str, read: impl Fn(&[u8]) -> Option<T>) -> Result<T, StoreError> {
        let bytes: &[u8] = self.get(column)?;
        read(bytes).ok_or_else(|| self.corrupt(column, format!("{} bytes are no identifier", bytes.len())))
    }

    /// As [`Self::id`], where there may be none.
    pub(crate) fn maybe_id<T>(
        &self,
        column: &'static str,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        match self.get::<Option<&[u8]>>(column)? {
            Some(_) => self.id(column, read).map(Some),
            None => Ok(None),
        }
    }

    /// So many bytes and no other number of them.
    pub(crate) fn bytes<const N: usize>(&self, column: &'static str) -> Result<[u8; N], StoreError> {
        let bytes: &[u8] = self.get(column)?;
        bytes.try_into().map_err(|_| self.corrupt(column, format!("{} bytes instead of {N}", bytes.len())))
    }

    /// One of a fixed set of words: `cells.word("mode", Mode::parse)`.
    pub(crate) fn word<T>(&self, column: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        let text: &str = self.get(column)?;
        read(text).ok_or_else(|| self.corrupt(column, format!("`{text}` is not a known word")))
    }

    /// One of a fixed set of numbers: `cells.rank("level", Level::of_rank)`.
    pub(crate) fn rank<T>(&self, column: &'static str, read: impl Fn(i64) -> Option<T>) -> Result<T, StoreError> {
        let value: i64 = self.get(column)?;
        read(value).ok_or_else(|| self.corrupt(column, format!("{value} is out of range")))
    }

    /// A JSON document.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        let text: &str = self.get(column)?;
        serde_json::from_str(text).map_err(|error| self.corrupt(column, error.to_string()))
    }

    /// As [`Self::json`], where there may be none.
    pub(crate) fn maybe_json<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        match self.get::<Option<&str>>(column)? {
            Some(_) => self.json(column).map(Some),
            None => Ok(None),
        }
    }

    fn corrupt(&self, column: &'static str, problem: String) -> StoreError {
        StoreError::Corrupt { table: self.table, column, problem }
    }
}

/// A domain value as the JSON text that the store keeps.
pub(crate) fn json_text<T: serde::Serialize>(
    table: &'static str,
    column: &'static str,
    value: &T,
) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt { table, column, problem: error.to_string() })
}
