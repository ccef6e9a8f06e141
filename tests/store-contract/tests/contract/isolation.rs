//! Nobody sees another tenant's rows: by the tenant that every function takes, and again by row-level security.

use guanxi_domain::ids::{InstallationId, TokenId};
use guanxi_domain::linking::Cause;
use guanxi_domain::person::Person;
use guanxi_domain::person::{HeldTag, Score, Tag};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_store::{
    HistoryQuery, IdentityConflict, KeptAnswer, LogCursor, OrderRow, PeopleOrder, PeopleQuery, Scope, Store,
    StoreError, Survey, TagRow, TimelineRow, TokenRow, Whom, Work,
};
use guanxi_store_contract::make::{self, NOW};
use guanxi_store_contract::{on_both, on_postgres, open};
use sqlx::{Connection, Executor, PgConnection};

/// One of everything for a tenant.
async fn fill(store: &Store, tenant: TenantId, ada: &Person) -> TokenId {
    let email = make::identity("email", "ada@example.com");
    let token = TokenId::from_uuid(make::uuid());
    let mut work = store.begin(Scope::Host).await.unwrap();
    work.insert_token(tenant, &token_row(tenant, token), &tenant.0.to_be_bytes()).await.unwrap();
    work.insert_session(tenant, &tenant.0.to_be_bytes(), token, NOW, NOW + 9).await.unwrap();
    let answer = KeptAnswer { fingerprint: vec![1], status: 200, body: "{}".to_owned() };
    work.keep_answer(tenant, "key", &answer, NOW).await.unwrap();
    work.append(tenant, &[make::event("a")]).await.unwrap();
    work.bury(tenant, 1, "poison", 1, NOW).await.unwrap();
    work.put_people(tenant, std::slice::from_ref(ada)).await.unwrap();
    work.put_links(tenant, &[make::link(&email, ada.id, 1)]).await.unwrap();
    let (person, cause) = (ada.id, Cause::Limit);
    let conflict =
        IdentityConflict { identity: email, person, claimed_by: person, cause, position: 1, at: NOW, settled: None };
    work.add_conflicts(tenant, &[conflict]).await.unwrap();
    let row = TimelineRow { person: ada.id, occurred_at: NOW, position: 1, kind: "page".to_owned() };
    work.add_timeline(tenant, &[row]).await.unwrap();
    work.put_orders(tenant, &[order(ada)]).await.unwrap();
    let tag = Tag { dimension: "interest".to_owned(), name: "tea".to_owned(), weight: 1.0 };
    let held = HeldTag { tag, source: "staff".to_owned(), at: NOW, half_life: None };
    work.put_tags(tenant, &[TagRow { person: ada.id, held }]).await.unwrap();
    let installation = InstallationId::from_uuid(make::uuid());
    let score = Score { name: "value".to_owned(), value: 1.0, terms: Vec::new(), installation, at: NOW };
    work.put_scores(tenant, &[(ada.id, score)]).await.unwrap();
    work.want_portrait(tenant, None, NOW).await.unwrap();
    work.commit().await.unwrap();
    token
}

fn at(position: i64) -> LogCursor {
    LogCursor { position, people: 0 }
}

fn token_row(tenant: TenantId, id: TokenId) -> TokenRow {
    TokenRow {
        tenant,
        id,
        name: "t".to_owned(),
        scopes: Vec::new(),
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
    }
}

fn order(ada: &Person) -> OrderRow {
    OrderRow {
        order_id: "o-1".to_owned(),
        person: ada.id,
        amount: 1,
        refunded: 0,
        currency: None,
        ordered_at: NOW,
        position: 1,
    }
}

