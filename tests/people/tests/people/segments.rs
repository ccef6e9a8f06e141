//! TG-4: whatever happened and however much time went by, the members that were kept are those that are found anew.

use guanxi_domain::consent::{GRANTED, WITHDRAWN};
use guanxi_domain::event::{EDIT, NewEvent, TAGS};
use guanxi_domain::ids::{SegmentId, new_uuid};
use guanxi_domain::linking::Verb;
use guanxi_domain::relations::RELATIONS;
use guanxi_domain::segment::{Filter, Known, expand};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_people_tests::{Lab, NOW, action, event, identity};
use guanxi_store::{Scope, SegmentRow};
use guanxi_store_contract::on_both_empty;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;
const POOL: [&str; 7] = [
    "user:1",
    "user:2",
    "user:3",
    "email:ada@example.com",
    "email:bob@example.com",
    "wechat_unionid:uA-1",
    "anonymous:a",
];

#[derive(Debug, Clone)]
enum Step {
    /// Something about the people that these identities name.
    Event { named: Vec<usize>, what: usize },
    /// Staff join, part and doubt people.
    Staff { about: usize, other: usize, verb: usize },
    /// So many hours go by.
    Wait(i64),
    /// A definition is changed for another.
    Define(usize, Value),
}

fn condition() -> impl Strategy<Value = Value> {
    proptest::sample::select(vec![
        json!({"stage": ["fan", "customer"]}),
        json!({"role": "promoter"}),
        json!({"fact": "revenue", "gte": 30}),
        json!({"fact": "event-count", "lt": 3}),
        json!({"fact": "last-seen", "before": "2d"}),
        json!({"fact": "first-seen", "within": "3d"}),
        json!({"fact": "last-order-at", "within": "1d"}),
        json!({"fact": "created-at", "before": "2d"}),
        json!({"attribute": "city", "eq": "杭州"}),
        json!({"attribute": "city", "exists": false}),
        json!({"attribute": "level", "gte": 20}),
        json!({"attribute": "birthday", "anniversary": "7d"}),
        json!({"tag": "interest", "name": "tea"}),
        json!({"tag": "interest", "weight": {"gte": 0.4}}),
        json!({"orders": "count", "gte": 1, "within": "2d"}),
        json!({"orders": "sum", "gte": 10, "within": "5d"}),
        json!({"orders": "count", "gte": 2}),
        json!({"events": "page", "count": {"gte": 2}, "within": "2d"}),
        json!({"events": "page", "count": {"eq": 0}, "within": "1d"}),
        json!({"events": "page", "count": {"gte": 2}}),
        json!({"last": "Followed", "before": "1d"}),
        json!({"identity": "email", "deliverable": true}),
        json!({"identity": "user", "state": "verified"}),
        json!({"consent": "marketing"}),
        json!({"consent": "marketing", "state": "expired"}),
        json!({"consent": "marketing", "state": "unknown"}),
        json!({"relations": "follows", "direction": "in", "count": {"gte": 1}}),
        json!({"relations": "follows", "direction": "out", "count": {"eq": 0}}),
        json!({"touch": "first", "channel": ["web"]}),
    ])
}

fn filter() -> impl Strategy<Value = Value> {
    condition().prop_recursive(3, 12, 3, |inner| {
        let some = || proptest::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            some().prop_map(|parts| json!({ "all": parts })),
            some().prop_map(|parts| json!({ "any": parts })),
            inner.clone().prop_map(|part| json!({ "not": part })),
        ]
    })
}

fn steps() -> impl Strategy<Value = (Vec<Value>, Vec<Step>)> {
    let some = || 0..POOL.len();
    let step = prop_oneof![
        8 => (proptest::collection::vec(some(), 1..3), 0..12_usize).prop_map(|(named, what)| Step::Event { named, what }),
        2 => (some(), some(), 0..5_usize).prop_map(|(about, other, verb)| Step::Staff { about, other, verb }),
        2 => (1..60_i64).prop_map(Step::Wait),
        1 => (0..6_usize, filter()).prop_map(|(which, filter)| Step::Define(which, filter)),
    ];
    (proptest::collection::vec(filter(), 6), proptest::collection::vec(step, 1..40))
}

