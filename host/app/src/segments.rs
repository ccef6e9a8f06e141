//! Segments: define, look before saving, list members, and say why somebody is in one or not.
//!
//! A definition is only stored here. The worker of the tenant's log finds the members between two micro-batches, see the
//! engine's `pipeline::segments`; whoever defined it waits for that.

use std::collections::BTreeMap;
use std::time::Duration;

use guanxi_domain::Millis;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::{PersonId, SegmentId};
use guanxi_domain::segment::{
    BadFilter, Condition, Filter, Finding, Known, Needs, SEGMENTS_MAX, Tongue, expand, is_name,
};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{Scope as Rows, SegmentRow, Work};
use serde_json::Value;

use crate::insight::{page, summaries, whole};
use crate::{App, AppError, PersonSummary};

/// The most characters of a title.
const TITLE_MAX: usize = 120;
/// How many people a preview shows.
const SAMPLE: u32 = 10;
/// How long whoever defined a segment waits for its members; they are found without them.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked at what another node finds.
const LOOK: Duration = Duration::from_millis(100);
/// Names that mean something else in paths.
const RESERVED: [&str; 3] = ["preview", "schema", "new"];

/// A segment as somebody wants it.
#[derive(Debug, Clone)]
pub struct SegmentInput {
    /// What people read.
    pub title: String,
    /// Who is meant: a filter's document.
    pub filter: Value,
}

/// What a filter would find.
#[derive(Debug, Clone)]
pub struct SegmentPreview {
    /// The filter in its usual spelling.
    pub filter: Filter,
    /// How many.
    pub count: u64,
    /// Some of them, the latest first.
    pub sample: Vec<PersonSummary>,
    /// How long counting took.
    pub took_ms: Millis,
}

/// Members of a segment, in the order in which they became known.
#[derive(Debug, Clone)]
pub struct SegmentPage {
    /// The segment.
    pub segment: SegmentRow,
    /// Some of its members.
    pub people: Vec<PersonSummary>,
    /// Behind whom the next page begins.
    pub next: Option<u32>,
}

/// Whether a person is in a segment, and why.
#[derive(Debug, Clone)]
pub struct SegmentAnswer {
    /// The segment.
    pub segment: SegmentRow,
    /// Whether the person is in it.
    pub member: bool,
    /// Part by part.
    pub reason: Reason,
}

/// The answer of one part of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The part's document.
    pub part: Value,
    /// As people read it, in English and Chinese.
    pub said: [String; 2],
    /// Whether it holds.
    pub holds: bool,
    /// What was found.
    pub found: Option<String>,
    /// The answers of its parts.
    pub parts: Vec<Self>,
}

