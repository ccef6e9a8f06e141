//! TG-3, TG-6, TG-7: what portraits count is the same in pieces of everybody, of named people, and in memory; and one
//! node counts at a time.

use std::collections::BTreeMap;

use guanxi_domain::DAY;
use guanxi_domain::consent::{MARKETING, allows};
use guanxi_domain::ids::{DecisionId, InstallationId, MessageId, PersonId, SegmentId, new_uuid};
use guanxi_domain::insight::{Channel, Clock, Count, MEASURED, Portrait};
use guanxi_domain::message::{Message, MessageClass, MessageStatus, Told};
use guanxi_domain::person::{Person, WEIGHT_MIN};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{PortraitPiece, PortraitRow, Scope, Store, Survey, TimelineRow, Whom};
use guanxi_store_contract::make::{self, NOW};
use guanxi_store_contract::on_both;
use serde_json::json;

use crate::segments::populate;

fn settings() -> TenantSettings {
    serde_json::from_value(json!({"purposes": {"marketing": {"title": "M", "basis": "consent"}}})).unwrap()
}

fn channels() -> Vec<Channel> {
    vec![Channel { name: "mail".to_owned(), kinds: vec!["email".to_owned()] }]
}

fn count(pieces: impl IntoIterator<Item = PortraitPiece>) -> Portrait {
    let mut count = Count::new(NOW, &channels());
    for piece in pieces {
        piece.people.into_iter().for_each(|(_, person)| count.person(person));
        piece.hours.into_iter().for_each(|(hour, orders)| count.hour(hour, orders));
        piece.tags.iter().for_each(|tag| count.tag(&tag.dimension, &tag.name, tag.people, tag.weight));
        piece.answers.iter().for_each(|answers| count.answers(answers));
    }
    let mut portrait = count.portrait(&Clock::named("America/New_York").unwrap());
    // Sums of the same numbers in another order.
    let round = |weight: &mut f64| *weight = (*weight * 1e9).round();
    portrait.concerns.iter_mut().for_each(|one| round(&mut one.weight));
    portrait.dimensions.iter_mut().flat_map(|one| &mut one.names).for_each(|one| round(&mut one.weight));
    portrait
}

/// Everybody in pieces of this size.
async fn behind(store: &Store, tenant: TenantId, survey: &Survey<'_>, size: u32) -> Vec<PortraitPiece> {
    let (mut pieces, mut last) = (Vec::new(), None);
    loop {
        let mut work = store.read(Scope::Tenant(tenant)).await.unwrap();
        let piece = work.portrait_piece(tenant, survey, Whom::Behind(last, size)).await.unwrap();
        let Some((id, _)) = piece.people.last() else { return pieces };
        last = Some(*id);
        pieces.push(piece);
    }
}

fn message(person: PersonId, number: u8, status: MessageStatus, sent_at: i64) -> Message {
    Message {
        id: MessageId::from_uuid(new_uuid(sent_at, [number; 10])),
        person,
        connector: InstallationId::from_uuid(make::uuid()),
        decision: DecisionId::from_uuid(make::uuid()),
        channel: "mail".to_owned(),
        address: "email:a@example.com".to_owned(),
        content: json!({}).as_object().unwrap().clone(),
        class: MessageClass::Marketing,
        purpose: "p".to_owned(),
        status,
        reason: None,
        channel_id: None,
        created_at: sent_at,
        not_before: sent_at,
        expires_at: None,
        attempts: 1,
        depth: 0,
        updated_at: sent_at,
        told: Told::default(),
    }
}

/// Messages, and what people did afterwards. Returns how many were sent some, and how many answered.
async fn correspond(store: &Store, tenant: TenantId, people: &[Person]) -> (u64, u64) {
    let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
    let leaf = |index: usize| people[index].id;
    let group: Vec<PersonId> = people.iter().filter(|one| one.membership.root.is_some()).map(|one| one.id).collect();
    let sent = NOW - 20 * DAY;
    let mut messages = vec![
        message(leaf(0), 0, MessageStatus::Sent, sent),
        message(leaf(0), 1, MessageStatus::Sent, sent + 1),
        message(leaf(1), 2, MessageStatus::Sent, sent),
        message(leaf(2), 3, MessageStatus::Sent, sent),
        message(leaf(3), 4, MessageStatus::Sent, sent),
        message(leaf(4), 5, MessageStatus::Sent, NOW - 91 * DAY),
        message(leaf(5), 6, MessageStatus::Failed, sent),
    ];
    messages.push(message(group[0], 7, MessageStatus::Sent, sent));
    work.insert_messages(tenant, &messages).await.unwrap();
    let mut timeline = Vec::new();
    for (person, after, channel, kind) in [
        (leaf(0), 7 * DAY, None, "letter"),
        (leaf(1), 7 * DAY + 1, None, "letter"),
        (leaf(2), DAY, Some("shop"), "letter"),
        (leaf(3), DAY, Some("mail"), "guanxi.message"),
        (leaf(3), DAY, Some("mail"), "nul \u{0}"),
        // Somebody else in the group than the one who was written to.
        (group[1], DAY, Some("mail"), "letter"),
    ] {
        let plain = kind.replace('\u{0}', "");
        let mut event = make::event(&format!("{person}-{plain}"));
        event.kind = plain;
        event.occurred_at = sent + after;
        event.body.channel = channel.map(str::to_owned);
        if kind.contains('\u{0}') {
            event.body.properties.insert("note".to_owned(), "a\u{0}b".into());
        }
        let position = work.append(tenant, std::slice::from_ref(&event)).await.unwrap()[0].position.unwrap();
        timeline.push(TimelineRow { person, occurred_at: event.occurred_at, position, kind: event.kind });
    }
    work.add_timeline(tenant, &timeline).await.unwrap();
    work.commit().await.unwrap();
    (5, 3)
}

