//! CH-9: exchanges with channels, how channels do, the log of messages and what did not arrive.

use guanxi_domain::channel_health::{Counted, SLOT, Sums, slot};
use guanxi_domain::exchange::{Excerpt, Exchange, SeenRequest, SeenResponse, TriedExchanges};
use guanxi_domain::ids::{InstallationId, MessageId, TokenId, new_uuid};
use guanxi_domain::message::{Attempt, Message, MessageClass, MessageStatus};
use guanxi_store::{ChannelTestRow, MessageLogFilter, StoreError, Work};
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::{message, of, person_id};

fn exchange(text: &str) -> Exchange {
    let body = Excerpt { content: text.to_owned(), base64: false, bytes: text.len() as u64, cut: false };
    Exchange {
        at: NOW,
        took_ms: 12,
        request: SeenRequest {
            method: "POST".to_owned(),
            url: "https://channel.example/?key={{secret:key}}".to_owned(),
            headers: vec![("x".to_owned(), "\"quoted\" \\ 茶".to_owned())],
            body: body.clone(),
        },
        response: Some(SeenResponse { status: 403, headers: Vec::new(), body }),
        error: None,
    }
}

fn attempt(message: MessageId, number: u32, at: i64, outcome: &str) -> Attempt {
    Attempt { message, number, at, took_ms: 12, http_status: Some(403), outcome: outcome.to_owned(), detail: None }
}

#[test]
fn ch_9_exchanges_are_kept_by_try_and_forgotten_by_time() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let (one, other) = (MessageId::from_uuid(uuid()), MessageId::from_uuid(uuid()));
        let tried = |message, number: u32, text: &str| TriedExchanges {
            message,
            attempt: number,
            at: NOW + i64::from(number),
            exchanges: vec![
                exchange(text),
                Exchange { response: None, error: Some("gone".to_owned()), ..exchange("") },
            ],
        };
        let rows = [tried(one, 1, "你好 \u{0}\n"), tried(other, 1, "x"), tried(one, 2, "{\"a\":1}")];
        let mut work = of(&store, acme).await;
        let attempts: Vec<Attempt> =
            rows.iter().map(|row| attempt(row.message, row.attempt, row.at, "rejected")).collect();
        work.insert_attempts(acme, &attempts).await.unwrap();
        work.insert_exchanges(acme, &rows).await.unwrap();
        work.insert_exchanges(acme, &[] as &[TriedExchanges]).await.unwrap();
        assert_eq!(work.exchanges(acme, one).await.unwrap(), [rows[0].clone(), rows[2].clone()]);
        assert_eq!(work.exchanges(bolt, one).await.unwrap(), []);
        assert_eq!(work.first_exchange(acme).await.unwrap(), Some(NOW + 1));
        work.commit().await.unwrap();

        let mut work = of(&store, acme).await;
        assert_eq!(work.forget_exchanges(bolt, NOW + 9, 9).await.unwrap(), 0);
        assert_eq!(work.forget_exchanges(acme, NOW + 2, 1).await.unwrap(), 1);
        assert_eq!(work.forget_exchanges(acme, NOW + 2, 9).await.unwrap(), 1);
        assert_eq!(work.exchanges(acme, one).await.unwrap(), [rows[2].clone()]);
        assert_eq!(work.first_exchange(acme).await.unwrap(), Some(NOW + 2));
        let again = work.insert_exchanges(acme, &rows[2..]).await;
        assert!(matches!(again, Err(StoreError::Conflict("exchanges"))), "{again:?}");
    });
}

#[test]
fn ch_9_exchanges_go_with_the_person() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let gone = Message { status: MessageStatus::Failed, ..message(InstallationId::from_uuid(uuid())) };
        let stays = Message { status: MessageStatus::Failed, ..message(gone.connector) };
        let mut work = of(&store, acme).await;
        work.insert_messages(acme, &[gone.clone(), stays.clone()]).await.unwrap();
        for id in [gone.id, stays.id] {
            work.insert_attempts(acme, &[attempt(id, 1, NOW, "rejected")]).await.unwrap();
            let tried = TriedExchanges { message: id, attempt: 1, at: NOW, exchanges: vec![exchange("Mei")] };
            work.insert_exchanges(acme, &[tried]).await.unwrap();
        }
        assert_eq!(work.erase_messages(acme, gone.person, NOW, 9).await.unwrap(), 1);
        assert_eq!(work.exchanges(acme, gone.id).await.unwrap(), []);
        assert_eq!(work.exchanges(acme, stays.id).await.unwrap().len(), 1, "of another person at the same time");
    });
}

