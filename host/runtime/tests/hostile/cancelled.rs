//! PL-2: calls that are cut off at any point of theirs, by any limit and by the clock. None panics, each ends in the error of
//! its limit, and the same call left alone afterwards comes to the same.

use fastrand::Rng;
use guanxi_domain::analysis::Text;
use guanxi_domain::connector::Outbound;
use guanxi_domain::limits::CallLimits;
use guanxi_domain::scoring::Column;
use guanxi_runtime::{Call, CallError, Secrets};

use crate::guests::{moments, plugin};

/// Cut off at a point drawn from all that the call goes through.
const BY_LIMITS: usize = 100_000;
/// Cut off by the clock, which ticks once a millisecond.
const BY_CLOCK: usize = if cfg!(debug_assertions) { 2_000 } else { 20_000 };
const THREADS: usize = 4;
/// The most that the calls here take of anything, so that what is drawn below it cuts somewhere.
const MEMORY: usize = 2 << 20;
const OUTPUT: usize = 4 << 10;
const HOST_CALLS: u32 = 4;

/// What a call came to: its answer as text, and its fuel.
type Came = (Result<String, CallError>, u64);

const CALLS: [fn(&CallLimits) -> Came; 4] = [decide, score, read, send];

fn came<T: std::fmt::Debug>(call: Call<T>) -> Came {
    (call.result.map(|answer| format!("{answer:?}")), call.fuel)
}

fn decide(limits: &CallLimits) -> Came {
    came(plugin("well-behaved").decide("{}", &moments(&["visit", "refused", "visit"]), limits))
}

fn score(limits: &CallLimits) -> Came {
    let texts = Column::Texts(vec!["上海".to_owned(); 64]);
    let inputs = [Column::Integers(vec![100; 64]), Column::Numbers(vec![1.5; 64]), texts];
    came(plugin("well-behaved").score("{}", &inputs, 64, 0, true, limits))
}

fn read(limits: &CallLimits) -> Came {
    let text = Text { id: "1".to_owned(), language: None, body: "今天 很开心 ".repeat(50) };
    came(plugin("well-behaved").read_texts("{}", &[text], limits))
}

fn send(limits: &CallLimits) -> Came {
    let message = Outbound {
        id: "msg_1".to_owned(),
        address: "email:a@example.com".to_owned(),
        content: "what do ya want for nothing?".to_owned(),
        created: 1,
        now: 2,
        attempt: 1,
    };
    let secrets = Secrets::new([("signing-key".to_owned(), b"Jefe".to_vec())]);
    came(plugin("well-behaved").send("{}", &message, &secrets, limits))
}

/// At least one limit somewhere below what the call takes.
fn drawn(random: &mut Rng, fuel: u64) -> CallLimits {
    let mut limits = CallLimits { wall_ms: 60_000, ..CallLimits::default() };
    let chosen = random.u8(1..16);
    if chosen & 1 != 0 {
        limits = CallLimits { fuel_per_call: random.u64(..fuel), fuel_per_item: 0, ..limits };
    }
    if chosen & 2 != 0 {
        limits.memory_bytes = random.usize(..MEMORY);
    }
    if chosen & 4 != 0 {
        limits.output_bytes = random.usize(..OUTPUT);
    }
    if chosen & 8 != 0 {
        limits.host_calls = random.u32(..HOST_CALLS);
    }
    limits
}

/// Cuts calls off and counts those that did not end by themselves.
fn cut_off(seed: u64, count: usize) -> usize {
    let mut random = Rng::with_seed(seed);
    let whole = CALLS.map(|call| call(&CallLimits { wall_ms: 60_000, ..CallLimits::default() }));
    let mut cut = 0;
    for round in 0..count {
        let index = random.usize(..CALLS.len());
        let (call, (answer, fuel)) = (CALLS[index], &whole[index]);
        let limits = drawn(&mut random, *fuel);
        match call(&limits) {
            (Err(error), spent) => {
                let known = matches!(
                    error,
                    CallError::OutOfFuel | CallError::Memory | CallError::Output | CallError::HostCalls
                );
                assert!(known && spent <= *fuel, "{index} with {limits:?}: {error}, {spent} of {fuel} fuel");
                cut += 1;
            }
            (ended, _) => assert_eq!(&ended, answer, "{index} with {limits:?}"),
        }
        if round.is_multiple_of(1_000) {
            assert_eq!(call(&CallLimits { wall_ms: 60_000, ..CallLimits::default() }), whole[index]);
        }
    }
    cut
}

#[test]
fn pl_2_calls_cut_off_anywhere_end_in_their_limit() {
    let cut: usize = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || cut_off(thread as u64, BY_LIMITS / THREADS))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    assert!(cut > BY_LIMITS / 2, "only {cut} of {BY_LIMITS} calls were cut off");
}

#[test]
fn pl_2_calls_cut_off_by_the_clock_end_in_their_deadline() {
    let (busy, visits) = (plugin("hard-worker"), moments(&["visit"; 32]));
    let cut_off = |seed| {
        let (mut random, mut cut) = (Rng::with_seed(seed), 0);
        for _ in 0..BY_CLOCK / THREADS {
            let items = random.usize(1..=visits.len());
            let limits = CallLimits { wall_ms: random.u64(..3), ..CallLimits::default() };
            let call = busy.decide("{}", &visits[..items], &limits);
            match call.result {
                Ok(answers) => assert_eq!(answers.len(), items),
                Err(error) => {
                    assert_eq!(error, CallError::Deadline);
                    cut += 1;
                }
            }
        }
        cut
    };
    let cut: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || cut_off(thread as u64))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    assert!(cut > BY_CLOCK / 2, "only {cut} of {BY_CLOCK} calls were cut off");
}
