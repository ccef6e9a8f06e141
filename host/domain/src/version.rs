//! Versions of builds that an author tries on a host while writing: `0.1.1-dev.1767225600000` of a plugin whose manifest
//! says `0.1.0`. They rise with time, stand between two releases, and are no releases themselves.

use semver::{BuildMetadata, Prerelease, Version};

use crate::Millis;

/// Stands before the number that rises.
const MARK: &str = "dev";

/// The version of a build made at `now`, if the manifest says `version`: above that, and below every release and
/// pre-release that may follow it. Nothing if `version` is no semantic version, or the last one that there is.
pub fn development_version(version: &str, now: Millis) -> Option<String> {
    let mut version = Version::parse(version).ok()?;
    let number = now.max(0);
    let pre = if version.pre.is_empty() {
        version.patch = version.patch.checked_add(1)?;
        format!("{MARK}.{number}")
    } else {
        format!("{}.{MARK}.{number}", version.pre)
    };
    version.pre = Prerelease::new(&pre).ok()?;
    version.build = BuildMetadata::EMPTY;
    Some(version.to_string())
}

/// Whether a version is one of [`development_version`]'s: its pre-release ends in `dev` and a number.
pub fn is_development_version(version: &str) -> bool {
    let Ok(version) = Version::parse(version) else { return false };
    let mut parts = version.pre.rsplit('.');
    let number = parts.next().is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    number && parts.next() == Some(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[track_caller]
    fn check(of: &str, made: &str, next: &str) {
        let first = development_version(of, 1_767_225_600_000).unwrap();
        let second = development_version(of, 1_767_225_600_001).unwrap();
        assert_eq!(first, made);
        assert!(version(of) < version(&first), "{first}");
        assert!(version(&first) < version(&second), "{second}");
        assert!(version(&second) < version(next), "{second}");
        assert!(is_development_version(&first) && !is_development_version(of) && !is_development_version(next));
    }

    #[test]
    fn builds_stand_between_what_is_there_and_what_follows() {
        check("0.1.0", "0.1.1-dev.1767225600000", "0.1.1");
        check("1.9.9+linux", "1.9.10-dev.1767225600000", "1.9.10");
        check("2.0.0-beta.1", "2.0.0-beta.1.dev.1767225600000", "2.0.0-beta.2");
        check("2.0.0-beta", "2.0.0-beta.dev.1767225600000", "2.0.0");
    }

    #[test]
    fn other_versions_are_none_of_them() {
        for release in
            ["0.1.0", "0.1.0-dev", "0.1.0-dev.x", "0.1.0-3", "0.1.0-rc.1", "0.1.0-dev.1.2", "0.1.0+dev.1", "dev.1"]
        {
            assert!(!is_development_version(release), "{release}");
        }
        assert_eq!(development_version("1.2", 0), None);
        assert_eq!(development_version(&format!("1.0.{}", u64::MAX), 0), None);
    }
}
