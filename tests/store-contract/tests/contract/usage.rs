//! What calls of plugins came to, and how much of it tenants may have.

use guanxi_domain::ids::InstallationId;
use guanxi_domain::usage::{Quota, Usage, WorkKind};
use guanxi_store::UsageRow;
use guanxi_store_contract::make::{tenant, uuid};
use guanxi_store_contract::on_both;

use crate::given::{host, of};

fn usage(n: u64) -> Usage {
    Usage {
        calls: n,
        items: 10 * n,
        crashes: n / 2,
        timeouts: n / 4,
        refusals: 3 * n,
        fuel: 5_000_000_000 * n,
        micros: 100 * n,
    }
}

#[test]
fn pl_7_usage_adds_up_by_installation_and_day() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let [one, other] = [uuid(), uuid()].map(InstallationId::from_uuid);
        let work_kind = WorkKind::Pipeline;
        let row = |day: i64, installation: InstallationId, n: u64| UsageRow {
            day,
            installation,
            work: work_kind,
            usage: usage(n),
        };
        let mut work = host(&store).await;
        for (whose, row) in [
            (acme, row(20_000, one, 1)),
            (acme, row(20_000, one, 2)),
            (acme, row(20_001, one, 4)),
            (acme, row(20_001, other, 8)),
            (acme, row(19_000, one, 16)),
            (bolt, row(20_001, one, 100)),
        ] {
            work.add_usage(whose, &row).await.unwrap();
        }
        assert_eq!(work.usage_of_tenants(20_000, 9).await.unwrap(), [(bolt, usage(100)), (acme, sum(&[1, 2, 4, 8]))]);
        assert_eq!(work.usage_of_tenants(20_000, 1).await.unwrap().len(), 1);
        work.commit().await.unwrap();

        let mut work = of(&store, acme).await;
        let mut expected = [row(20_001, one, 4), row(20_001, other, 8)];
        expected.sort_by_key(|row| row.installation);
        let all = work.usage(acme, 20_000).await.unwrap();
        assert_eq!(all[..2], expected);
        assert_eq!(all[2..], [UsageRow { usage: sum(&[1, 2]), ..row(20_000, one, 0) }]);
        assert_eq!(
            work.usage_of_installation(acme, one, 20_000).await.unwrap(),
            [row(20_001, one, 4), UsageRow { usage: sum(&[1, 2]), ..row(20_000, one, 0) }]
        );
        assert_eq!(work.usage_of_installation(acme, other, 0).await.unwrap(), [row(20_001, other, 8)]);
        drop(work);

        let mut work = host(&store).await;
        work.forget_usage(20_001).await.unwrap();
        assert_eq!(work.usage(acme, 0).await.unwrap().len(), 2);
        assert_eq!(work.usage(bolt, 0).await.unwrap(), [row(20_001, one, 100)]);
    });
}

#[test]
fn pl_7_usage_is_told_apart_by_what_it_was_for() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let installation = InstallationId::from_uuid(uuid());
        let row = |work, n| UsageRow { day: 20_000, installation, work, usage: usage(n) };
        let mut work = of(&store, acme).await;
        for kind in WorkKind::ALL {
            for n in [1, 2] {
                work.add_usage(acme, &row(kind, n)).await.unwrap();
            }
        }
        let mut expected = WorkKind::ALL.map(|kind| UsageRow { usage: sum(&[1, 2]), ..row(kind, 0) });
        expected.sort_by_key(|row| row.work.as_str());
        assert_eq!(work.usage(acme, 20_000).await.unwrap(), expected);
        assert_eq!(work.usage_of_installation(acme, installation, 20_000).await.unwrap(), expected);
        assert_eq!(work.fuel_of_day(acme, 20_000).await.unwrap(), 4 * sum(&[1, 2]).fuel);
        assert_eq!(work.fuel_of_day(acme, 20_001).await.unwrap(), 0);
        work.commit().await.unwrap();
        assert_eq!(of(&store, bolt).await.fuel_of_day(bolt, 20_000).await.unwrap(), 0);
    });
}

fn sum(of: &[u64]) -> Usage {
    let mut all = Usage::default();
    of.iter().for_each(|n| all += usage(*n));
    all
}

#[test]
fn pl_7_a_quota_is_a_tenants_own() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let quota = Quota { fuel_per_day: Some(i64::MAX as u64), weight: 100 };
        let mut work = of(&store, acme).await;
        assert_eq!(work.quota(acme).await.unwrap(), Quota::default());
        work.put_quota(acme, Quota { weight: 2, ..quota }).await.unwrap();
        work.put_quota(acme, quota).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(of(&store, acme).await.quota(acme).await.unwrap(), quota);
        let mut work = of(&store, bolt).await;
        assert_eq!(work.quota(bolt).await.unwrap(), Quota::default());
        work.put_quota(bolt, Quota { fuel_per_day: None, weight: 3 }).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(of(&store, acme).await.quota(acme).await.unwrap(), quota);
    });
}
