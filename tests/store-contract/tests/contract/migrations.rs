//! Opening, migrating, and databases that are not there.

use guanxi_domain::ids::InstallationId;
use guanxi_domain::person::{Activity, Link, LinkState};
use guanxi_domain::tenant::TenantId;
use guanxi_domain::usage::{Usage, WorkKind};
use guanxi_store::{SchemaState, Scope, Store, StoreError, StoreOptions, UsageRow};
use guanxi_store_contract::{make, on_both, on_both_empty, on_postgres, on_sqlite, open};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::given;

#[test]
fn migrating_twice_changes_nothing() {
    on_both_empty(|url| async move {
        let store = open(&url).await;
        assert_eq!(store.schema().await.unwrap(), SchemaState::Behind);
        store.migrate().await.unwrap();
        let tenant = make::tenant(&store, "tea").await;
        store.migrate().await.unwrap();
        assert_eq!(store.schema().await.unwrap(), SchemaState::Current);
        let mut work = store.read(Scope::Host).await.unwrap();
        assert_eq!(work.tenants(None, 9).await.unwrap()[0].id, tenant);
    });
}

#[test]
fn documents_and_links_of_an_earlier_schema_are_read_as_they_were() {
    on_sqlite(|url| {
        earlier_schema(
            url,
            "update people set attributes = json(attributes), activity = json(activity);
             create table before as select * from identities;
             drop table identities;
             alter table before rename to identities;
             create unique index identities_key on identities (tenant_id, kind, value);
             create index identities_person on identities (tenant_id, person_id, first_position);
             delete from _sqlx_migrations where version = 5",
            json!({}),
        )
    });
    on_postgres(|url| {
        earlier_schema(
            url,
            "set guanxi.tenant = '*';
             alter table people alter column attributes type text, alter column activity type text,
               alter column activity set default '{}';
             update people set attributes = replace(attributes, '{', '{\"odd\": \"\\u0000\\u0000\\\\u0000\\\\\\u0000\", ');
             delete from _sqlx_migrations where version = 7",
            json!({"odd": "\u{fffd}\u{fffd}\\u0000\\\u{fffd}"}),
        )
    });
}

#[test]
fn tg_4_people_whose_rows_are_written_anew_are_who_they_were() {
    on_postgres(|url| earlier_schema(url, "delete from _sqlx_migrations where version = 13", json!({})));
}

#[test]
fn ca_7_receipts_of_an_earlier_schema_are_read_as_they_were() {
    on_sqlite(|url| {
        earlier_receipts(
            url,
            "create table before as
               select tenant_id, id, installation_id, person_id, position, at, digest, config_hash, outcome, operations,
                      reasons, log, input, seed, fuel
               from decisions;
             drop table decisions;
             alter table before rename to decisions;
             drop table configurations;
             drop table candidates;
             delete from _sqlx_migrations where version in (8, 10)",
        )
    });
    on_postgres(|url| {
        earlier_receipts(
            url,
            "alter table decisions drop column call_id, drop column call_others, drop column call_fuel,
               drop column answer_hash;
             drop table configurations;
             delete from _sqlx_migrations where version = 10",
        )
    });
}

#[test]
fn pl_7_usage_of_an_earlier_schema_is_kept() {
    on_sqlite(|url| {
        earlier_usage(
            url,
            "create table before as
               select tenant_id, day, installation_id, calls, items, crashes, fuel, micros from plugin_usage;
             drop table plugin_usage;
             alter table before rename to plugin_usage;
             drop table plugin_logs;
             delete from _sqlx_migrations where version = 15",
        )
    });
    on_postgres(|url| {
        earlier_usage(
            url,
            "alter table plugin_usage drop constraint plugin_usage_pkey;
             alter table plugin_usage drop column work, drop column timeouts, drop column refusals;
             alter table plugin_usage add primary key (tenant_id, day, installation_id);
             drop table plugin_logs;
             delete from _sqlx_migrations where version = 18",
        )
    });
}

