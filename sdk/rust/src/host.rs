//! The log: lines kept with the decision and shown to the tenant.

pub use crate::bindings::words::host::Level;

/// Writes one line; [`log!`](crate::log!) is the shorter way.
pub fn write(level: Level, line: &str) {
    #[cfg(target_family = "wasm")]
    crate::bindings::words::host::log(level, line);
    #[cfg(not(target_family = "wasm"))]
    crate::testing::record_line(level, line);
}

/// Writes a line into the log: `log!(warn, "no text for {language}")`. Levels are `debug`, `info`, `warn` and `error`.
///
/// ```
/// let drawn = 88;
/// guanxi_plugin::log!(info, "drew {drawn} fen");
/// # assert_eq!(guanxi_plugin::testing::take_lines()[0].1, "drew 88 fen");
/// ```
#[macro_export]
macro_rules! log {
    (debug, $($line:tt)+) => { $crate::host::write($crate::host::Level::Debug, &::std::format!($($line)+)) };
    (info, $($line:tt)+) => { $crate::host::write($crate::host::Level::Info, &::std::format!($($line)+)) };
    (warn, $($line:tt)+) => { $crate::host::write($crate::host::Level::Warn, &::std::format!($($line)+)) };
    (error, $($line:tt)+) => { $crate::host::write($crate::host::Level::Error, &::std::format!($($line)+)) };
}
