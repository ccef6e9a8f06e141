//! CH-6, CH-7: what caps and reply windows depend on: how often people were written to, and when they last wrote.

use std::collections::HashSet;

use guanxi_domain::event::{EventBody, NewEvent};
use guanxi_domain::ids::{InstallationId, PersonId};
use guanxi_domain::message::{Message, MessageClass, MessageStatus};
use guanxi_store::{LatestAct, SentCount, SentQuery, TimelineRow};
use guanxi_store_contract::make::{self, NOW, tenant};
use guanxi_store_contract::on_both;

use crate::given::{installed, library, message, of, person_id};

fn sent(connector: InstallationId, person: PersonId, at: i64) -> Message {
    Message { person, status: MessageStatus::Sent, updated_at: at, ..message(connector) }
}

/// Connector, class, purpose and how many, of each query.
fn told(counts: Vec<SentCount>) -> HashSet<(SentQuery, InstallationId, MessageClass, String, u32)> {
    counts.into_iter().map(|one| (one.query, one.connector, one.class, one.purpose, one.count)).collect()
}

#[test]
fn ch_7_what_was_sent_is_counted_by_sort_from_a_time_on() {
    on_both(|store| async move {
        library(&store).await;
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let (shop, mail) = (installed(&store, acme, "shop").await, installed(&store, acme, "mail").await);
        let (ada, bob) = (person_id(), person_id());
        let mut all = vec![
            sent(shop, ada, NOW),
            sent(shop, ada, NOW - 100),
            sent(mail, ada, NOW - 50),
            Message { class: MessageClass::Reply, purpose: "service".to_owned(), ..sent(shop, ada, NOW - 10) },
            sent(shop, bob, NOW - 100),
        ];
        // Only what the channel took counts.
        all.extend(
            MessageStatus::ALL
                .into_iter()
                .filter(|status| *status != MessageStatus::Sent)
                .map(|status| Message { status, ..sent(shop, ada, NOW) }),
        );
        let mut work = of(&store, acme).await;
        work.insert_messages(acme, &all).await.unwrap();
        work.commit().await.unwrap();

        let of_ada = |since| SentQuery { person: ada, since };
        let (early, late) = (of_ada(NOW - 100), of_ada(NOW - 99));
        let (marketing, welcome) = (MessageClass::Marketing, || "welcome".to_owned());
        let reply = |query| (query, shop, MessageClass::Reply, "service".to_owned(), 1);
        let mut work = of(&store, acme).await;
        let nobody = SentQuery { person: person_id(), since: 0 };
        let queries = [early, late, SentQuery { person: bob, since: NOW - 99 }, nobody];
        let counts = work.sent_since(acme, &queries).await.unwrap();
        assert!(counts.iter().all(|one| one.channel == "webhook"));
        let expected = [
            (early, shop, marketing, welcome(), 2),
            (early, mail, marketing, welcome(), 1),
            reply(early),
            (late, shop, marketing, welcome(), 1),
            (late, mail, marketing, welcome(), 1),
            reply(late),
        ];
        assert_eq!(told(counts), HashSet::from(expected));

        // However many are asked for.
        let many: Vec<SentQuery> = (0..600).map(|since| SentQuery { person: bob, since }).collect();
        assert_eq!(work.sent_since(acme, &many).await.unwrap().len(), 600);
        assert_eq!(work.sent_since(acme, &[]).await.unwrap(), []);
        drop(work);
        assert_eq!(of(&store, bolt).await.sent_since(bolt, &[early]).await.unwrap(), [], "another tenant's");
    });
}

#[test]
fn ch_6_the_latest_acts_of_people_are_found_by_kind_and_channel() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let (ada, bob) = (make::person("Ada").id, make::person("Bob").id);
        let happened = [
            (ada, "Message Received", Some("wechat"), NOW - 300),
            (ada, "Message Received", Some("wechat"), NOW - 200),
            (ada, "Message Received", Some("sms"), NOW - 100),
            (ada, "Message Received", None, NOW - 50),
            (ada, "Menu Clicked", Some("wechat"), NOW - 150),
            (ada, "Order Completed", Some("wechat"), NOW),
            (bob, "Message Received", Some("wechat"), NOW - 900),
        ];
        let event = |(number, (_, kind, channel, at)): (usize, &(PersonId, &str, Option<&str>, i64))| NewEvent {
            kind: (*kind).to_owned(),
            occurred_at: *at,
            body: EventBody { channel: channel.map(str::to_owned), ..EventBody::default() },
            ..make::event(&number.to_string())
        };
        let events: Vec<NewEvent> = happened.iter().enumerate().map(event).collect();
        let rows: Vec<TimelineRow> = (1..)
            .zip(&happened)
            .map(|(position, (person, kind, _, at))| TimelineRow {
                person: *person,
                occurred_at: *at,
                position,
                kind: (*kind).to_owned(),
            })
            .collect();
        let mut work = of(&store, acme).await;
        work.append(acme, &events).await.unwrap();
        work.add_timeline(acme, &rows).await.unwrap();

        let kinds = ["Message Received", "Menu Clicked"].map(str::to_owned);
        let act = |person, kind: &str, at| LatestAct { person, kind: kind.to_owned(), at };
        let mut found = work.latest_acts(acme, &[ada, bob, person_id()], &kinds, "wechat", NOW - 800).await.unwrap();
        found.sort_by_key(|act| act.at);
        assert_eq!(found, [act(ada, "Message Received", NOW - 200), act(ada, "Menu Clicked", NOW - 150)]);
        let all = work.latest_acts(acme, &[bob], &kinds, "wechat", NOW - 900).await.unwrap();
        assert_eq!(all, [act(bob, "Message Received", NOW - 900)]);
        assert_eq!(work.latest_acts(acme, &[ada], &[], "wechat", 0).await.unwrap(), []);
        assert_eq!(work.latest_acts(acme, &[], &kinds, "wechat", 0).await.unwrap(), []);
        work.commit().await.unwrap();
        let mut work = of(&store, bolt).await;
        assert_eq!(work.latest_acts(bolt, &[ada], &kinds, "wechat", 0).await.unwrap(), [], "another tenant's");
    });
}
