//! The versions of the contract `guanxi:plugin` that this host speaks. A track is what stays compatible: `0.1`, `0.2`, and each
//! draft by itself.

use crate::manifest::Kind;

/// Released and frozen: whoever speaks a track once goes on speaking it.
pub const RELEASED: [&str; 1] = ["0.1.0"];
/// What a next track may become. It changes without notice, so a host runs it only if its operator says so.
pub const DRAFTS: [&str; 1] = ["0.2.0-draft"];

/// A contract that a host does not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadContract {
    /// No version that is known here.
    #[error(
        "this host speaks {released}, and of drafts {drafts} where its operator lets them in, but not `{0:.64}`",
        released = RELEASED.join(", "),
        drafts = DRAFTS.join(", ")
    )]
    Unknown(String),
    /// A draft, where none is let in.
    #[error(
        "`{0}` is a draft of the contract, and this host runs none: build it for {newest}, or let drafts in with \
         GUANXI_DRAFT_PLUGINS=true where nothing is at stake",
        newest = RELEASED.last().unwrap_or(&"")
    )]
    Draft(String),
}

/// Whether a version may change any day.
pub fn is_draft(contract: &str) -> bool {
    DRAFTS.contains(&contract)
}

/// Whether a version is known, released or not.
pub fn is_known(contract: &str) -> bool {
    RELEASED.contains(&contract) || is_draft(contract)
}

/// Whether a host runs what was built for `contract`; `drafts` says whether its operator lets drafts in.
pub fn check(contract: &str, drafts: bool) -> Result<(), BadContract> {
    match contract {
        _ if RELEASED.contains(&contract) => Ok(()),
        _ if !is_draft(contract) => Err(BadContract::Unknown(contract.to_owned())),
        _ if drafts => Ok(()),
        _ => Err(BadContract::Draft(contract.to_owned())),
    }
}

/// The kinds of plugins that a version has.
pub fn kinds(contract: &str) -> &'static [Kind] {
    if is_draft(contract) { &[Kind::Campaign] } else { &Kind::ALL }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_are_run_only_where_they_are_let_in() {
        assert_eq!((check("0.1.0", false), check("0.1.0", true)), (Ok(()), Ok(())));
        assert_eq!(check("0.2.0-draft", true), Ok(()));
        assert_eq!(check("0.2.0-draft", false), Err(BadContract::Draft("0.2.0-draft".to_owned())));
        for strange in ["0.2.0", "0.1.1", "0.1", "", "0.2.0-draft.1"] {
            for drafts in [false, true] {
                assert_eq!(check(strange, drafts), Err(BadContract::Unknown(strange.to_owned())));
            }
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let told = check("0.2.0-draft", false).unwrap_err().to_string();
        assert!(told.contains("build it for 0.1.0") && told.contains("GUANXI_DRAFT_PLUGINS=true"), "{told}");
        let told = check("9.0.0", true).unwrap_err().to_string();
        assert_eq!(
            told,
            "this host speaks 0.1.0, and of drafts 0.2.0-draft where its operator lets them in, but not `9.0.0`"
        );
        assert!(check(&"9".repeat(70_000), true).unwrap_err().to_string().len() < 200);
    }
}
