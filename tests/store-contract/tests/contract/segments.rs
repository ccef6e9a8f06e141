//! TG-4: whom a filter means is the same in SQL, for everybody at once, and in memory, for each person alone.

use std::collections::BTreeSet;

use guanxi_domain::ids::{InstallationId, PersonId, SegmentId};
use guanxi_domain::person::{
    Activity, Consent, HeldTag, LinkState, Membership, Person, Role, Score, Stage, Tag, Touch,
};
use guanxi_domain::relations::Standing;
use guanxi_domain::segment::{Filter, Needs};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::{DAY, Millis};
use guanxi_store::{
    ChunkRow, ConsentRow, EdgeRow, HeldSegment, LogCursor, OrderRow, Scope, SegmentRow, Store, StoreError, TagRow,
    TimelineRow,
};
use guanxi_store_contract::make::{self, NOW};
use guanxi_store_contract::{on_both, on_both_empty};
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection};

const PEOPLE: u32 = 48;

/// One filter of each sort, and how sorts go together.
fn filters() -> Vec<Value> {
    let schema: Value = serde_json::from_str(guanxi_domain::segment::schema::SCHEMA).unwrap();
    let mut filters: Vec<Value> = schema["examples"].as_array().unwrap().clone();
    filters.retain(|filter| filter["segment"].is_null());
    filters.extend([
        json!({"stage": ["customer", "prospect"]}),
        json!({"role": ["employee"]}),
        json!({"role": "consumer"}),
        json!({"fact": "revenue", "gte": 3000.5}),
        json!({"fact": "event-count", "eq": 3}),
        json!({"fact": "last-seen", "within": "10d"}),
        json!({"fact": "last-seen", "before": "10d"}),
        json!({"fact": "last-order-at", "before": "1d"}),
        json!({"fact": "created-at", "within": "20d"}),
        json!({"attribute": "city", "eq": "上海"}),
        json!({"attribute": "city", "in": ["Berlin", "上海", 7, true, "x", "y"]}),
        json!({"attribute": "city", "exists": true}),
        json!({"attribute": "nothing", "exists": true}),
        json!({"attribute": "nothing", "exists": false}),
        json!({"not": {"attribute": "city", "eq": "Berlin"}}),
        json!({"not": {"attribute": "nobody-has-this", "gt": 1}}),
        json!({"attribute": "score", "gt": 2.5, "lte": 7}),
        json!({"attribute": "score", "eq": 3}),
        json!({"attribute": "score", "lte": 1}),
        json!({"attribute": "score", "gte": 0, "lt": 2}),
        json!({"attribute": "level", "gt": 0}),
        json!({"attribute": "level", "lte": 1}),
        json!({"attribute": "level", "gte": 2}),
        json!({"attribute": "level", "eq": "gold"}),
        json!({"attribute": "level", "in": ["gold", "silver, {"]}),
        json!({"not": {"attribute": "level", "gte": 2}}),
        json!({"attribute": "score", "eq": "3"}),
        json!({"attribute": "score", "in": [3, "3", 0]}),
        json!({"attribute": "serial", "gt": 9_007_199_254_740_992_i64}),
        json!({"attribute": "serial", "eq": 9_007_199_254_740_993_i64}),
        json!({"attribute": "serial", "in": [9_007_199_254_740_994_i64, 1e16, true]}),
        json!({"attribute": "serial", "lt": 9_007_199_254_740_994_i64, "gte": -1e300}),
        json!({"attribute": "serial", "gte": 9_007_199_254_740_991_i64}),
        json!({"attribute": "serial", "exists": false}),
        json!({"attribute": "vip", "eq": true}),
        json!({"attribute": "vip", "eq": 1}),
        json!({"attribute": "city", "contains": "erl"}),
        json!({"attribute": "languages", "contains": "zh"}),
        json!({"attribute": "languages", "eq": "zh"}),
        json!({"attribute": "city", "prefix": "上"}),
        json!({"attribute": "odd' name $x", "eq": "it's \"odd\" % _ \\ 好"}),
        json!({"attribute": "birthday", "anniversary": "20d"}),
        json!({"attribute": "birthday", "age": {"gte": 20, "lt": 30}}),
        json!({"attribute": "birthday", "within": "9000d"}),
        json!({"attribute": "birthday", "since": "1990-01-01", "until": "2001-06-30"}),
        json!({"tag": "interest"}),
        json!({"tag": "interest", "name": "tea", "weight": {"gte": 0.25}}),
        json!({"tag": "interest", "weight": {"lt": 0.1}}),
        json!({"not": {"tag": "interest", "name": "tea"}}),
        json!({"score": "value", "gte": 0.5}),
        json!({"orders": "count", "gte": 2, "within": "30d"}),
        json!({"orders": "count", "eq": 0, "within": "30d"}),
        json!({"orders": "count", "lt": 2, "within": "30d"}),
        json!({"orders": "sum", "gte": 1500, "since": "2023-01-01", "until": "2023-11-14"}),
        json!({"events": "page", "count": {"gte": 2}, "within": "12d"}),
        json!({"events": "page", "count": {"lte": 1}, "within": "12d"}),
        json!({"events": "page", "count": {"gte": 5}}),
        json!({"events": "never"}),
        json!({"last": "page", "within": "8d"}),
        json!({"last": "page", "before": "8d"}),
        json!({"identity": "email"}),
        json!({"identity": "*", "state": ["verified", "stale"]}),
        json!({"identity": "*", "deliverable": false}),
        json!({"not": {"identity": "email", "deliverable": true}}),
        json!({"consent": "marketing"}),
        json!({"consent": "marketing", "state": "withdrawn"}),
        json!({"consent": "marketing", "state": "expired"}),
        json!({"consent": "marketing", "state": "unknown"}),
        json!({"consent": "ruled"}),
        json!({"consent": "ruled", "state": "expired"}),
        json!({"relations": "*", "count": {"gte": 2}}),
        json!({"relations": "follows", "direction": "out"}),
        json!({"relations": "friend", "direction": "in", "count": {"eq": 0}}),
        json!({"influence": {"gte": 1.5}}),
        json!({"influence": {}}),
        json!({"distance": {"lte": 1}}),
        json!({"touch": "first", "channel": ["wechat", "web"]}),
        json!({"touch": "last", "channel": "sms"}),
        json!({"not": {"touch": "last", "channel": "sms"}}),
        json!({"all": [{"fact": "event-count", "gte": 1}, {"tag": "interest"}, {"consent": "marketing"}]}),
        json!({"all": [{"attribute": "city", "exists": true}, {"identity": "*"}, {"not": {"tag": "nothing"}}]}),
        json!({"all": [{"stage": "fan"}, {"tag": "interest"}, {"tag": "nothing"}]}),
        json!({"all": [{"stage": "fan"}, {"not": {"tag": "interest"}}, {"consent": "marketing", "state": "unknown"}]}),
        json!({"any": []}),
        json!({"any": [{"stage": "fan"}, {"all": [{"tag": "interest"}, {"not": {"orders": "count", "gte": 1, "within": "90d"}}]}]}),
    ]);
    // A test without any comparison is one for presence.
    filters.retain(|filter| Filter::read(filter).is_ok());
    filters
}

