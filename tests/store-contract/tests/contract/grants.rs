//! What plugins may do at most, and versions that wait for an approval.

use guanxi_domain::grants::Grants;
use guanxi_domain::ids::InstallationId;
use guanxi_domain::installation::{Installation, Mode, Upgrade};
use guanxi_store::OperationCount;
use guanxi_store_contract::make::{NOW, tenant, uuid};
use guanxi_store_contract::{on_both, on_both_empty, open};
use serde_json::json;

use crate::candidates::candidate;
use crate::given::{host, installation, library, of, person_id};
use crate::migrations::go_back;

pub fn upgrade(version: &str) -> Upgrade {
    Upgrade {
        version: version.to_owned(),
        digest: "d2".to_owned(),
        config: json!({"url": "https://example.org/", "of": [1, 2.5, null]}),
        mode: Mode::Live,
        asks: vec!["fields: email".to_owned()],
        asked_by: "tok".to_owned(),
        asked_at: NOW,
    }
}

#[test]
fn pl_3_an_installation_waits_for_one_version() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let [here, there] = [uuid(), uuid()].map(InstallationId::from_uuid);
        let mut work = of(&store, acme).await;
        assert_eq!(work.upgrade(acme, here).await.unwrap(), None);
        assert!(!work.drop_upgrade(acme, here).await.unwrap());
        work.put_upgrade(acme, here, &upgrade("1.1.0")).await.unwrap();
        work.put_upgrade(acme, there, &upgrade("3.0.0")).await.unwrap();
        let later = Upgrade { mode: Mode::Off, asks: Vec::new(), asked_by: "tok2".to_owned(), ..upgrade("1.2.0") };
        work.put_upgrade(acme, here, &later).await.unwrap();
        assert_eq!(work.upgrade(acme, here).await.unwrap(), Some(later));
        let all = work.upgrades(acme).await.unwrap();
        assert_eq!(all.len(), 2);
        assert!(all.contains(&(there, upgrade("3.0.0"))), "{all:?}");
        work.commit().await.unwrap();

        let mut work = of(&store, bolt).await;
        assert_eq!(work.upgrade(bolt, here).await.unwrap(), None);
        assert_eq!(work.upgrades(bolt).await.unwrap(), []);
        assert!(!work.drop_upgrade(bolt, here).await.unwrap());
        work.commit().await.unwrap();

        let mut work = of(&store, acme).await;
        assert!(work.drop_upgrade(acme, here).await.unwrap());
        assert_eq!(work.upgrades(acme).await.unwrap(), [(there, upgrade("3.0.0"))]);
    });
}

#[test]
fn pl_3_an_allowance_limits_a_plugin_until_it_is_taken_away() {
    on_both(|store| async move {
        let acme = tenant(&store, "acme").await;
        let most = Grants { events: vec!["*".to_owned()], fields: vec!["name".to_owned()], ..Grants::default() };
        let mut work = host(&store).await;
        assert_eq!(work.allowance("hello").await.unwrap(), None);
        work.put_allowance("hello", Some(&Grants::default()), NOW).await.unwrap();
        work.put_allowance("hello", Some(&most), NOW + 1).await.unwrap();
        work.put_allowance("other", Some(&Grants::default()), NOW).await.unwrap();
        work.put_allowance("other", None, NOW).await.unwrap();
        work.put_allowance("nothing", None, NOW).await.unwrap();
        work.commit().await.unwrap();
        // Every tenant's plugins are held to it.
        let mut work = of(&store, acme).await;
        assert_eq!(work.allowance("hello").await.unwrap(), Some(most.clone()));
        assert_eq!(work.allowances().await.unwrap(), [("hello".to_owned(), most)].into());
    });
}

#[test]
fn pl_3_who_was_granted_everything_before_is_told_of_everything() {
    on_both_empty(|url| async move {
        let store = open(&url).await;
        store.migrate().await.unwrap();
        library(&store).await;
        let acme = tenant(&store, "acme").await;
        let mut before = installation("crm");
        let tried = candidate(before.id);
        let mut work = of(&store, acme).await;
        work.put_installation(acme, &before, None).await.unwrap();
        work.put_candidate(acme, &tried).await.unwrap();
        work.commit().await.unwrap();
        store.close().await;
        let version = if url.starts_with("sqlite") { 11 } else { 14 };
        let back = format!(
            "drop table upgrades; drop table plugin_allowances;
             delete from _sqlx_migrations where version = {version}"
        );
        go_back(&url, back.leak()).await;

        let store = open(&url).await;
        store.migrate().await.unwrap();
        before.grants.events = vec!["*".to_owned()];
        let mut work = of(&store, acme).await;
        assert_eq!(work.installation(acme, "crm").await.unwrap(), Some(before.clone()));
        let kept = work.candidate(acme, before.id).await.unwrap().unwrap();
        assert_eq!(kept.spec.grants.events, ["*"]);
        assert_eq!((kept.spec.config, kept.spec.version), (tried.spec.config, tried.spec.version));
    });
}

