//! What a store holds during one call: the caps on memory, host calls and log, and the host functions that obey them.

use guanxi_domain::limits::CallLimits;
use wasmtime::{ResourceLimiter, Trap};

use crate::Secrets;
use crate::bindings::guanxi::plugin::host::{Host, Level};
use crate::engine::{MEMORY_BYTES_MAX, TABLE_ELEMENTS_MAX};

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// For the author.
    Debug,
    /// For the curious.
    Info,
    /// Somebody should look.
    Warn,
    /// Something failed.
    Error,
}

/// One line that a plugin logged, cut to the length that the limits allow.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// What it says.
    pub line: String,
}

/// A limit that a host function or the limiter ran into; ends the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Limit {
    #[error("the plugin wants more memory than it may have")]
    Memory,
    #[error("the plugin calls the host more often than it may")]
    HostCalls,
}

/// The data of a store.
pub(crate) struct State {
    memory_left: usize,
    table_left: usize,
    host_calls_left: u32,
    log_lines_max: usize,
    log_line_bytes: usize,
    log: Vec<LogLine>,
    secrets: Secrets,
    missed: Vec<String>,
    fuel: u64,
    burnt: u64,
}

/// Names of secrets that are remembered because they were not there, and bytes of each: guesses may be many and long.
const MISSED_MAX: usize = 8;
const MISSED_BYTES_MAX: usize = 64;

impl State {
    pub(crate) fn new(limits: &CallLimits, secrets: Secrets, fuel: u64) -> Self {
        Self {
            memory_left: limits.memory_bytes.min(MEMORY_BYTES_MAX),
            table_left: TABLE_ELEMENTS_MAX,
            host_calls_left: limits.host_calls,
            log_lines_max: usize::try_from(limits.log_lines).unwrap_or(usize::MAX),
            log_line_bytes: limits.log_line_bytes,
            log: Vec::new(),
            secrets,
            missed: Vec::new(),
            fuel,
            burnt: 0,
        }
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// What it logged, and secrets that it named and was not given.
    pub(crate) fn into_told(self) -> (Vec<LogLine>, Vec<String>) {
        (self.log, self.missed)
    }

    /// Remembers the name of a secret that is not there.
    pub(crate) fn miss(&mut self, name: &str) {
        let name = name.get(..name.floor_char_boundary(MISSED_BYTES_MAX)).unwrap_or_default();
        if self.missed.len() < MISSED_MAX && !self.missed.iter().any(|missed| missed == name) {
            self.missed.push(name.to_owned());
        }
    }

    /// Fuel that the host has burnt for the guest, beside what the guest has burnt.
    pub(crate) fn burnt(&self) -> u64 {
        self.burnt
    }

    /// Every host function starts with this.
    pub(crate) fn count_host_call(&mut self) -> wasmtime::Result<()> {
        self.host_calls_left = self.host_calls_left.checked_sub(1).ok_or(Limit::HostCalls)?;
        Ok(())
    }

    /// Burns fuel for what the host is about to compute. What the guest burns is counted elsewhere and added when the
    /// call is over, so the host never burns more than the whole call may.
    pub(crate) fn burn(&mut self, fuel: u64) -> wasmtime::Result<()> {
        self.burnt = self.burnt.saturating_add(fuel);
        if self.burnt > self.fuel { Err(Trap::OutOfFuel.into()) } else { Ok(()) }
    }
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.memory_left = self.memory_left.checked_sub(desired.saturating_sub(current)).ok_or(Limit::Memory)?;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        Err(Limit::Memory.into())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.table_left = self.table_left.checked_sub(desired.saturating_sub(current)).ok_or(Limit::Memory)?;
        Ok(true)
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        Err(Limit::Memory.into())
    }
}

impl Host for State {
    fn log(&mut self, level: Level, mut line: String) -> wasmtime::Result<()> {
        self.count_host_call()?;
        if self.log.len() < self.log_lines_max {
            line.truncate(line.floor_char_boundary(self.log_line_bytes));
            line.shrink_to_fit();
            self.log.push(LogLine { level: level.into(), line });
        }
        Ok(())
    }
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

impl From<LogLevel> for guanxi_domain::plugin_log::Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Debug => Self::Debug,
            LogLevel::Info => Self::Info,
            LogLevel::Warn => Self::Warn,
            LogLevel::Error => Self::Error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let limits = CallLimits {
            log_lines: 2,
            log_line_bytes: 4,
            host_calls: 3,
            memory_bytes: 131_072,
            ..CallLimits::default()
        };
        State::new(&limits, Secrets::default(), 0)
    }

    #[test]
    fn long_lines_are_cut_between_characters_and_many_are_dropped() {
        let mut state = state();
        for line in ["客户", "short", "dropped"] {
            state.log(Level::Info, line.to_owned()).expect("within the limit");
        }
        assert!(state.log(Level::Info, String::new()).expect_err("a limit").is::<Limit>());
        let lines: Vec<String> = state.into_told().0.into_iter().map(|line| line.line).collect();
        assert_eq!(lines, ["客", "shor"]);
    }

    #[test]
    fn memory_counts_over_all_memories() {
        let mut state = state();
        assert!(state.memory_growing(0, 65_536, None).expect("fits"));
        assert!(state.memory_growing(0, 65_536, None).expect("fits"));
        assert_eq!(
            state.memory_growing(65_536, 131_072, None).expect_err("too much").downcast_ref(),
            Some(&Limit::Memory)
        );
    }
}
