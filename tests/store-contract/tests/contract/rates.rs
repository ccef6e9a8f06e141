//! How messages fare, counted by what made them.

use guanxi_domain::ids::MessageId;
use guanxi_domain::message::{Message, MessageStatus};
use guanxi_domain::rates::{Fate, Mark, Rates, Source};
use guanxi_store::{MessageContent, MessageSource, RateRow};
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::{installed, library, message, of};

#[test]
fn ch_9_a_message_is_marked_once_with_each_mark() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let one = MessageId::from_uuid(uuid());
        let fate = |mark| Fate { message: one, mark };
        let mut work = of(&store, acme).await;
        assert_eq!(work.mark_messages(acme, &[fate(Mark::Clicked)]).await.unwrap(), [fate(Mark::Clicked)]);
        let again = [fate(Mark::Clicked), fate(Mark::Opened)];
        assert_eq!(work.mark_messages(acme, &again).await.unwrap(), [fate(Mark::Opened)]);
        assert_eq!(work.mark_messages(acme, &again).await.unwrap(), []);
        assert_eq!(work.mark_messages(acme, &[]).await.unwrap(), []);
    });
}

#[test]
fn ch_9_where_a_message_comes_from_is_told() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        library(&store).await;
        let connector = installed(&store, acme, "webhook").await;
        let (kept, own) = (message(connector), message(connector));
        let mut work = of(&store, acme).await;
        work.insert_messages(acme, &[kept.clone(), own.clone()]).await.unwrap();
        let note = MessageContent { message: kept.id, name: "hello".to_owned(), version: 3 };
        work.note_message_contents(acme, std::slice::from_ref(&note)).await.unwrap();
        work.note_message_contents(acme, &[MessageContent { version: 4, ..note }]).await.unwrap();
        let nowhere = MessageId::from_uuid(uuid());
        let mut sources = work.message_sources(acme, &[kept.id, own.id, nowhere]).await.unwrap();
        sources.sort_by_key(|source| source.source.content.clone());
        let source = |message: &Message, content: &str| MessageSource {
            message: message.id,
            source: Source { connector, channel: "webhook".to_owned(), campaign: None, content: content.to_owned() },
            created_at: NOW,
        };
        assert_eq!(sources, [source(&own, ""), source(&kept, "hello")]);
        work.commit().await.unwrap();
        assert_eq!(of(&store, bolt).await.message_sources(bolt, &[kept.id]).await.unwrap(), []);
    });
}

#[test]
fn ch_9_the_last_message_on_a_channel_is_answered() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        library(&store).await;
        let connector = installed(&store, acme, "webhook").await;
        let sent = Message { status: MessageStatus::Sent, ..message(connector) };
        let waits = Message { person: sent.person, ..message(connector) };
        let mut work = of(&store, acme).await;
        work.insert_messages(acme, &[sent.clone(), waits]).await.unwrap();
        for (channel, since, expected) in
            [("webhook", NOW, Some(sent.id)), ("webhook", NOW + 1, None), ("sms", NOW, None)]
        {
            let found = work.last_message_to(acme, sent.person, channel, since).await.unwrap();
            assert_eq!(found, expected, "{channel} {since}");
        }
    });
}

#[test]
fn ch_9_rates_add_up_by_day_and_source() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let [connector, campaign] = [uuid(), uuid()].map(guanxi_domain::ids::InstallationId::from_uuid);
        let source = |content: &str| Source {
            connector,
            channel: "sms".to_owned(),
            campaign: Some(campaign),
            content: content.to_owned(),
        };
        let unknown = Source { campaign: None, ..source("") };
        let rates = |sent, clicked| Rates { sent, clicked, ..Rates::default() };
        let row = |day, source: &Source, rates| RateRow { day, source: source.clone(), rates };
        let mut work = of(&store, acme).await;
        let first = [row(10, &source("a"), rates(2, 0)), row(10, &unknown, rates(1, 1))];
        work.add_rates(acme, &first).await.unwrap();
        work.add_rates(acme, &[row(10, &source("a"), rates(0, 1)), row(11, &source("a"), rates(3, 1))]).await.unwrap();
        work.add_rates(acme, &[row(9, &source("a"), rates(100, 0))]).await.unwrap();
        let mut found = work.message_rates(acme, 10, 11).await.unwrap();
        found.sort_by_key(|(source, _)| source.content.clone());
        assert_eq!(found, [(unknown, rates(1, 1)), (source("a"), rates(5, 2))]);
        assert_eq!(work.message_rates(acme, 12, 20).await.unwrap(), []);
        work.commit().await.unwrap();
        assert_eq!(of(&store, bolt).await.message_rates(bolt, 0, 99).await.unwrap(), []);
    });
}