#[test]
fn tg_4_a_value_that_no_database_hands_out_is_known_by_its_error() {
    on_both_empty(|url| async move {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&url).await.unwrap();
        let huge = match url.starts_with("sqlite") {
            true => "select zeroblob(1500000000)",
            false => "select repeat('x', 1500000000)",
        };
        for (sql, is_too_large) in [(huge, true), ("select 1 from nowhere", false)] {
            let error = sqlx::query(sql).fetch_one(&mut connection).await.map(|_| ()).unwrap_err();
            assert_eq!(StoreError::from(error).is_too_large(), is_too_large, "{sql}");
        }
    });
}

#[test]
fn tg_4_sql_and_memory_mean_the_same_people() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let settings: TenantSettings =
            serde_json::from_value(json!({"purposes": {"ruled": {"title": "R", "basis": "consent", "days": 10}}}))
                .unwrap();
        let people = populate(&store, tenant).await;
        let ids: Vec<PersonId> = people.iter().map(|person| person.id).collect();
        let mut decided = BTreeSet::new();
        check(&store, tenant, &settings, &ids, &mut decided).await;
        // As a server does when it starts.
        store.read_directories().await.unwrap();
        // So many numbers were given, as the log tells, that two connections go through half of the people each.
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let from = work.cursor(tenant).await.unwrap();
        let many = LogCursor { people: 2 * people[ids.len() / 2].number, ..from };
        work.advance(tenant, from, many).await.unwrap();
        work.commit().await.unwrap();
        check(&store, tenant, &settings, &ids, &mut decided).await;
        assert!(decided.len() > 12, "the filters tell people apart: {decided:?}");
    });
}

