//! Whom a filter means, of all people of a tenant at once.
//!
//! What has to be asked is asked on two connections: as many as the smallest machine has cores. Each goes through half of the
//! people, or through rows of another table. All see the same people as long as nothing is decided meanwhile, which the
//! position of the log tells.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt, TryStreamExt};
use guanxi_domain::Millis;
use guanxi_domain::segment::Filter;
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use roaring::RoaringBitmap;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::compile::compile;
use super::directory::{Directory, Few, Piece};
use super::plan::{Leaf, Set, plan};
use super::rows::{Everybody, Question};
use crate::error::StoreError;
use crate::open::Store;
use crate::sql::Sql;
use crate::work::{Dialect, Scope, Work};

/// Fewer people than this are not worth a second connection.
const WORTH_PARTING: u32 = 50_000;
/// Going through a person by name costs as much as so many in a row.
const WORTH_NAMING: u32 = 10;
/// Reading somebody's rows by name costs as much as those of so many in a row: an index holds these, and nothing else.
const WORTH_NAMING_ROWS: u32 = 32;
/// So many people are named at no cost.
const ALWAYS_FEW: u32 = 100;
/// Connections that a filter takes at a time.
const CONNECTIONS: usize = 2;

/// Everybody whom a filter means.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Their numbers.
    pub members: RoaringBitmap,
    /// Where the log stood; nothing if it went on meanwhile.
    pub position: Option<i64>,
}

/// How many a filter means, and some of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// How many; exact unless something is decided at the very moment.
    pub count: u64,
    /// The numbers of the latest of them.
    pub numbers: Vec<u32>,
}

/// Some of the people.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Everybody,
    Before(Bound),
    From(Bound),
    /// Those with these numbers, which have commas between them.
    These(String),
}

/// What parts people in two.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Bound {
    /// A person's id. On SQLite people lie in the order of these.
    Id(Vec<u8>),
    /// A place in the file, which is the order in which PostgreSQL goes through many rows.
    Place(String),
}

/// One statement of those that a filter takes.
enum Unit<'f> {
    Walk(&'f Filter, &'f Part),
    /// Of few people, or of everybody.
    Rows(Question, Option<&'f [Few]>),
    Everybody,
}

/// What all statements of a filter start from.
struct Start {
    people: u32,
    parts: Vec<Part>,
    directory: Arc<Directory>,
    groups: HashMap<u32, u32>,
    position: i64,
    file: i64,
}

/// Few people.
struct Named {
    few: Vec<Few>,
    /// Whether they are few enough to read their rows of other tables by name.
    by_rows: bool,
}

/// What came of one statement.
struct Answer {
    /// Which leaf it is of.
    leaf: usize,
    set: Set,
    /// Whether everything was as at the start.
    stood: bool,
}

impl Store {
    /// Everybody whom the filter means; segments that it names must have been put in.
    pub async fn find_people(
        &self,
        tenant: TenantId,
        settings: &TenantSettings,
        filter: &Filter,
        now: Millis,
    ) -> Result<Found, StoreError> {
        let (plan, leaves) = plan(filter);
        // None of these connections waits for another one: many who ask at once would else wait for each other.
        let start = self.start(tenant, &leaves).await?;
        let asker = Asker { store: self, tenant, settings, now, start: &start, leaves: &leaves };
        let mut sets = vec![Set::default(); leaves.len()];
        let (mut known, mut stood) = (Set::everybody(), true);
        for step in plan.steps(&leaves) {
            stood &= asker.ask(&step, start.few(&known).as_ref(), &mut sets).await?;
            known = step.iter().filter_map(|index| sets.get(*index).cloned()).fold(known, Set::and);
        }
        Ok(Found { members: plan.of(&sets).members, position: stood.then_some(start.position) })
    }

    /// How many people the filter means, and some of them: found at once, for finding costs more than telling who it was.
    pub async fn sample_people(
        &self,
        tenant: TenantId,
        settings: &TenantSettings,
        filter: &Filter,
        now: Millis,
        limit: u32,
    ) -> Result<Sample, StoreError> {
        let members = self.find_people(tenant, settings, filter, now).await?.members;
        Ok(Sample { count: members.len(), numbers: members.iter().rev().take(limit as usize).collect() })
    }

    /// Reads no more than the leaves need.
    async fn start(&self, tenant: TenantId, leaves: &[Leaf]) -> Result<Start, StoreError> {
        let mut work = self.read(Scope::Tenant(tenant)).await?;
        let cursor = work.cursor(tenant).await?;
        let mut start = Start {
            people: cursor.people,
            parts: Vec::new(),
            directory: Arc::default(),
            groups: HashMap::new(),
            position: cursor.position,
            file: work.file().await?,
        };
        if leaves.iter().any(|leaf| matches!(leaf, Leaf::Walk(_))) {
            start.parts = work.parts(tenant, cursor.people).await?;
        }
        if leaves.iter().any(|leaf| !matches!(leaf, Leaf::Walk(_))) {
            start.directory = self.directories().read(&mut work, tenant).await?;
            start.groups = work.groups(tenant).await?;
        }
        Ok(start)
    }
}