#[test]
fn pl_3_operations_are_counted_by_day_installation_and_person() {
    on_both(|store| async move {
        let (acme, bolt) = (tenant(&store, "acme").await, tenant(&store, "bolt").await);
        let [here, there] = [uuid(), uuid()].map(InstallationId::from_uuid);
        let [ada, bob] = [person_id(), person_id()];
        let count = |installation, operation: &str, person, done| OperationCount {
            installation,
            operation: operation.to_owned(),
            person,
            done,
        };
        let mut work = of(&store, acme).await;
        let rows = [
            count(here, "send", None, 3),
            count(here, "send", Some(ada), 2),
            count(here, "send", Some(bob), 1),
            count(here, "emit", None, 1),
            count(there, "send", None, 9),
        ];
        work.add_operation_counts(acme, 20_000, &rows).await.unwrap();
        work.add_operation_counts(acme, 20_000, &rows[..2]).await.unwrap();
        work.add_operation_counts(acme, 20_001, &[count(here, "send", None, 1)]).await.unwrap();
        work.add_operation_counts(acme, 20_001, &[]).await.unwrap();
        work.commit().await.unwrap();

        let mut work = of(&store, acme).await;
        let mut expected = [count(here, "emit", None, 1), count(here, "send", None, 6), count(there, "send", None, 9)];
        expected.sort_by(|a, b| (a.installation, &a.operation).cmp(&(b.installation, &b.operation)));
        assert_eq!(work.operation_counts(acme, 20_000).await.unwrap(), expected);
        assert_eq!(work.operation_counts(acme, 20_001).await.unwrap(), [count(here, "send", None, 1)]);
        assert_eq!(work.operation_counts(acme, 20_002).await.unwrap(), []);
        let of_ada = work.operation_counts_of(acme, 20_000, &[ada, person_id()]).await.unwrap();
        assert_eq!(of_ada, [count(here, "send", Some(ada), 4)]);
        assert_eq!(work.operation_counts_of(acme, 20_001, &[ada]).await.unwrap(), []);

        // Nobody else's, and gone with the person and with the day.
        let erased = work.detach(acme, &[ada], &[]).await.unwrap();
        assert!(erased.contains(&("operation_counts", 1)), "{erased:?}");
        assert_eq!(work.operation_counts_of(acme, 20_000, &[ada, bob]).await.unwrap().len(), 1);
        work.commit().await.unwrap();
        let mut work = of(&store, bolt).await;
        assert_eq!(work.operation_counts(bolt, 20_000).await.unwrap(), []);
        assert_eq!(work.operation_counts_of(bolt, 20_000, &[ada, bob]).await.unwrap(), []);
        drop(work);
        let mut work = host(&store).await;
        work.forget_operation_counts(20_001).await.unwrap();
        assert_eq!(work.operation_counts(acme, 20_000).await.unwrap(), []);
        assert_eq!(work.operation_counts(acme, 20_001).await.unwrap().len(), 1);
    });
}

#[test]
fn pl_3_who_was_granted_anything_before_sees_every_class() {
    on_both_empty(|url| async move {
        let store = open(&url).await;
        store.migrate().await.unwrap();
        library(&store).await;
        let acme = tenant(&store, "acme").await;
        let (mut before, new) = (installation("crm"), installation("new"));
        let waits = Installation { grants: Grants::default(), ..new };
        let tried = candidate(before.id);
        let mut work = of(&store, acme).await;
        for installation in [&before, &waits] {
            work.put_installation(acme, installation, None).await.unwrap();
        }
        work.put_candidate(acme, &tried).await.unwrap();
        work.commit().await.unwrap();
        store.close().await;
        let version = if url.starts_with("sqlite") { 14 } else { 17 };
        let all = if url.starts_with("sqlite") { "" } else { "set guanxi.tenant = '*';" };
        let back = format!(
            "{all} drop table operation_counts;
             update installations set grants = replace(grants, '\"classes\":[],', '');
             update candidates set spec = replace(spec, '\"classes\":[],', '');
             delete from _sqlx_migrations where version = {version}"
        );
        go_back(&url, back.leak()).await;

        let store = open(&url).await;
        store.migrate().await.unwrap();
        let classes = ["roles", "scores", "stage", "tags"].map(str::to_owned);
        before.grants.classes = vec!["*".to_owned()];
        let mut work = of(&store, acme).await;
        assert_eq!(work.installation(acme, "crm").await.unwrap(), Some(before.clone()));
        assert_eq!(work.installation(acme, "new").await.unwrap(), Some(waits), "nothing was granted, and nothing is");
        let kept = work.candidate(acme, before.id).await.unwrap().unwrap();
        assert_eq!(kept.spec.grants.classes, classes);
    });
}
