//! The text of a statement that is put together from parts, with its values in the order in which they stand.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

use crate::work::Dialect;

/// A value of a statement.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A statement in the making.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sql {
    dialect: Dialect,
    text: String,
    values: Vec<Value>,
}

impl Sql {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, text: String::new(), values: Vec::new() }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Adds text, which never comes from outside.
    pub(crate) fn put(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Puts text before everything that is there.
    pub(crate) fn put_first(&mut self, text: &str) {
        self.text.insert_str(0, text);
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        self.value(Value::Int(value))
    }

    pub(crate) fn real(&mut self, value: f64) -> &mut Self {
        self.value(Value::Real(value))
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.value(Value::Bytes(value.to_vec()))
    }

    /// PostgreSQL keeps no NUL in a text: nobody has a value with one.
    pub(crate) fn text(&mut self, value: impl Into<String>) -> &mut Self {
        self.value(Value::Text(value.into().replace('\0', "\u{fffd}")))
    }

    /// Values with commas between them.
    pub(crate) fn texts(&mut self, values: impl Iterator<Item = impl Into<String>>) -> &mut Self {
        for (index, value) in values.enumerate() {
            self.put(if index == 0 { "" } else { ", " }).text(value);
        }
        self
    }

    /// On SQLite a place without a name takes the next value; a named one would be looked up among all.
    fn value(&mut self, value: Value) -> &mut Self {
        self.values.push(value);
        match self.dialect {
            Dialect::Sqlite => self.text.push('?'),
            Dialect::Postgres => {
                self.text.push('$');
                self.text.push_str(&self.values.len().to_string());
            }
        }
        self
    }

    /// Ready to be run. Its text is unlike others', so that keeping it prepared would push out what is used often.
    pub(crate) fn query(self) -> Query<'static, Any, AnyArguments> {
        let mut query = sqlx::query(AssertSqlSafe(self.text)).persistent(false);
        for value in self.values {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Real(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            };
        }
        query
    }
}
