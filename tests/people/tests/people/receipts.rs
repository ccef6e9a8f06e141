//! Receipts are kept as long as a brand says, and log lines as long and not too many.

use guanxi_domain::grants::Grants;
use guanxi_domain::ids::{CallId, DecisionId, InstallationId, PersonId, new_uuid};
use guanxi_domain::installation::{Health, Installation, Mode};
use guanxi_domain::limits::LOG_LINES_KEPT;
use guanxi_domain::plugin_log::{Asked, Level};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_people_tests::{Lab, NOW};
use guanxi_store::{DecisionQuery, DecisionRow, LogQuery, LoggedCall, PluginRow, Scope};
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

/// A plugin in the library.
fn plugin() -> PluginRow {
    PluginRow {
        name: "talk".to_owned(),
        version: "1.0.0".to_owned(),
        digest: "d1".to_owned(),
        manifest: String::new(),
        report: "{}".to_owned(),
        size: 4,
        created_at: NOW,
        publisher: None,
        signer: None,
        source: "upload".to_owned(),
        yanked: None,
    }
}

/// An installation of it that said something at each of so many hours.
async fn talkative(lab: &Lab, tenant: TenantId, hours: i64, lines: usize) -> InstallationId {
    let installation = Installation {
        id: InstallationId::from_uuid(uuid()),
        name: "talk".to_owned(),
        plugin: "talk".to_owned(),
        version: "1.0.0".to_owned(),
        digest: "d1".to_owned(),
        mode: Mode::Off,
        config: serde_json::json!({}),
        grants: Grants::default(),
        secrets: Vec::new(),
        health: Health::default(),
        created_at: NOW,
        updated_at: NOW,
    };
    let call = |hour: i64| LoggedCall {
        installation: installation.id,
        at: NOW - hour * DAY / 24,
        id: CallId::from_uuid(uuid()),
        digest: "d1".to_owned(),
        asked: Asked::Decide,
        message: None,
        people: Vec::new(),
        lines: vec![(Level::Info, "said".to_owned()); lines],
    };
    let mut work = lab.store.begin(Scope::Tenant(tenant)).await.expect("a transaction");
    work.put_installation(tenant, &installation, None).await.expect("an installation");
    work.insert_logs(tenant, &(0..hours).map(call).collect::<Vec<_>>()).await.expect("lines");
    work.commit().await.expect("a commit");
    installation.id
}

#[test]
fn pl_7_log_lines_are_kept_as_long_as_receipts_and_the_newest_of_too_many() {
    on_both_empty(|url| async move {
        let lab = Lab::open(&url).await;
        let mut work = lab.store.begin(Scope::Host).await.expect("a transaction");
        work.insert_plugin(&plugin(), b"\0asm").await.expect("a plugin");
        work.commit().await.expect("a commit");
        let (busy, quiet, forgets) = (lab.tenant().await, lab.tenant().await, lab.tenant().await);
        let mut work = lab.store.begin(Scope::Host).await.expect("a transaction");
        let settings = TenantSettings { receipt_days: Some(1), ..TenantSettings::default() };
        work.put_settings(forgets, &settings).await.expect("settings");
        work.commit().await.expect("a commit");
        let kept = LOG_LINES_KEPT as usize;
        let installed = [
            // Of what is too much there are more than one transaction takes.
            (busy, talkative(&lab, busy, 52, kept / 40).await, kept),
            (quiet, talkative(&lab, quiet, 50, 2).await, 100),
            (forgets, talkative(&lab, forgets, 50, 2).await, 50),
        ];
        for _ in 0..2 {
            lab.engine(4).forget_receipts().await.expect("old lines go");
            for (tenant, installation, left) in installed {
                let mut work = lab.store.read(Scope::Tenant(tenant)).await.expect("a transaction");
                let all = LogQuery { installation, level: Level::Debug, before: None, limit: u32::MAX };
                let lines = work.logs(tenant, &all).await.expect("lines");
                assert_eq!(lines.len(), left);
                assert_eq!(lines[0].place.at, NOW, "the newest stay");
            }
        }
    });
}
