//! Rewrites what is left of people who were erased: events, receipts, messages, orders, relations, uploads, and what
//! others' texts say of them. Every step is a small transaction that finds nothing when it is done again, so that an
//! erasure that was interrupted simply starts anew.

use std::time::Duration;

use guanxi_app::AppError;
use guanxi_domain::JsonMap;
use guanxi_domain::erasure::{Erasure, ErasureStatus, Names, Plan, strike_event};
use guanxi_domain::event::{EDIT, EventBody, IMPORT, NewEvent, TAGS};
use guanxi_domain::ids::{EventId, PersonId, derived_uuid};
use guanxi_domain::relations::RELATIONS;
use guanxi_store::{EVENTS, Mention, PEOPLE, PLACES, Part, Place, Scope as Rows};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::Engine;

/// Rows of one transaction.
const ROWS: u32 = 200;
/// Erasures that are looked at in one round.
const ERASURES: u32 = 16;
/// Events about many people at once: what they say of one is struck out, the rest stays.
const SHARED: [&str; 3] = [TAGS, IMPORT, RELATIONS];
/// The most needles of one search.
const NEEDLES: usize = 32;
/// What a message that is on its way, or a file that is read, is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    loop {
        let pause = match round(&engine, &stop).await {
            Ok(true) => PATIENCE,
            Ok(false) => engine.options.pause,
            Err(error) => {
                tracing::warn!(%error, "erasing waits");
                engine.options.pause
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Works on everything that is running; whether something has to wait.
async fn round(engine: &Engine, stop: &CancellationToken) -> Result<bool, AppError> {
    let running = engine.app.store().read(Rows::Host).await?.running_erasures(ERASURES).await?;
    let (mut done, mut waits) = (false, false);
    for erasure in running {
        if stop.is_cancelled() {
            break;
        }
        match Eraser::new(engine, erasure).finish().await? {
            true => done = true,
            false => waits = true,
        }
    }
    if done {
        engine.app.store().vacuum_erased().await?;
    }
    Ok(waits)
}

/// One erasure at work.
struct Eraser<'a> {
    engine: &'a Engine,
    erasure: Erasure,
    plan: Plan,
    names: Names,
}

/// Which rows of one person are rewritten.
#[derive(Clone, Copy)]
enum Rewritten {
    Timeline,
    Decisions,
    Messages,
    Orders,
    /// After messages: what a try to deliver one came to is written with what was logged on the way.
    Logs,
}

impl Rewritten {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Timeline, "timeline"),
        (Self::Decisions, "decisions"),
        (Self::Messages, "messages"),
        (Self::Orders, "orders"),
        (Self::Logs, "plugin_logs"),
    ];
}

impl<'a> Eraser<'a> {
    fn new(engine: &'a Engine, mut erasure: Erasure) -> Self {
        let plan = erasure.report.plan.take().unwrap_or_default();
        let names = Names::of(&plan.identities);
        Self { engine, erasure, plan, names }
    }

    /// Does what is left; `false` if a message is still on its way, or a file is still read.
    async fn finish(mut self) -> Result<bool, AppError> {
        for person in self.erasure.report.people.clone() {
            for (what, table) in Rewritten::ALL {
                while self.rewrite(person, what, table).await? > 0 {}
            }
            self.leave_samples(person).await?;
        }
        self.drop_relations().await?;
        let reads = self.give_up_imports().await?;
        while self.drop_uploads().await? > 0 {}
        self.drop_claims().await?;
        self.strike().await?;
        self.ask_to_strike_people().await?;
        if reads {
            return Ok(false);
        }
        self.end().await
    }

    /// Whoever runs a backtest at this moment knows that the person is no longer there.
    async fn leave_samples(&mut self, person: PersonId) -> Result<(), AppError> {
        let mut work = self.engine.app.store().begin(Rows::Tenant(self.erasure.tenant)).await?;
        let rows = work.erase_samples(self.erasure.tenant, person).await?;
        work.commit().await?;
        self.erasure.report.count("backtests", rows);
        Ok(())
    }