impl App {
    /// All segments of a tenant, by name.
    pub async fn segments(&self, caller: &Caller, slug: &str) -> Result<Vec<SegmentRow>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        Ok(self.store().read(Rows::Tenant(tenant.id)).await?.segments(tenant.id).await?)
    }

    /// One segment.
    pub async fn segment(&self, caller: &Caller, slug: &str, name: &str) -> Result<SegmentRow, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let mut read = self.store().read(Rows::Tenant(tenant.id)).await?;
        read.segment(tenant.id, name).await?.ok_or(AppError::NotFound("segment"))
    }

    /// Whether the caller may see the language of this tenant's segments.
    pub async fn segment_schema(&self, caller: &Caller, slug: &str) -> Result<&'static str, AppError> {
        self.tenant_for(caller, slug, Scope::Read).await?;
        Ok(guanxi_domain::segment::schema::SCHEMA)
    }

    /// Defines a segment or changes it, and waits until its members are found; if that takes too long, it is still being
    /// built when this returns. Whoever is in it from the start does not enter it. Needs `manage`.
    pub async fn put_segment(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        input: SegmentInput,
    ) -> Result<SegmentRow, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let (filter, title) = read(name, &input)?;
        let now = self.ambient().now();
        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        let rows = work.segments(tenant.id).await?;
        if rows.len() >= SEGMENTS_MAX && rows.iter().all(|row| row.name != name) {
            return Err(AppError::TooLarge(format!("a tenant has at most {SEGMENTS_MAX} segments")));
        }
        check_all(name, &filter, &rows)?;
        let row = SegmentRow {
            id: SegmentId::from_uuid(self.ambient().uuid()),
            name: name.to_owned(),
            title,
            filter,
            revision: 1,
            swept_to: 0,
            due_at: Some(0),
            members: 0,
            created_by: caller.token.to_string(),
            created_at: now,
            updated_at: now,
        };
        work.put_segment(tenant.id, &row).await?;
        let changed = rows.iter().any(|old| old.name == name && old.filter != row.filter);
        if changed {
            work.unsettle_segments(tenant.id, &naming(name, &rows)).await?;
        }
        work.commit().await?;
        self.signals().appended.ring(tenant.id);
        self.built(tenant.id, name).await
    }

    /// Takes a segment away. One that others name stays. Needs `manage`.
    pub async fn delete_segment(&self, caller: &Caller, slug: &str, name: &str) -> Result<(), AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let mut work = self.store().begin(Rows::Tenant(tenant.id)).await?;
        let rows = work.segments(tenant.id).await?;
        let users: Vec<&str> =
            rows.iter().filter(|row| row.filter.segments().contains(&name)).map(|row| row.name.as_str()).collect();
        if !users.is_empty() {
            return Err(AppError::Conflict(format!("these segments name it: {}", users.join(", "))));
        }
        let audiences = work.audiences(tenant.id).await?;
        let gone = rows.iter().find(|row| row.name == name).map(|row| row.id);
        let users: Vec<&str> = audiences
            .iter()
            .filter(|row| !row.audience.ending && Some(row.audience.segment) == gone)
            .map(|row| row.audience.name.as_str())
            .collect();
        if !users.is_empty() {
            return Err(AppError::Conflict(format!("these audiences are made of it: {}", users.join(", "))));
        }
        if !work.delete_segment(tenant.id, name).await? {
            return Err(AppError::NotFound("segment"));
        }
        Ok(work.commit().await?)
    }

    /// How many a filter means and some of them, before anything is saved.
    pub async fn preview_segment(
        &self,
        caller: &Caller,
        slug: &str,
        filter: &Value,
    ) -> Result<SegmentPreview, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let filter = Filter::read(filter).map_err(invalid)?;
        // Each goes through everybody on several connections; more at once would only keep each other waiting.
        let _turn = self.inner.previews.acquire().await.map_err(AppError::internal)?;
        let rows = self.store().read(Rows::Tenant(tenant.id)).await?.segments(tenant.id).await?;
        let whole = expand("", &filter, &known(&rows)).map_err(invalid)?;
        let settings = self.settings(tenant.id).await?;
        let now = self.ambient().now();
        let found = self.store().sample_people(tenant.id, &settings, &whole, now, SAMPLE).await?;
        let took_ms = self.ambient().now() - now;
        let mut read = self.store().read(Rows::Tenant(tenant.id)).await?;
        let sample = self.numbered(&mut read, tenant.id, &found.numbers).await?;
        Ok(SegmentPreview { filter, count: found.count, sample, took_ms })
    }

    /// Members of a segment behind number `after`.
    pub async fn segment_people(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        after: u32,
        limit: Option<u32>,
    ) -> Result<SegmentPage, AppError> {
        let segment = self.segment(caller, slug, name).await?;
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let limit = page(limit);
        let mut read = self.store().read(Rows::Tenant(tenant.id)).await?;
        let numbers = read.segment_page(tenant.id, segment.id, after, limit).await?;
        let next = numbers.last().copied().filter(|_| numbers.len() == limit as usize);
        let people = self.numbered(&mut read, tenant.id, &numbers).await?;
        Ok(SegmentPage { segment, people, next })
    }

    /// For each segment whether the person is in it, and why or why not.
    pub async fn segments_of(&self, caller: &Caller, slug: &str, id: PersonId) -> Result<Vec<SegmentAnswer>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let settings = self.settings(tenant.id).await?;
        let mut read = self.store().read(Rows::Tenant(tenant.id)).await?;
        let (person, _) = whole(&mut read, tenant.id, id).await?;
        let rows = read.segments(tenant.id).await?;
        let ids: Vec<SegmentId> = rows.iter().map(|row| row.id).collect();
        let of = read.segments_of(tenant.id, &ids, person.number).await?;
        let filters: Vec<Filter> = rows.iter().map(|row| expanded(row, &rows)).collect();
        let mut needs = Needs::default();
        filters.iter().for_each(|filter| needs.join(&Needs::of(filter)));
        let now = self.ambient().now();
        let subjects = read.subjects(tenant.id, &settings, &[person.id], &needs, now).await?;
        let subject = subjects.people.first().ok_or(AppError::NotFound("person"))?;
        let answers = rows.iter().zip(&filters).map(|(row, filter)| SegmentAnswer {
            segment: row.clone(),
            member: of.contains(&row.id),
            reason: reason(&filter.explain(subject, now)),
        });
        Ok(answers.collect())
    }

    /// People by their numbers, in this order.
    async fn numbered(
        &self,
        read: &mut Work,
        tenant: TenantId,
        numbers: &[u32],
    ) -> Result<Vec<PersonSummary>, AppError> {
        let mut people = read.people_numbered(tenant, numbers).await?;
        let people = numbers.iter().filter_map(|number| people.remove(number)).collect();
        summaries(read, tenant, people).await
    }

    async fn built(&self, tenant: TenantId, name: &str) -> Result<SegmentRow, AppError> {
        let read = async || {
            let row = self.store().read(Rows::Tenant(tenant)).await?.segment(tenant, name).await?;
            row.ok_or(AppError::NotFound("segment"))
        };
        let look = async {
            loop {
                let progress = self.signals().progressed.notified();
                let row = read().await?;
                if row.is_built() {
                    return Ok(row);
                }
                tokio::select! {
                    () = progress => {}
                    () = tokio::time::sleep(LOOK) => {}
                }
            }
        };
        match tokio::time::timeout(PATIENCE, look).await {
            Ok(row) => row,
            Err(_) => read().await,
        }
    }
}

