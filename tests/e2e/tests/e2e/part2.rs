//! Temporary.
mod commands;
mod demo;
mod docs;
mod faults;
mod hostile;
mod kill;
mod pressure;
