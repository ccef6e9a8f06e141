//! People as filters see them, many at once: only what the filters need is read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guanxi_domain::Millis;
use guanxi_domain::consent::ends_at;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::{Consent, Link, Person};
use guanxi_domain::segment::{Counted, Degree, Needs, Op, OrderMeasure, Subject, Window, bounds};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use sqlx::Row;

use crate::bulk::pieces;
use crate::error::StoreError;
use crate::row::Cells;
use crate::sql::Sql;
use crate::work::Work;

/// People as filters see them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Subjects {
    /// Those who stand for themselves or for a group.
    pub people: Vec<Subject>,
    /// The numbers of those who are part of a group: they are in no segment.
    pub inside: Vec<u32>,
}

/// Whose rows belong to whom who stands for them: ids and numbers of the first, places of the second.
#[derive(Default)]
struct Rows {
    ids: HashMap<PersonId, usize>,
    numbers: HashMap<u32, usize>,
}

impl Work {
    /// These people and whoever stands for them, with what `needs` says; those who do not exist are missing.
    pub async fn subjects(
        &mut self,
        tenant: TenantId,
        settings: &TenantSettings,
        ids: &[PersonId],
        needs: &Needs,
        now: Millis,
    ) -> Result<Subjects, StoreError> {
        let mut people = self.people(tenant, ids).await?;
        let missing = people.values().map(Person::root).filter(|root| !people.contains_key(root));
        let missing: Vec<PersonId> = missing.collect();
        people.extend(self.people(tenant, &missing).await?);
        let (inside, roots): (Vec<Person>, Vec<Person>) =
            people.into_values().partition(|person| person.membership.merged_into.is_some());
        let mut subjects: Vec<Subject> = roots.into_iter().map(Subject::new).collect();
        let rows = self.rows_of(tenant, &subjects).await?;
        self.fill_kept(tenant, settings, &mut subjects, needs).await?;
        if needs.links {
            self.fill_links(tenant, &mut subjects, &rows).await?;
        }
        if needs.relations {
            self.fill_degrees(tenant, &mut subjects, &rows).await?;
        }
        for windows in together(&needs.windows) {
            self.fill_windows(tenant, &mut subjects, &rows, &windows, now).await?;
        }
        Ok(Subjects { people: subjects, inside: inside.iter().map(|person| person.number).collect() })
    }

    async fn rows_of(&mut self, tenant: TenantId, subjects: &[Subject]) -> Result<Rows, StoreError> {
        let mut rows = Rows::default();
        let mut groups: HashMap<PersonId, usize> = HashMap::new();
        for (place, subject) in subjects.iter().enumerate() {
            rows.ids.insert(subject.person.id, place);
            rows.numbers.insert(subject.person.number, place);
            if subject.person.membership.is_group {
                groups.insert(subject.person.id, place);
            }
        }
        let ids: Vec<PersonId> = groups.keys().copied().collect();
        let members: Vec<PersonId> = self.members(tenant, &ids).await?.into_values().flatten().collect();
        for person in self.people(tenant, &members).await?.into_values() {
            if let Some(place) = groups.get(&person.root()) {
                rows.ids.insert(person.id, *place);
                rows.numbers.insert(person.number, *place);
            }
        }
        Ok(rows)
    }

    /// What is kept for those who stand for others, too.
    async fn fill_kept(
        &mut self,
        tenant: TenantId,
        settings: &TenantSettings,
        subjects: &mut [Subject],
        needs: &Needs,
    ) -> Result<(), StoreError> {
        let ids: Vec<PersonId> = subjects.iter().map(|subject| subject.person.id).collect();
        let none = Vec::new();
        let mut tags = if needs.tags { self.tags(tenant, &ids).await? } else { HashMap::new() };
        let mut scores = if needs.scores { self.scores(tenant, &ids).await? } else { HashMap::new() };
        let mut consents = if needs.consents { self.consents(tenant, &ids).await? } else { HashMap::new() };
        let numbers: Vec<u32> = subjects.iter().map(|subject| subject.person.number).collect();
        let numbers = if needs.standings { &numbers } else { &none };
        let standings = self.standings(tenant, numbers).await?;
        for subject in subjects {
            let id = subject.person.id;
            subject.tags = tags.remove(&id).unwrap_or_default();
            subject.scores = scores.remove(&id).unwrap_or_default();
            subject.consents = consents.remove(&id).unwrap_or_default();
            subject.consents.iter_mut().for_each(|consent| expire(settings, consent));
            let standing = standings.get(&subject.person.number);
            subject.influence = standing.map(|standing| standing.influence);
            subject.distance = standing.and_then(|standing| standing.distance).map(i64::from);
        }
        Ok(())
    }

    async fn fill_links(&mut self, tenant: TenantId, subjects: &mut [Subject], rows: &Rows) -> Result<(), StoreError> {
        let ids: Vec<PersonId> = rows.ids.keys().copied().collect();
        for (id, links) in self.links(tenant, &ids).await? {
            if let Some(subject) = rows.ids.get(&id).and_then(|place| subjects.get_mut(*place)) {
                subject.links.extend(links);
            }
        }
        subjects.iter_mut().for_each(|subject| Link::sort(&mut subject.links));
        Ok(())
    }