fn read(name: &str, input: &SegmentInput) -> Result<(Filter, String), AppError> {
    if !is_name(name) || RESERVED.contains(&name) {
        let rule = "a segment's name has 2 to 64 of a-z, 0-9, - and _, starts with a letter, and is not preview, schema or new";
        return Err(AppError::invalid("name", rule));
    }
    let title = input.title.trim().to_owned();
    if title.is_empty() || title.chars().count() > TITLE_MAX || title.chars().any(char::is_control) {
        return Err(AppError::invalid("title", format!("has 1 to {TITLE_MAX} characters")));
    }
    Ok((Filter::read(&input.filter).map_err(invalid)?, title))
}

fn invalid(bad: BadFilter) -> AppError {
    AppError::invalid(bad.at, bad.problem)
}

fn known(rows: &[SegmentRow]) -> Known<'_> {
    rows.iter().map(|row| (row.name.as_str(), &row.filter)).collect()
}

/// With the new definition neither this segment nor one that names it may lead back to itself or grow too large.
fn check_all(name: &str, filter: &Filter, rows: &[SegmentRow]) -> Result<(), AppError> {
    let mut all: Known<'_> = known(rows);
    all.insert(name, filter);
    expand(name, filter, &all).map_err(invalid)?;
    for row in rows.iter().filter(|row| row.name != name) {
        let bad = expand(&row.name, &row.filter, &all).err();
        if let Some(bad) = bad {
            return Err(AppError::invalid(bad.at, format!("segment `{}` names it: {}", row.name, bad.problem)));
        }
    }
    Ok(())
}

/// Segments that name it, and those that name these, and so on.
fn naming<'r>(name: &str, rows: &'r [SegmentRow]) -> Vec<&'r str> {
    let mut found: BTreeMap<&str, bool> = BTreeMap::new();
    let mut open = vec![name];
    while let Some(name) = open.pop() {
        for row in rows.iter().filter(|row| row.filter.segments().contains(&name)) {
            if found.insert(row.name.as_str(), true).is_none() {
                open.push(row.name.as_str());
            }
        }
    }
    found.into_keys().collect()
}

fn expanded(row: &SegmentRow, rows: &[SegmentRow]) -> Filter {
    expand(&row.name, &row.filter, &known(rows)).unwrap_or(Filter::Any(Vec::new()))
}

fn reason(finding: &Finding<'_>) -> Reason {
    let part = match finding.filter {
        Filter::Is(condition) => Filter::Is(Condition::clone(condition)).to_json(),
        Filter::All(_) => Value::from("all"),
        Filter::Any(_) => Value::from("any"),
        Filter::Not(_) => Value::from("not"),
    };
    Reason {
        part,
        said: [finding.filter.say(Tongue::English), finding.filter.say(Tongue::Chinese)],
        holds: finding.holds,
        found: finding.found.clone(),
        parts: finding.parts.iter().map(reason).collect(),
    }
}
