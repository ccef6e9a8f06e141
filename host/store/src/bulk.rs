//! Statements over many rows. Lists are cut into pieces of few fixed sizes, so that each statement has few different
//! texts and stays prepared.

use std::collections::BTreeMap;

use crate::work::Dialect;

/// Rows per statement, largest first.
const SIZES: [usize; 5] = [256, 64, 16, 4, 1];

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

/// Places for `rows` rows of `columns` columns, which are bound first: `($1,$2),($3,$4)`, on SQLite `(?,?),(?,?)`. There
/// every named place is looked up in a list of all names when it is bound, so that thousands of them cost millions of
/// steps; a place without a name takes the next value.
pub(crate) fn values(dialect: Dialect, rows: usize, columns: usize) -> String {
    match dialect {
        Dialect::Postgres => numbered(rows, columns),
        Dialect::Sqlite => {
            let row = format!(",({})", vec!["?"; columns].join(","));
            let mut text = row.repeat(rows);
            text.remove(0);
            text
        }
    }
}

fn numbered(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * (columns * 6 + 3));
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            if column > 0 {
                text.push(',');
            }
            text.push('$');
            text.push_str(&(row * columns + column + 1).to_string());
        }
        text.push(')');
    }
    text
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
    fn lists_are_cut_into_fixed_sizes_and_lose_nothing() {
        let rows: Vec<u32> = (0..343).collect();
        let sizes: Vec<usize> = pieces(&rows).map(<[u32]>::len).collect();
        assert_eq!(sizes, [256, 64, 16, 4, 1, 1, 1]);
        assert_eq!(pieces(&rows).flatten().copied().collect::<Vec<_>>(), rows);
        assert_eq!(values(Dialect::Postgres, 2, 3), "($1,$2,$3),($4,$5,$6)");
        assert_eq!(values(Dialect::Sqlite, 2, 3), "(?,?,?),(?,?,?)");
        assert_eq!(list(1, 3), "$2,$3,$4");
        assert_eq!(last_of_each(&[(1, 'a'), (2, 'b'), (1, 'c')], |row| row.0), [&(1, 'c'), &(2, 'b')]);
    }
}