/// Asks the leaves of one filter.
struct Asker<'f> {
    store: &'f Store,
    tenant: TenantId,
    settings: &'f TenantSettings,
    now: Millis,
    start: &'f Start,
    leaves: &'f [Leaf],
}

impl Asker<'_> {
    /// Asks some of the leaves, of everybody or of few, and adds what they find to their sets; whether everything was as at
    /// the start.
    async fn ask(&self, leaves: &[usize], named: Option<&Named>, sets: &mut [Set]) -> Result<bool, StoreError> {
        let walked = named.map_or_else(|| self.start.parts.clone(), |named| Part::of(&named.few));
        let few = named.filter(|named| named.by_rows).map(|named| named.few.as_slice());
        let mut leaves: Vec<(usize, &Leaf)> =
            leaves.iter().filter_map(|index| Some((*index, self.leaves.get(*index)?))).collect();
        // Two at a time are done soonest if what takes long comes first.
        leaves.sort_by_key(|(_, leaf)| Reverse(leaf.weight()));
        let mut units: Vec<(usize, Unit<'_>)> = Vec::new();
        for (index, leaf) in leaves {
            match leaf {
                Leaf::Walk(filter) => units.extend(walked.iter().map(|part| (index, Unit::Walk(filter, part)))),
                Leaf::Everybody => units.push((index, Unit::Everybody)),
                Leaf::Rows(condition) => {
                    let dialect = self.store.dialect();
                    let question = Question::new(dialect, self.tenant, condition, self.settings, self.now);
                    units.extend(question.map(|question| (index, Unit::Rows(question, few))));
                }
            }
        }
        let asked: Vec<BoxFuture<'_, _>> =
            units.into_iter().map(|(leaf, unit)| self.ask_unit(leaf, unit).boxed()).collect();
        let answers: Vec<Answer> = stream::iter(asked).buffer_unordered(CONNECTIONS).try_collect().await?;
        let mut stood = true;
        for answer in answers {
            stood &= answer.stood;
            if let Some(found) = sets.get_mut(answer.leaf) {
                found.others = answer.set.others;
                found.members |= answer.set.members;
            }
        }
        Ok(stood)
    }

    /// Asks for fewer people at a time as long as they have more rows than the database hands out at once.
    async fn ask_unit(&self, leaf: usize, unit: Unit<'_>) -> Result<Answer, StoreError> {
        let mut at_once = self.store.people_at_once();
        loop {
            match self.try_unit(leaf, &unit, at_once).await {
                Err(error) if error.is_too_large() && at_once > 1 => at_once /= 2,
                answer => return answer,
            }
        }
    }

    async fn try_unit(&self, leaf: usize, unit: &Unit<'_>, at_once: u32) -> Result<Answer, StoreError> {
        let (tenant, start) = (self.tenant, self.start);
        let mut work = self.store.read(Scope::Tenant(tenant)).await?;
        let position = work.position(tenant).await?;
        let set = match unit {
            Unit::Walk(filter, part) => {
                Set { members: work.walk(tenant, filter, part, self.now).await?, others: false }
            }
            Unit::Rows(question, few) => {
                let everybody = Everybody { directory: &start.directory, groups: &start.groups };
                match few {
                    Some(few) => question.ask(&mut work, &everybody, few.iter().map(Piece::These)).await?,
                    None => question.ask(&mut work, &everybody, start.directory.pieces(at_once)).await?,
                }
            }
            Unit::Everybody => {
                let mut members: RoaringBitmap = work.everybody(tenant).await?.into_iter().collect();
                members -= start.groups.keys().copied().collect::<RoaringBitmap>();
                Set { members, others: false }
            }
        };
        Ok(Answer { leaf, set, stood: position == start.position && work.file().await? == start.file })
    }
}

impl Start {
    /// The people of a set and whoever was joined with them, if that is few enough to name them; else nothing.
    fn few(&self, known: &Set) -> Option<Named> {
        let are_few = |worth: u32| known.members.len() <= u64::from((self.people / worth).max(ALWAYS_FEW));
        if known.others || !are_few(WORTH_NAMING) {
            return None;
        }
        let mut people = known.members.clone();
        people
            .extend(self.groups.iter().filter(|(_, group)| known.members.contains(**group)).map(|(member, _)| *member));
        Some(Named { few: self.directory.few(&people), by_rows: are_few(WORTH_NAMING_ROWS) })
    }
}

impl Work {
    /// Whom of a part of the people a filter means that their own rows decide.
    async fn walk(
        &mut self,
        tenant: TenantId,
        filter: &Filter,
        part: &Part,
        now: Millis,
    ) -> Result<RoaringBitmap, StoreError> {
        let mut sql = Sql::new(self.dialect());
        // One long value costs a tenth of as many rows.
        sql.put(match self.dialect() {
            Dialect::Sqlite => "select group_concat(p.number)",
            Dialect::Postgres => "select string_agg(int8send(p.number), '')",
        });
        sql.put(" from people p where p.tenant_id = ").int(tenant.0).put(" and p.merged_into is null");
        part.hold(&mut sql);
        sql.put(" and ");
        compile(&mut sql, filter, now);
        let row = sql.query().fetch_one(self.connection()).await?;
        Ok(numbers(&row, 0, self.dialect())?.into_iter().collect())
    }

