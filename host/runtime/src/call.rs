//! What comes of one call: the answer or a precise reason why there is none, and what it cost.

use std::time::Duration;

use guanxi_domain::manifest::Kind;
use wasmtime::{FrameInfo, PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::LogLine;
use crate::state::Limit;

/// One finished call.
#[derive(Debug)]
pub struct Call<T> {
    /// The answer, or why there is none.
    pub result: Result<T, CallError>,
    /// Fuel spent; the same for the same input, always.
    pub fuel: u64,
    /// Wall clock from the first instruction to the last.
    pub took: Duration,
    /// What the plugin logged, also if it failed.
    pub log: Vec<LogLine>,
    /// Where in its code it was stopped, if it was.
    pub stopped: Stopped,
    /// Secrets that it named and was not given, by name; the first few.
    pub missed: Vec<String>,
}

/// Where a call was stopped. Nothing is computed before somebody asks.
#[derive(Debug, Default)]
pub struct Stopped(Option<wasmtime::Error>);

impl Stopped {
    /// Of a call that this error ended.
    pub(crate) fn by(error: wasmtime::Error) -> Self {
        Self(Some(error))
    }

    /// The functions that were running, the innermost first, at most twenty: each by its name in the component, or by its
    /// number where the component carries no names. None if the call ended by itself, or after its last instruction.
    pub fn functions(&self) -> Vec<String> {
        let trace = self.0.as_ref().and_then(|error| error.downcast_ref::<WasmBacktrace>());
        let frames = trace.map(WasmBacktrace::frames).unwrap_or_default();
        let name = |frame: &FrameInfo| match (frame.func_name(), frame.module().name()) {
            (Some(name), _) => name.to_owned(),
            (None, Some(module)) => format!("{UNNAMED}{} of {module}", frame.func_index()),
            (None, None) => format!("{UNNAMED}{}", frame.func_index()),
        };
        frames.iter().map(name).collect()
    }

    /// Whether a function that [`functions`](Self::functions) tells has no name.
    pub fn is_unnamed(function: &str) -> bool {
        function.starts_with(UNNAMED)
    }
}

/// How a function without a name is told. Names have no spaces there.
const UNNAMED: &str = "function ";

impl<T> Call<T> {
    pub(crate) fn refused(error: CallError) -> Self {
        Self {
            result: Err(error),
            fuel: 0,
            took: Duration::ZERO,
            log: Vec::new(),
            stopped: Stopped::default(),
            missed: Vec::new(),
        }
    }

    /// The same call with another answer.
    pub fn map<U>(self, answer: impl FnOnce(T) -> U) -> Call<U> {
        let Self { result, fuel, took, log, stopped, missed } = self;
        Call { result: result.map(answer), fuel, took, log, stopped, missed }
    }
}

/// Why a call gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// It computed too much.
    #[error("the plugin ran out of fuel")]
    OutOfFuel,
    /// It took too long.
    #[error("the plugin took longer than its time limit")]
    Deadline,
    /// It wanted too much memory.
    #[error("the plugin wanted more memory than its limit")]
    Memory,
    /// It recursed too deeply.
    #[error("the plugin overflowed its stack")]
    StackOverflow,
    /// It handed over too many bytes.
    #[error("the plugin answered with more bytes than its limit")]
    Output,
    /// It called the host too often.
    #[error("the plugin called the host more often than its limit")]
    HostCalls,
    /// It stopped by itself, such as by a panic; says where and why.
    #[error("the plugin crashed: {0}")]
    Trap(String),
    /// Its answer breaks the contract.
    #[error("the plugin broke its contract: {0}")]
    BadAnswer(String),
    /// It is not of the kind that was called.
    #[error("the plugin is no {}", .0.as_str())]
    WrongKind(Kind),
    /// The host had no room to run it; try again.
    #[error("the host has no room for another call")]
    Busy,
}

impl CallError {
    /// Whether the plugin is to blame, so that its crash budget pays.
    pub fn is_crash(&self) -> bool {
        !matches!(self, Self::WrongKind(_) | Self::Busy)
    }

    /// Whether it computed too much or took too long.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::OutOfFuel | Self::Deadline)
    }

    /// What an error of wasmtime during a call of `function` says about the guest.
    pub(crate) fn from_guest(error: &wasmtime::Error, function: &str) -> Self {
        if let Some(limit) = error.downcast_ref::<Limit>() {
            return match limit {
                Limit::Memory => Self::Memory,
                Limit::HostCalls => Self::HostCalls,
            };
        }
        if error.is::<PoolConcurrencyLimitError>() {
            return Self::Busy;
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => Self::OutOfFuel,
            Some(Trap::Interrupt) => Self::Deadline,
            Some(Trap::StackOverflow) => Self::StackOverflow,
            Some(Trap::AllocationTooLarge) => Self::Memory,
            Some(trap) => Self::Trap(format!("{} in {}", describe(*trap), place(error, function))),
            None => Self::from_answer(&error.root_cause().to_string(), function),
        }
    }

    /// Errors that are no traps come from reading the answer out of the guest's memory.
    fn from_answer(cause: &str, function: &str) -> Self {
        // The type of this one error is private to wasmtime; a test notices if its text changes.
        if cause.contains("fuel allocated for hostcalls has been exhausted") {
            return Self::Output;
        }
        Self::BadAnswer(format!("{function}: {cause}"))
    }
}

fn describe(trap: Trap) -> String {
    match trap {
        Trap::UnreachableCodeReached => "panic".to_owned(),
        other => other.to_string().trim_start_matches("wasm trap: ").to_owned(),
    }
}

fn place(error: &wasmtime::Error, function: &str) -> String {
    let inner = error.downcast_ref::<WasmBacktrace>().and_then(|trace| trace.frames().first()?.func_name());
    match inner {
        Some(inner) => format!("`{function}` (at {inner})"),
        None => format!("`{function}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: impl Into<wasmtime::Error>, expected: CallError) {
        assert_eq!(CallError::from_guest(&error.into(), "decide"), expected);
    }

    #[test]
    fn every_trap_has_its_meaning() {
        check(Trap::OutOfFuel, CallError::OutOfFuel);
        check(Trap::Interrupt, CallError::Deadline);
        check(Trap::StackOverflow, CallError::StackOverflow);
        check(Trap::UnreachableCodeReached, CallError::Trap("panic in `decide`".into()));
        check(Trap::IntegerDivisionByZero, CallError::Trap("integer divide by zero in `decide`".into()));
        check(Limit::Memory, CallError::Memory);
        check(Limit::HostCalls, CallError::HostCalls);
        check(wasmtime::Error::msg("invalid list"), CallError::BadAnswer("decide: invalid list".into()));
    }

    #[test]
    fn only_the_plugins_own_faults_are_crashes() {
        assert!(CallError::OutOfFuel.is_crash() && CallError::BadAnswer(String::new()).is_crash());
        assert!(CallError::Deadline.is_timeout() && !CallError::Memory.is_timeout());
        assert!(!CallError::Busy.is_crash() && !CallError::WrongKind(Kind::Scorer).is_crash());
    }
}
