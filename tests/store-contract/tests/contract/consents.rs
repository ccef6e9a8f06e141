//! What people allow, and who is to be forgotten.

use std::collections::HashMap;

use guanxi_domain::erasure::{ERASED_BODY, Erasure, ErasureStatus, NOBODY, Plan, Report};
use guanxi_domain::ids::{ErasureId, PersonId};
use guanxi_domain::message::MessageStatus;
use guanxi_domain::person::Consent;
use guanxi_store::{ConsentRow, DecisionQuery, EVENTS, MessageQuery, OrderRow, PLACES, Part, TimelineRow};
use guanxi_store_contract::make::{self, NOW};
use guanxi_store_contract::on_both;

use crate::given::{self, of};

fn word(person: PersonId, purpose: &str, granted: bool, at: i64) -> ConsentRow {
    let consent = Consent {
        purpose: purpose.to_owned(),
        granted,
        evidence: "表格 7".to_owned(),
        source: "wechat".to_owned(),
        at,
        expires_at: granted.then_some(at + 1),
    };
    ConsentRow { person, consent, position: 3 }
}

#[test]
fn id_13_the_latest_word_on_each_purpose_is_kept() {
    on_both(|store| async move {
        let (tea, rival) = (make::tenant(&store, "tea").await, make::tenant(&store, "rival").await);
        let (ada, bob) = (given::person_id(), given::person_id());
        let mut work = of(&store, tea).await;
        let rows = [
            word(ada, "marketing", true, 1),
            word(ada, "service", true, 1),
            word(ada, "marketing", false, 2),
            word(bob, "marketing", true, 3),
        ];
        work.put_consents(tea, &rows).await.unwrap();
        work.put_consents(tea, &[word(bob, "marketing", false, 4)]).await.unwrap();
        work.remove_consents(tea, &[(ada, "service".to_owned()), (ada, "unknown".to_owned())]).await.unwrap();
        let found = work.consents(tea, &[ada, bob, given::person_id()]).await.unwrap();
        let expected = [(ada, vec![rows[2].consent.clone()]), (bob, vec![word(bob, "marketing", false, 4).consent])];
        assert_eq!(found, HashMap::from(expected));
        work.commit().await.unwrap();
        assert_eq!(of(&store, rival).await.consents(rival, &[ada, bob]).await.unwrap(), HashMap::new());
    });
}

#[test]
fn id_13_erasures_go_forward_only_and_lose_their_plan() {
    on_both(|store| async move {
        let (tea, rival) = (make::tenant(&store, "tea").await, make::tenant(&store, "rival").await);
        let person = given::person_id();
        let asked = Erasure {
            tenant: tea,
            id: ErasureId::from_uuid(make::uuid()),
            person,
            status: ErasureStatus::Waiting,
            requested_by: "tok_1".to_owned(),
            requested_at: NOW,
            done_at: None,
            report: Report { reason: "asked".to_owned(), ..Report::default() },
        };
        let mut work = of(&store, tea).await;
        work.insert_erasure(&asked).await.unwrap();
        work.commit().await.unwrap();
        let mut work = given::host(&store).await;
        assert_eq!(work.running_erasures(9).await.unwrap(), []);
        assert_eq!(work.erasure_of(tea, person).await.unwrap(), Some(asked.clone()));
        assert_eq!(work.erasure_of(rival, person).await.unwrap(), None);
        let plan = Plan { numbers: vec![1], identities: vec![make::identity("user", "ada")], position: 4 };
        let running = Report { people: vec![person], plan: Some(plan), ..asked.report.clone() };
        work.note_erasure(tea, asked.id, ErasureStatus::Running, &running, NOW).await.unwrap();
        let expected = Erasure { status: ErasureStatus::Running, report: running.clone(), ..asked.clone() };
        assert_eq!(work.running_erasures(9).await.unwrap(), [expected]);
        let report = Report { plan: None, ..running.clone() };
        work.note_erasure(tea, asked.id, ErasureStatus::Done, &report, NOW + 5).await.unwrap();
        work.note_erasure(tea, asked.id, ErasureStatus::Running, &running, NOW + 6).await.unwrap();
        let done = Erasure { status: ErasureStatus::Done, report, done_at: Some(NOW + 5), ..asked };
        assert_eq!(work.erasures(tea, None, 9).await.unwrap(), std::slice::from_ref(&done));
        assert_eq!(work.erasure(tea, done.id).await.unwrap(), Some(done.clone()));
        assert_eq!(work.erasures(tea, Some(done.id), 9).await.unwrap(), []);
        assert_eq!(work.erasure_of(tea, person).await.unwrap(), None);
        assert_eq!(work.erasures(rival, None, 9).await.unwrap(), []);
    });
}

