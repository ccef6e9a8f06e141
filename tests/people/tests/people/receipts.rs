//! Receipts are kept as long as a brand says.

use guanxi_domain::ids::{DecisionId, InstallationId, PersonId, new_uuid};
use guanxi_domain::settings::TenantSettings;
use guanxi_people_tests::{Lab, NOW};
use guanxi_store::{DecisionQuery, DecisionRow, Scope};
use guanxi_store_contract::make::uuid;
use guanxi_store_contract::on_both_empty;

const DAY: i64 = 86_400_000;

fn receipt(hours_ago: i64) -> DecisionRow {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&hours_ago.to_be_bytes());
    DecisionRow {
        id: DecisionId::from_uuid(new_uuid(NOW - hours_ago * DAY / 24, random)),
        installation: InstallationId::from_uuid(uuid()),
        person: PersonId::from_uuid(uuid()),
        position: 1,
        at: NOW,
        digest: String::new(),
        config_hash: String::new(),
        outcome: "skipped".to_owned(),
        operations: "[]".to_owned(),
        reasons: "[]".to_owned(),
        log: "[]".to_owned(),
        input: "{}".to_owned(),
        seed: 0,
        fuel: 0,
        call: None,
        shadow: false,
    }
}

#[test]
fn ca_7_receipts_are_kept_as_long_as_a_brand_says() {
    on_both_empty(|url| async move {
        let lab = Lab::open(&url).await;
        // Of the oldest there are more than one transaction takes.
        let rows: Vec<DecisionRow> = (0..2_500).map(receipt).collect();
        let (keeps_all, keeps_ten, keeps_none) = (lab.tenant().await, lab.tenant().await, lab.tenant().await);
        for (tenant, days) in [(keeps_all, None), (keeps_ten, Some(10)), (keeps_none, Some(1))] {
            let mut work = lab.store.begin(Scope::Host).await.expect("a transaction");
            let settings = TenantSettings { receipt_days: days, ..TenantSettings::default() };
            work.put_settings(tenant, &settings).await.expect("settings");
            work.commit().await.expect("a commit");
            let mut work = lab.store.begin(Scope::Tenant(tenant)).await.expect("a transaction");
            work.insert_decisions(tenant, &rows).await.expect("receipts");
            work.commit().await.expect("a commit");
        }
        lab.engine(4).forget_receipts().await.expect("old receipts go");
        lab.set_time(NOW + DAY);
        lab.engine(4).forget_receipts().await.expect("and those of the next day");
        for (tenant, left) in [(keeps_all, 2_500), (keeps_ten, 9 * 24 + 1), (keeps_none, 1)] {
            let mut work = lab.store.read(Scope::Tenant(tenant)).await.expect("a transaction");
            let all = DecisionQuery { person: None, before: None, limit: 10_000 };
            assert_eq!(work.decisions(tenant, &all).await.expect("receipts").len(), left);
        }
    });
}