    async fn rewrite(&mut self, person: PersonId, what: Rewritten, table: &str) -> Result<u64, AppError> {
        let (tenant, ambient) = (self.erasure.tenant, self.engine.app.ambient());
        let mut work = self.engine.app.store().begin(Rows::Tenant(tenant)).await?;
        let rows = match what {
            Rewritten::Timeline => {
                work.erase_timeline(tenant, person, |id| self.names.strike(id).is_some(), &SHARED, ROWS).await?
            }
            Rewritten::Decisions => work.erase_decisions(tenant, person, ROWS).await?,
            Rewritten::Messages => work.erase_messages(tenant, person, ambient.now(), ROWS).await?,
            Rewritten::Logs => work.erase_logs(tenant, person, ROWS).await?,
            Rewritten::Orders => work.erase_orders(tenant, person, ROWS, || ambient.uuid().to_string()).await?,
        };
        work.commit().await?;
        self.erasure.report.count(table, rows);
        Ok(rows)
    }

    async fn drop_relations(&mut self) -> Result<(), AppError> {
        let tenant = self.erasure.tenant;
        let mut all = 0;
        for number in self.plan.numbers.clone() {
            loop {
                let mut work = self.engine.app.store().begin(Rows::Tenant(tenant)).await?;
                let rows = work.erase_edges(tenant, number, ROWS).await?;
                work.commit().await?;
                if rows == 0 {
                    break;
                }
                all += rows;
            }
        }
        if all > 0 {
            self.erasure.report.count("edges", all);
            self.engine.app.forget_relations(tenant);
        }
        Ok(())
    }

    async fn give_up_imports(&self) -> Result<bool, AppError> {
        let (tenant, now) = (self.erasure.tenant, self.engine.app.ambient().now());
        let mut work = self.engine.app.store().begin(Rows::Tenant(tenant)).await?;
        let reads = work.give_up_imports(tenant, self.erasure.requested_at, now).await?;
        work.commit().await?;
        Ok(reads)
    }

    async fn drop_uploads(&mut self) -> Result<u64, AppError> {
        let mut work = self.engine.app.store().begin(Rows::Tenant(self.erasure.tenant)).await?;
        let rows = work.erase_uploads(self.erasure.tenant, ROWS).await?;
        work.commit().await?;
        self.erasure.report.count("import_pieces", rows);
        Ok(rows)
    }

    async fn drop_claims(&mut self) -> Result<(), AppError> {
        let mut work = self.engine.app.store().begin(Rows::Tenant(self.erasure.tenant)).await?;
        let rows = work.erase_claims(self.erasure.tenant, &self.plan.identities).await?;
        work.commit().await?;
        self.erasure.report.count("identity_conflicts", rows);
        Ok(())
    }

    /// Strikes the person out of every text of the tenant.
    async fn strike(&mut self) -> Result<(), AppError> {
        for place in std::iter::once(&EVENTS).chain(&PLACES) {
            for needles in self.names.needles().chunks(NEEDLES) {
                self.strike_place(place, needles).await?;
            }
        }
        Ok(())
    }

    async fn strike_place(&mut self, place: &Place, needles: &[String]) -> Result<(), AppError> {
        let tenant = self.erasure.tenant;
        let mut after: Option<Vec<Part>> = None;
        loop {
            // Found without the lock that writing needs: this reads all of the place.
            let mut read = self.engine.app.store().read(Rows::Tenant(tenant)).await?;
            let found = read.mentions(tenant, place, needles, self.plan.position, after.as_deref(), ROWS).await?;
            drop(read);
            let Some(last) = found.last() else { return Ok(()) };
            after = Some(last.key.clone());
            let struck: Vec<Mention> = found.into_iter().filter_map(|row| self.struck(place, row)).collect();
            let mut work = self.engine.app.store().begin(Rows::Tenant(tenant)).await?;
            for row in &struck {
                work.rewrite(tenant, place, row).await?;
            }
            work.commit().await?;
            self.erasure.report.count(place.table, struck.len() as u64);
        }
    }

