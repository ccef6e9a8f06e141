//! The JSON Schema of filters, for editors and programs. What it accepts is what [`super::Filter::read`] accepts, except
//! that the reader also counts nodes and depth.

/// The schema, a JSON document of draft 2020-12.
pub const SCHEMA: &str = include_str!("schema.json");
