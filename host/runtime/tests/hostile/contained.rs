//! Each way of being hostile ends in its own error, and the next call is served as if nothing had happened.

use std::time::Duration;

use guanxi_domain::limits::CallLimits;
use guanxi_runtime::CallError;

use crate::guests::{decide, moments, plugin};

/// The guest fails with this error, again and again, at the same price; then the host serves a good guest.
fn check(guest: &str, kinds: &[&str], expected: CallError) {
    let first = decide(guest, "{}", kinds);
    assert_eq!(first.result, Err(expected.clone()), "{guest}");
    assert!(expected.is_crash());
    for _ in 0..3 {
        let again = decide(guest, "{}", kinds);
        assert_eq!((again.result, again.fuel), (Err(expected.clone()), first.fuel), "{guest}");
    }
    assert!(decide("well-behaved", "{}", &["visit"]).result.is_ok_and(|answers| answers[0].is_ok()));
}

#[test]
fn an_endless_loop_runs_out_of_fuel() {
    check("endless-loop", &["visit"], CallError::OutOfFuel);
}

#[test]
fn an_endless_loop_with_much_fuel_meets_its_deadline() {
    let limits = CallLimits { fuel_per_call: u64::MAX, wall_ms: 20, ..CallLimits::default() };
    let call = plugin("endless-loop").decide("{}", &moments(&["visit"]), &limits);
    assert_eq!(call.result, Err(CallError::Deadline));
    assert!(call.took >= Duration::from_millis(15) && call.took < Duration::from_millis(500), "{:?}", call.took);
}

#[test]
fn deep_recursion_overflows_its_stack_only() {
    check("deep-recursion", &["visit"], CallError::StackOverflow);
}

#[test]
fn a_memory_hoarder_meets_its_limit() {
    check("memory-hoarder", &["visit"], CallError::Memory);
}

#[test]
fn a_memory_hoarder_meets_the_runtimes_limit_if_the_calls_is_higher() {
    let limits =
        CallLimits { memory_bytes: usize::MAX, fuel_per_call: u64::MAX, wall_ms: 10_000, ..CallLimits::default() };
    let call = plugin("memory-hoarder").decide("{}", &moments(&["visit"]), &limits);
    assert_eq!(call.result, Err(CallError::Memory));
}

#[cfg(target_os = "linux")]
#[test]
fn what_guests_hoarded_is_given_back() {
    let resident_bytes = || {
        let pages = std::fs::read_to_string("/proc/self/statm").expect("the kernel's count");
        4_096 * pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("a number")
    };
    // 300 times 64 MB of memory and 300 times 16 MB of answer would be 24 GB.
    for guest in ["memory-hoarder", "huge-output"] {
        for _ in 0..300 {
            assert!(decide(guest, "{}", &["visit"]).result.is_err());
        }
    }
    assert!(resident_bytes() < 2 << 30, "{} bytes are kept", resident_bytes());
}

#[test]
fn huge_output_is_not_copied() {
    check("huge-output", &["visit"], CallError::Output);
}

#[test]
fn a_huge_list_of_strings_is_not_copied() {
    check("huge-strings", &["visit"], CallError::Output);
}

#[test]
fn a_trap_in_the_middle_of_a_batch_fails_the_call() {
    check("trap-mid-batch", &["visit", "boom", "visit"], CallError::Trap("panic in `decide`".into()));
    let without = decide("trap-mid-batch", "{}", &["visit", "visit"]).result.expect("answers");
    assert_eq!(without[1].as_ref().expect("a decision").reasons, ["visit"]);
}

#[test]
fn a_flood_of_host_calls_is_stopped_and_its_log_kept_short() {
    check("host-call-flood", &["visit"], CallError::HostCalls);
    let log = decide("host-call-flood", "{}", &["visit"]).log;
    assert_eq!((log.len(), log[0].line.len()), (32, 1_024));
}

#[test]
fn invalid_utf8_is_a_bad_answer() {
    let call = decide("invalid-utf8", "{}", &["visit"]);
    let Err(CallError::BadAnswer(problem)) = call.result else { panic!("{:?}", call.result) };
    assert!(problem.starts_with("decide: invalid utf-8"), "{problem}");
}