/// How many rows of `tenant` each reading function shows.
async fn seen(store: &Store, scope: Scope, tenant: TenantId, ada: &Person) -> Vec<(&'static str, usize)> {
    let mut work = store.read(scope).await.unwrap();
    let email = make::identity("email", "ada@example.com");
    let history = HistoryQuery { person: ada.id, before: (i64::MAX, 0) };
    let list =
        |order, search: Option<&str>| PeopleQuery { search: search.map(str::to_owned), order, after: None, limit: 9 };
    let by_score = || PeopleOrder::Score("value".to_owned());
    vec![
        ("tokens", work.tokens(tenant).await.unwrap().len()),
        ("kept_answer", work.kept_answer(tenant, "key").await.unwrap().iter().len()),
        ("read_log", work.read_log(tenant, 0, 9).await.unwrap().len()),
        ("event", work.event(tenant, 1).await.unwrap().iter().len()),
        ("events", work.events(tenant, None, 9).await.unwrap().len()),
        ("dead_letters", work.dead_letters(tenant, None, 9).await.unwrap().len()),
        ("dead_letter", work.dead_letter(tenant, 1).await.unwrap().iter().len()),
        ("people", work.people(tenant, &[ada.id]).await.unwrap().len()),
        ("person", work.person(tenant, ada.id).await.unwrap().iter().len()),
        ("count_people", work.count_people(tenant, 9).await.unwrap().0 as usize),
        ("newest", work.list_people(tenant, &list(PeopleOrder::Newest, None)).await.unwrap().len()),
        ("by score", work.list_people(tenant, &list(by_score(), None)).await.unwrap().len()),
        ("by name", work.list_people(tenant, &list(PeopleOrder::Newest, Some("ada"))).await.unwrap().len()),
        ("by value", work.list_people(tenant, &list(by_score(), Some("ada@example.com"))).await.unwrap().len()),
        ("owners", work.owners(tenant, &[email]).await.unwrap().len()),
        ("links", work.links(tenant, &[ada.id]).await.unwrap().len()),
        ("conflicts_of", work.conflicts_of(tenant, &[ada.id]).await.unwrap().len()),
        ("timeline", work.timeline(tenant, ada.id, None, 9).await.unwrap().len()),
        ("history", work.history(tenant, &[history], &["*".to_owned()], 9).await.unwrap().len()),
        ("orders", work.orders(tenant, &["o-1".to_owned()]).await.unwrap().len()),
        ("orders_of", work.orders_of(tenant, ada.id, 9).await.unwrap().len()),
        ("tags", work.tags(tenant, &[ada.id]).await.unwrap().len()),
        ("scores", work.scores(tenant, &[ada.id]).await.unwrap().len()),
        ("first_order", work.first_order(tenant).await.unwrap().iter().len()),
        ("portrait", work.portrait(tenant, None).await.unwrap().iter().len()),
        ("portrait_piece", portrayed(&mut work, tenant, Whom::Behind(None, 9)).await),
        ("portrait_piece of a number", portrayed(&mut work, tenant, Whom::Numbered(&[ada.number])).await),
    ]
}

async fn portrayed(work: &mut Work, tenant: TenantId, whom: Whom<'_>) -> usize {
    let settings = TenantSettings::default();
    let survey = Survey { settings: &settings, offsets: &[(0, 0)], now: NOW };
    work.portrait_piece(tenant, &survey, whom).await.unwrap().people.len()
}

#[test]
fn every_reading_function_shows_its_tenants_rows_only() {
    on_both(|store| async move {
        let (tea, coffee) = (make::tenant(&store, "tea").await, make::tenant(&store, "coffee").await);
        let ada = make::person("Ada");
        fill(&store, tea, &ada).await;
        for (what, rows) in seen(&store, Scope::Host, tea, &ada).await {
            assert_eq!(rows, 1, "{what} finds its own tenant's row");
        }
        for (what, rows) in seen(&store, Scope::Host, coffee, &ada).await {
            assert_eq!(rows, 0, "{what} shows a row of another tenant");
        }
        if store.dialect() == guanxi_store::Dialect::Postgres {
            for (what, rows) in seen(&store, Scope::Tenant(coffee), tea, &ada).await {
                assert_eq!(rows, 0, "{what} shows a row of another tenant in spite of row-level security");
            }
        }
    });
}

