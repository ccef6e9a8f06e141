//! People as the engine makes them out of a log, without a server around: a log is written, decided, and what became of
//! it is compared row by row.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use guanxi_app::{Ambient, App, Door, IngestLimits, Vault};
use guanxi_channels::{Egress, EgressOptions};
use guanxi_domain::event::{Event, EventBody, NewEvent};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::{EventId, PersonId};
use guanxi_domain::linking::{Action, Verb};
use guanxi_domain::tenant::TenantId;
use guanxi_domain::{JsonMap, Millis};
use guanxi_engine::{Engine, EngineOptions};
use guanxi_runtime::{Runtime, RuntimeOptions};
use guanxi_store::{Scope, Store, StoreOptions};
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyPool, AssertSqlSafe, Row};

/// The time at which every log begins.
pub const NOW: Millis = 1_700_000_000_000;

/// A database with an engine that decides when it is told to.
#[derive(Clone)]
pub struct Lab {
    pub store: Store,
    pub app: App,
    pool: AnyPool,
    runtime: Runtime,
    clock: Arc<AtomicI64>,
    tenants: Arc<AtomicU64>,
}

impl Lab {
    /// On a fresh, empty database.
    pub async fn open(url: &str) -> Self {
        let store = Store::open(url, &StoreOptions::default()).await.expect("a database");
        store.migrate().await.expect("the schema");
        let pool = AnyPool::connect(url).await.expect("a second look at the database");
        let clock = Arc::new(AtomicI64::new(NOW));
        let (time, random) = (Arc::clone(&clock), AtomicU64::new(1));
        let ambient = Ambient::new(
            move || time.load(Ordering::Relaxed),
            move |bytes: &mut [u8]| {
                let next = random.fetch_add(1, Ordering::Relaxed).to_le_bytes();
                bytes.iter_mut().zip(next.iter().cycle()).for_each(|(slot, byte)| *slot = *byte);
            },
        );
        let (app, _) = App::new(store.clone(), ambient, Vault::new([7; 32]), Door::closed(), IngestLimits::default());
        let runtime = Runtime::new(RuntimeOptions { instances: 2, ..RuntimeOptions::default() }).expect("a runtime");
        Self { store, app, pool, runtime, clock, tenants: Arc::default() }
    }

    /// A tenant with an empty log.
    pub async fn tenant(&self) -> TenantId {
        let number = self.tenants.fetch_add(1, Ordering::Relaxed);
        let mut work = self.store.begin(Scope::Host).await.expect("a transaction");
        let slug = format!("tenant-{number}").parse().expect("a slug");
        let tenant = work.create_tenant(&slug, "Tenant", NOW).await.expect("a tenant");
        work.commit().await.expect("a commit");
        tenant.id
    }

    /// An engine that takes so many events at once and remembers nothing of other engines.
    pub fn engine(&self, batch: u32) -> Engine {
        let egress = Egress::new(EgressOptions::default()).expect("an egress");
        Engine::new(self.app.clone(), self.runtime.clone(), egress, EngineOptions { batch, ..EngineOptions::default() })
    }

    /// Sets the clock.
    pub fn set_time(&self, now: Millis) {
        self.clock.store(now, Ordering::Relaxed);
    }

    /// Puts events into the log.
    pub async fn append(&self, tenant: TenantId, events: &[NewEvent]) {
        let mut work = self.store.begin(Scope::Tenant(tenant)).await.expect("a transaction");
        work.append(tenant, events).await.expect("an append");
        work.commit().await.expect("a commit");
    }

    /// The whole log.
    pub async fn log(&self, tenant: TenantId) -> Vec<Event> {
        let mut work = self.store.read(Scope::Tenant(tenant)).await.expect("a transaction");
        work.read_log(tenant, 0, 100_000).await.expect("the log")
    }

    /// Who has an identity.
    pub async fn owner(&self, tenant: TenantId, identity: &Identity) -> Option<PersonId> {
        let mut work = self.store.read(Scope::Tenant(tenant)).await.expect("a transaction");
        work.owners(tenant, std::slice::from_ref(identity)).await.expect("owners").get(identity).copied()
    }

    /// The rows of a query, each as one text; the tenant is `$1`.
    pub async fn texts(&self, tenant: TenantId, sql: &str) -> Vec<String> {
        let mut transaction = self.pool.begin().await.expect("a transaction");
        if self.store.dialect() == guanxi_store::Dialect::Postgres {
            let see_all = "select set_config('guanxi.tenant', '*', true)";
            sqlx::query(see_all).execute(&mut *transaction).await.expect("a look at every tenant");
        }
        let rows: Vec<AnyRow> = sqlx::query(AssertSqlSafe(sql.to_owned()))
            .bind(tenant.0)
            .fetch_all(&mut *transaction)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(|row| row.get::<String, _>(0)).collect()
    }

    /// The given columns of a table's rows of a tenant, each row one text, sorted.
    pub async fn rows(&self, tenant: TenantId, table: &str, columns: &str, condition: &str) -> Vec<String> {
        let column = |name: &str| match self.store.dialect() {
            guanxi_store::Dialect::Sqlite => format!("quote({name})"),
            guanxi_store::Dialect::Postgres => format!("coalesce({name}::text, '-')"),
        };
        let columns: Vec<String> = columns.split_whitespace().map(column).collect();
        let sql = format!(
            "select {} as line from {table} where tenant_id = $1 and {condition} order by 1",
            columns.join(" || ' ' || ")
        );
        self.texts(tenant, &sql).await
    }
}

/// An identity.
pub fn identity(text: &str) -> Identity {
    text.parse().expect("an identity")
}

/// An event with an id that follows from its number.
pub fn event(number: usize, kind: &str, identities: &[&str], properties: Value) -> NewEvent {
    let at = NOW + i64::try_from(number).expect("a small number") * 1_000;
    let id = EventId::from_uuid(guanxi_domain::ids::derived_uuid(at, &[&number.to_be_bytes()]));
    let object = |value: Value| -> JsonMap { value.as_object().cloned().unwrap_or_default() };
    NewEvent {
        id,
        message_id: format!("m-{number}"),
        kind: kind.to_owned(),
        occurred_at: at,
        received_at: at,
        body: EventBody {
            identities: identities.iter().map(|text| identity(text)).collect(),
            channel: Some("web".to_owned()),
            traits: properties.get("traits").cloned().map(object).unwrap_or_default(),
            properties: object(properties),
            ..EventBody::default()
        },
    }
}

/// An event by which staff do something about a person.
pub fn action(number: usize, person: PersonId, verb: Verb) -> NewEvent {
    let action = Action { verb, actor: "tok_test".to_owned(), reason: "a test".to_owned() };
    let properties = serde_json::to_value(action).expect("an action");
    let mut event = event(number, guanxi_domain::event::IDENTITY, &[], properties);
    event.body.channel = None;
    event.body.person = Some(person);
    event
}
