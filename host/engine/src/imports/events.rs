//! Batches of rows as events: people as chunks, orders as the events that a shop would have sent, relations together.
//! Message ids follow from what the rows say, so that the same file again is known again.

use guanxi_domain::Millis;
use guanxi_domain::event::{EventBody, IMPORT, NewEvent, order};
use guanxi_domain::ids::{EventId, ImportId, derived_uuid};
use guanxi_domain::import::{RowOutcome, RowResult};
use guanxi_domain::relations::{RELATIONS, Relation, Relations, Who};
use guanxi_domain::tenant::TenantId;
use guanxi_import::{Chunk, ChunkRow, Closed, Edge, Options, Order, Record, Refusal};
use guanxi_store::Appended;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::read::{Batch, Read};

/// What the events of an import have in common.
pub(super) struct Frame<'a> {
    pub(super) tenant: TenantId,
    pub(super) import: ImportId,
    pub(super) options: &'a Options,
    /// When the import came in: what is said of people later than that stays.
    pub(super) said_at: Millis,
    pub(super) now: Millis,
}

/// Events to append, and what becomes of the rows.
pub(super) struct Told {
    pub(super) events: Vec<NewEvent>,
    rows: Outcomes,
}

enum Outcomes {
    /// The pipeline says it, unless the chunk is in the log already: then these.
    Later(Vec<RowOutcome>),
    /// By row, with the event that tells of it.
    Now(Vec<(RowOutcome, Option<usize>)>),
}

impl Told {
    /// What became of the rows, as far as it follows from appending.
    pub(super) fn outcomes(self, appended: &[Appended]) -> Option<Vec<RowOutcome>> {
        let is_new = |event: &usize| appended.get(*event).is_some_and(|appended| appended.position.is_some());
        match self.rows {
            Outcomes::Later(known) => (!appended.iter().any(|appended| appended.position.is_some())).then_some(known),
            Outcomes::Now(rows) => Some(
                rows.into_iter()
                    .map(|(row, event)| match event {
                        Some(event) if !is_new(&event) => RowOutcome(row.0, RowResult::Unchanged, row.2, row.3),
                        _ => row,
                    })
                    .collect(),
            ),
        }
    }
}