#[test]
fn tg_3_pieces_of_any_size_make_the_same_portrait() {
    on_both(|store| async move {
        let (tenant, other) = (make::tenant(&store, "tea").await, make::tenant(&store, "coffee").await);
        let people = populate(&store, tenant).await;
        let roots: Vec<&Person> = people.iter().filter(|one| one.membership.merged_into.is_none()).collect();
        let (sent, answered) = correspond(&store, tenant, &people).await;
        let settings = settings();
        let clock = Clock::named("America/New_York").unwrap();
        let offsets = clock.offsets(NOW - 2_000 * DAY, NOW);
        let survey = Survey { settings: &settings, offsets: &offsets, now: NOW };
        let whole = count(behind(&store, tenant, &survey, 1_000).await);
        assert_eq!(count(behind(&store, tenant, &survey, 7).await), whole);
        let mut named = Vec::new();
        let mut work = store.read(Scope::Tenant(tenant)).await.unwrap();
        let numbers: Vec<u32> = people.iter().map(|person| person.number).collect();
        for some in numbers.chunks(5) {
            named.push(work.portrait_piece(tenant, &survey, Whom::Numbered(some)).await.unwrap());
        }
        assert_eq!(count(named), whole, "inner people are left to their groups");
        assert!(work.portrait_piece(other, &survey, Whom::Numbered(&numbers)).await.unwrap().people.is_empty());
        assert_eq!(behind(&store, other, &survey, 9).await, []);

        assert_eq!(whole.people, roots.len() as u64);
        let mail = &whole.channels[0];
        assert_eq!((mail.sent, mail.answered), (sent, answered));
        check_against_memory(&store, tenant, &roots, &settings, &clock, &whole).await;
    });
}

/// Hours, tags, addresses and reach again, person by person.
async fn check_against_memory(
    store: &Store,
    tenant: TenantId,
    roots: &[&Person],
    settings: &TenantSettings,
    clock: &Clock,
    whole: &Portrait,
) {
    let mut work = store.read(Scope::Tenant(tenant)).await.unwrap();
    let mut hours = [0; 168];
    let mut tags: BTreeMap<String, u64> = BTreeMap::new();
    let (mut mailed, mut delivered, mut reached) = (0, 0, 0);
    for person in roots {
        let leaves = work.leaves(tenant, person).await.unwrap();
        for leaf in &leaves {
            let orders = work.orders_of(tenant, *leaf, 100).await.unwrap();
            let kept = orders.iter().filter(|order| order.amount > order.refunded);
            kept.for_each(|order| hours[clock.hour_of_week(order.ordered_at)] += 1);
        }
        for held in work.tags(tenant, &[person.id]).await.unwrap().remove(&person.id).unwrap_or_default() {
            *tags.entry(held.tag.name.clone()).or_default() += u64::from(held.weight_at(NOW) >= WEIGHT_MIN);
        }
        let links = work.links(tenant, &leaves).await.unwrap();
        let mails: Vec<_> = links.values().flatten().filter(|link| link.identity.kind() == "email").collect();
        let delivers = mails.iter().any(|link| link.delivers());
        let words = work.consents(tenant, &[person.id]).await.unwrap().remove(&person.id).unwrap_or_default();
        mailed += u64::from(!mails.is_empty());
        delivered += u64::from(delivers);
        reached += u64::from(delivers && allows(settings, &words, MARKETING, NOW).is_ok());
    }
    assert_eq!(whole.hours.days().as_flattened(), hours);
    let mail = &whole.channels[0];
    assert_eq!((mail.with_address, mail.deliverable, mail.reachable), (mailed, delivered, reached));
    assert!(reached > 0 && reached < delivered && delivered < mailed, "{mail:?}");
    let told: BTreeMap<String, u64> =
        whole.dimensions[0].names.iter().map(|tag| (tag.name.clone(), tag.people)).collect();
    assert_eq!(told, tags.into_iter().filter(|(_, people)| *people > 0).collect());
}