/// A tenant with segments while steps are carried out.
struct Story<'l> {
    lab: &'l Lab,
    tenant: TenantId,
    now: i64,
}

impl Story<'_> {
    async fn define(&self, which: usize, filter: &Value) {
        let name = format!("segment-{which}");
        let row = SegmentRow {
            id: SegmentId::from_uuid(new_uuid(NOW, [u8::try_from(which).unwrap(); 10])),
            title: name.clone(),
            name,
            filter: Filter::read(filter).expect("a filter"),
            revision: 1,
            swept_to: 0,
            due_at: Some(0),
            members: 0,
            created_by: "tok_test".to_owned(),
            created_at: self.now,
            updated_at: self.now,
        };
        let mut work = self.lab.store.begin(Scope::Tenant(self.tenant)).await.unwrap();
        work.put_segment(self.tenant, &row).await.unwrap();
        work.commit().await.unwrap();
    }

    async fn decide(&self) {
        // Entering and leaving are events themselves.
        for _ in 0..2 {
            self.lab.engine(7).catch_up(self.tenant).await.expect("a decision");
        }
    }

    async fn happen(&self, number: usize, named: &[usize], what: usize) {
        let names: Vec<&str> = named.iter().map(|index| POOL[*index]).collect();
        let other = POOL[(named[0] + 1 + number % (POOL.len() - 1)) % POOL.len()];
        let order = |total: usize| json!({"order_id": format!("o-{}", number % 5), "total": total});
        let (kind, properties) = match what {
            0 => ("Order Completed", order(number % 40)),
            1 => ("Order Refunded", order(3)),
            2 => ("identify", json!({"traits": {"city": "杭州", "birthday": "1990-11-20"}})),
            3 => ("identify", json!({"traits": {"city": null, "level": number}})),
            4 => ("Followed", json!({})),
            5 => (GRANTED, json!({"purpose": "marketing", "expires_at": self.now + 30 * HOUR})),
            6 => (WITHDRAWN, json!({"purpose": "marketing"})),
            7 => (
                RELATIONS,
                json!({"source": "test", "edges": [
                {"from": names[0], "to": other, "kind": "follows", "remove": number.is_multiple_of(4)}]}),
            ),
            8 | 9 => return self.touch(number, names[0], what).await,
            _ => ("page", json!({})),
        };
        let about = if kind == RELATIONS { Vec::new() } else { names };
        let mut event = event(number, kind, &about, properties);
        event.body.vouched = number.is_multiple_of(3);
        self.append(event).await;
    }

    /// Staff tag somebody or make them a promoter.
    async fn touch(&self, number: usize, name: &str, what: usize) {
        self.decide().await;
        let Some(person) = self.lab.owner(self.tenant, &identity(name)).await else { return };
        let tag = json!({"dimension": "interest", "name": (["tea", "coffee"])[number % 2], "weight": 0.5});
        let (add, remove) =
            if number.is_multiple_of(4) { (json!([]), json!([tag])) } else { (json!([tag]), json!([])) };
        let mut event = match what {
            8 => event(number, TAGS, &[], json!({"people": [person], "add": add, "remove": remove, "actor": "t"})),
            _ => event(
                number,
                EDIT,
                &[],
                json!({"roles": (if number.is_multiple_of(2) { vec!["promoter"] } else { vec![] }), "actor": "t"}),
            ),
        };
        event.body.person = (what != 8).then_some(person);
        self.append(event).await;
    }

    async fn append(&self, mut event: NewEvent) {
        (event.occurred_at, event.received_at) = (self.now, self.now);
        self.lab.append(self.tenant, &[event]).await;
    }

    async fn act(&self, number: usize, about: usize, other: usize, verb: usize) {
        self.decide().await;
        let (about, other) = (identity(POOL[about]), identity(POOL[other]));
        let Some(person) = self.lab.owner(self.tenant, &about).await else { return };
        let verb = match (verb, self.lab.owner(self.tenant, &other).await) {
            (0 | 1, Some(with)) => Verb::Merge { with },
            (2, _) => Verb::Invalidate { identity: about },
            (3, _) => Verb::Confirm { identity: about },
            _ => Verb::Split,
        };
        self.append(action(number, person, verb)).await;
    }

    /// Every segment has whom its filter means, and says how many.
    async fn check(&self, step: usize) -> Result<(), TestCaseError> {
        self.decide().await;
        let (store, settings) = (&self.lab.store, TenantSettings::default());
        let rows = store.read(Scope::Tenant(self.tenant)).await.unwrap().segments(self.tenant).await.unwrap();
        for row in rows {
            let filter = expand(&row.name, &row.filter, &Known::new()).expect("a filter");
            let found = store.find_people(self.tenant, &settings, &filter, self.now).await.unwrap();
            let mut read = store.read(Scope::Tenant(self.tenant)).await.unwrap();
            let kept = read.segment_members(self.tenant, row.id).await.unwrap();
            let filter = row.filter.to_json().to_string();
            prop_assert_eq!(&kept, &found.members, "{} after step {}", filter, step);
            prop_assert_eq!(u64::try_from(row.members).unwrap(), kept.len(), "the count of {}", filter);
        }
        Ok(())
    }
}

