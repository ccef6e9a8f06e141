//! Backtests: whose turn it is, and whose they are.

use guanxi_domain::backtest::{Backtest, BacktestSpec, BacktestStatus, Difference, Sample};
use guanxi_domain::ids::{BacktestId, DecisionId, InstallationId, PersonId};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{Scope, Store};
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::on_both;
use serde_json::json;

use crate::given::{of, person_id};

pub fn backtest(tenant: TenantId, requested_at: i64) -> Backtest {
    Backtest {
        tenant,
        id: BacktestId::from_uuid(uuid()),
        installation: InstallationId::from_uuid(uuid()),
        spec: BacktestSpec {
            installation: "welcome".to_owned(),
            plugin: "welcome".to_owned(),
            version: "0.1.0".to_owned(),
            digest: "d1".to_owned(),
            config: json!({"a": 1}),
            unseen: vec!["fields: email".to_owned()],
            from: 1,
            to: 2,
            scores: None,
        },
        status: BacktestStatus::Waiting,
        requested_by: "tok".to_owned(),
        requested_at,
        ended_at: None,
        progress: 0.0,
        difference: Difference::default(),
        error: None,
    }
}

async fn ask(store: &Store, backtest: &Backtest) {
    let mut work = of(store, backtest.tenant).await;
    work.insert_backtest(backtest).await.unwrap();
    work.commit().await.unwrap();
}

async fn claim(store: &Store, now: i64, until: i64) -> Option<Backtest> {
    let (tenant, id) = store.read(Scope::Host).await.unwrap().next_backtest(now).await.unwrap()?;
    let mut work = of(store, tenant).await;
    let claimed = work.claim_backtest(tenant, id, now, until).await.unwrap();
    assert!(work.claim_backtest(tenant, id, now, until + 1).await.unwrap().is_none(), "one is sooner");
    work.commit().await.unwrap();
    claimed
}

#[test]
fn ca_5_who_waits_longest_is_next_and_a_claim_holds_until_its_time() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let (first, second) = (backtest(bolt, NOW), backtest(acme, NOW + 1));
        ask(&store, &second).await;
        ask(&store, &first).await;
        let running = |one: &Backtest| Backtest { status: BacktestStatus::Running, ..one.clone() };
        assert_eq!(claim(&store, NOW, NOW + 10).await, Some(running(&first)));
        assert_eq!(claim(&store, NOW, NOW + 10).await, Some(running(&second)));
        assert_eq!(claim(&store, NOW + 10, NOW + 20).await, None);
        // Nobody went on with it.
        assert_eq!(claim(&store, NOW + 11, NOW + 20).await, Some(running(&first)));

        let found = Difference { decisions: 7, differ: 3, ..Difference::default() };
        let further = Backtest { progress: 0.5, difference: found, ..running(&first) };
        let mut work = of(&store, bolt).await;
        assert!(!work.note_backtest(&further, NOW + 10, NOW + 30).await.unwrap(), "another one has it now");
        assert!(work.note_backtest(&further, NOW + 20, NOW + 30).await.unwrap());
        assert_eq!(work.backtest(bolt, first.id).await.unwrap(), Some(further.clone()));
        assert!(work.stop_backtest(bolt, first.id, NOW + 25).await.unwrap());
        assert!(!work.stop_backtest(bolt, first.id, NOW + 26).await.unwrap());
        assert!(!work.note_backtest(&further, NOW + 30, NOW + 40).await.unwrap(), "it was stopped");
        let stopped = Backtest { status: BacktestStatus::Stopped, ended_at: Some(NOW + 25), ..further };
        assert_eq!(work.backtest(bolt, first.id).await.unwrap(), Some(stopped));
        work.commit().await.unwrap();
        assert_eq!(claim(&store, NOW + 1_000, NOW + 2_000).await, Some(running(&second)));
    });
}

#[test]
fn ca_5_backtests_stay_with_their_tenant_and_lose_whom_is_forgotten() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let sample = |person: PersonId| Sample { decision: DecisionId::from_uuid(uuid()), person, at: 1, sides: None };
        let (gone, left) = (sample(person_id()), sample(person_id()));
        let mut done = Backtest { status: BacktestStatus::Done, ended_at: Some(NOW), ..backtest(acme, NOW) };
        done.difference.samples = vec![gone.clone(), left.clone()];
        ask(&store, &done).await;
        let mut work = of(&store, bolt).await;
        assert_eq!(work.backtest(bolt, done.id).await.unwrap(), None);
        assert_eq!(work.backtests(bolt, None, 9).await.unwrap(), []);
        assert_eq!(work.erase_samples(bolt, gone.person).await.unwrap(), 0);
        drop(work);

        let mut work = of(&store, acme).await;
        assert_eq!(work.erase_samples(acme, gone.person).await.unwrap(), 1);
        assert_eq!(work.erase_samples(acme, gone.person).await.unwrap(), 0);
        done.difference.samples = vec![left];
        assert_eq!(work.backtests(acme, None, 9).await.unwrap(), [done.clone()]);

        let later: Vec<Backtest> = (1..=3).map(|n| Backtest { ended_at: Some(n), ..backtest(acme, NOW + n) }).collect();
        for one in &later {
            let one = Backtest { status: BacktestStatus::Failed, error: Some("why".to_owned()), ..one.clone() };
            work.insert_backtest(&one).await.unwrap();
        }
        work.insert_backtest(&backtest(acme, NOW - 9)).await.unwrap();
        work.forget_backtests(acme, 2).await.unwrap();
        let kept = work.backtests(acme, None, 9).await.unwrap();
        assert_eq!(kept.len(), 2, "{kept:?}");
        assert_eq!(kept[0].status, BacktestStatus::Waiting);
    });
}