/// Every filter, asked both ways; notes how many each finds.
async fn check(
    store: &Store,
    tenant: TenantId,
    settings: &TenantSettings,
    ids: &[PersonId],
    decided: &mut BTreeSet<usize>,
) {
    for document in filters() {
        let filter = Filter::read(&document).unwrap();
        let found = store.find_people(tenant, settings, &filter, NOW).await;
        let found: Vec<u32> = found.unwrap_or_else(|error| panic!("{document}: {error}")).members.iter().collect();
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let subjects = work.subjects(tenant, settings, ids, &Needs::of(&filter), NOW).await.unwrap();
        drop(work);
        let mut alone: Vec<u32> =
            subjects.people.iter().filter(|one| filter.holds(one, NOW)).map(|one| one.person.number).collect();
        alone.sort_unstable();
        assert_eq!(found, alone, "{document}");
        let sample = store.sample_people(tenant, settings, &filter, NOW, 5).await.unwrap();
        assert_eq!((sample.count, sample.numbers.len()), (found.len() as u64, found.len().min(5)), "{document}");
        decided.insert(found.len());
    }
}

#[test]
fn tg_4_members_are_kept_in_chunks_and_paged() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let other = make::tenant(&store, "coffee").await;
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let mut row = segment("fans", json!({"stage": "fan"}));
        work.put_segment(tenant, &row).await.unwrap();
        let numbers: Vec<u32> = vec![1, 65_535, 65_536, 70_000, 200_000, u32::MAX];
        let chunks = ChunkRow::of(row.id, &numbers.iter().copied().collect());
        assert_eq!(chunks.len(), 4);
        work.put_segment_chunks(tenant, &chunks).await.unwrap();
        assert_eq!(work.segment_page(tenant, row.id, 1, 3).await.unwrap(), [65_535, 65_536, 70_000]);
        assert_eq!(work.segment_page(tenant, row.id, u32::MAX - 1, 3).await.unwrap(), [u32::MAX]);
        assert!(work.segment_page(tenant, row.id, u32::MAX, 3).await.unwrap().is_empty());
        work.leave_segments(tenant, &[65_536, 70_000, 5]).await.unwrap();
        assert_eq!(
            work.segment_members(tenant, row.id).await.unwrap().iter().collect::<Vec<_>>(),
            [1, 65_535, 200_000, u32::MAX]
        );
        assert_eq!(work.segments_of(tenant, &[row.id], 200_000).await.unwrap(), [row.id]);

        assert!(work.has_due_segments(tenant, NOW).await.unwrap());
        assert!(work.hold_segments(tenant).await.unwrap().is_empty());
        row = work.segment(tenant, "fans").await.unwrap().unwrap();
        row.due_at = None;
        row.members = 4;
        assert!(work.settle_segment(tenant, &row, true).await.unwrap());
        assert!(!work.settle_segment(tenant, &row, true).await.unwrap(), "another revision by now");
        assert_eq!(
            work.hold_segments(tenant).await.unwrap(),
            [HeldSegment { id: row.id, revision: row.revision + 1, moves: 1 }]
        );
        work.commit().await.unwrap();

        let mut theirs = store.begin(Scope::Tenant(other)).await.unwrap();
        assert!(theirs.segments(other).await.unwrap().is_empty());
        assert!(theirs.segment_members(other, row.id).await.unwrap().is_empty());
        assert!(!theirs.delete_segment(other, "fans").await.unwrap());
        drop(theirs);
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        assert!(work.delete_segment(tenant, "fans").await.unwrap());
        assert!(work.segment_members(tenant, row.id).await.unwrap().is_empty());
        work.commit().await.unwrap();
    });
}

