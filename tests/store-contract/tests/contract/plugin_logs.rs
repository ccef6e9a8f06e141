//! What plugins log: by installation, by call, bounded, and gone with whom it is about.

use guanxi_domain::ids::{CallId, InstallationId, MessageId, PersonId, new_uuid};
use guanxi_domain::plugin_log::{Asked, Level};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{LogPlace, LogQuery, LogRow, LoggedCall, Store, Work};
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::{DIGEST, of, person_id};

fn call(installation: InstallationId, at: i64, people: &[PersonId], lines: &[(Level, &str)]) -> LoggedCall {
    LoggedCall {
        installation,
        at,
        id: CallId::from_uuid(uuid()),
        digest: DIGEST.to_owned(),
        asked: Asked::Decide,
        message: None,
        people: people.to_vec(),
        lines: lines.iter().map(|(level, line)| (*level, (*line).to_owned())).collect(),
    }
}

fn all(installation: InstallationId) -> LogQuery {
    LogQuery { installation, level: Level::Debug, before: None, limit: 100 }
}

fn said(rows: &[LogRow]) -> Vec<&str> {
    rows.iter().map(|row| row.line.as_str()).collect()
}

async fn keep(store: &Store, tenant: TenantId, calls: &[LoggedCall]) -> Work {
    let mut work = of(store, tenant).await;
    work.insert_logs(tenant, calls).await.unwrap();
    work.commit().await.unwrap();
    of(store, tenant).await
}

#[test]
fn pl_6_lines_are_listed_by_installation_newest_first_and_by_level() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let [one, other] = [uuid(), uuid()].map(InstallationId::from_uuid);
        let message = Some(MessageId::from_uuid(uuid()));
        let first = call(one, NOW, &[person_id(), person_id()], &[(Level::Info, "a"), (Level::Error, "b")]);
        let second =
            LoggedCall { asked: Asked::Deliver, message, ..call(one, NOW + 1, &[], &[(Level::Crash, "c \0 茶")]) };
        let third = call(one, NOW + 2, &[], &[(Level::Debug, "d")]);
        let theirs = call(other, NOW, &[], &[(Level::Warn, "e")]);
        let calls = [third.clone(), first.clone(), second.clone(), theirs];
        let mut work = keep(&store, acme, &calls).await;

        let rows = work.logs(acme, &all(one)).await.unwrap();
        assert_eq!(said(&rows), ["d", "c \u{fffd} 茶", "b", "a"]);
        let place = LogPlace { at: NOW + 1, call: second.id, number: 0 };
        let expected = LogRow {
            place,
            level: Level::Crash,
            line: "c \u{fffd} 茶".to_owned(),
            digest: DIGEST.to_owned(),
            asked: Asked::Deliver,
            message,
        };
        assert_eq!(rows[1], expected);
        let warnings = work.logs(acme, &LogQuery { level: Level::Warn, ..all(one) }).await.unwrap();
        assert_eq!(said(&warnings), ["c \u{fffd} 茶", "b"]);

        let (mut walked, mut query) = (Vec::new(), LogQuery { limit: 1, ..all(one) });
        while let Some(row) = work.logs(acme, &query).await.unwrap().pop() {
            query.before = Some(row.place);
            walked.push(row);
        }
        assert_eq!(walked, rows);

        let of_call = work.logs_of_call(acme, one, NOW, first.id).await.unwrap();
        assert_eq!(said(&of_call), ["a", "b"]);
        assert_eq!(work.logs_of_call(acme, other, NOW, first.id).await.unwrap(), []);
        // The same batch may be decided again after a crash.
        drop(work);
        let mut work = keep(&store, acme, &calls).await;
        assert_eq!(work.logs(acme, &all(one)).await.unwrap(), rows);
        work.insert_logs(acme, &[]).await.unwrap();
        drop(work);
        assert_eq!(of(&store, bolt).await.logs(bolt, &all(one)).await.unwrap(), []);
    });
}