#[test]
fn ch_9_tries_are_summed_up_by_time() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let (wechat, sms) = (InstallationId::from_uuid(uuid()), InstallationId::from_uuid(uuid()));
        let counted = |status, took_ms, count| Counted { status, took_ms, count };
        let mut work = of(&store, acme).await;
        let now = slot(NOW);
        let lately = [counted(MessageStatus::Sent, 20, 98), counted(MessageStatus::Failed, 50, 1)];
        work.count_tries(acme, wechat, now, &lately).await.unwrap();
        work.count_tries(
            acme,
            wechat,
            now,
            &[counted(MessageStatus::Sent, 20, 1), counted(MessageStatus::Sent, 500, 1)],
        )
        .await
        .unwrap();
        work.count_tries(acme, wechat, now - SLOT, &[counted(MessageStatus::Queued, 5, 7)]).await.unwrap();
        work.count_tries(acme, sms, now, &lately).await.unwrap();
        work.count_tries(acme, sms, now, &[]).await.unwrap();
        let sums = Sums::of(&work.tries_since(acme, wechat, now).await.unwrap());
        assert_eq!((sums.sent, sums.failed, sums.again), (100, 1, 0));
        assert_eq!((sums.median_ms, sums.p99_ms), (Some(20), Some(20)));
        assert_eq!(Sums::of(&work.tries_since(acme, wechat, now - SLOT).await.unwrap()).again, 7);
        assert_eq!(work.tries_since(bolt, wechat, 0).await.unwrap(), []);
        assert!(work.has_tries_before(acme, now).await.unwrap());
        assert_eq!(work.forget_tries(acme, now).await.unwrap(), 1);
        assert!(!work.has_tries_before(acme, now).await.unwrap());
        assert_eq!(Sums::of(&work.tries_since(acme, wechat, 0).await.unwrap()), sums);
    });
}

/// Messages of every sort, one decided each second.
fn sorts(connectors: [InstallationId; 2]) -> Vec<Message> {
    let people = [person_id(), person_id()];
    let classes = [MessageClass::Reply, MessageClass::Transactional, MessageClass::Marketing];
    let mut all = Vec::new();
    for number in 0..72_usize {
        let at = NOW + 1_000 * number as i64;
        all.push(Message {
            id: MessageId::from_uuid(new_uuid(at, [number as u8; 10])),
            person: people[number % 2],
            status: MessageStatus::ALL[number % 6],
            class: classes[number % 3],
            purpose: ["news", "service"][number / 6 % 2].to_owned(),
            created_at: at,
            attempts: 1,
            ..message(connectors[number / 3 % 2])
        });
    }
    all
}

fn fits(message: &Message, filter: &MessageLogFilter) -> bool {
    filter.person.is_none_or(|person| message.person == person)
        && filter.connector.is_none_or(|connector| message.connector == connector)
        && filter.status.is_none_or(|status| message.status == status)
        && filter.class.is_none_or(|class| message.class == class)
        && filter.purpose.as_ref().is_none_or(|purpose| message.purpose == *purpose)
        && filter
            .outcome
            .as_ref()
            .is_none_or(|outcome| outcome == "rejected" && message.status == MessageStatus::Failed)
        && filter.from.is_none_or(|from| message.created_at >= from)
        && filter.to.is_none_or(|until| message.created_at < until)
}

async fn walked(work: &mut Work, acme: guanxi_domain::tenant::TenantId, filter: &MessageLogFilter) -> Vec<Message> {
    let (mut listed, mut before) = (Vec::new(), None);
    loop {
        let page = work.message_log(acme, filter, before, 4).await.unwrap();
        assert!(page.messages.len() <= 4);
        listed.extend(page.messages);
        let Some(more) = page.more else { return listed };
        before = Some(more);
    }
}

#[test]
fn ch_9_the_log_of_messages_is_filtered_and_counted() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let connectors = [InstallationId::from_uuid(uuid()), InstallationId::from_uuid(uuid())];
        let mut all = sorts(connectors);
        let mut work = of(&store, acme).await;
        work.insert_messages(acme, &all).await.unwrap();
        let failed = all.iter().filter(|one| one.status == MessageStatus::Failed);
        let attempts: Vec<Attempt> = failed.map(|one| attempt(one.id, 1, one.created_at, "rejected")).collect();
        work.insert_attempts(acme, &attempts).await.unwrap();
        all.sort_by_key(|message| std::cmp::Reverse(message.id));
        let nothing = MessageLogFilter::default;
        let person = Some(all[0].person);
        let connector = Some(connectors[1]);
        let failed = Some(MessageStatus::Failed);
        for filter in [
            nothing(),
            MessageLogFilter { person, ..nothing() },
            MessageLogFilter { connector, ..nothing() },
            MessageLogFilter { status: Some(MessageStatus::Sent), ..nothing() },
            MessageLogFilter { status: failed, connector, ..nothing() },
            MessageLogFilter { status: failed, person, purpose: Some("news".to_owned()), ..nothing() },
            MessageLogFilter { class: Some(MessageClass::Marketing), connector, ..nothing() },
            MessageLogFilter { purpose: Some("news' or 1=1".to_owned()), ..nothing() },
            MessageLogFilter { outcome: Some("rejected".to_owned()), connector, ..nothing() },
            MessageLogFilter { outcome: Some("rejected".to_owned()), status: failed, ..nothing() },
            MessageLogFilter { from: Some(NOW + 10_000), to: Some(NOW + 20_000), ..nothing() },
            MessageLogFilter { from: Some(NOW + 10_000), person, connector, ..nothing() },
        ] {
            let expected: Vec<Message> = all.iter().filter(|one| fits(one, &filter)).cloned().collect();
            assert_eq!(walked(&mut work, acme, &filter).await, expected, "{filter:?}");
            let whatever = MessageLogFilter { status: None, ..filter.clone() };
            let mut counts = work.message_log_counts(acme, &filter).await.unwrap();
            counts.retain(|(_, count)| *count > 0);
            let of_all: i64 = counts.iter().map(|(_, count)| count).sum();
            assert_eq!(of_all, all.iter().filter(|one| fits(one, &whatever)).count() as i64, "{filter:?}");
            for (status, count) in counts {
                let of_status = MessageLogFilter { status: Some(status), ..filter.clone() };
                assert_eq!(count, all.iter().filter(|one| fits(one, &of_status)).count() as i64, "{of_status:?}");
            }
            assert_eq!(work.message_log(bolt, &filter, None, 9).await.unwrap().messages, []);
        }
    });
}

