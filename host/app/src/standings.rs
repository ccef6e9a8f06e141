//! Everybody's standing: computed from the graph of relations beside the work, stored where it became another.
//!
//! Standings are no part of what the log decides: they follow from all relations at once and may be computed at any
//! time. So they are read for each micro-batch instead of being remembered with the people, and plugins see them as
//! they see the time: as of the decision.

use std::collections::HashMap;
use std::iter::Peekable;

use guanxi_domain::relations::Standing;
use guanxi_domain::tenant::TenantId;
use guanxi_graph::UNREACHED;
use guanxi_store::Scope as Rows;

use crate::graphs::State;
use crate::{App, AppError};

/// Rows that are read or written at once.
const ROWS: u32 = 2_000;
/// The part by which influence has to change to be stored again.
const CHANGE: f64 = 0.01;

/// What became of the standings of one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Refreshed {
    /// People who have one.
    pub people: usize,
    /// Standings that were stored, because they are new or another.
    pub stored: usize,
    /// Standings that were taken away.
    pub removed: usize,
}

#[derive(Default)]
struct Difference {
    stored: Vec<(u32, Standing)>,
    removed: Vec<u32>,
}

impl App {
    /// The tenants that have relations.
    pub async fn related_tenants(&self) -> Result<Vec<TenantId>, AppError> {
        Ok(self.store().read(Rows::Host).await?.tenants_with_edges().await?)
    }

    /// Whether enough has changed to compute the standings of a tenant at once, not only in a while.
    pub async fn standings_are_due(&self, tenant: TenantId) -> Result<bool, AppError> {
        self.much_changed(tenant).await
    }

    /// Computes everybody's standing and stores what changed.
    pub async fn refresh_standings(&self, tenant: TenantId) -> Result<Refreshed, AppError> {
        let held = self.graph(tenant).await?;
        held.take_changed();
        let beacons = self.store().read(Rows::Tenant(tenant)).await?.beacons(tenant).await?;
        let (influence, standings) = held.look(move |state| standings(state, beacons)).await?;
        held.change(move |state| state.influence = influence).await?;
        let people = standings.len();
        let difference = self.standings_difference(tenant, standings).await?;
        let refreshed = Refreshed { people, stored: difference.stored.len(), removed: difference.removed.len() };
        self.store_standings(tenant, difference).await?;
        Ok(refreshed)
    }

    async fn standings_difference(
        &self,
        tenant: TenantId,
        standings: Vec<(u32, Standing)>,
    ) -> Result<Difference, AppError> {
        let mut difference = Difference::default();
        let mut fresh = standings.into_iter().peekable();
        let mut after = 0;
        loop {
            // A short look at a time: nothing else waits for this.
            let stored = self.store().read(Rows::Tenant(tenant)).await?.standings_after(tenant, after, ROWS).await?;
            let Some((last, _)) = stored.last() else { break };
            after = *last;
            difference.compare(&mut fresh, stored);
        }
        difference.stored.extend(fresh);
        Ok(difference)
    }

    async fn store_standings(&self, tenant: TenantId, difference: Difference) -> Result<(), AppError> {
        let now = self.ambient().now();
        for rows in difference.stored.chunks(ROWS as usize) {
            let mut work = self.store().begin_unhurried(Rows::Tenant(tenant)).await?;
            work.put_standings(tenant, rows, now).await?;
            work.commit().await?;
        }
        for numbers in difference.removed.chunks(ROWS as usize) {
            let mut work = self.store().begin_unhurried(Rows::Tenant(tenant)).await?;
            work.remove_standings(tenant, numbers).await?;
            work.commit().await?;
        }
        Ok(())
    }

    /// The stored standings of people, by number; of whoever has no relations there is none.
    pub async fn standings(&self, tenant: TenantId, numbers: &[u32]) -> Result<HashMap<u32, Standing>, AppError> {
        Ok(self.store().read(Rows::Tenant(tenant)).await?.standings(tenant, numbers).await?)
    }
}

/// Of everybody who has relations, by number.
fn standings(state: &State, beacons: Vec<u32>) -> (guanxi_graph::Influence, Vec<(u32, Standing)>) {
    let influence = state.graph.influence(&state.influence);
    let distances = state.graph.distances(beacons);
    let distance = |number: u32| distances.get(number as usize).copied().filter(|steps| *steps != UNREACHED);
    let standings = influence.iter().map(|(number, influence)| {
        let connections = u32::try_from(state.graph.degree(number)).unwrap_or(u32::MAX);
        (number, Standing { influence, distance: distance(number), connections })
    });
    let standings = standings.collect();
    (influence, standings)
}

impl Difference {
    /// Compares standings with the next of those stored; both are in the order of their numbers.
    fn compare(&mut self, fresh: &mut Peekable<impl Iterator<Item = (u32, Standing)>>, stored: Vec<(u32, Standing)>) {
        for (number, old) in stored {
            while let Some(new) = fresh.next_if(|(next, _)| *next < number) {
                self.stored.push(new);
            }
            match fresh.next_if(|(next, _)| *next == number) {
                Some((_, new)) if differs(&old, &new) => self.stored.push((number, new)),
                Some(_) => {}
                None => self.removed.push(number),
            }
        }
    }
}

fn differs(old: &Standing, new: &Standing) -> bool {
    old.distance != new.distance
        || old.connections != new.connections
        || (old.influence - new.influence).abs() > CHANGE * old.influence.max(new.influence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_another_is_stored() {
        let standing = |influence| Standing { influence, distance: Some(2), connections: 1 };
        let fresh = vec![(1, standing(1.0)), (3, standing(1.005)), (4, standing(1.2)), (6, standing(1.0))];
        let mut fresh = fresh.into_iter().peekable();
        let mut difference = Difference::default();
        difference.compare(&mut fresh, vec![(2, standing(1.0)), (3, standing(1.0))]);
        difference.compare(&mut fresh, vec![(4, standing(1.0)), (5, standing(1.0))]);
        difference.stored.extend(fresh);
        assert_eq!(difference.stored, [(1, standing(1.0)), (4, standing(1.2)), (6, standing(1.0))]);
        assert_eq!(difference.removed, [2, 5]);
    }
}
