//! An erasure, in the order of the log: it is a batch of its own, after which nobody sees the person any more. What is
//! left of them is rewritten by [`crate::erasure`].

use std::collections::BTreeSet;

use guanxi_app::AppError;
use guanxi_domain::erasure::{ERASED, Erasure, ErasureStatus, Plan, Report};
use guanxi_domain::event::Event;
use guanxi_domain::ids::{ErasureId, PersonId};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{LogCursor, Scope as Rows, Work};

use super::recall::Bookmark;
use super::rounds::Done;
use crate::{Engine, audiences};

/// Whether the event is an erasure.
pub(crate) fn is_erasure(event: &Event) -> bool {
    event.event.kind == ERASED && !event.event.body.erased
}

/// Takes away what makes the person known, and everybody who was joined with them.
pub(crate) async fn begin(
    engine: &Engine,
    tenant: TenantId,
    bookmark: &mut Bookmark,
    from: LogCursor,
    event: &Event,
) -> Result<Done, AppError> {
    let cursor = LogCursor { position: event.position, ..from };
    let mut work = engine.app.store().begin(Rows::Tenant(tenant)).await?;
    work.advance(tenant, from, cursor).await?;
    let mut erasure = asked(&mut work, tenant, event).await?;
    let now = engine.app.ambient().now();
    let status = match detach(&mut work, tenant, event.position, &mut erasure).await? {
        true => ErasureStatus::Running,
        false => ErasureStatus::Done,
    };
    work.note_erasure(tenant, erasure.id, status, &erasure.report, now).await?;
    // Whatever audiences hold of them is to be removed from their channels.
    let numbers = erasure.report.plan.iter().flat_map(|plan| plan.numbers.iter().copied()).collect();
    let marked = audiences::mark(engine, &mut work, tenant, &[], &BTreeSet::new(), &numbers).await?;
    work.commit().await?;
    engine.app.forget_relations(tenant);
    if marked {
        engine.app.signals().gathered.notify_one();
    }
    let identities = erasure.report.plan.as_ref().map(|plan| plan.identities.as_slice()).unwrap_or_default();
    engine.recall.erase(bookmark, &erasure.report.people, identities);
    Ok(Done { cursor, events: 1 })
}

/// The erasure as it was asked for. A log that came from elsewhere may speak of one that is not known here.
async fn asked(work: &mut Work, tenant: TenantId, event: &Event) -> Result<Erasure, AppError> {
    let body = &event.event.body;
    let named = body.properties.get("erasure").and_then(|id| id.as_str()).and_then(|id| id.parse::<ErasureId>().ok());
    let (Some(id), Some(person)) = (named, body.person) else {
        return Err(AppError::internal("the erasure names nobody"));
    };
    if let Some(known) = work.erasure(tenant, id).await? {
        return Ok(known);
    }
    let erasure = Erasure {
        tenant,
        id,
        person,
        status: ErasureStatus::Waiting,
        requested_by: "log".to_owned(),
        requested_at: event.event.received_at,
        done_at: None,
        report: Report::default(),
    };
    work.insert_erasure(&erasure).await?;
    Ok(erasure)
}

/// Whether there was anybody.
async fn detach(work: &mut Work, tenant: TenantId, position: i64, erasure: &mut Erasure) -> Result<bool, AppError> {
    let Some(person) = work.person(tenant, erasure.person).await? else { return Ok(false) };
    let root = person.root();
    let mut people: Vec<PersonId> = work.members(tenant, &[root]).await?.remove(&root).unwrap_or_default();
    people.push(root);
    people.sort_unstable();
    people.dedup();
    let numbers = work.people(tenant, &people).await?.into_values().map(|person| person.number).collect();
    let links = work.links(tenant, &people).await?;
    let identities = links.into_values().flatten().map(|link| link.identity).collect();
    let plan = Plan { numbers, identities, position };
    work.leave_segments(tenant, &plan.numbers).await?;
    for (table, rows) in work.detach(tenant, &people, &plan.numbers).await? {
        erasure.report.count(table, rows);
    }
    work.leave_segments(tenant, &plan.numbers).await?;
    erasure.report.people = people;
    erasure.report.plan = Some(plan);
    Ok(true)
}