    /// All numbers that people have, those of who was joined as well.
    async fn everybody(&mut self, tenant: TenantId) -> Result<Vec<u32>, StoreError> {
        let sql = match self.dialect() {
            Dialect::Sqlite => "select group_concat(number) from people indexed by people_number where tenant_id = $1",
            Dialect::Postgres => "select string_agg(int8send(number), '') from people where tenant_id = $1",
        };
        let row = sqlx::query(sql).bind(tenant.0).fetch_one(self.connection()).await?;
        numbers(&row, 0, self.dialect())
    }

    /// The group of each who was joined, by their numbers.
    async fn groups(&mut self, tenant: TenantId) -> Result<HashMap<u32, u32>, StoreError> {
        let sql = "select l.number, g.number
                   from people l
                   join people g on g.tenant_id = $1 and g.id = l.root_id
                   where l.tenant_id = $1 and l.root_id is not null";
        let rows = sqlx::query(sql).bind(tenant.0).fetch_all(self.connection()).await?;
        let pair = |row: &AnyRow| {
            let (member, group): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            Ok(u32::try_from(member).ok().zip(u32::try_from(group).ok()))
        };
        rows.iter().filter_map(|row| pair(row).transpose()).collect()
    }

    /// About two halves of the people, or all of them if they are few.
    async fn parts(&mut self, tenant: TenantId, people: u32) -> Result<Vec<Part>, StoreError> {
        let bound = if people < WORTH_PARTING { None } else { self.middle(tenant, people).await? };
        let halves = |bound: Bound| vec![Part::Before(bound.clone()), Part::From(bound)];
        Ok(bound.map_or_else(|| vec![Part::Everybody], halves))
    }

    /// Where about half of the people lie before.
    async fn middle(&mut self, tenant: TenantId, people: u32) -> Result<Option<Bound>, StoreError> {
        let middle = match self.dialect() {
            Dialect::Sqlite => "id",
            Dialect::Postgres => "ctid::text",
        };
        let sql = format!("select {middle} from people where tenant_id = $1 and number >= $2 order by number limit 1");
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(i64::from(people / 2))
            .fetch_optional(self.connection())
            .await?;
        let bound = |row: AnyRow| match self.dialect() {
            Dialect::Sqlite => row.try_get(0).map(Bound::Id),
            Dialect::Postgres => row.try_get(0).map(Bound::Place),
        };
        Ok(row.map(bound).transpose()?)
    }

    /// On PostgreSQL the file that this transaction has read people from: places mean something in this one only, and
    /// `vacuum full` writes another.
    async fn file(&mut self) -> Result<i64, StoreError> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(0);
        }
        let sql = "select pg_relation_filenode('people')::bigint";
        Ok(sqlx::query_scalar(sql).fetch_one(self.connection()).await?)
    }
}

impl Part {
    /// The parts in which a walk through few people goes.
    fn of(few: &[Few]) -> Vec<Self> {
        few.iter().map(|few| Self::These(few.numbers.clone())).collect()
    }

    /// Holds people `p` to the part.
    fn hold(&self, sql: &mut Sql) {
        let (sign, bound) = match self {
            Self::Everybody => return,
            Self::These(numbers) => {
                hold_numbers(sql, "p.number", numbers);
                return;
            }
            Self::Before(bound) => ("<", bound),
            Self::From(bound) => (">=", bound),
        };
        match bound {
            Bound::Id(id) => sql.put(&format!(" and p.id {sign} ")).bytes(id),
            Bound::Place(place) => sql.put(&format!(" and p.ctid {sign} ")).text(place.as_str()).put("::tid"),
        };
    }
}

/// Holds a column to numbers, which have commas between them.
pub(super) fn hold_numbers(sql: &mut Sql, column: &str, numbers: &str) {
    let (before, after) = match sql.dialect() {
        Dialect::Sqlite => ("in (select value from json_each('[' || ", " || ']'))"),
        Dialect::Postgres => ("= any(('{' || ", " || '}')::bigint[])"),
    };
    sql.put(&format!(" and {column} {before}")).text(numbers).put(after);
}

/// The numbers that stand in a column one after the other.
pub(super) fn numbers(row: &AnyRow, column: usize, dialect: Dialect) -> Result<Vec<u32>, StoreError> {
    Ok(match dialect {
        Dialect::Sqlite => {
            let text: Option<String> = row.try_get(column)?;
            text.iter().flat_map(|text| text.split(',')).filter_map(|number| number.parse().ok()).collect()
        }
        Dialect::Postgres => {
            let bytes: Option<Vec<u8>> = row.try_get(column)?;
            let (numbers, _) = bytes.as_deref().unwrap_or_default().as_chunks();
            numbers.iter().filter_map(|number| u32::try_from(i64::from_be_bytes(*number)).ok()).collect()
        }
    })
}
