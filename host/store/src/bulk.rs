//! Statements over many rows. Lists are cut into pieces of few fixed sizes, so that each statement has few different
//! texts and stays prepared.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, Arguments as _, AssertSqlSafe, Encode, Type};

use crate::work::Dialect;

/// Rows per statement, largest first.
const SIZES: [usize; 5] = [256, 64, 16, 4, 1];
/// The most rows in one statement on PostgreSQL.
const BATCH: usize = 1_024;
/// From so many rows on a column of which every cell is the same travels as one value. Of fewer rows most columns would be
/// that by chance, and every statement would be another.
const SAME_FROM: usize = 256;

/// Cuts `rows` into pieces of the fixed sizes.
pub(crate) fn pieces<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rest.len())?;
        let (piece, after) = rest.split_at(size);
        rest = after;
        Some(piece)
    })
}

/// Cuts `rows` as [`Rows`] takes them: on SQLite as [`pieces`] does, on PostgreSQL, where the text of a statement does not
/// tell how many there are, into fewer.
pub(crate) fn batches<T>(dialect: Dialect, rows: &[T]) -> impl Iterator<Item = &[T]> {
    let (many, few) = match dialect {
        Dialect::Postgres => (rows, [].as_slice()),
        Dialect::Sqlite => ([].as_slice(), rows),
    };
    many.chunks(BATCH).chain(pieces(few))
}

/// Rows that a statement inserts or joins. On SQLite each cell is a parameter, without a name: every named one is looked
/// up in a list of all names when it is bound, so that thousands of them cost millions of steps. On PostgreSQL each
/// column is one parameter, an array in its text form (the driver for any database knows no other): a thousand
/// parameters cost it more than the rows that they make.
pub(crate) struct Rows {
    dialect: Dialect,
    rows: usize,
    cells: usize,
    parameters: AnyArguments,
    columns: Vec<Column>,
    /// Which cells of each row are documents.
    documents: BTreeSet<usize>,
}

struct Column {
    kind: &'static str,
    array: String,
    /// Where the first cell ends in the array, as long as all others are the same.
    same: Option<usize>,
    /// What the array says the lengths of, one after the other.
    blobs: Option<Blobs>,
}

#[derive(Default)]
struct Blobs {
    starts: String,
    bytes: Vec<u8>,
}

/// What fits into a cell.
pub(crate) trait Cell<'c>: Encode<'c, Any> + Type<Any> {
    /// PostgreSQL's name of the column's type.
    const KIND: &'static str;

    /// Writes it as an element of an array, see "Array Input and Output Syntax" in PostgreSQL's documentation.
    fn write(&self, array: &mut String);
}