impl Frame<'_> {
    /// The events of a batch.
    pub(super) fn tell(&self, batch: Batch) -> Result<Told, serde_json::Error> {
        match batch.rows {
            Read::Orders(closed) => self.orders(closed),
            Read::Rows(rows) if rows.iter().any(|(_, row)| matches!(row, Ok(Record::Relation(_)))) => {
                self.relations(rows)
            }
            Read::Rows(rows) => self.people(batch.first, rows),
        }
    }

    fn people(&self, first_row: u64, rows: Vec<(u64, Result<Record, Refusal>)>) -> Result<Told, serde_json::Error> {
        let row = |(n, record)| match record {
            Ok(Record::Person(person)) => ChunkRow { n, person: Some(person), refused: None },
            Ok(_) => ChunkRow { n, person: None, refused: Some(Refusal::new("", "the row is no person")) },
            Err(refused) => ChunkRow { n, person: None, refused: Some(refused) },
        };
        let rows: Vec<ChunkRow> = rows.into_iter().map(row).collect();
        let known = rows.iter().map(|row| match &row.refused {
            Some(refused) => RowOutcome(row.n, RowResult::Refused, String::new(), refused.to_string()),
            None => RowOutcome(row.n, RowResult::Unchanged, String::new(), String::new()),
        });
        let known = known.collect();
        let options = self.options;
        let said = (options.verified, &options.evidence, &rows);
        let message_id = format!("{IMPORT}/{}", digest(&said)?);
        let chunk = Chunk {
            import: self.import,
            first_row,
            verified: options.verified,
            evidence: options.evidence.clone(),
            rows,
        };
        let body = EventBody { properties: object(&chunk)?, ..EventBody::default() };
        let event = self.event(IMPORT, message_id, self.said_at, body);
        Ok(Told { events: vec![event], rows: Outcomes::Later(known) })
    }

    fn orders(&self, closed: Vec<Closed>) -> Result<Told, serde_json::Error> {
        let mut events = Vec::with_capacity(closed.len());
        let mut outcomes = Vec::new();
        for Closed { rows, order } in closed {
            match order {
                Ok(order) => {
                    let event = events.len();
                    let number = order.number.clone();
                    events.extend(self.order(order)?);
                    let outcome = |row| (RowOutcome(row, RowResult::New, number.clone(), String::new()), Some(event));
                    outcomes.extend(rows.into_iter().map(outcome));
                }
                Err(refused) => outcomes.extend(
                    rows.into_iter()
                        .map(|row| (RowOutcome(row, RowResult::Refused, String::new(), refused.to_string()), None)),
                ),
            }
        }
        Ok(Told { events, rows: Outcomes::Now(outcomes) })
    }

    /// An order as its shop would have told it, and what was given back of it.
    fn order(&self, order: Order) -> Result<Vec<NewEvent>, serde_json::Error> {
        let tell = |kind: &str, total: guanxi_import::Decimal, suffix: &str| {
            let properties = object(&OrderProperties {
                order_id: &order.number,
                total: total.abs().number(),
                currency: order.currency.as_deref(),
                lines: order.lines,
                import: self.import,
            })?;
            let body = EventBody {
                identities: order.identities.clone(),
                channel: Some("import".to_owned()),
                properties,
                vouched: self.options.verified,
                past: !self.options.campaigns,
                ..EventBody::default()
            };
            let message_id = format!("{IMPORT}/order/{}{suffix}", order.number);
            Ok(self.event(kind, message_id, order.at, body))
        };
        if order.total.is_negative() {
            return Ok(vec![tell(order::REFUNDED, order.total, "/refund")?]);
        }
        let mut events = vec![tell(order::COMPLETED, order.total, "")?];
        if order.refunded > guanxi_import::Decimal::ZERO {
            events.push(tell(order::REFUNDED, order.refunded, "/refund")?);
        }
        Ok(events)
    }

    fn relations(&self, rows: Vec<(u64, Result<Record, Refusal>)>) -> Result<Told, serde_json::Error> {
        let mut edges = Vec::with_capacity(rows.len());
        let mut outcomes = Vec::with_capacity(rows.len());
        for (row, record) in rows {
            match record {
                Ok(Record::Relation(edge)) => {
                    let about = format!("{} → {}", edge.from, edge.to);
                    edges.push(relation(edge));
                    outcomes.push((RowOutcome(row, RowResult::New, about, String::new()), Some(0)));
                }
                Ok(_) => {
                    let why = "the row is no relation".to_owned();
                    outcomes.push((RowOutcome(row, RowResult::Refused, String::new(), why), None));
                }
                Err(refused) => {
                    outcomes.push((RowOutcome(row, RowResult::Refused, String::new(), refused.to_string()), None));
                }
            }
        }
        if edges.is_empty() {
            return Ok(Told { events: Vec::new(), rows: Outcomes::Now(outcomes) });
        }
        let message_id = format!("{IMPORT}/relations/{}", digest(&edges)?);
        let relations = Relations { edges, source: format!("import:{}", self.import) };
        let body = EventBody { properties: object(&relations)?, ..EventBody::default() };
        let events = vec![self.event(RELATIONS, message_id, self.said_at, body)];
        Ok(Told { events, rows: Outcomes::Now(outcomes) })
    }

    fn event(&self, kind: &str, message_id: String, occurred_at: Millis, body: EventBody) -> NewEvent {
        NewEvent {
            id: EventId::from_uuid(derived_uuid(
                self.now,
                &[&self.tenant.0.to_be_bytes(), self.import.as_bytes(), message_id.as_bytes()],
            )),
            message_id,
            kind: kind.to_owned(),
            occurred_at,
            received_at: self.now,
            body,
        }
    }
}

#[derive(Serialize)]
struct OrderProperties<'a> {
    order_id: &'a str,
    total: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'a str>,
    lines: u32,
    import: ImportId,
}

fn relation(edge: Edge) -> Relation {
    Relation {
        from: Who::Identity(edge.from),
        to: Who::Identity(edge.to),
        kind: edge.kind,
        strength: Some(edge.strength),
        at: edge.at,
        mutual: false,
        remove: false,
    }
}

fn object(value: &impl Serialize) -> Result<guanxi_domain::JsonMap, serde_json::Error> {
    match serde_json::to_value(value)? {
        serde_json::Value::Object(object) => Ok(object),
        _ => Ok(guanxi_domain::JsonMap::new()),
    }
}

/// 128 bits of what is said.
fn digest(said: &impl Serialize) -> Result<String, serde_json::Error> {
    let digest = Sha256::digest(serde_json::to_vec(said)?);
    Ok(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}