#[test]
fn no_writing_function_touches_another_tenants_rows() {
    on_both(|store| async move {
        let (tea, coffee) = (make::tenant(&store, "tea").await, make::tenant(&store, "coffee").await);
        let ada = make::person("Ada");
        let token = fill(&store, tea, &ada).await;
        let before = seen(&store, Scope::Host, tea, &ada).await;
        let mut work = store.begin(Scope::Host).await.unwrap();
        assert!(!work.revoke_token(coffee, token, NOW).await.unwrap());
        assert_eq!(work.forget_answers(coffee, NOW + 9).await.unwrap(), 0);
        assert!(!work.unbury(coffee, 1).await.unwrap());
        work.remove_tags(coffee, &[(ada.id, "interest".to_owned(), "tea".to_owned())]).await.unwrap();
        work.advance(coffee, at(0), at(5)).await.unwrap();
        let renamed = make::person("Not Ada");
        work.put_people(coffee, &[Person { id: ada.id, ..renamed }]).await.unwrap();
        work.put_orders(coffee, &[OrderRow { amount: 77, ..order(&ada) }]).await.unwrap();
        work.commit().await.unwrap();

        let mut work = store.read(Scope::Host).await.unwrap();
        assert_eq!(work.tokens(tea).await.unwrap()[0].revoked_at, None);
        assert_eq!(work.position(tea).await.unwrap(), 0);
        assert_eq!(work.person(tea, ada.id).await.unwrap(), Some(ada.clone()));
        assert_eq!(work.orders_of(tea, ada.id, 9).await.unwrap(), [order(&ada)]);
        drop(work);
        assert_eq!(seen(&store, Scope::Host, tea, &ada).await, before);
    });
}

#[test]
fn row_level_security_hides_and_refuses_other_tenants_rows() {
    on_postgres(|url| async move {
        let store = open(&url).await;
        store.migrate().await.unwrap();
        let (tea, coffee) = (make::tenant(&store, "tea").await, make::tenant(&store, "coffee").await);
        for tenant in [tea, coffee] {
            fill(&store, tenant, &make::person("Ada")).await;
        }
        let mut work = store.begin(Scope::Tenant(tea)).await.unwrap();
        let foreign = work.put_people(coffee, &[make::person("Eve")]).await;
        assert!(matches!(foreign, Err(StoreError::Database(_))), "{foreign:?}");
        drop(work);

        let mut raw = PgConnection::connect(&url).await.unwrap();
        let superuser: bool = sqlx::query_scalar("select usesuper from pg_user where usename = current_user")
            .fetch_one(&mut raw)
            .await
            .unwrap();
        assert!(!superuser, "a superuser is not bound by row-level security; test with another role");
        for table in tenant_tables(&mut raw).await {
            assert_eq!(tenants_seen(&mut raw, &table, "*").await.iter().filter(|t| **t > 2).count(), 0);
            let of_tea = tenants_seen(&mut raw, &table, &tea.0.to_string()).await;
            assert!(of_tea.iter().all(|tenant| *tenant == tea.0), "{table} shows {of_tea:?}");
            assert_eq!(tenants_seen(&mut raw, &table, "0").await.iter().filter(|t| **t != 0).count(), 0);
        }
        assert_eq!(tenants_seen(&mut raw, "events", "*").await, [tea.0, coffee.0]);
        assert_eq!(tenants_seen(&mut raw, "events", "1").await, [tea.0]);
    });
}

/// Every table with a tenant; each must force row-level security.
async fn tenant_tables(raw: &mut PgConnection) -> Vec<String> {
    let tables: Vec<(String, bool)> = sqlx::query_as(
        "select c.relname::text, c.relrowsecurity and c.relforcerowsecurity
         from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
         where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
         order by c.relname",
    )
    .fetch_all(&mut *raw)
    .await
    .unwrap();
    assert!(tables.len() >= 20, "{tables:?}");
    for (table, forced) in &tables {
        assert!(forced, "{table} does not force row-level security");
    }
    let each_row = "select count(*) from pg_policies where schemaname = 'public' and qual !~* 'select current_setting'";
    let each_row: i64 = sqlx::query_scalar(each_row).fetch_one(raw).await.unwrap();
    assert_eq!(each_row, 0, "policies that ask for the tenant once a row");
    tables.into_iter().map(|(table, _)| table).collect()
}

async fn tenants_seen(raw: &mut PgConnection, table: &str, tenant: &str) -> Vec<i64> {
    let mut transaction = raw.begin().await.unwrap();
    let set = sqlx::query("select set_config('guanxi.tenant', $1, true)").bind(tenant);
    transaction.execute(set).await.unwrap();
    let sql = format!("select distinct tenant_id from {table} order by tenant_id");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *transaction).await.unwrap()
}
