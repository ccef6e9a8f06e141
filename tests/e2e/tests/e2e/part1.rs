//! Temporary.
mod api;
mod browser;
mod campaigns;
mod clients;
mod input;
mod isolation;