fn segment(name: &str, filter: Value) -> SegmentRow {
    SegmentRow {
        id: SegmentId::from_uuid(make::uuid()),
        name: name.to_owned(),
        title: name.to_owned(),
        filter: Filter::read(&filter).unwrap(),
        revision: 1,
        swept_to: 0,
        due_at: Some(0),
        members: 0,
        created_by: "test".to_owned(),
        created_at: NOW,
        updated_at: NOW,
    }
}

/// People of every sort; the last four are two groups of two, whose own rows are made as the pipeline makes them.
pub(crate) async fn populate(store: &Store, tenant: TenantId) -> Vec<Person> {
    let mut people: Vec<Person> = (0..PEOPLE).map(person).collect();
    let groups: Vec<Person> = (0..2).map(|which| join(&mut people, which)).collect();
    people.extend(groups);
    let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
    work.put_people(tenant, &people).await.unwrap();
    let (mut tags, mut scores, mut links, mut orders, mut timeline, mut consents, mut edges, mut standings) =
        (vec![], vec![], vec![], vec![], vec![], vec![], vec![], vec![]);
    let installation = InstallationId::from_uuid(make::uuid());
    for (n, person) in (0u32..).zip(&people) {
        let (id, group) = (person.id, person.membership.is_group);
        let kept = |purpose: &str, granted, at: Millis, expires_at| ConsentRow {
            person: id,
            consent: Consent {
                purpose: purpose.to_owned(),
                granted,
                evidence: "form".to_owned(),
                source: "web".to_owned(),
                at,
                expires_at,
            },
            position: 1,
        };
        if n.is_multiple_of(3) {
            let names = ["tea", "coffee"];
            let tag = Tag {
                dimension: "interest".to_owned(),
                name: names[n as usize % 2].to_owned(),
                weight: f64::from(n % 5) / 4.0,
            };
            let half_life = (n.is_multiple_of(2)).then_some(Millis::from(n + 1) * DAY / 3);
            tags.push(TagRow {
                person: id,
                held: HeldTag { tag, source: "staff".to_owned(), at: NOW - 3 * DAY, half_life },
            });
        }
        if !n.is_multiple_of(4) {
            let value = f64::from(n % 7) / 6.0;
            scores.push((id, Score { name: "value".to_owned(), value, terms: vec![], installation, at: NOW }));
            consents.push(kept("marketing", !n.is_multiple_of(5), NOW - DAY, (n.is_multiple_of(7)).then_some(NOW)));
            consents.push(kept("ruled", true, NOW - Millis::from(n % 14) * DAY, None));
        }
        if n % 6 != 5 {
            let number = person.number;
            standings.push((
                number,
                Standing {
                    influence: f64::from(n % 6) / 2.0,
                    distance: (!n.is_multiple_of(3)).then_some((n % 3) as u8),
                    connections: 1,
                },
            ));
        }
        if group {
            continue;
        }
        let mut link =
            make::link(&make::identity(["email", "user"][n as usize % 2], &format!("u{n}@example.com")), id, 1);
        link.link.state = LinkState::ALL[n as usize % 5];
        links.push(link);
        for k in 0..n % 4 {
            let at = NOW - Millis::from(n * k + k) * DAY / 2;
            orders.push(OrderRow {
                order_id: format!("o{n}-{k}"),
                person: id,
                amount: i64::from(n) * 100,
                refunded: if k == 2 { i64::from(n) * 100 } else { 0 },
                currency: None,
                ordered_at: at,
                position: 1,
            });
            timeline.push(TimelineRow {
                person: id,
                occurred_at: at,
                position: i64::from(n * 10 + k),
                kind: "page".to_owned(),
            });
        }
        let other = people[(n as usize * 7 + 1) % PEOPLE as usize].number;
        if n.is_multiple_of(2) && other != person.number {
            let kind = if n.is_multiple_of(4) { "follows" } else { "friend" }.to_owned();
            edges.push(EdgeRow {
                from: person.number,
                to: other,
                kind,
                strength: 0.5,
                source: "web".to_owned(),
                at: NOW,
            });
        }
    }
    work.put_tags(tenant, &tags).await.unwrap();
    work.put_scores(tenant, &scores).await.unwrap();
    work.put_links(tenant, &links).await.unwrap();
    work.put_orders(tenant, &orders).await.unwrap();
    work.add_timeline(tenant, &timeline).await.unwrap();
    work.put_consents(tenant, &consents).await.unwrap();
    work.put_edges(tenant, &edges).await.unwrap();
    work.put_standings(tenant, &standings, NOW).await.unwrap();
    work.commit().await.unwrap();
    people
}