impl Rows {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            rows: 0,
            cells: 0,
            parameters: AnyArguments::default(),
            columns: Vec::new(),
            documents: BTreeSet::new(),
        }
    }

    /// Begins the next row; its cells follow, in every row as many and of the same kinds.
    pub(crate) fn row(&mut self) -> &mut Self {
        self.rows += 1;
        self.cells = 0;
        self
    }

    /// The row's next cell.
    pub(crate) fn bind<'c, C: Cell<'c>>(&mut self, cell: C) -> &mut Self {
        if self.dialect == Dialect::Sqlite {
            // What is a cell can be a parameter: encoding it does not fail.
            drop(self.parameters.add(cell));
        } else if let Some(Column { array, same, .. }) = self.columns.get_mut(self.cells) {
            array.push(',');
            let start = array.len();
            cell.write(array);
            *same = same.filter(|end| array.get(1..*end) == array.get(start..));
        } else {
            let mut array = String::from("{");
            cell.write(&mut array);
            let same = Some(array.len());
            self.columns.push(Column { kind: C::KIND, array, same, blobs: None });
        }
        self.cells += 1;
        self
    }

    /// The row's next cell, a JSON document that statements look into: databases keep it in a form of their own, in which
    /// they find a value without reading the whole.
    pub(crate) fn document(&mut self, json: String) -> &mut Self {
        self.documents.insert(self.cells);
        self.bind(json)
    }

    /// The row's next cell, of which each row has some thousand bytes: on PostgreSQL those of all rows travel as one value,
    /// for as text they would be twice as long and read byte by byte.
    pub(crate) fn blob(&mut self, bytes: Vec<u8>) -> &mut Self {
        if self.dialect == Dialect::Sqlite {
            return self.bind(bytes);
        }
        let before = self.columns.get(self.cells).and_then(|column| column.blobs.as_ref());
        let start = 1 + before.map_or(0, |blobs| blobs.bytes.len());
        self.bind(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        if let Some(column) = self.columns.get_mut(self.cells - 1) {
            column.same = None;
            let blobs = column.blobs.get_or_insert_default();
            blobs.starts.push(if blobs.starts.is_empty() { '{' } else { ',' });
            blobs.starts.push_str(&start.to_string());
            blobs.bytes.extend(bytes);
        }
        self
    }

    /// The rows as a table: what follows `insert into …` or stands behind `as` and `in` in parentheses.
    pub(crate) fn source(&self) -> String {
        if self.dialect == Dialect::Sqlite {
            let cell = |index| if self.documents.contains(&index) { "jsonb(?)" } else { "?" };
            let row = format!(",({})", (0..self.cells).map(cell).collect::<Vec<_>>().join(","));
            return format!("values {}", row.repeat(self.rows).trim_start_matches(','));
        }
        let mut parameters = 0;
        let mut next = || {
            parameters += 1;
            parameters
        };
        let shortens = self.shortens();
        // Side by side they are not put into a table of their own first, as `from unnest(…)` is.
        let columns = self.columns.iter().enumerate().map(|(index, column)| {
            let kind = if self.documents.contains(&index) { "jsonb" } else { column.kind };
            if column.blobs.is_some() {
                let [lengths, starts, bytes] = [next(), next(), next()];
                return format!(
                    "substring(${bytes} from unnest(cast(${starts} as integer[])) for unnest(cast(${lengths} as integer[])))"
                );
            }
            let array = format!("cast(${} as {kind}[])", next());
            // Asked so, it is read once a statement.
            if shortens && column.same.is_some() { format!("(select ({array})[1])") } else { format!("unnest({array})") }
        });
        format!("select {}", columns.collect::<Vec<_>>().join(", "))
    }

    /// Whether columns of which every cell is the same travel as one value each; what differs tells how many rows there are.
    fn shortens(&self) -> bool {
        self.rows >= SAME_FROM && self.columns.iter().any(|column| column.same.is_none())
    }

    /// How many parameters they take; those that follow are numbered after them.
    pub(crate) fn parameters(&self) -> usize {
        if self.dialect == Dialect::Sqlite {
            return self.rows * self.cells;
        }
        self.columns.iter().map(|column| if column.blobs.is_some() { 3 } else { 1 }).sum()
    }

    /// The statement that [`Rows::source`] is part of.
    pub(crate) fn query<'q>(mut self, sql: String) -> Query<'q, Any, AnyArguments> {
        let shortens = self.shortens();
        for Column { mut array, same, blobs, .. } in self.columns {
            array.truncate(same.filter(|_| shortens).unwrap_or(array.len()));
            array.push('}');
            drop(self.parameters.add(array));
            if let Some(Blobs { mut starts, bytes }) = blobs {
                starts.push('}');
                drop(self.parameters.add(starts));
                drop(self.parameters.add(bytes));
            }
        }
        sqlx::query_with(AssertSqlSafe(sql), self.parameters)
    }
}

impl Cell<'_> for i64 {
    const KIND: &'static str = "bigint";

    fn write(&self, array: &mut String) {
        array.push_str(&self.to_string());
    }
}

impl Cell<'_> for f64 {
    const KIND: &'static str = "double precision";

    fn write(&self, array: &mut String) {
        array.push_str(&self.to_string());
    }
}

impl<'c> Cell<'c> for &'c str {
    const KIND: &'static str = "text";

    fn write(&self, array: &mut String) {
        array.push('"');
        let mut rest = *self;
        while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\')) {
            let (before, after) = rest.split_at(at);
            array.push_str(before);
            array.push('\\');
            let (special, after) = after.split_at(1);
            array.push_str(special);
            rest = after;
        }
        array.push_str(rest);
        array.push('"');
    }
}

