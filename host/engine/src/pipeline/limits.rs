//! Limits of operations: how often those that are limited were carried out on the tenant's day, and whether they may be once
//! more. What a batch carries out is counted in its own commit, so that a batch that is thought about again counts once.

use std::collections::{BTreeMap, HashMap, HashSet};

use guanxi_app::AppError;
use guanxi_domain::grants::{Bound, Per, Whose};
use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::insight::Clock;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{OperationCount, Work};

use super::memory::Memory;
use super::rounds::{Item, Mind, decides};
use crate::fleet::Unit;

/// By whom, what, and about whom; about everybody together if nobody is named.
type Key = (InstallationId, &'static str, Option<PersonId>);

/// What was counted on one day.
#[derive(Default)]
pub(crate) struct Counts {
    /// Days since 1970 in the tenant's time zone.
    day: i64,
    /// Before the batch, by operation.
    before: HashMap<(InstallationId, String, Option<PersonId>), u64>,
    /// By the batch.
    anew: BTreeMap<Key, u64>,
}

impl Counts {
    fn of(&self, key: &Key) -> u64 {
        let (installation, operation, person) = *key;
        let before = self.before.get(&(installation, operation.to_owned(), person)).copied().unwrap_or_default();
        before.saturating_add(self.anew.get(key).copied().unwrap_or_default())
    }
}

/// Reads what was counted, if anything is limited: of everybody together, and of those whom a limit for each person may concern.
pub(crate) async fn read(read: &mut Work, memory: &mut Memory, mind: &Mind, items: &[Item]) -> Result<(), AppError> {
    if mind.deciders().all(|unit| unit.bounds.is_empty()) {
        return Ok(());
    }
    let day = Clock::of(&mind.settings).day(mind.now);
    let mut counts = read.operation_counts(mind.tenant, day).await?;
    let people: Vec<PersonId> = concerned(memory, mind, items).into_iter().collect();
    counts.extend(read.operation_counts_of(mind.tenant, day, &people).await?);
    let key = |count: OperationCount| ((count.installation, count.operation, count.person), count.done);
    memory.counts = Counts { day, before: counts.into_iter().map(key).collect(), anew: BTreeMap::new() };
    Ok(())
}

/// Everybody who is, or was joined in, somebody about whom a campaign decides that is limited for each person.
fn concerned(memory: &Memory, mind: &Mind, items: &[Item]) -> HashSet<PersonId> {
    let mut people = HashSet::new();
    let is_limited = |unit: &&Unit| unit.bounds.values().flatten().any(|bound| bound.per == Per::PersonAndDay);
    for unit in mind.deciders().filter(is_limited) {
        let Some(spec) = &unit.manifest().campaign else { continue };
        for item in items.iter().filter(|item| decides(unit, &spec.events, item)) {
            people.extend(members(memory, item));
        }
    }
    people
}

fn members<'m>(memory: &'m Memory, item: &'m Item) -> impl Iterator<Item = PersonId> + 'm {
    let leaves = memory.people.get(&item.root).map(|known| known.leaves.as_slice()).unwrap_or_default();
    let leaf = Some(item.leaf).filter(|leaf| !leaves.contains(leaf));
    leaves.iter().copied().chain(leaf)
}

/// Why an operation may not be carried out once more, if it may not.
pub(crate) fn check(memory: &Memory, unit: &Unit, item: &Item, operation: &'static str) -> Result<(), String> {
    let bounds = unit.bounds.get(operation).map(Vec::as_slice).unwrap_or_default();
    let reached = bounds.iter().find(|bound| used(memory, unit, item, operation, bound.per) >= bound.most);
    reached.map_or(Ok(()), |bound| Err(refusal(operation, bound)))
}

fn used(memory: &Memory, unit: &Unit, item: &Item, operation: &'static str, per: Per) -> u64 {
    let of = |person| memory.counts.of(&(unit.installation.id, operation, person));
    match per {
        Per::Day => of(None),
        Per::PersonAndDay => members(memory, item).map(|leaf| of(Some(leaf))).sum(),
    }
}

fn refusal(operation: &str, bound: &Bound) -> String {
    let whose = match bound.whose {
        Whose::Plugin => "its manifest",
        Whose::Operator => "the operator",
        Whose::Tenant => "the tenant",
    };
    let each = match bound.per {
        Per::Day => "a day",
        Per::PersonAndDay => "a day for each person",
    };
    format!("`{operation}` is limited to {} {each} by {whose}, and that is used up", bound.most)
}

/// Counts an operation that was carried out, if it is limited.
pub(crate) fn count(memory: &mut Memory, unit: &Unit, item: &Item, operation: &'static str) {
    for bound in unit.bounds.get(operation).into_iter().flatten() {
        let person = (bound.per == Per::PersonAndDay).then_some(item.leaf);
        *memory.counts.anew.entry((unit.installation.id, operation, person)).or_default() += 1;
    }
}

/// Writes what the batch counted.
pub(crate) async fn write(work: &mut Work, tenant: TenantId, memory: &Memory) -> Result<(), AppError> {
    let Counts { day, anew, .. } = &memory.counts;
    if anew.is_empty() {
        return Ok(());
    }
    let row = |((installation, operation, person), done): (&Key, &u64)| OperationCount {
        installation: *installation,
        operation: (*operation).to_owned(),
        person: *person,
        done: *done,
    };
    let rows: Vec<OperationCount> = anew.iter().map(row).collect();
    Ok(work.add_operation_counts(tenant, *day, &rows).await?)
}