    async fn fill_degrees(
        &mut self,
        tenant: TenantId,
        subjects: &mut [Subject],
        rows: &Rows,
    ) -> Result<(), StoreError> {
        let numbers: Vec<u32> = rows.numbers.keys().copied().collect();
        let mut degrees: BTreeMap<(usize, String), Degree> = BTreeMap::new();
        for end in ["from_number", "to_number"] {
            for piece in pieces(&numbers) {
                let mut sql = Sql::new(self.dialect());
                sql.put(&format!(
                    "select e.{end} as number, e.kind, count(*) as edges from edges e where e.tenant_id = "
                ));
                sql.int(tenant.0).put(&format!(" and e.{end} in ("));
                for (index, number) in piece.iter().enumerate() {
                    sql.put(if index == 0 { "" } else { ", " }).int(i64::from(*number));
                }
                sql.put(&format!(") group by e.{end}, e.kind"));
                for row in sql.query().fetch_all(self.connection()).await? {
                    let cells = Cells::of(&row, "edges");
                    let Some(place) = rows.numbers.get(&cells.number::<u32>("number")?) else { continue };
                    let kind: String = cells.get("kind")?;
                    let fresh = || Degree { kind: kind.clone(), out: 0, into: 0 };
                    let degree = degrees.entry((*place, kind.clone())).or_insert_with(fresh);
                    let count: i64 = cells.get("edges")?;
                    if end == "from_number" { degree.out += count } else { degree.into += count }
                }
            }
        }
        for ((place, _), degree) in degrees {
            subjects.get_mut(place).into_iter().for_each(|subject| subject.degrees.push(degree.clone()));
        }
        Ok(())
    }

    async fn fill_windows(
        &mut self,
        tenant: TenantId,
        subjects: &mut [Subject],
        rows: &Rows,
        windows: &[&Window],
        now: Millis,
    ) -> Result<(), StoreError> {
        let ids: Vec<PersonId> = rows.ids.keys().copied().collect();
        for piece in pieces(&ids) {
            let mut sql = Sql::new(self.dialect());
            count_windows(&mut sql, tenant, windows, piece, now);
            for row in sql.query().fetch_all(self.connection()).await? {
                let id = Cells::of(&row, "timeline").id("person_id", PersonId::from_slice)?;
                let Some(subject) = rows.ids.get(&id).and_then(|place| subjects.get_mut(*place)) else { continue };
                for (column, window) in windows.iter().enumerate() {
                    let counted: i64 = row.try_get(column + 1)?;
                    if counted != 0 {
                        *subject.counts.entry(Window::clone(window)).or_insert(0) += counted;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The most windows that one statement counts.
const TOGETHER_MAX: usize = 32;

/// Windows over the same rows: of a kind of event, or of orders.
fn together(windows: &BTreeSet<Window>) -> Vec<Vec<&Window>> {
    let mut same: BTreeMap<Option<&str>, Vec<&Window>> = BTreeMap::new();
    for window in windows {
        let kind = match &window.counted {
            Counted::Events(kind) => Some(kind.as_str()),
            Counted::Orders(_) => None,
        };
        same.entry(kind).or_default().push(window);
    }
    same.values().flat_map(|windows| windows.chunks(TOGETHER_MAX)).map(<[&Window]>::to_vec).collect()
}

/// Counts by person, a column for each window. What is compared besides the person is computed, so that no index over
/// everybody is taken for it.
fn count_windows(sql: &mut Sql, tenant: TenantId, windows: &[&Window], people: &[PersonId], now: Millis) {
    sql.put("select r.person_id");
    for window in windows {
        let (time, what) = match &window.counted {
            Counted::Events(_) => ("r.occurred_at", "1"),
            Counted::Orders(OrderMeasure::Count) => ("r.ordered_at", "1"),
            Counted::Orders(OrderMeasure::Sum) => ("r.ordered_at", "r.amount - r.refunded"),
        };
        sql.put(", cast(sum(case when true");
        for (op, at) in window.times.iter().map(|test| bounds::at(*test, now)) {
            sql.put(&format!(" and {time} {} ", op.sign())).int(at);
        }
        sql.put(&format!(" then {what} else 0 end) as bigint)"));
    }
    // Nothing before the first window begins is walked through.
    let begins = windows.iter().map(|window| begin(window, now)).min().flatten();
    match windows.first().map(|window| &window.counted) {
        Some(Counted::Events(kind)) => {
            sql.put(" from timeline r where r.tenant_id = ").int(tenant.0);
            sql.put(" and r.kind || '' = ").text(kind.as_str());
            begins.iter().for_each(|at| {
                sql.put(" and r.occurred_at >= ").int(*at);
            });
        }
        _ => {
            sql.put(" from orders r where r.tenant_id = ").int(tenant.0).put(" and r.amount > r.refunded");
            begins.iter().for_each(|at| {
                sql.put(" and (r.ordered_at + 0) >= ").int(*at);
            });
        }
    }
    sql.put(" and r.person_id in (");
    for (index, person) in people.iter().enumerate() {
        sql.put(if index == 0 { "" } else { ", " }).bytes(person.as_bytes());
    }
    sql.put(") group by r.person_id");
}

/// When a window begins, if it does.
fn begin(window: &Window, now: Millis) -> Option<Millis> {
    let bounds = window.times.iter().map(|test| bounds::at(*test, now));
    bounds.filter(|(op, _)| matches!(op, Op::Eq | Op::Gt | Op::Gte)).map(|(_, at)| at).max()
}

/// A consent ends as the tenant's rule says, if that is earlier.
fn expire(settings: &TenantSettings, consent: &mut Consent) {
    if let Some(purpose) = settings.purposes.get(&consent.purpose) {
        consent.expires_at = ends_at(purpose, consent);
    }
}
