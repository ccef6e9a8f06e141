//! Where in a tenant's texts somebody is mentioned: every column that holds words of senders, plugins, channels or
//! staff, found by what they contain and rewritten by key.

use guanxi_domain::tenant::TenantId;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row};

use crate::error::StoreError;
use crate::people::document;
use crate::work::{Dialect, Work};

/// Columns of a table that hold words, and the key of its rows behind the tenant.
#[derive(Debug)]
pub struct Place {
    /// The table.
    pub table: &'static str,
    key: &'static [(&'static str, Sort)],
    texts: &'static [&'static str],
    /// Whether rows at a later position than the one that is asked for are left out.
    by_position: bool,
}

#[derive(Debug, Clone, Copy)]
enum Sort {
    Number,
    Bytes,
    Text,
}

/// One column of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A place or a number.
    Number(i64),
    /// An identifier.
    Bytes(Vec<u8>),
    /// A name.
    Text(String),
}

/// A row in which somebody is mentioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Which row.
    pub key: Vec<Part>,
    /// Its texts, in the order of the place's columns.
    pub texts: Vec<Option<String>>,
}

use Sort::{Bytes, Number, Text};

/// The events of the log: their documents, kinds and message ids.
pub const EVENTS: Place =
    Place { table: "events", key: &[("position", Number)], texts: &["body", "kind", "message_id"], by_position: true };

/// What is known of people. Only the pipeline changes it: [`Work::rewrite`] must not.
pub const PEOPLE: Place = place("people", &[("id", Bytes)], &["attributes"]);

/// Every other place.
pub const PLACES: [Place; 15] = [
    place("dead_letters", &[("position", Number)], &["reason"]),
    place("backtests", &[("id", Bytes)], &["difference"]),
    place("decisions", &[("id", Bytes)], &["operations", "reasons", "log", "input"]),
    place(
        "plugin_logs",
        &[("installation_id", Bytes), ("at", Number), ("call_id", Bytes), ("number", Number)],
        &["line"],
    ),
    place("messages", &[("id", Bytes)], &["address", "content", "reason", "channel_id"]),
    place("attempts", &[("message_id", Bytes), ("number", Number)], &["detail"]),
    place("plugin_states", &[("installation_id", Bytes), ("person_id", Bytes)], &["state"]),
    place("timers", &[("installation_id", Bytes), ("person_id", Bytes), ("key", Text)], &["payload"]),
    place("signals", &[("person_id", Bytes), ("kind", Text), ("source", Text)], &["value"]),
    place("identities", &[("person_id", Bytes), ("kind", Text), ("value", Text)], &["reason"]),
    place("identity_actions", &[("position", Number), ("number", Number)], &["identity", "reason", "detail"]),
    place("consents", &[("person_id", Bytes), ("purpose", Text)], &["evidence"]),
    place("imports", &[("id", Bytes)], &["error"]),
    place("import_chunks", &[("import_id", Bytes), ("first_row", Number)], &["outcomes"]),
    place("idempotency_keys", &[("key", Text)], &["body"]),
];

const fn place(table: &'static str, key: &'static [(&'static str, Sort)], texts: &'static [&'static str]) -> Place {
    Place { table, key, texts, by_position: false }
}

impl Place {
    /// The text of one of its columns.
    fn text(&self, dialect: Dialect, column: &str) -> String {
        if self.table == PEOPLE.table { document(dialect, column) } else { column.to_owned() }
    }
}

impl Work {
    /// Rows behind `after`, by key, that contain one of the needles, whatever the case of ASCII letters. Reads what lies
    /// between them once. Of the log only events before `position`.
    pub async fn mentions(
        &mut self,
        tenant: TenantId,
        place: &Place,
        needles: &[String],
        position: i64,
        after: Option<&[Part]>,
        limit: u32,
    ) -> Result<Vec<Mention>, StoreError> {
        if needles.is_empty() {
            return Ok(Vec::new());
        }
        let key: Vec<&str> = place.key.iter().map(|(column, _)| *column).collect();
        let key = key.join(", ");
        let texts = place.texts.iter().map(|column| format!("{} as {column}", place.text(self.dialect(), column)));
        let texts = texts.collect::<Vec<_>>().join(", ");
        let contains = contains(self.dialect(), place, needles.len());
        let bound = if place.by_position { "position < $3" } else { "$3 = $3" };
        let behind = match after {
            None => String::new(),
            Some(_) => {
                let first = 4 + needles.len();
                let places: Vec<String> = (first..first + place.key.len()).map(|n| format!("${n}")).collect();
                format!("and ({key}) > ({})", places.join(", "))
            }
        };
        let sql = format!(
            "select {key}, {texts}
             from {}
             where tenant_id = $1 and {bound} and ({contains}) {behind}
             order by {key}
             limit $2",
            place.table
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(i64::from(limit)).bind(position);
        for needle in needles {
            query = query.bind(needle);
        }
        query = bind_key(query, after.unwrap_or_default());
        query.fetch_all(self.connection()).await?.iter().map(|row| read(row, place)).collect()
    }

    /// Replaces the texts of a row.
    pub async fn rewrite(&mut self, tenant: TenantId, place: &Place, row: &Mention) -> Result<(), StoreError> {
        let count = place.texts.len();
        let texts = place.texts.iter().enumerate().map(|(index, column)| format!("{column} = ${}", index + 2));
        let key = place.key.iter().enumerate().map(|(index, (column, _))| format!("{column} = ${}", index + 2 + count));
        let sql = format!(
            "update {} set {} where tenant_id = $1 and {}",
            place.table,
            texts.collect::<Vec<_>>().join(", "),
            key.collect::<Vec<_>>().join(" and ")
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
        for text in &row.texts {
            query = query.bind(text.as_deref());
        }
        bind_key(query, &row.key).execute(self.connection()).await?;
        Ok(())
    }
}

fn contains(dialect: Dialect, place: &Place, needles: usize) -> String {
    let mut found = Vec::with_capacity(place.texts.len() * needles);
    for column in place.texts {
        let column = place.text(dialect, column);
        for needle in 4..4 + needles {
            found.push(match dialect {
                Dialect::Sqlite => format!("instr(lower({column}), ${needle}) > 0"),
                Dialect::Postgres => format!("strpos(lower({column} collate \"C\"), ${needle}) > 0"),
            });
        }
    }
    found.join(" or ")
}

fn bind_key<'q>(mut query: Query<'q, Any, AnyArguments>, key: &'q [Part]) -> Query<'q, Any, AnyArguments> {
    for part in key {
        query = match part {
            Part::Number(number) => query.bind(number),
            Part::Bytes(bytes) => query.bind(bytes.as_slice()),
            Part::Text(text) => query.bind(text.as_str()),
        };
    }
    query
}

fn read(row: &AnyRow, place: &Place) -> Result<Mention, StoreError> {
    let key = place.key.iter().map(|(column, sort)| {
        Ok(match sort {
            Number => Part::Number(row.try_get(column)?),
            Bytes => Part::Bytes(row.try_get(column)?),
            Text => Part::Text(row.try_get(column)?),
        })
    });
    let key = key.collect::<Result<Vec<Part>, sqlx::Error>>()?;
    let texts = place.texts.iter().map(|column| row.try_get::<Option<String>, _>(column));
    Ok(Mention { key, texts: texts.collect::<Result<_, sqlx::Error>>()? })
}