#[test]
fn tg_6_the_last_own_event_before_is_found_also_inside_groups() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let then = NOW - MEASURED;
        let mut alone = make::person("Ada");
        (alone.facts.first_seen, alone.facts.last_seen) = (then - 9 * DAY, NOW);
        let mut group = make::person("Group");
        group.membership.is_group = true;
        (group.facts.first_seen, group.facts.last_seen) = (then - 9 * DAY, NOW);
        let mut inside: Vec<Person> = (0..2).map(|_| make::person("Inside")).collect();
        for leaf in &mut inside {
            (leaf.membership.merged_into, leaf.membership.root) = (Some(group.id), Some(group.id));
        }
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        work.put_people(tenant, &[vec![alone.clone(), group.clone()], inside.clone()].concat()).await.unwrap();
        let row = |person: &Person, occurred_at, kind: &str| TimelineRow {
            person: person.id,
            occurred_at,
            position: occurred_at,
            kind: kind.to_owned(),
        };
        let rows = [
            row(&alone, then - 9 * DAY, "page"),
            row(&alone, then - DAY, "guanxi.message"),
            row(&alone, NOW, "page"),
            row(&inside[0], then - 9 * DAY, "page"),
            row(&inside[1], then, "page"),
            row(&inside[1], then + 1, "page"),
        ];
        work.add_timeline(tenant, &rows).await.unwrap();
        work.commit().await.unwrap();
        let settings = TenantSettings::default();
        let survey = Survey { settings: &settings, offsets: &[(0, 0)], now: NOW };
        for size in [1, 9] {
            let pieces = behind(&store, tenant, &survey, size).await;
            let found: Vec<_> =
                pieces.iter().flat_map(|piece| &piece.people).map(|(id, one)| (*id, one.seen.before)).collect();
            assert_eq!(found, [(alone.id, Some(then - 9 * DAY)), (group.id, Some(then))]);
        }
    });
}

#[test]
fn tg_3_a_portrait_is_asked_for_counted_by_one_and_kept() {
    on_both(|store| async move {
        let (tenant, other) = (make::tenant(&store, "tea").await, make::tenant(&store, "coffee").await);
        let segment = SegmentId::from_uuid(make::uuid());
        let mut work = store.begin(Scope::Host).await.unwrap();
        assert_eq!(work.portrait(tenant, None).await.unwrap(), None);
        assert_eq!(work.claim_portrait(NOW, NOW + 10).await.unwrap(), None);
        work.want_portrait(tenant, Some(segment), NOW).await.unwrap();
        work.want_portrait(tenant, None, NOW + 1).await.unwrap();
        work.want_portrait(tenant, None, NOW + 2).await.unwrap();
        let first = work.claim_portrait(NOW + 3, NOW + 10).await.unwrap().unwrap();
        let second = work.claim_portrait(NOW + 3, NOW + 10).await.unwrap().unwrap();
        assert_eq!((first.segment, second.segment, second.tenant), (Some(segment), None, tenant));
        assert_eq!(work.claim_portrait(NOW + 3, NOW + 10).await.unwrap(), None, "both are being counted");
        let taken = work.claim_portrait(NOW + 11, NOW + 20).await.unwrap().unwrap();
        assert_eq!((taken.segment, taken.until), (Some(segment), NOW + 20), "its node is gone");
        let row = PortraitRow {
            portrait: Some(Portrait { people: 7, time_zone: "UTC".to_owned(), ..Portrait::default() }),
            revision: 2,
            position: 3,
            computed_at: NOW,
            took_ms: 5,
            wanted_at: None,
        };
        assert!(!work.put_portrait(&first, &row).await.unwrap(), "another node has it");
        assert_eq!(work.renew_portrait(&first, NOW + 99).await.unwrap(), None);
        let renewed = work.renew_portrait(&taken, NOW + 30).await.unwrap().unwrap();
        assert!(work.put_portrait(&renewed, &row).await.unwrap());
        assert_eq!(work.portrait(tenant, Some(segment)).await.unwrap(), Some(row.clone()));
        assert_eq!(work.portrait(tenant, None).await.unwrap().unwrap().wanted_at, Some(NOW + 1));
        assert_eq!(work.portrait(other, Some(segment)).await.unwrap(), None);
        work.want_portrait(tenant, Some(segment), NOW + 50).await.unwrap();
        let kept = work.portrait(tenant, Some(segment)).await.unwrap().unwrap();
        assert_eq!(kept, PortraitRow { wanted_at: Some(NOW + 50), ..row.clone() });

        // Somebody was erased, whose name may be a label.
        work.detach(tenant, &[], &[]).await.unwrap();
        let emptied = work.portrait(tenant, Some(segment)).await.unwrap().unwrap();
        assert_eq!(emptied.portrait, None);
        assert!(!work.put_portrait(&second, &row).await.unwrap(), "whoever counts one loses it");
    });
}
