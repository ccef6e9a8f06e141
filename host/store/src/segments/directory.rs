//! Which number a person has, of everybody of a tenant at once: rows name people by their ids, segments by their numbers.
//! Neither ever changes and no number is given twice, so that what is known stays true and only newcomers are read.

use std::sync::Arc;

use guanxi_domain::tenant::TenantId;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sqlx::{AssertSqlSafe, Row};

use super::find::numbers;
use crate::error::StoreError;
use crate::work::{Dialect, Work};

/// Bytes that all directories may take together; a larger one is read each time.
const BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Tenants whose directories are expected to be there at a time.
const TENANTS: usize = 64;
/// People that are read at a time.
const PIECE: usize = 1_000_000;

type Id = [u8; 16];

/// The numbers of all people of a tenant.
#[derive(Debug, Default)]
pub(super) struct Directory {
    /// By id.
    people: Vec<(Id, u32)>,
    /// The greatest number.
    last: u32,
}

/// The directories of all tenants that were asked for lately.
#[derive(Debug)]
pub(crate) struct Directories(Cache<TenantId, Arc<Directory>, Bytes>);

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<TenantId, Arc<Directory>> for Bytes {
    fn weight(&self, _: &TenantId, directory: &Arc<Directory>) -> u64 {
        (directory.people.capacity() * size_of::<(Id, u32)>()) as u64
    }
}

impl Default for Directories {
    fn default() -> Self {
        Self(Cache::with_weighter(TENANTS, BYTES_MAX, Bytes))
    }
}

impl Directories {
    /// Everybody whom `work` sees.
    pub(super) async fn read(&self, work: &mut Work, tenant: TenantId) -> Result<Arc<Directory>, StoreError> {
        let known = self.0.get(&tenant).unwrap_or_default();
        let (mut newcomers, mut last) = (Vec::new(), known.last);
        loop {
            let piece = work.numbered(tenant, last).await?;
            last = piece.iter().map(|(_, number)| *number).max().unwrap_or(last).max(last);
            let is_all = piece.len() < PIECE;
            newcomers.extend(piece);
            if is_all {
                break;
            }
        }
        if newcomers.is_empty() {
            return Ok(known);
        }
        let mut people = Vec::with_capacity(known.people.len() + newcomers.len());
        people.extend_from_slice(&known.people);
        people.append(&mut newcomers);
        // Two sorted runs, or nearly: what was known, and newcomers, whose ids begin with a time.
        people.sort();
        let directory = Arc::new(Directory { people, last });
        self.0.insert(tenant, Arc::clone(&directory));
        Ok(directory)
    }
}

impl Directory {
    /// The numbers of whom rows name, each with the amount of the row, or 1; nothing for who is not known yet. In the order
    /// of ids, for each look would else wait for memory.
    pub(super) fn numbers(&self, ids: Vec<u128>, amounts: Option<Vec<i64>>) -> Vec<(u32, i64)> {
        let mut near = 0;
        match amounts {
            None => {
                let mut ids = ids;
                ids.sort_unstable();
                ids.into_iter().filter_map(|id| Some((self.number(id, &mut near)?, 1))).collect()
            }
            Some(amounts) => {
                let mut rows: Vec<(u128, i64)> = ids.into_iter().zip(amounts).collect();
                rows.sort_unstable_by_key(|(id, _)| *id);
                rows.into_iter().filter_map(|(id, amount)| Some((self.number(id, &mut near)?, amount))).collect()
            }
        }
    }

    /// The number of a person who stands not before `near`, where the last one was found.
    fn number(&self, id: u128, near: &mut usize) -> Option<u32> {
        let ahead = self.people.get(*near..)?;
        let mut reach = 8;
        while ahead.get(reach).is_some_and(|(known, _)| u128::from_be_bytes(*known) <= id) {
            reach *= 4;
        }
        let ahead = ahead.get(..=reach).unwrap_or(ahead);
        let found = ahead.binary_search_by(|(known, _)| u128::from_be_bytes(*known).cmp(&id)).ok()?;
        *near += found;
        ahead.get(found).map(|(_, number)| *number)
    }
}

impl Work {
    /// The next people after a number, as many as are read at a time.
    async fn numbered(&mut self, tenant: TenantId, after: u32) -> Result<Vec<(Id, u32)>, StoreError> {
        let sql = match self.dialect() {
            Dialect::Sqlite => format!(
                "select cast(group_concat(id, '') as blob), group_concat(number)
                 from (select id, number from people indexed by people_number
                       where tenant_id = $1 and number > $2 order by number limit {PIECE}) as p"
            ),
            Dialect::Postgres => format!(
                "select string_agg(id, ''), string_agg(int8send(number), '')
                 from (select id, number from people
                       where tenant_id = $1 and number > $2 order by number limit {PIECE}) as p"
            ),
        };
        let row =
            sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(i64::from(after)).fetch_one(self.connection()).await?;
        let bytes: Option<Vec<u8>> = row.try_get(0)?;
        let (ids, _) = bytes.as_deref().unwrap_or_default().as_chunks();
        Ok(ids.iter().copied().zip(numbers(&row, 1, self.dialect())?).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_found_in_any_order_and_nobody_else() {
        let people: Vec<(Id, u32)> = (0..500).map(|n| (u128::from(n * 2).to_be_bytes(), n + 1)).collect();
        let directory = Directory { people, last: 500 };
        let asked: Vec<u128> = (0..3_000_u32).map(|n| u128::from(n * 7_919 % 1_500)).collect();
        let known = |id: &u128| (id.is_multiple_of(2) && *id < 1_000).then_some(*id as u32 / 2 + 1);
        let mut expected: Vec<(u32, i64)> = asked.iter().filter_map(known).map(|number| (number, 1)).collect();
        expected.sort_unstable();
        assert_eq!(directory.numbers(asked.clone(), None), expected);
        let amounts: Vec<i64> = asked.iter().map(|id| *id as i64 * 10).collect();
        expected.iter_mut().for_each(|(number, amount)| *amount = i64::from(*number - 1) * 20);
        assert_eq!(directory.numbers(asked, Some(amounts)), expected);
        assert_eq!(Directory::default().numbers(vec![1], None), []);
    }
}
