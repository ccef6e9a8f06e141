//! Who is next where places are few: tenants share the processors, and SQLite's one writer, by weight, whatever each of them
//! has to do.
//!
//! Start-time fair queueing: each tenant has a clock that runs by the time that it took, divided by its weight, and
//! whoever waits with the clock that is furthest behind goes next. A tenant who had nothing to do saves up no more than a
//! moment of it: enough to go before those who are busy all the time, and not to hold them up later.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use guanxi_domain::tenant::TenantId;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Clocks that are kept of tenants who have nothing to do; beyond that they forget what they had taken.
const CLOCKS_MAX: usize = 4_096;

/// How far a clock may be behind those of others, in its own unit: thousandths of a nanosecond that weight 1 took.
const CREDIT: u128 = 100_000_000 * UNIT;
const UNIT: u128 = 1_000;

/// Lets as many tenants in at once as there are places; cheap to clone.
#[derive(Clone)]
pub struct Turnstile(Arc<Mutex<State>>);

struct State {
    free: usize,
    /// By clock, then in the order in which they came.
    waiting: BTreeMap<(u128, u64), Waiting>,
    came: u64,
    clocks: HashMap<TenantId, u128>,
    /// Where the clock of whoever went last was when they went.
    now: u128,
}

struct Waiting {
    tenant: TenantId,
    weight: u64,
    go: oneshot::Sender<Turn>,
}

/// A place; given back when it is dropped, with the time that it was taken for.
#[derive(Debug)]
pub struct Turn {
    /// Nothing if the place was never taken.
    turnstile: Option<Turnstile>,
    tenant: TenantId,
    weight: u64,
    since: Instant,
}

