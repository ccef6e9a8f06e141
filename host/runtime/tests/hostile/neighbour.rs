//! Hostile guests and a good one at the same time: the good one answers the same as alone.

use std::sync::atomic::{AtomicBool, Ordering};

use guanxi_domain::limits::CallLimits;
use guanxi_runtime::{Runtime, RuntimeOptions};

use crate::guests::{moments, package, plugin};

const HOSTILE: [&str; 9] = [
    "endless-loop",
    "deep-recursion",
    "memory-hoarder",
    "huge-output",
    "huge-strings",
    "trap-mid-batch",
    "host-call-flood",
    "invalid-utf8",
    "lying-lengths",
];

#[test]
fn a_good_guest_beside_hostile_ones_answers_the_same() {
    let good = plugin("well-behaved");
    let batch = moments(&["visit", "refused", "visit"]);
    let limits = CallLimits::default();
    let alone = good.decide("{}", &batch, &limits);
    let answers = alone.result.expect("answers");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for name in HOSTILE {
            let (hostile, done) = (plugin(name), &done);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let call = hostile.decide("aliasing", &moments(&["boom"]), &limits);
                    assert!(call.result.expect_err(name).is_crash());
                }
            });
        }
        for _ in 0..500 {
            let call = good.decide("{}", &batch, &limits);
            assert_eq!((call.result.as_ref(), call.fuel), (Ok(&answers), alone.fuel));
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn more_calls_than_slots_wait_for_each_other() {
    let runtime = Runtime::new(RuntimeOptions { instances: 2, ..RuntimeOptions::default() }).expect("a runtime");
    let good = runtime.load(package("well-behaved")).expect("a plugin");
    drop(runtime);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let call = good.decide("{}", &moments(&["visit"]), &CallLimits::default());
                    assert_eq!(call.result.map(|answers| answers.len()), Ok(1));
                }
            });
        }
    });
}
