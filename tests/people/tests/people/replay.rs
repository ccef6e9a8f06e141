//! ID-3, ID-4, ID-6: whatever sequence of events, links, merges and splits there was, replaying the log from the start
//! gives the same people, however it is cut into batches.

use guanxi_domain::linking::Verb;
use guanxi_domain::tenant::TenantId;
use guanxi_people_tests::{Lab, action, event, identity};
use guanxi_store_contract::on_both_empty;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::json;

const POOL: [&str; 12] = [
    "user:1",
    "user:2",
    "user:3",
    "email:ada@example.com",
    "email:bob@example.com",
    "phone:+8613800138000",
    "wechat_openid:oA-1",
    "wechat_unionid:uA-1",
    "anonymous:a",
    "anonymous:b",
    "anonymous:c",
    "device:d-1",
];

#[derive(Debug, Clone)]
enum Step {
    /// Something that people named by these identities did.
    Event { named: Vec<usize>, vouched: bool, what: usize },
    /// What staff do about the owner of an identity, with another identity.
    Staff { about: usize, other: usize, verb: usize },
    /// The engine works.
    Decide,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let some = || 0..POOL.len();
    let event = (proptest::collection::vec(some(), 1..4), any::<bool>(), 0..6_usize)
        .prop_map(|(named, vouched, what)| Step::Event { named, vouched, what });
    let staff = (some(), some(), 0..7_usize).prop_map(|(about, other, verb)| Step::Staff { about, other, verb });
    let step = prop_oneof![6 => event, 3 => staff, 2 => Just(Step::Decide)];
    proptest::collection::vec(step, 1..40)
}

/// Every table that says who is who and what they did.
const TABLES: [(&str, &str); 9] = [
    (
        "people",
        "id number is_group merged_into root_id stage roles attributes provenance event_count order_count revenue \
         first_seen last_seen last_order_at activity first_touch last_touch created_at updated_at",
    ),
    (
        "identities",
        "kind value person_id first_position created_at state source confidence reason changed_by changed_at",
    ),
    ("identity_conflicts", "kind value person_id claimed_by cause position at status settled_by settled_at"),
    ("identity_actions", "position number action person_id other_id identity actor reason outcome detail at"),
    ("timeline", "person_id occurred_at position kind"),
    ("orders", "order_id person_id amount refunded currency ordered_at position"),
    ("tags", "person_id dimension name weight source at half_life"),
    ("dead_letters", "position reason"),
    ("log_positions", "position people_count"),
];

async fn dump(lab: &Lab, tenant: TenantId) -> Vec<String> {
    let mut lines = Vec::new();
    for (table, columns) in TABLES {
        for row in lab.rows(tenant, table, columns, "1 = 1").await {
            lines.push(format!("{table}: {row}"));
        }
    }
    lines
}

async fn check(lab: &Lab, steps: &[Step]) -> Result<(), TestCaseError> {
    let live = lab.tenant().await;
    let engine = lab.engine(5);
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::Event { named, vouched, what } => {
                let names: Vec<&str> = named.iter().map(|index| POOL[*index]).collect();
                let (kind, properties) = match what {
                    0 => ("Order Completed", json!({"order_id": format!("o-{}", named[0]), "total": number})),
                    1 => ("Order Refunded", json!({"order_id": format!("o-{}", named[0]), "total": 3})),
                    2 => ("identify", json!({"traits": {"name": format!("N{number}"), "city": "杭州"}})),
                    3 => ("identify", json!({"traits": {"city": null, "level": number}})),
                    4 => ("Followed", json!({})),
                    _ => ("page", json!({})),
                };
                let mut event = event(number, kind, &names, properties);
                event.body.vouched = *vouched;
                lab.append(live, &[event]).await;
            }
            Step::Staff { about, other, verb } => {
                engine.catch_up(live).await.expect("a decision");
                let (about, other) = (identity(POOL[*about]), identity(POOL[*other]));
                let Some(person) = lab.owner(live, &about).await else { continue };
                let verb = match (verb, lab.owner(live, &other).await) {
                    (0 | 1, Some(with)) => Verb::Merge { with },
                    (2, _) => Verb::Link { identity: other },
                    (3, _) => Verb::Invalidate { identity: about },
                    (4, _) => Verb::Confirm { identity: about },
                    (5, _) => Verb::Dispute { identity: about },
                    _ => Verb::Split,
                };
                lab.append(live, &[action(number, person, verb)]).await;
            }
            Step::Decide => engine.catch_up(live).await.expect("a decision"),
        }
    }
    engine.catch_up(live).await.expect("a decision");

    let expected = dump(lab, live).await;
    let log: Vec<_> = lab.log(live).await.into_iter().map(|event| event.event).collect();
    for batch in [512, 3] {
        let replayed = lab.tenant().await;
        lab.append(replayed, &log).await;
        lab.engine(batch).catch_up(replayed).await.expect("a decision");
        prop_assert_eq!(&expected, &dump(lab, replayed).await, "in batches of {}", batch);
    }
    let dead = expected.iter().filter(|line| line.starts_with("dead_letters")).count();
    prop_assert_eq!(dead, 0, "{:?}", expected);
    Ok(())
}

#[test]
fn id_6_replaying_the_log_gives_the_same_people() {
    on_both_empty(|url| async move {
        let lab = Lab::open(&url).await;
        let handle = tokio::runtime::Handle::current();
        let told = tokio::task::spawn_blocking(move || {
            let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
            runner.run(&steps(), |steps| handle.block_on(check(&lab, &steps)))
        });
        if let Err(failure) = told.await.expect("a thread") {
            panic!("{failure}");
        }
    });
}
