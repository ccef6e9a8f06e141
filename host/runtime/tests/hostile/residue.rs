//! PL-2: what one tenant leaves in a slot of the pool, the next does not find there. Guests fill memory, table and globals
//! with marks; others, in the same slots, look for anything that is not their own.

mod guest;

use fastrand::Rng;
use guanxi_domain::limits::CallLimits;
use guanxi_runtime::{CallError, Plugin, Runtime, RuntimeOptions};

use crate::guests::moments;
use guest::{BOTH, LOOK, POISON, package};

/// Calls of another tenant than the one before.
const SWITCHES: usize = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };
/// More than one runtime of one call at a time has slots for, so that they go from component to component as well.
const TENANTS: usize = 8;

/// Enough for every page, on a machine that does much else.
const PATIENT: CallLimits = CallLimits {
    fuel_per_call: 200_000_000,
    fuel_per_item: 0,
    wall_ms: 60_000,
    memory_bytes: 64 << 20,
    output_bytes: 1 << 20,
    host_calls: 0,
    log_lines: 0,
    log_line_bytes: 0,
};
/// Not enough for a call that never ends.
const IMPATIENT: CallLimits = CallLimits { fuel_per_call: 2_000_000, ..PATIENT };

/// What a call tells the guest: what to do, and how many pages to take first.
fn config(mode: char, pages: usize) -> String {
    [mode].repeat(pages + 1).into_iter().collect()
}

/// Leaves marks; the call ends well, in a trap, or at a limit.
fn poison(tenant: &Plugin, pages: usize, random: &mut Rng) {
    let (kinds, limits): (&[&str], _) = match random.u8(..32) {
        0 => (&["visit"; 3], IMPATIENT),
        1..8 => (&["visit"; 2], PATIENT),
        _ => (&["visit"], PATIENT),
    };
    let call = tenant.decide(&config(POISON, pages), &moments(kinds), &limits);
    match (kinds.len(), call.result) {
        (1, Ok(answers)) => assert!(answers.iter().all(Result::is_ok), "{answers:?}"),
        (2, Err(CallError::Trap(why))) => assert!(why.starts_with("panic in `decide`"), "{why}"),
        (3, Err(error)) => assert_eq!(error, CallError::OutOfFuel),
        (_, other) => panic!("{other:?}"),
    }
}

/// Few pages mostly, which are wiped in place; sometimes many, which are given back to the kernel.
fn pages(random: &mut Rng) -> usize {
    if random.u8(..16) == 0 { random.usize(..60) } else { random.usize(..3) }
}

#[test]
fn pl_2_the_probe_sees_what_it_looks_for() {
    let runtime = Runtime::new(RuntimeOptions { instances: 1, ..RuntimeOptions::default() }).expect("a runtime");
    for data in [0, 0x11] {
        let guest = runtime.load(&package("probe", data)).expect("a plugin");
        for (mode, words) in BOTH {
            let call = guest.decide(&config(mode, 1), &moments(&["visit"]), &PATIENT);
            let Err(CallError::Trap(why)) = call.result else { panic!("{mode}: {:?}", call.result) };
            assert!(why.starts_with(words), "{mode}: {why}");
        }
        let call = guest.decide(&config(LOOK, 1), &moments(&["visit"]), &PATIENT);
        assert!(call.result.as_ref().is_ok_and(|answers| answers[0].is_ok()), "{:?}", call.result);
    }
}

#[test]
fn pl_2_no_byte_of_one_tenant_is_seen_by_the_next() {
    let runtime = Runtime::new(RuntimeOptions { instances: 1, ..RuntimeOptions::default() }).expect("a runtime");
    // Every other one has data of its own, which its memory starts with.
    let data = |tenant: usize| if tenant.is_multiple_of(2) { 0 } else { 0x11 };
    let tenants = (0..TENANTS).map(|n| runtime.load(&package(&format!("tenant-{n}"), data(n))).expect("a plugin"));
    let tenants: Vec<Plugin> = tenants.collect();
    let (mut random, visit) = (Rng::with_seed(4), moments(&["visit"]));
    for switch in (0..SWITCHES).step_by(2) {
        // Often the same plugin, switched on by two tenants: then the slot is the same for sure.
        let one = random.usize(..TENANTS);
        let other = if random.bool() { one } else { random.usize(..TENANTS) };
        let (left, looked) = (pages(&mut random), pages(&mut random));
        poison(&tenants[one], left, &mut random);
        let call = tenants[other].decide(&config(LOOK, looked), &visit, &PATIENT);
        let clean = call.result.as_ref().is_ok_and(|answers| answers[0].is_ok());
        assert!(clean, "switch {switch}, from {one} with {left} pages to {other} with {looked}: {:?}", call.result);
    }
}
