//! What one tenant's plugins know, decide and send does not exist for another tenant.

use std::collections::HashMap;

use guanxi_domain::ids::CallId;
use guanxi_domain::installation::{Health, Installation};
use guanxi_domain::message::{Attempt, Message, MessageStatus};
use guanxi_domain::plugin_log::{Asked, Level};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{
    DecisionQuery, DecisionRow, Dialect, LogPlace, LogQuery, LoggedCall, MessageQuery, Released, Settled, Store, Timer,
    Work,
};
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::{decision, installation, library, message, of, person_id, timer};
use crate::grants::upgrade;

struct Rows {
    installation: Installation,
    timer: Timer,
    decision: DecisionRow,
    message: Message,
    logged: LoggedCall,
}

const EVERY_DECISION: DecisionQuery = DecisionQuery { person: None, before: None, limit: 10 };
const EVERY_MESSAGE: MessageQuery = MessageQuery { person: None, status: None, before: None, limit: 10 };

async fn filled(store: &Store, tenant: TenantId) -> Rows {
    let installation = installation("webhook");
    let rows = Rows {
        timer: Timer { installation: installation.id, ..timer(tenant, "t", NOW) },
        decision: decision(person_id()),
        message: message(installation.id),
        logged: LoggedCall {
            installation: installation.id,
            at: NOW,
            id: CallId::from_uuid(uuid()),
            digest: installation.digest.clone(),
            asked: Asked::Decide,
            message: None,
            people: vec![person_id()],
            lines: vec![(Level::Info, "said".to_owned())],
        },
        installation,
    };
    let attempt = Attempt {
        message: rows.message.id,
        number: 1,
        at: NOW,
        took_ms: 1,
        http_status: None,
        outcome: "sent".to_owned(),
        detail: None,
    };
    let mut work = of(store, tenant).await;
    work.put_installation(tenant, &rows.installation, Some(b"sealed")).await.unwrap();
    work.put_upgrade(tenant, rows.installation.id, &upgrade("1.1.0")).await.unwrap();
    work.put_states(tenant, &[(rows.timer.installation, rows.timer.person, Some("s".to_owned()))]).await.unwrap();
    work.put_timers(tenant, std::slice::from_ref(&rows.timer)).await.unwrap();
    work.insert_decisions(tenant, std::slice::from_ref(&rows.decision)).await.unwrap();
    work.insert_messages(tenant, std::slice::from_ref(&rows.message)).await.unwrap();
    work.insert_attempts(tenant, &[attempt]).await.unwrap();
    work.insert_logs(tenant, std::slice::from_ref(&rows.logged)).await.unwrap();
    work.commit().await.unwrap();
    rows
}

fn every_line(rows: &Rows) -> LogQuery {
    LogQuery { installation: rows.installation.id, level: Level::Debug, before: None, limit: 10 }
}

/// Everything that reads, asked for `tenant` with the keys of the other tenant's rows.
async fn sees_nothing(work: &mut Work, tenant: TenantId, rows: &Rows) {
    let id = rows.installation.id;
    let pair = (rows.timer.installation, rows.timer.person);
    assert_eq!(work.installations(tenant).await.unwrap(), []);
    assert_eq!(work.installation(tenant, "webhook").await.unwrap(), None);
    assert_eq!(work.installation_by_id(tenant, id).await.unwrap(), None);
    assert_eq!(work.installation_secrets(tenant, id).await.unwrap(), None);
    assert_eq!(work.upgrades(tenant).await.unwrap(), []);
    assert_eq!(work.states(tenant, &[pair]).await.unwrap(), HashMap::new());
    assert_eq!(work.timers_of(tenant, rows.timer.person).await.unwrap(), []);
    assert_eq!(work.decision(tenant, rows.decision.id).await.unwrap(), None);
    assert_eq!(work.decisions(tenant, &EVERY_DECISION).await.unwrap(), []);
    let theirs = DecisionQuery { person: Some(rows.decision.person), ..EVERY_DECISION };
    assert_eq!(work.decisions(tenant, &theirs).await.unwrap(), []);
    assert_eq!(work.message(tenant, rows.message.id).await.unwrap(), None);
    assert_eq!(work.messages(tenant, &EVERY_MESSAGE).await.unwrap(), []);
    let theirs = MessageQuery { person: Some(rows.message.person), ..EVERY_MESSAGE };
    assert_eq!(work.messages(tenant, &theirs).await.unwrap(), []);
    assert_eq!(work.message_counts(tenant).await.unwrap(), []);
    assert_eq!(work.attempts(tenant, rows.message.id).await.unwrap(), []);
    assert_eq!(work.logs(tenant, &every_line(rows)).await.unwrap(), []);
    assert_eq!(work.logs_of_call(tenant, id, NOW, rows.logged.id).await.unwrap(), []);
    assert_eq!(work.oldest_log_kept(tenant, id, 1).await.unwrap(), None);
}