async fn check(lab: &Lab, filters: &[Value], steps: &[Step]) -> Result<(), TestCaseError> {
    lab.set_time(NOW);
    let mut story = Story { lab, tenant: lab.tenant().await, now: NOW };
    for (which, filter) in filters.iter().enumerate() {
        story.define(which, filter).await;
    }
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::Event { named, what } => story.happen(number, named, *what).await,
            Step::Staff { about, other, verb } => story.act(number, *about, *other, *verb).await,
            Step::Define(which, filter) => story.define(*which, filter).await,
            Step::Wait(hours) => {
                story.decide().await;
                story.now += hours * HOUR;
                lab.set_time(story.now);
                story.check(number).await?;
            }
        }
    }
    story.check(steps.len()).await?;
    let dead = lab.rows(story.tenant, "dead_letters", "position reason", "1 = 1").await;
    prop_assert!(dead.is_empty(), "{:?}", dead);
    Ok(())
}

#[test]
fn tg_4_members_that_are_kept_are_those_that_are_found() {
    on_both_empty(|url| async move {
        let lab = Lab::open(&url).await;
        let handle = tokio::runtime::Handle::current();
        let told = tokio::task::spawn_blocking(move || {
            let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
            runner.run(&steps(), |(filters, steps)| handle.block_on(check(&lab, &filters, &steps)))
        });
        if let Err(failure) = told.await.expect("a thread") {
            panic!("{failure}");
        }
    });
}

/// Once found invalid, an address is given to whoever names it next: who had it before loses it in the same commit, also if
/// that commit says both.
#[test]
fn tg_4_who_loses_an_identity_to_somebody_else_leaves() {
    on_both_empty(|url| async move {
        let lab = Lab::open(&url).await;
        let page = |named: &[usize]| Step::Event { named: named.to_vec(), what: 11 };
        let (ada, anonymous) = (3, 6);
        let invalidate = Step::Staff { about: ada, other: ada, verb: 2 };
        let filters = [json!({"identity": "email"}), json!({"identity": "email", "deliverable": true})];
        for apart in [false, true] {
            let mut steps = vec![page(&[0, ada]), page(&[anonymous]), Step::Wait(1), invalidate.clone()];
            steps.extend(apart.then_some(Step::Wait(1)));
            steps.push(page(&[ada, anonymous]));
            check(&lab, &filters, &steps).await.unwrap_or_else(|failure| panic!("apart {apart}: {failure}"));
        }
    });
}