impl Cell<'_> for String {
    const KIND: &'static str = <&str>::KIND;

    fn write(&self, array: &mut String) {
        self.as_str().write(array);
    }
}

impl<'c> Cell<'c> for &'c String {
    const KIND: &'static str = <&str>::KIND;

    fn write(&self, array: &mut String) {
        self.as_str().write(array);
    }
}

impl<'c> Cell<'c> for &'c [u8] {
    const KIND: &'static str = "bytea";

    fn write(&self, array: &mut String) {
        array.push_str("\"\\\\x");
        for byte in *self {
            let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
            array.push(digit(byte >> 4));
            array.push(digit(byte & 15));
        }
        array.push('"');
    }
}

impl Cell<'_> for Vec<u8> {
    const KIND: &'static str = <&[u8]>::KIND;

    fn write(&self, array: &mut String) {
        self.as_slice().write(array);
    }
}

impl<'c, C: Cell<'c>> Cell<'c> for Option<C>
where
    Self: Encode<'c, Any> + Type<Any>,
{
    const KIND: &'static str = C::KIND;

    fn write(&self, array: &mut String) {
        match self {
            Some(cell) => cell.write(array),
            None => array.push_str("NULL"),
        }
    }
}

/// `$2,$3,$4` for `count` values after the first `before` parameters.
pub(crate) fn list(before: usize, count: usize) -> String {
    let numbers: Vec<String> = (before + 1..=before + count).map(|n| format!("${n}")).collect();
    numbers.join(",")
}

/// The last row of each key, by key: on PostgreSQL one upsert may name a key only once, and rows that everybody takes
/// in the same order cannot deadlock.
pub(crate) fn last_of_each<'r, T, K: Ord>(rows: &'r [T], key: impl Fn(&'r T) -> K) -> Vec<&'r T> {
    let last: BTreeMap<K, &T> = rows.iter().map(|row| (key(row), row)).collect();
    last.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_one_value_travels_once_where_there_are_many_rows() {
        let rows = |count: usize, differ: bool| {
            let mut rows = Rows::new(Dialect::Postgres);
            for row in 0..count {
                rows.row().bind("a").bind(if differ && row + 1 == count { 2 } else { 1 }).blob(vec![0; 2]);
            }
            rows.source()
        };
        let blobs = "substring($5 from unnest(cast($4 as integer[])) for unnest(cast($3 as integer[])))";
        let (one, many) = ("(select (cast($1 as text[]))[1])", "unnest(cast($1 as text[]))");
        let number = "unnest(cast($2 as bigint[]))";
        assert_eq!(rows(SAME_FROM, true), format!("select {one}, {number}, {blobs}"));
        assert_eq!(rows(SAME_FROM - 1, true), format!("select {many}, {number}, {blobs}"));
        let mut same = Rows::new(Dialect::Postgres);
        for _ in 0..SAME_FROM {
            same.row().bind("a").bind(1);
        }
        assert_eq!(same.source(), format!("select {many}, {number}"), "something tells how many rows there are");
    }

    #[test]
    fn lists_are_cut_into_fixed_sizes_and_lose_nothing() {
        let rows: Vec<u32> = (0..343).collect();
        let sizes: Vec<usize> = pieces(&rows).map(<[u32]>::len).collect();
        assert_eq!(sizes, [256, 64, 16, 4, 1, 1, 1]);
        assert_eq!(pieces(&rows).flatten().copied().collect::<Vec<_>>(), rows);
        let batched = |dialect| batches(dialect, &rows).flatten().copied().collect::<Vec<_>>();
        assert_eq!([batched(Dialect::Sqlite), batched(Dialect::Postgres)], [rows.clone(), rows.clone()]);
        assert_eq!(batches(Dialect::Postgres, &[(); 2_500]).map(<[()]>::len).collect::<Vec<_>>(), [1_024, 1_024, 452]);
        assert_eq!(list(1, 3), "$2,$3,$4");
        assert_eq!(last_of_each(&[(1, 'a'), (2, 'b'), (1, 'c')], |row| row.0), [&(1, 'c'), &(2, 'b')]);
    }
}