/// Everything that changes existing rows, likewise.
async fn touches_nothing(work: &mut Work, tenant: TenantId, rows: &Rows) {
    assert!(!work.drop_upgrade(tenant, rows.installation.id).await.unwrap());
    let health = Health { crashes: 9, ..Health::default() };
    work.put_health(tenant, rows.installation.id, &health).await.unwrap();
    let timer = &rows.timer;
    work.put_states(tenant, &[(timer.installation, timer.person, None)]).await.unwrap();
    work.delete_timers(tenant, &[(timer.installation, timer.person, timer.key.clone())]).await.unwrap();
    assert_eq!(work.take_timers(tenant, std::slice::from_ref(timer)).await.unwrap(), []);
    assert_eq!(work.claim((tenant, rows.message.connector, rows.message.class), NOW, NOW + 9, 10).await.unwrap(), []);
    let failed = Settled {
        id: rows.message.id,
        attempts: 1,
        status: MessageStatus::Failed,
        reason: None,
        channel_id: None,
        due_at: NOW,
        now: NOW,
    };
    work.settle(tenant, &[failed]).await.unwrap();
    let released = Released { id: rows.message.id, attempts: 1, reason: None, due_at: NOW, now: NOW };
    work.release(tenant, &[released]).await.unwrap();
    let ids = [rows.message.id];
    assert_eq!(work.retry_messages(tenant, &ids, &MessageStatus::ENDED_BADLY, NOW).await.unwrap(), []);
    assert_eq!(work.cancel_messages(tenant, &ids, NOW).await.unwrap(), []);
    work.reset_channel_state(tenant, rows.installation.id).await.unwrap();
    assert!(!work.claim_probe(tenant, rows.installation.id, NOW, NOW + 9).await.unwrap());
    let later = LogPlace::first_at(NOW + 1);
    assert_eq!(work.forget_logs(tenant, rows.installation.id, later, 9).await.unwrap(), 0);
    for person in &rows.logged.people {
        assert_eq!(work.erase_logs(tenant, *person, 9).await.unwrap(), 0);
    }
}

async fn is_untouched(store: &Store, tenant: TenantId, rows: &Rows) {
    let mut work = of(store, tenant).await;
    let pair = (rows.timer.installation, rows.timer.person);
    let secrets = work.installation_secrets(tenant, rows.installation.id).await.unwrap();
    assert_eq!(secrets.as_deref(), Some(b"sealed".as_slice()));
    assert_eq!(work.installations(tenant).await.unwrap(), std::slice::from_ref(&rows.installation));
    assert_eq!(work.upgrades(tenant).await.unwrap(), [(rows.installation.id, upgrade("1.1.0"))]);
    assert_eq!(work.states(tenant, &[pair]).await.unwrap(), HashMap::from([(pair, "s".to_owned())]));
    assert_eq!(work.timers_of(tenant, pair.1).await.unwrap(), std::slice::from_ref(&rows.timer));
    assert_eq!(work.decisions(tenant, &EVERY_DECISION).await.unwrap(), std::slice::from_ref(&rows.decision));
    assert_eq!(work.messages(tenant, &EVERY_MESSAGE).await.unwrap(), std::slice::from_ref(&rows.message));
    assert_eq!(work.attempts(tenant, rows.message.id).await.unwrap().len(), 1);
    assert_eq!(work.logs(tenant, &every_line(rows)).await.unwrap().len(), 1);
}

#[test]
fn another_tenants_rows_do_not_exist() {
    on_both(|store| async move {
        library(&store).await;
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let rows = filled(&store, acme).await;

        let mut host = store.begin(guanxi_store::Scope::Host).await.unwrap();
        touches_nothing(&mut host, bolt, &rows).await;
        host.commit().await.unwrap();
        is_untouched(&store, acme, &rows).await;

        // The same names and ids in another tenant are other rows.
        let mut work = of(&store, bolt).await;
        work.put_installation(bolt, &rows.installation, None).await.unwrap();
        work.insert_decisions(bolt, std::slice::from_ref(&rows.decision)).await.unwrap();
        work.insert_messages(bolt, std::slice::from_ref(&rows.message)).await.unwrap();
        let timer = Timer { tenant: bolt, ..rows.timer.clone() };
        work.put_timers(bolt, &[timer]).await.unwrap();
        work.commit().await.unwrap();
        is_untouched(&store, acme, &rows).await;
    });
}

#[test]
fn a_read_for_another_tenant_finds_nothing() {
    on_both(|store| async move {
        library(&store).await;
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let rows = filled(&store, acme).await;
        let mut work = of(&store, bolt).await;
        if store.dialect() == Dialect::Postgres {
            // The second lock: even a query that names the wrong tenant, or none, sees nothing.
            sees_nothing(&mut work, acme, &rows).await;
            touches_nothing(&mut work, acme, &rows).await;
            assert_eq!(work.live_installations().await.unwrap(), []);
            assert_eq!(work.due_queues(NOW, 10).await.unwrap(), []);
            assert_eq!(work.next_due(0).await.unwrap(), None);
            assert_eq!(work.due_timers(NOW, 10).await.unwrap(), []);
            assert_eq!(work.next_timer().await.unwrap(), None);
        }
        sees_nothing(&mut work, bolt, &rows).await;
        touches_nothing(&mut work, bolt, &rows).await;
        work.commit().await.unwrap();
        is_untouched(&store, acme, &rows).await;
    });
}