impl Turnstile {
    /// With so many places, at least one.
    pub fn new(places: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: places.max(1),
            waiting: BTreeMap::new(),
            came: 0,
            clocks: HashMap::new(),
            now: 0,
        })))
    }

    /// Waits for a place. What is to take long is cut in pieces by whoever asks, so that others go in between.
    pub async fn enter(&self, tenant: TenantId, weight: u64) -> Turn {
        loop {
            match self.ask(tenant, weight) {
                Ok(turn) => return turn,
                // A place comes with the word that it is free, so that it comes back even if nobody waits for it any more.
                Err(wait) => {
                    if let Ok(turn) = wait.await {
                        return turn;
                    }
                }
            }
        }
    }

    /// A free place, or word of the next one.
    fn ask(&self, tenant: TenantId, weight: u64) -> Result<Turn, oneshot::Receiver<Turn>> {
        let mut state = self.lock();
        let clock = state.clocks.get(&tenant).copied().unwrap_or_default().max(state.now.saturating_sub(CREDIT));
        if state.free > 0 && state.waiting.is_empty() {
            return Ok(state.take(self, tenant, weight, clock));
        }
        let (go, wait) = oneshot::channel();
        state.came += 1;
        let place = (clock, state.came);
        state.waiting.insert(place, Waiting { tenant, weight, go });
        Err(wait)
    }

    /// Takes a place back, and gives it to who is next.
    fn give_back(&self, tenant: TenantId, cost: u128) {
        let mut state = self.lock();
        state.free += 1;
        if let Some(clock) = state.clocks.get_mut(&tenant) {
            *clock = clock.saturating_add(cost);
        }
        while state.free > 0 {
            let Some(((clock, _), Waiting { tenant, weight, go })) = state.waiting.pop_first() else { return };
            let turn = state.take(self, tenant, weight, clock);
            if let Err(mut turn) = go.send(turn) {
                // Whoever does not wait any more is passed over.
                turn.turnstile = None;
                state.free += 1;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, turnstile: &Turnstile, tenant: TenantId, weight: u64, clock: u128) -> Turn {
        self.free -= 1;
        self.now = self.now.max(clock);
        if self.clocks.len() >= CLOCKS_MAX {
            let now = self.now;
            self.clocks.retain(|_, clock| *clock > now);
        }
        // Two places of one tenant at once run on the same clock.
        let known = self.clocks.entry(tenant).or_insert(clock);
        *known = clock.max(*known);
        Turn { turnstile: Some(turnstile.clone()), tenant, weight: weight.max(1), since: Instant::now() }
    }
}

impl Turn {
    /// Whether another tenant waits for a place; the operator is none.
    pub(crate) fn is_waited_for(&self) -> bool {
        let others =
            |state: &State| state.waiting.values().any(|w| w.tenant != self.tenant && w.tenant != TenantId::OPERATOR);
        self.turnstile.as_ref().is_some_and(|turnstile| others(&turnstile.lock()))
    }

    /// Gives the place back; how long it was taken.
    pub fn leave(mut self) -> Duration {
        let took = self.since.elapsed();
        self.leave_after(took);
        took
    }

    fn leave_after(&mut self, took: Duration) {
        if let Some(turnstile) = self.turnstile.take() {
            let nanos = took.as_nanos().max(1);
            turnstile.give_back(self.tenant, nanos.saturating_mul(UNIT) / u128::from(self.weight));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.leave_after(self.since.elapsed());
    }
}

impl std::fmt::Debug for Turnstile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.lock();
        f.debug_struct("Turnstile").field("free", &state.free).field("waiting", &state.waiting.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tenant who asks again as soon as it has computed: its weight, and how long it takes each time.
    type Busy = (u64, Duration);

    /// Who computes, one after the other, in so many turns; tenants are told by their places in `all`.
    async fn turns(all: &[Busy], count: usize) -> Vec<usize> {
        let turnstile = Turnstile::new(1);
        let weight = |tenant: usize| all[tenant].0;
        let ask = |tenant: usize| turnstile.ask(TenantId(tenant as i64), weight(tenant));
        let Ok(mut turn) = ask(0) else { panic!("no place is free") };
        let mut waiting: Vec<_> = (1..all.len()).map(|tenant| (tenant, ask(tenant).expect_err("taken"))).collect();
        let (mut now, mut turns) = (0, vec![0]);
        while turns.len() < count {
            turn.leave_after(all[now].1);
            let gone = waiting.iter_mut().position(|(_, wait)| match wait.try_recv() {
                Ok(next) => {
                    turn = next;
                    true
                }
                Err(_) => false,
            });
            let next = waiting.remove(gone.expect("somebody goes")).0;
            waiting.push((now, ask(now).expect_err("taken")));
            now = next;
            turns.push(now);
        }
        turns
    }

    #[tokio::test]
    async fn pl_7_who_has_little_to_do_waits_for_one_turn_at_most() {
        let (long, short) = (Duration::from_millis(100), Duration::from_millis(1));
        let turns = turns(&[(1, long), (1, long), (1, long), (1, short)], 200).await;
        let quiet: Vec<usize> = turns.iter().enumerate().filter(|(_, who)| **who == 3).map(|(at, _)| at).collect();
        assert!(quiet[0] <= 3 && quiet.len() > 90, "{turns:?}");
        assert!(quiet.windows(2).all(|pair| pair[1] - pair[0] <= 2), "{turns:?}");
        let others = (0..3).map(|who| turns.iter().filter(|turn| **turn == who).count());
        assert!(others.clone().max().unwrap() - others.min().unwrap() <= 1, "{turns:?}");
    }

    #[tokio::test]
    async fn pl_7_a_weight_is_a_share() {
        let same = Duration::from_millis(10);
        let turns = turns(&[(1, same), (1, same), (1, same), (3, same)], 600).await;
        let count = |who: usize| turns.iter().filter(|turn| **turn == who).count();
        assert!(count(3).abs_diff(300) <= 2, "{}", count(3));
        assert!((0..3).all(|who| count(who).abs_diff(100) <= 2));
    }

    #[tokio::test]
    async fn pl_7_idle_time_is_not_saved_up() {
        let (turnstile, [busy, other, idle]) = (Turnstile::new(1), [1, 2, 3].map(TenantId));
        for tenant in [busy, other].repeat(100) {
            turnstile.enter(tenant, 1).await.leave_after(Duration::from_secs(1));
        }
        turnstile.enter(idle, 1).await.leave_after(Duration::from_secs(3));
        let clocks = turnstile.lock().clocks.clone();
        assert!(clocks[&idle] > clocks[&busy] && clocks[&idle] > clocks[&other], "{clocks:?}");
    }

    #[tokio::test]
    async fn pl_7_whoever_holds_a_place_knows_whether_another_tenant_waits() {
        let turnstile = Turnstile::new(1);
        let turn = turnstile.enter(TenantId(1), 1).await;
        let _own = turnstile.ask(TenantId(1), 1).expect_err("taken");
        let _all = turnstile.ask(TenantId::OPERATOR, 1).expect_err("taken");
        assert!(!turn.is_waited_for());
        let _other = turnstile.ask(TenantId(2), 1).expect_err("taken");
        assert!(turn.is_waited_for());
    }

    #[tokio::test]
    async fn pl_7_a_place_comes_back_whatever_becomes_of_who_waits() {
        let turnstile = Turnstile::new(2);
        let [one, other] = [turnstile.enter(TenantId(1), 1).await, turnstile.enter(TenantId(1), 1).await];
        let waits = || turnstile.ask(TenantId(2), 1).expect_err("taken");
        drop(waits());
        let given = waits();
        drop(one);
        // Never looked at.
        drop(given);
        drop(other);
        assert_eq!(turnstile.lock().free, 2);
    }
}