async fn earlier_usage(url: String, back: &'static str) {
    let store = open(&url).await;
    store.migrate().await.unwrap();
    let tenant = make::tenant(&store, "tea").await;
    let usage = Usage { calls: 2, items: 9, crashes: 1, fuel: 700, micros: 50, ..Usage::default() };
    let installation = InstallationId::from_uuid(make::uuid());
    let row = UsageRow { day: 20_000, installation, work: WorkKind::Pipeline, usage };
    let mut work = given::of(&store, tenant).await;
    work.add_usage(tenant, &row).await.unwrap();
    work.commit().await.unwrap();
    store.close().await;
    go_back(&url, back).await;

    let store = open(&url).await;
    assert_eq!(store.schema().await.unwrap(), SchemaState::Behind);
    store.migrate().await.unwrap();
    let mut work = given::of(&store, tenant).await;
    assert_eq!(work.usage(tenant, 0).await.unwrap(), std::slice::from_ref(&row));
    let delivered = UsageRow { work: WorkKind::Delivery, ..row.clone() };
    work.add_usage(tenant, &delivered).await.unwrap();
    work.add_usage(tenant, &delivered).await.unwrap();
    let rows = work.usage(tenant, 0).await.unwrap();
    assert_eq!(
        rows.iter().map(|row| (row.work, row.usage.fuel)).collect::<Vec<_>>(),
        [(WorkKind::Delivery, 1_400), (WorkKind::Pipeline, 700)]
    );
}

async fn earlier_receipts(url: String, back: &'static str) {
    let store = open(&url).await;
    store.migrate().await.unwrap();
    let tenant = make::tenant(&store, "tea").await;
    let rows = [given::decision(given::person_id()), given::decision(given::person_id())];
    let mut work = given::of(&store, tenant).await;
    work.insert_decisions(tenant, &rows).await.unwrap();
    work.commit().await.unwrap();
    store.close().await;
    go_back(&url, back).await;

    let store = open(&url).await;
    assert_eq!(store.schema().await.unwrap(), SchemaState::Behind);
    store.migrate().await.unwrap();
    let mut work = given::of(&store, tenant).await;
    for row in rows {
        assert_eq!(work.decision(tenant, row.id).await.unwrap(), Some(row.clone()));
        let again = work.insert_decisions(tenant, &[row]).await;
        assert!(matches!(again, Err(StoreError::Conflict("decision"))), "{again:?}");
        drop(work);
        work = given::of(&store, tenant).await;
    }
}

/// Changes the schema behind the store's back.
pub async fn go_back(url: &str, back: &'static str) {
    sqlx::any::install_default_drivers();
    let mut raw = sqlx::AnyConnection::connect(url).await.unwrap();
    sqlx::raw_sql(back).execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();
}

/// Stores a person, goes `back` to an earlier schema, and migrates again; the person may have got attributes on the way.
async fn earlier_schema(url: String, back: &'static str, gained: Value) {
    let store = open(&url).await;
    store.migrate().await.unwrap();
    let tenant = make::tenant(&store, "tea").await;
    let mut ada = make::person("Ada \"Łucja\" 王");
    ada.attributes.insert("score".to_owned(), json!([1.50, "a\\b\u{1}", null]));
    ada.activity.insert("page".to_owned(), Activity { count: 7, last: make::NOW });
    let identities = [make::identity("user", "ada"), make::identity("email", "ada@example.com")];
    let mut links = identities.each_ref().map(|identity| make::link(identity, ada.id, 3));
    links[0].link.reason = Some("looked".to_owned());
    links[1].link.state = LinkState::Disputed;
    let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
    work.put_people(tenant, &[ada.clone()]).await.unwrap();
    work.put_links(tenant, &links).await.unwrap();
    work.commit().await.unwrap();
    store.close().await;
    go_back(&url, back).await;

    let store = open(&url).await;
    assert_eq!(store.schema().await.unwrap(), SchemaState::Behind);
    store.migrate().await.unwrap();
    ada.attributes.extend(gained.as_object().unwrap().clone());
    let mut work = store.read(Scope::Tenant(tenant)).await.unwrap();
    assert_eq!(work.person(tenant, ada.id).await.unwrap(), Some(ada.clone()));
    let mut kept = links.map(|row| row.link).to_vec();
    Link::sort(&mut kept);
    assert_eq!(work.links(tenant, &[ada.id]).await.unwrap().remove(&ada.id), Some(kept));
    assert_eq!(work.owners(tenant, &identities).await.unwrap().len(), 2);
}

