//! Who is who, whatever comes in which order: on SQLite and on PostgreSQL.

mod groups;
mod receipts;
mod replay;
mod segments;
