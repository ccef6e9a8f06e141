//! Stories that drive the real binary from outside, each on SQLite and PostgreSQL.

mod api;
mod backtests;
mod browser;
mod campaigns;
mod candidates;
mod clients;
mod commands;
mod consent;
mod crowd;
mod demo;
mod docs;
mod faults;
mod grants;
mod hostile;
mod identities;
mod imports;
mod input;
mod insight;
mod isolation;
mod kill;
mod packages;
mod pressure;
mod receipts;
mod relations;
mod segments;
mod shares;
