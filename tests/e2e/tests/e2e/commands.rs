//! The command line, beside a running host and without one.

mod configuration;
mod conform;
mod dev;
pub mod plugins;
mod remote;
mod secrets;
mod upkeep;

use std::ffi::OsStr;

use guanxi_e2e::Place;
use guanxi_e2e::host::run;

/// A command that must fail: what it complained about.
async fn run_badly<S: AsRef<OsStr>>(place: &Place, arguments: impl IntoIterator<Item = S>) -> String {
    let output = run(place, arguments).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{}\n{told}", String::from_utf8_lossy(&output.stdout));
    told
}