#[test]
fn id_13_rows_of_a_person_are_rewritten_a_few_at_a_time_and_others_stay() {
    on_both(|store| async move {
        let tea = make::tenant(&store, "tea").await;
        given::library(&store).await;
        let connector = given::installed(&store, tea, "webhook").await;
        let (ada, bob) = (make::person("Ada"), make::person("Bob"));
        let mut work = of(&store, tea).await;
        work.put_people(tea, &[ada.clone(), bob.clone()]).await.unwrap();
        let events = [make::event("ada-1"), make::event("ada@example.com"), make::event("bob-1")];
        work.append(tea, &events).await.unwrap();
        let row = |person, position| TimelineRow { person, occurred_at: NOW, position, kind: "page".to_owned() };
        work.add_timeline(tea, &[row(ada.id, 1), row(ada.id, 2), row(bob.id, 3)]).await.unwrap();
        let order = |number: &str, person| OrderRow {
            order_id: number.to_owned(),
            person,
            amount: 120,
            refunded: 0,
            currency: None,
            ordered_at: NOW,
            position: 1,
        };
        work.put_orders(tea, &[order("a-1", ada.id), order("b-1", bob.id)]).await.unwrap();
        work.insert_decisions(tea, &[given::decision(ada.id), given::decision(bob.id)]).await.unwrap();
        let to = |person| guanxi_domain::message::Message { person, ..given::message(connector) };
        work.insert_messages(tea, &[to(ada.id), to(bob.id)]).await.unwrap();

        assert_eq!(work.erase_timeline(tea, ada.id, |id| id.contains('@'), &[], 1).await.unwrap(), 1);
        assert_eq!(work.erase_timeline(tea, ada.id, |id| id.contains('@'), &[], 9).await.unwrap(), 1);
        assert_eq!(work.erase_timeline(tea, ada.id, |_| true, &[], 9).await.unwrap(), 0);
        let log = work.read_log(tea, 0, 9).await.unwrap();
        let ids: Vec<&str> = log.iter().map(|event| event.event.message_id.as_str()).collect();
        assert_eq!(ids, ["ada-1", "guanxi.erased/2", "bob-1"]);
        assert_eq!(log.iter().map(|event| event.event.body.erased).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(serde_json::to_string(&log[0].event.body).unwrap(), ERASED_BODY);

        assert_eq!(work.erase_orders(tea, ada.id, 9, || "x".to_owned()).await.unwrap(), 1);
        assert_eq!(work.erase_orders(tea, ada.id, 9, || "x".to_owned()).await.unwrap(), 0);
        let kept = work.orders(tea, &["a-1".to_owned(), "erased-x".to_owned(), "b-1".to_owned()]).await.unwrap();
        assert_eq!((kept.len(), kept["erased-x"].amount, kept["erased-x"].person), (2, 120, NOBODY));

        assert_eq!(work.erase_decisions(tea, ada.id, 9).await.unwrap(), 1);
        let of_nobody = DecisionQuery { person: Some(NOBODY), before: None, limit: 9 };
        let decisions = work.decisions(tea, &of_nobody).await.unwrap();
        assert_eq!((decisions[0].input.as_str(), decisions[0].reasons.as_str(), decisions.len()), ("{}", "[]", 1));

        assert_eq!(work.erase_messages(tea, ada.id, NOW, 9).await.unwrap(), 1);
        let query = |person| MessageQuery { person: Some(person), status: None, before: None, limit: 9 };
        let messages = work.messages(tea, &query(NOBODY)).await.unwrap();
        assert_eq!((messages[0].status, messages[0].address.as_str()), (MessageStatus::Failed, ""));
        assert_eq!(work.messages(tea, &query(bob.id)).await.unwrap()[0].status, MessageStatus::Queued);

        work.detach(tea, &[ada.id], &[ada.number]).await.unwrap();
        assert_eq!(work.person(tea, ada.id).await.unwrap(), None);
        assert!(work.person(tea, bob.id).await.unwrap().is_some());
    });
}

#[test]
fn id_13_texts_are_searched_and_rewritten_by_key() {
    on_both(|store| async move {
        let (tea, rival) = (make::tenant(&store, "tea").await, make::tenant(&store, "rival").await);
        let mut work = of(&store, tea).await;
        let events: Vec<_> =
            ["A-ADA@example.com", "b", "c-ada@EXAMPLE.com", "d-ada@example.com"].map(make::event).into();
        work.append(tea, &events).await.unwrap();
        let needles = ["ada@example.com".to_owned(), "say \\\"hello\\\"".to_owned()];
        let first = work.mentions(tea, &EVENTS, &needles, 4, None, 1).await.unwrap();
        assert_eq!(first[0].key, [Part::Number(1)]);
        let second = work.mentions(tea, &EVENTS, &needles, 4, Some(&first[0].key), 9).await.unwrap();
        assert_eq!(second.iter().map(|row| &row.key[0]).collect::<Vec<_>>(), [&Part::Number(3)], "the fourth is later");
        let mut struck = second[0].clone();
        struck.texts = vec![Some(ERASED_BODY.to_owned()), Some("page".to_owned()), Some("guanxi.erased/3".to_owned())];
        work.rewrite(tea, &EVENTS, &struck).await.unwrap();
        assert_eq!(work.mentions(tea, &EVENTS, &needles, 4, Some(&first[0].key), 9).await.unwrap(), []);
        assert_eq!(work.mentions(tea, &EVENTS, &[], 4, None, 9).await.unwrap(), []);
        for place in &PLACES {
            let found = work.mentions(tea, place, &needles, 0, None, 9).await.unwrap();
            assert_eq!(found, [], "{}", place.table);
        }
        work.commit().await.unwrap();
        store.vacuum_erased().await.unwrap();
        assert_eq!(of(&store, rival).await.mentions(rival, &EVENTS, &needles, 9, None, 9).await.unwrap(), []);
    });
}
