//! Which number a person has, of everybody of a tenant at once: rows name people by their ids, segments by their numbers.
//! Neither ever changes and no number is given twice, so that what is known stays true and only newcomers are read.

use std::sync::Arc;

use guanxi_domain::tenant::TenantId;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use roaring::RoaringBitmap;
use sqlx::{AssertSqlSafe, Row};

use super::find::numbers;
use crate::error::StoreError;
use crate::open::Store;
use crate::row::Cells;
use crate::work::{Dialect, Scope, Work};

/// Bytes that all directories may take together; a larger one is read each time.
const BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Tenants whose directories are expected to be there at a time.
const TENANTS: usize = 64;
/// People that are read at a time.
const PIECE: usize = 1_000_000;
/// People that one statement names.
const FEW: usize = 50_000;

pub(super) type Id = [u8; 16];

/// Bytes that a person takes.
const ENTRY: u64 = size_of::<(Id, u32)>() as u64;

/// Some of the people of whom rows are read at once.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'f> {
    /// About so many, once by their ids and once by their numbers, which are not the same people: from the first of the two
    /// on, and before the second, if there is one.
    Range { ids: (Option<Id>, Option<Id>), numbers: (Option<u32>, Option<u32>) },
    /// These and nobody else.
    These(&'f Few),
}

/// Few people, by their ids and by their numbers, which have commas between them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Few {
    pub(super) ids: Vec<Id>,
    pub(super) numbers: String,
}

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
        directory.people.capacity() as u64 * ENTRY
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
    /// The greatest number that is known.
    pub(super) fn last(&self) -> u32 {
        self.last
    }

    /// Everybody, whether known or not, about so many at a time.
    pub(super) fn pieces(&self, at_once: u32) -> impl Iterator<Item = Piece<'static>> {
        let pieces = self.last.div_ceil(at_once).max(1);
        let bound = move |index: u32| (0 < index && index < pieces).then_some(index);
        let id = move |index: u32| {
            let (id, _) = self.people.get(self.people.len() * bound(index)? as usize / pieces as usize)?;
            Some(*id)
        };
        let number = move |index: u32| Some(bound(index)? * at_once);
        (0..pieces).map(move |index| Piece::Range {
            ids: (id(index), id(index + 1)),
            numbers: (number(index), number(index + 1)),
        })
    }

    /// These people, in lists that a statement takes.
    pub(super) fn few(&self, people: &RoaringBitmap) -> Vec<Few> {
        let known: Vec<&(Id, u32)> = self.people.iter().filter(|(_, number)| people.contains(*number)).collect();
        let few = |known: &[&(Id, u32)]| {
            let numbers: Vec<String> = known.iter().map(|(_, number)| number.to_string()).collect();
            Few { ids: known.iter().map(|(id, _)| *id).collect(), numbers: numbers.join(",") }
        };
        // As many as may run beside each other, unless that makes statements too long or not worth their while.
        known.chunks(known.len().div_ceil(2).clamp(FEW / 50, FEW)).map(few).collect()
    }

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

impl Store {
    /// Reads the directories of the tenants with most people, as far as memory is set aside for them: whoever asks for people
    /// of such a tenant first would else wait for it.
    pub async fn read_directories(&self) -> Result<(), StoreError> {
        let mut left = BYTES_MAX / ENTRY;
        for (tenant, people) in self.read(Scope::Host).await?.largest().await? {
            let Some(rest) = left.checked_sub(u64::from(people)) else { continue };
            left = rest;
            let mut work = self.read(Scope::Tenant(tenant)).await?;
            self.directories().read(&mut work, tenant).await?;
        }
        Ok(())
    }
}

impl Work {
    /// The tenants with most people, and how many these are.
    async fn largest(&mut self) -> Result<Vec<(TenantId, u32)>, StoreError> {
        let sql = "select tenant_id, people_count from log_positions
                   where people_count > 0 order by people_count desc limit $1";
        let rows =
            sqlx::query(sql).bind(i64::try_from(TENANTS).unwrap_or(i64::MAX)).fetch_all(self.connection()).await?;
        rows.iter()
            .map(|row| {
                let cells = Cells::of(row, "log_positions");
                Ok((TenantId(cells.get("tenant_id")?), cells.number("people_count")?))
            })
            .collect()
    }

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
    fn pieces_leave_nobody_out_and_name_nobody_twice() {
        let people: Vec<(Id, u32)> = (0..10).map(|n| (u128::from(n * 2 + 1).to_be_bytes(), n + 1)).collect();
        for (people, at_once, count) in
            [(people.clone(), 3, 4), (people.clone(), 100, 1), (people, 1, 10), (vec![], 3, 1)]
        {
            let directory = Directory { last: people.len() as u32, people };
            let pieces = directory.pieces(at_once).map(|piece| match piece {
                Piece::Range { ids, numbers } => (ids, numbers),
                Piece::These(few) => panic!("{few:?}"),
            });
            let pieces: Vec<_> = pieces.collect();
            assert_eq!(pieces.len(), count);
            for id in (0..30_u128).map(u128::to_be_bytes) {
                let holds = |(from, to): &(Option<Id>, Option<Id>)| {
                    from.is_none_or(|from| from <= id) && to.is_none_or(|to| id < to)
                };
                assert_eq!(pieces.iter().filter(|(ids, _)| holds(ids)).count(), 1, "{id:?} in {pieces:?}");
            }
            for number in 0..30_u32 {
                let holds = |(from, to): (Option<u32>, Option<u32>)| {
                    from.is_none_or(|from| from <= number) && to.is_none_or(|to| number < to)
                };
                assert_eq!(pieces.iter().filter(|(_, numbers)| holds(*numbers)).count(), 1, "{number} in {pieces:?}");
            }
        }
    }

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
