//! What a wish about an installation grants, and whether it is done or waits.

use guanxi_domain::grants::{ENTRIES_MAX, ENTRY_BYTES_MAX, Grants};
use guanxi_domain::installation::{Installation, Mode};
use guanxi_domain::manifest::Manifest;
use serde_json::Value;

use super::GrantsInput;
use crate::Problem;

/// What becomes of a wish.
pub(super) enum Verdict {
    /// It is done, with these grants.
    Done(Grants),
    /// It waits for an approval, because this is asked for anew.
    Waits(Vec<String>),
}

/// What is granted, of what the manifest requests. What is not said of classes and limits is as it is requested.
pub(crate) fn checked_grants(manifest: &Manifest, wish: &GrantsInput, problems: &mut Vec<Problem>) -> Grants {
    let requested = Grants::requested(manifest);
    let GrantsInput::Lists(lists) = wish else { return requested };
    if !lists.is_bounded() {
        let problem = format!("a list has at most {ENTRIES_MAX} entries of 1 to {ENTRY_BYTES_MAX} bytes");
        problems.push(Problem::new("grants", problem));
        return Grants::default();
    }
    let mut lists = lists.clone();
    if lists.events.iter().any(|kind| kind == "*") {
        lists.events.clone_from(&requested.events);
    }
    if lists.classes.iter().any(|class| class == "*") {
        lists.classes.clone_from(&requested.classes);
    }
    problems.extend(lists.limits_problem().map(|problem| Problem::new("grants", problem)));
    lists.limit_like(&requested);
    for extra in lists.missing_from(&requested) {
        let what = match extra.starts_with("limits: ") {
            true => "is more than the plugin requests; say at most that",
            false => "is not requested by the plugin; leave it out",
        };
        problems.push(Problem::new("grants", format!("{extra} {what}")));
    }
    requested.within(&lists)
}

/// What `manifest` asks for and the installed one did not; all of it where nothing is granted, as after a first wish that waits.
pub(crate) fn newly_asked(manifest: &Manifest, installed: &Installation, runs: &Manifest) -> Vec<String> {
    let requested = Grants::requested(manifest);
    match installed.grants.is_empty() {
        true => requested.told(),
        false => requested.missing_from(&Grants::requested(runs)),
    }
}

/// What becomes of a wish that says nothing of grants, beside what is installed and its manifest.
pub(super) fn unsaid_grants(
    manifest: &Manifest,
    before: Option<(&Installation, &Manifest)>,
    (mode, config): (Mode, &Value),
    manages: bool,
    problems: &mut Vec<Problem>,
) -> Verdict {
    let requested = Grants::requested(manifest);
    if let Some((installed, runs)) = before.filter(|(_, runs)| runs.name == manifest.name) {
        let mut asks = newly_asked(manifest, installed, runs);
        if !manages {
            // Whoever writes a granted host into the configuration grants it.
            let known = configured_hosts(manifest, &installed.config);
            let hosts = configured_hosts(manifest, config).into_iter().filter(|host| !known.contains(host));
            asks.extend(hosts.map(|host| format!("egress: {host}")));
        }
        let switched_on = mode == Mode::Live && installed.mode == Mode::Off;
        return match asks.is_empty() && (manages || !switched_on) {
            true => Verdict::Done(requested.within(&installed.grants)),
            false => Verdict::Waits(asks),
        };
    }
    let asks = requested.told();
    if before.is_some() && !manages {
        problems
            .push(Problem::new("plugin", "another plugin has this name; to replace it takes a token with `manage`"));
    }
    if manages && !asks.is_empty() {
        let list = asks.join(", ");
        problems.push(Problem::new(
            "grants",
            format!("the plugin asks for {list}; say what of it is granted, or `requested` for all of it"),
        ));
    }
    if manages { Verdict::Done(Grants::default()) } else { Verdict::Waits(asks) }
}

/// Hosts that stand in a configuration, where the manifest says so.
fn configured_hosts<'c>(manifest: &Manifest, config: &'c Value) -> Vec<&'c str> {
    let entries = manifest.connector.iter().flat_map(|connector| &connector.egress);
    entries.filter_map(|entry| config.pointer(entry.strip_prefix("config:")?)?.as_str()).collect()
}