    /// The row without the person; `None` if it only looked as if it named them.
    fn struck(&self, place: &Place, mut row: Mention) -> Option<Mention> {
        let before = row.texts.clone();
        match (place.table, row.key.as_slice()) {
            ("events", [Part::Number(position)]) => {
                if let [Some(body), Some(kind), message] = row.texts.as_mut_slice() {
                    if let Some(struck) = strike_event(&self.names, &self.plan.identities, kind, body) {
                        *body = struck;
                    }
                    *kind = self.names.strike(kind).unwrap_or_else(|| kind.clone());
                    if message.as_deref().is_some_and(|id| self.names.strike(id).is_some()) {
                        *message = Some(format!("guanxi.erased/{position}"));
                    }
                }
            }
            _ => {
                for text in &mut row.texts {
                    let struck = text.as_deref().and_then(|text| self.names.strike_document(text));
                    *text = struck.or_else(|| text.take());
                }
            }
        }
        if place.table == "identity_actions"
            && let ([identity, ..], [old, ..]) = (row.texts.as_mut_slice(), before.as_slice())
            && identity != old
        {
            // Half an identity is none.
            *identity = None;
        }
        (row.texts != before).then_some(row)
    }

    /// Others' attributes are changed like everything about people: by an event.
    async fn ask_to_strike_people(&mut self) -> Result<(), AppError> {
        let tenant = self.erasure.tenant;
        for needles in self.names.needles().chunks(NEEDLES) {
            let mut after: Option<Vec<Part>> = None;
            loop {
                let mut read = self.engine.app.store().read(Rows::Tenant(tenant)).await?;
                let found = read.mentions(tenant, &PEOPLE, needles, 0, after.as_deref(), ROWS).await?;
                let Some(last) = found.last() else { break };
                after = Some(last.key.clone());
                let ids: Vec<PersonId> = found.iter().filter_map(person_of).collect();
                let people = read.people(tenant, &ids).await?;
                drop(read);
                let leaves = people.into_values().filter(|person| !person.membership.is_group);
                let edits = leaves.filter_map(|person| self.edit(person.id, &person.attributes));
                let edits: Vec<NewEvent> = edits.collect();
                let mut work = self.engine.app.store().begin(Rows::Tenant(tenant)).await?;
                work.append(tenant, &edits).await?;
                work.commit().await?;
                self.erasure.report.count("people", edits.len() as u64);
                self.engine.app.signals().appended.ring(tenant);
            }
        }
        Ok(())
    }

    fn edit(&self, person: PersonId, attributes: &JsonMap) -> Option<NewEvent> {
        let mut traits = JsonMap::new();
        for (name, value) in attributes {
            let mut struck = value.clone();
            if self.names.strike_value(&mut struck) {
                traits.insert(name.clone(), struck);
            }
        }
        if traits.is_empty() {
            return None;
        }
        let now = self.engine.app.ambient().now();
        let message_id = format!("guanxi.erased/{}/{person}", self.erasure.id);
        let mut properties = JsonMap::new();
        properties.insert("actor".to_owned(), Value::from("host"));
        Some(NewEvent {
            id: EventId::from_uuid(derived_uuid(now, &[&self.erasure.tenant.0.to_be_bytes(), message_id.as_bytes()])),
            message_id,
            kind: EDIT.to_owned(),
            occurred_at: now,
            received_at: now,
            body: EventBody { person: Some(person), traits, properties, ..EventBody::default() },
        })
    }

    /// Notes that nothing is left, unless a message is or was just now on its way: what becomes of it is to be erased, too.
    async fn end(self) -> Result<bool, AppError> {
        let tenant = self.erasure.tenant;
        let mut work = self.engine.app.store().begin(Rows::Tenant(tenant)).await?;
        for person in &self.erasure.report.people {
            if work.has_messages(tenant, *person).await? {
                return Ok(false);
            }
        }
        let now = self.engine.app.ambient().now();
        work.note_erasure(tenant, self.erasure.id, ErasureStatus::Done, &self.erasure.report, now).await?;
        work.commit().await?;
        tracing::info!(tenant = tenant.0, erasure = %self.erasure.id, "a person was erased");
        Ok(true)
    }
}

fn person_of(row: &Mention) -> Option<PersonId> {
    match row.key.as_slice() {
        [Part::Bytes(id)] => PersonId::from_slice(id),
        _ => None,
    }
}
