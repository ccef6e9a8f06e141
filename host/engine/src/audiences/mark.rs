//! Who has to be looked at again, noted in the commit that changed them: whoever moved into or out of a segment, whose consents
//! or links changed, who was joined or parted.

use std::collections::BTreeSet;

use guanxi_app::AppError;
use guanxi_domain::ids::{AudienceId, PersonId, SegmentId};
use guanxi_domain::tenant::TenantId;
use guanxi_store::Work;

use crate::Engine;

/// Marks people who moved into or out of segments, by number; whether anybody was marked.
pub(crate) async fn mark_moved(
    engine: &Engine,
    work: &mut Work,
    tenant: TenantId,
    moved: &[(SegmentId, u32)],
) -> Result<bool, AppError> {
    mark(engine, work, tenant, moved, &BTreeSet::new(), &BTreeSet::new()).await
}

/// The same, and people who changed otherwise, by id or by number, in every audience.
pub(crate) async fn mark(
    engine: &Engine,
    work: &mut Work,
    tenant: TenantId,
    moved: &[(SegmentId, u32)],
    people: &BTreeSet<PersonId>,
    numbers: &BTreeSet<u32>,
) -> Result<bool, AppError> {
    if moved.is_empty() && people.is_empty() && numbers.is_empty() {
        return Ok(false);
    }
    let audiences = work.audience_segments(tenant).await?;
    if audiences.is_empty() {
        return Ok(false);
    }
    let ids: Vec<PersonId> = people.iter().copied().collect();
    let changed = work.people(tenant, &ids).await?;
    // Whoever stands for them has what they have.
    let roots: Vec<PersonId> = changed.values().map(guanxi_domain::person::Person::root).collect();
    let roots = work.people(tenant, &roots).await?;
    let numbers: BTreeSet<u32> =
        changed.values().chain(roots.values()).map(|person| person.number).chain(numbers.iter().copied()).collect();
    let mut whom: BTreeSet<(AudienceId, u32)> = BTreeSet::new();
    for (audience, segment) in audiences {
        let entered = moved.iter().filter(|(of, _)| *of == segment).map(|(_, number)| *number);
        whom.extend(entered.chain(numbers.iter().copied()).map(|number| (audience, number)));
    }
    // Of the same commit and no other.
    let mark = i64::from_le_bytes(engine.app.ambient().bytes());
    work.mark_audiences(tenant, &whom.iter().copied().collect::<Vec<_>>(), mark).await?;
    Ok(!whom.is_empty())
}