fn person(n: u32) -> Person {
    let mut person = make::person(&format!("P{n}"));
    // As far apart as in a large tenant.
    person.number *= 2_500;
    person.created_at = NOW - Millis::from(n) * DAY;
    person.stage = [Stage::Prospect, Stage::Fan, Stage::Customer][n as usize % 3];
    person.roles = if n.is_multiple_of(8) { vec![Role::Employee] } else { vec![] };
    person.facts.revenue = i64::from(n) * 131;
    person.facts.order_count = i64::from(n % 4);
    person.facts.event_count = i64::from(n % 6);
    person.facts.last_seen = NOW - Millis::from(n) * DAY / 2;
    person.facts.last_order_at = if n.is_multiple_of(4) { 0 } else { NOW - Millis::from(n) * DAY / 10 };
    let city = [json!("上海"), json!("Berlin"), json!(7), json!(true), json!(null), json!(["上海"])];
    let birthday = format!("{}-{:02}-{:02}", 1980 + n % 30, 1 + n % 12, 1 + n % 28);
    let attributes = json!({
        "city": city[n as usize % 6], "score": n % 9, "vip": n.is_multiple_of(2), "nothing": null,
        "languages": if n.is_multiple_of(3) { json!(["zh", "en"]) } else { json!("zh") },
        "birthday": if n.is_multiple_of(5) { json!("unknown") } else { json!(birthday) },
        "odd' name $x": if n.is_multiple_of(7) { "it's \"odd\" % _ \\ 好" } else { "plain" },
    });
    // One key in a document within, before the one that counts; numbers that are none; texts like pieces of a document.
    let level = [
        json!(2),
        json!(true),
        json!("gold"),
        json!("silver, {"),
        json!(1.5),
        json!([3]),
        json!({"level": 3}),
        json!(1),
        json!(-4e3),
    ];
    person.attributes.insert("level".to_owned(), level[n as usize % level.len()].clone());
    if n.is_multiple_of(4) {
        let other = &level[n as usize / 4 % level.len()];
        person.attributes.insert("inside".to_owned(), json!({"level": other, "score": 1}));
    }
    // Numbers of which several are one double, and texts that look like numbers.
    let serial = [
        json!(9_007_199_254_740_991_i64),
        json!(9_007_199_254_740_992_i64),
        json!(9_007_199_254_740_993_i64),
        json!(9_007_199_254_740_994_i64),
        json!(1e16),
        json!(u64::MAX),
        json!("9007199254740993"),
        json!(-2.5e-7),
    ];
    person.attributes.extend(serial.get(n as usize % 9).map(|serial| ("serial".to_owned(), serial.clone())));
    let keep = |key: &str| key != "city" || n % 10 != 9;
    person.attributes.extend(attributes.as_object().unwrap().clone().into_iter().filter(|(key, _)| keep(key)));
    if n % 3 != 2 {
        let last = NOW - Millis::from(n) * DAY / 2;
        person.activity.insert("page".to_owned(), Activity { count: i64::from(n % 8), last });
    }
    let channel = [Some("wechat".to_owned()), Some("sms".to_owned()), None][n as usize % 3].clone();
    person.first_touch = (!n.is_multiple_of(4)).then_some(Touch { at: 1, channel: channel.clone(), touchpoint: None });
    person.last_touch = (!n.is_multiple_of(5)).then_some(Touch { at: 1, channel, touchpoint: None });
    person
}

/// Joins two of the people.
fn join(people: &mut [Person], which: u32) -> Person {
    let mut group = person(100 + which);
    group.membership = Membership { is_group: true, ..Membership::default() };
    for leaf in people.iter_mut().rev().skip(2 * which as usize).take(2) {
        leaf.membership = Membership { is_group: false, merged_into: Some(group.id), root: Some(group.id) };
    }
    group
}