#[test]
fn eight_processes_may_migrate_at_once() {
    on_both_empty(|url| async move {
        let migrate = |_| {
            let url = url.clone();
            tokio::spawn(async move { Store::open(&url, &StoreOptions::default()).await?.migrate().await })
        };
        for task in (0..8).map(migrate).collect::<Vec<_>>() {
            task.await.unwrap().unwrap();
        }
        assert_eq!(open(&url).await.schema().await.unwrap(), SchemaState::Current);
    });
}

#[test]
fn an_unknown_newer_schema_is_refused() {
    on_both_empty(|url| async move {
        let store = open(&url).await;
        store.migrate().await.unwrap();
        store.close().await;
        sqlx::any::install_default_drivers();
        let mut raw = sqlx::AnyConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             values (9999, 'from the future', true, '', 0)",
        )
        .execute(&mut raw)
        .await
        .unwrap();
        raw.close().await.unwrap();
        let store = open(&url).await;
        for refused in [store.schema().await.map(|_| ()), store.migrate().await] {
            let Err(StoreError::Schema(why)) = refused else { panic!("{refused:?}") };
            assert!(why.contains("9999") && why.contains("newer version"), "{why}");
        }
    });
}

#[test]
fn a_database_that_is_not_there_is_unavailable() {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let options = StoreOptions { patience: std::time::Duration::from_millis(500), ..StoreOptions::default() };
        for url in ["sqlite:///no/such/directory/guanxi.db?mode=rwc", "postgres://guanxi@127.0.0.1:1/guanxi"] {
            let opened = Store::open(url, &options).await;
            assert!(matches!(&opened, Err(error) if error.is_transient()), "{url}: {opened:?}");
        }
        let odd = Store::open("mysql://localhost/guanxi", &options).await;
        assert!(matches!(&odd, Err(StoreError::Schema(why)) if why.contains("postgres:")), "{odd:?}");
    });
}

#[test]
fn a_database_that_goes_away_is_unavailable_and_comes_back() {
    on_postgres(|url| async move {
        let store = open(&url).await;
        store.migrate().await.unwrap();
        let tenant = make::tenant(&store, "tea").await;
        let mut cut = store.begin(Scope::Tenant(tenant)).await.unwrap();
        let mut raw = PgConnection::connect(&url).await.unwrap();
        sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()",
        )
        .execute(&mut raw)
        .await
        .unwrap();
        let failed = cut.append(tenant, &[make::event("lost")]).await;
        assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
        drop(cut);

        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        assert_eq!(work.head(tenant).await.unwrap(), 0);
        work.append(tenant, &[make::event("kept")]).await.unwrap();
        work.commit().await.unwrap();
    });
}

#[test]
fn work_without_commit_did_not_happen() {
    on_both(|store| async move {
        let tenant = make::tenant(&store, "tea").await;
        let mut work = store.begin(Scope::Tenant(tenant)).await.unwrap();
        work.append(tenant, &[make::event("a")]).await.unwrap();
        drop(work);
        let mut work = store.read(Scope::Tenant(tenant)).await.unwrap();
        assert_eq!(work.head(tenant).await.unwrap(), 0);
        assert_eq!(work.read_log(tenant, 0, 9).await.unwrap(), []);
        assert!(matches!(work.head(TenantId(77)).await, Err(StoreError::Corrupt { table: "log_heads", .. })));
    });
}