#[test]
fn ch_9_what_did_not_arrive_is_grouped_by_channel_and_reason() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let connectors = [InstallationId::from_uuid(uuid()), InstallationId::from_uuid(uuid())];
        let ended = |connector, status, reason: &str| Message {
            status,
            reason: Some(reason.to_owned()),
            attempts: 2,
            updated_at: NOW + 5,
            ..message(connector)
        };
        let rows = [
            ended(connectors[0], MessageStatus::Failed, "no such user"),
            ended(connectors[0], MessageStatus::Failed, "no such user"),
            ended(connectors[1], MessageStatus::Failed, "no such user"),
            ended(connectors[0], MessageStatus::Expired, "too late"),
            ended(connectors[0], MessageStatus::Sent, ""),
        ];
        let mut work = of(&store, acme).await;
        work.insert_messages(acme, &rows).await.unwrap();
        for row in &rows[..3] {
            let tries = [attempt(row.id, 1, NOW, "timeout"), attempt(row.id, 2, NOW + 1, "recipient-gone")];
            work.insert_attempts(acme, &tries).await.unwrap();
        }
        let groups = work.undelivered(acme).await.unwrap();
        let mut told: Vec<_> = groups
            .iter()
            .map(|group| (group.connector, group.status.as_str(), group.outcome.as_str(), group.count, group.last_at))
            .collect();
        assert_eq!(told.remove(0), (connectors[0], "failed", "recipient-gone", 2, NOW + 5), "the most first");
        told.sort();
        let mut others = vec![
            (connectors[0], "expired", "expired", 1, NOW + 5),
            (connectors[1], "failed", "recipient-gone", 1, NOW + 5),
        ];
        others.sort();
        assert_eq!(told, others);
        assert_eq!(groups[0].example.as_deref(), Some("no such user"));
        let last = work.last_failure(acme, connectors[1]).await.unwrap().unwrap();
        assert_eq!((last.status, last.reason.as_deref()), (MessageStatus::Failed, Some("no such user")));
        assert_eq!(work.undelivered(bolt).await.unwrap(), []);
        assert_eq!(work.last_failure(bolt, connectors[1]).await.unwrap(), None);
    });
}

#[test]
fn ch_9_what_waits_is_counted_by_class_and_tests_are_noted() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let wechat = InstallationId::from_uuid(uuid());
        let rows = [
            message(wechat),
            Message { class: MessageClass::Reply, ..message(wechat) },
            Message { class: MessageClass::Reply, status: MessageStatus::Sent, ..message(wechat) },
            Message { status: MessageStatus::Sending, ..message(wechat) },
            message(InstallationId::from_uuid(uuid())),
        ];
        let mut work = of(&store, acme).await;
        work.insert_messages(acme, &rows).await.unwrap();
        let waiting = work.waiting_for(acme, wechat).await.unwrap();
        assert_eq!(waiting, [(MessageClass::Marketing, 2), (MessageClass::Reply, 1)]);
        assert_eq!(work.waiting_for(bolt, wechat).await.unwrap(), []);

        let test = |number: i64| ChannelTestRow {
            installation: wechat,
            at: NOW + number,
            message: MessageId::from_uuid(uuid()),
            token: TokenId::from_uuid(uuid()),
            outcome: "rejected".to_owned(),
            detail: (number % 2 == 0).then(|| "no".to_owned()),
        };
        let tests: Vec<ChannelTestRow> = (0..25).map(test).collect();
        for row in &tests {
            work.insert_channel_test(acme, row).await.unwrap();
        }
        let kept: Vec<ChannelTestRow> = tests[5..].iter().rev().cloned().collect();
        assert_eq!(work.channel_tests(acme, wechat).await.unwrap(), kept);
        assert_eq!(work.channel_tests(bolt, wechat).await.unwrap(), []);
    });
}
