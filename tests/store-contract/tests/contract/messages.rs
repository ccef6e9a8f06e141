//! Messages and the tries to deliver them.

use guanxi_domain::ids::{InstallationId, MessageId};
use guanxi_domain::message::{Attempt, Message, MessageClass, MessageStatus};
use guanxi_store::{MessageQuery, StoreError};
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::{message, of};

fn with_status(status: MessageStatus) -> Message {
    Message { status, ..message(InstallationId::from_uuid(uuid())) }
}

#[test]
fn a_message_comes_back_as_it_was_written() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        for status in MessageStatus::ALL {
            let bare = with_status(status);
            let full = Message {
                class: MessageClass::Transactional,
                reason: Some("why".to_owned()),
                channel_id: Some("m-1".to_owned()),
                expires_at: None,
                attempts: 3,
                ..with_status(status)
            };
            work.insert_messages(acme, &[bare.clone(), full.clone()]).await.unwrap();
            assert_eq!(work.message(acme, bare.id).await.unwrap(), Some(bare));
            assert_eq!(work.message(acme, full.id).await.unwrap(), Some(full));
        }
        assert_eq!(work.message(acme, MessageId::from_uuid(uuid())).await.unwrap(), None);
        work.insert_messages(acme, &[]).await.unwrap();
    });
}

#[test]
fn the_same_message_is_kept_once() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        let one = with_status(MessageStatus::Queued);
        work.insert_messages(acme, std::slice::from_ref(&one)).await.unwrap();
        let again = work.insert_messages(acme, &[one]).await;
        assert!(matches!(again, Err(StoreError::Conflict("message"))));
    });
}

#[test]
fn messages_are_listed_by_person_and_status_the_latest_first() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let mut work = of(&store, acme).await;
        let mut all: Vec<Message> =
            [MessageStatus::Sent, MessageStatus::Failed].iter().cycle().take(8).map(|s| with_status(*s)).collect();
        let mei = all[0].person;
        for one in &mut all[..5] {
            one.person = mei;
        }
        work.insert_messages(acme, &all).await.unwrap();
        all.sort_by_key(|message| std::cmp::Reverse(message.id));

        for person in [None, Some(mei)] {
            for status in [None, Some(MessageStatus::Failed), Some(MessageStatus::Queued)] {
                let expected: Vec<Message> = all
                    .iter()
                    .filter(|one| person.is_none_or(|p| one.person == p) && status.is_none_or(|s| one.status == s))
                    .cloned()
                    .collect();
                let mut listed = Vec::new();
                let mut query = MessageQuery { person, status, before: None, limit: 3 };
                loop {
                    let page = work.messages(acme, &query).await.unwrap();
                    let Some(last) = page.last() else { break };
                    query.before = Some(last.id);
                    listed.extend(page);
                }
                assert_eq!(listed, expected, "{person:?} {status:?}");
            }
        }
        let counts = work.message_counts(acme).await.unwrap();
        assert_eq!(counts, [(MessageStatus::Failed, 4), (MessageStatus::Sent, 4)]);
    });
}

#[test]
fn every_try_is_noted_once() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let (one, other) = (MessageId::from_uuid(uuid()), MessageId::from_uuid(uuid()));
        let attempt = |message, number| Attempt {
            message,
            number,
            at: NOW + i64::from(number),
            took_ms: 12,
            http_status: (number > 1).then_some(503),
            outcome: "retry-after".to_owned(),
            detail: (number > 1).then(|| "busy".to_owned()),
        };
        let mut work = of(&store, acme).await;
        work.insert_attempts(acme, &[attempt(one, 2), attempt(other, 1), attempt(one, 1)]).await.unwrap();
        work.insert_attempts(acme, &[]).await.unwrap();
        assert_eq!(work.attempts(acme, one).await.unwrap(), [attempt(one, 1), attempt(one, 2)]);
        let many: Vec<Attempt> = (2..502).map(|number| attempt(other, number)).collect();
        work.insert_attempts(acme, &many).await.unwrap();
        assert_eq!(work.attempts(acme, other).await.unwrap().len(), 501);
        let again = work.insert_attempts(acme, &[attempt(one, 2)]).await;
        assert!(matches!(again, Err(StoreError::Conflict("attempt"))));
    });
}