#[test]
fn pl_6_many_lines_of_many_calls_come_back_in_their_order() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let one = InstallationId::from_uuid(uuid());
        let lines: Vec<String> = (0..700).map(|n| format!("{n} \"quoted\" {{,}} \\ 'x'")).collect();
        let lines: Vec<(Level, &str)> = lines.iter().map(|line| (Level::Info, line.as_str())).collect();
        let calls = [call(one, NOW, &[person_id()], &lines), call(one, NOW + 1, &[person_id()], &lines)];
        let mut work = keep(&store, acme, &calls).await;
        for call in &calls {
            let rows = work.logs_of_call(acme, one, call.at, call.id).await.unwrap();
            assert_eq!(rows.len(), lines.len());
            assert!(rows.iter().zip(&lines).all(|(row, (_, line))| row.line == *line));
        }
    });
}

#[test]
fn pl_7_all_but_the_newest_lines_are_taken_away() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let [one, other] = [uuid(), uuid()].map(InstallationId::from_uuid);
        let lines = [(Level::Info, "x"), (Level::Info, "y")];
        let calls: Vec<_> = (0..4).map(|n| call(one, NOW + n, &[], &lines)).collect();
        let theirs = call(other, NOW, &[], &lines);
        for tenant in [acme, bolt] {
            drop(keep(&store, tenant, &[calls.as_slice(), std::slice::from_ref(&theirs)].concat()).await);
        }
        let mut work = of(&store, acme).await;
        assert_eq!(work.oldest_log_kept(acme, one, 9).await.unwrap(), None);
        let first = work.oldest_log_kept(acme, one, 3).await.unwrap().unwrap();
        assert_eq!(first, LogPlace { at: NOW + 2, call: calls[2].id, number: 1 });
        assert_eq!(work.forget_logs(acme, one, first, 4).await.unwrap(), 4);
        assert_eq!(work.forget_logs(acme, one, first, 4).await.unwrap(), 1);
        assert_eq!(work.forget_logs(acme, one, first, 4).await.unwrap(), 0);
        let places = |rows: Vec<LogRow>| rows.into_iter().map(|row| (row.place.at - NOW, row.place.number)).collect();
        let left: Vec<(i64, u32)> = places(work.logs(acme, &all(one)).await.unwrap());
        assert_eq!(left, [(3, 1), (3, 0), (2, 1)]);
        assert_eq!(work.forget_logs(acme, one, LogPlace::first_at(NOW + 3), 9).await.unwrap(), 1);
        assert_eq!(work.logs(acme, &all(other)).await.unwrap().len(), 2);
        work.commit().await.unwrap();
        assert_eq!(of(&store, bolt).await.logs(bolt, &all(one)).await.unwrap().len(), 8);
    });
}

#[test]
fn id_13_lines_of_calls_about_somebody_are_erased_with_them() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let one = InstallationId::from_uuid(uuid());
        let (mei, other) = (person_id(), person_id());
        let calls = [
            call(one, NOW, &[other, mei], &[(Level::Info, "both"), (Level::Info, "of both")]),
            call(one, NOW + 1, &[other], &[(Level::Info, "the other")]),
            call(one, NOW + 2, &[mei], &[(Level::Info, "mei")]),
            call(one, NOW + 3, &[], &[(Level::Info, "nobody")]),
        ];
        for tenant in [acme, bolt] {
            drop(keep(&store, tenant, &calls).await);
        }
        let mut work = of(&store, acme).await;
        let mut gone = 0;
        loop {
            match work.erase_logs(acme, mei, 1).await.unwrap() {
                0 => break,
                rows => gone += rows,
            }
        }
        assert_eq!(gone, 3);
        assert_eq!(said(&work.logs(acme, &all(one)).await.unwrap()), ["nobody", "the other"]);
        work.commit().await.unwrap();
        let left = of(&store, bolt).await.logs(bolt, &all(one)).await.unwrap();
        assert_eq!(said(&left), ["nobody", "mei", "the other", "of both", "both"]);
    });
}

#[test]
fn a_place_is_before_every_line_of_its_time() {
    let later = LogPlace { at: NOW, call: CallId::from_uuid(new_uuid(NOW, [0; 10])), number: 0 };
    assert!(LogPlace::first_at(NOW) < later && later < LogPlace::first_at(NOW + 1));
}
