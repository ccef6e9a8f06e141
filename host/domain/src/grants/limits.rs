//! How often a plugin may have an operation carried out: the least of what its manifest asks for, its operator lets it and its
//! tenant grants.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Grants;

/// The greatest limit.
pub const LIMIT_MAX: u64 = 1_000_000_000;

/// How often one operation may be carried out at most; what is not said is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// In a calendar day of the tenant, about everybody together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u64>,
    /// In a calendar day of the tenant, about each person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_person_per_day: Option<u64>,
}

/// What a limit counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Per {
    /// Everything of a day.
    Day,
    /// Everything about one person on a day.
    PersonAndDay,
}

impl Per {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Day, Self::PersonAndDay];

    /// The word in manifests and grants.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "per-day",
            Self::PersonAndDay => "per-person-per-day",
        }
    }
}

/// Who said how often at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The plugin's own manifest.
    Plugin,
    /// The operator, for all tenants.
    Operator,
    /// The tenant.
    Tenant,
}

impl Whose {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::Operator => "operator",
            Self::Tenant => "tenant",
        }
    }
}

/// One limit that is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// What it counts together.
    pub per: Per,
    /// How often at most.
    pub most: u64,
    /// Who says so; of several who say the same the first of plugin, operator and tenant.
    pub whose: Whose,
}

/// The limits in force, by operation; what is not there is not limited.
pub type Bounds = BTreeMap<String, Vec<Bound>>;

impl Limits {
    /// One of them.
    pub fn get(&self, per: Per) -> Option<u64> {
        match per {
            Per::Day => self.per_day,
            Per::PersonAndDay => self.per_person_per_day,
        }
    }

    /// Each of them as `of` says.
    pub fn each(mut of: impl FnMut(Per) -> Option<u64>) -> Self {
        Self { per_day: of(Per::Day), per_person_per_day: of(Per::PersonAndDay) }
    }

    /// What both allow.
    pub(super) fn least(&self, other: &Self) -> Self {
        Self::each(|per| [self.get(per), other.get(per)].into_iter().flatten().min())
    }

    /// Whether nothing is limited.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with it.
    pub fn problem(&self) -> Option<String> {
        let wrong =
            Per::ALL.into_iter().find(|per| self.get(*per).is_some_and(|most| !(1..=LIMIT_MAX).contains(&most)));
        wrong.map(|per| format!("`{}` is a whole number from 1 to {LIMIT_MAX}", per.as_str()))
    }
}

/// Whether who wants so much wants more than is allowed; nothing is without limit.
pub(super) fn exceeds(wanted: Option<u64>, allowed: Option<u64>) -> bool {
    allowed.is_some_and(|allowed| wanted.is_none_or(|wanted| wanted > allowed))
}

/// As people read it: `limits: send 1000 per-day`.
pub(super) fn told(operation: &str, per: Per, most: Option<u64>) -> String {
    let most = most.map_or_else(|| "unlimited".to_owned(), |most| most.to_string());
    format!("limits: {operation} {most} {}", per.as_str())
}

/// The limits in force for operations that all three allow: of each the least.
pub fn bounds(requested: &Grants, allowance: Option<&Grants>, granted: &Grants) -> Bounds {
    let words = [(Whose::Plugin, Some(requested)), (Whose::Operator, allowance), (Whose::Tenant, Some(granted))];
    let least = |operation: &str, per: Per| {
        let said = words.iter().filter_map(|(whose, word)| {
            let most = word.as_ref()?.limits.get(operation)?.get(per)?;
            Some(Bound { per, most, whose: *whose })
        });
        said.min_by_key(|bound| bound.most)
    };
    let allowed = requested.within(granted).under(allowance).operations;
    let all = allowed.into_iter().map(|operation| {
        let bounds: Vec<Bound> = Per::ALL.into_iter().filter_map(|per| least(&operation, per)).collect();
        (operation, bounds)
    });
    all.filter(|(_, bounds)| !bounds.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sends(per_day: Option<u64>, per_person_per_day: Option<u64>) -> Grants {
        let limits = Limits { per_day, per_person_per_day };
        let limits = if limits.is_empty() { BTreeMap::new() } else { [("send".to_owned(), limits)].into() };
        Grants { operations: vec!["send".to_owned()], limits, ..Grants::default() }
    }

    #[test]
    fn pl_3_the_least_of_three_is_in_force_and_tells_whose_it_is() {
        use Whose::{Operator, Plugin, Tenant};
        for (requested, allowance, granted, day, person) in [
            (sends(None, None), None, sends(None, None), None, None),
            (sends(Some(9), None), None, sends(None, None), Some((9, Plugin)), None),
            (sends(Some(9), None), None, sends(Some(9), None), Some((9, Plugin)), None),
            (sends(Some(9), None), None, sends(Some(8), Some(1)), Some((8, Tenant)), Some((1, Tenant))),
            (sends(Some(9), None), Some(sends(Some(7), None)), sends(Some(8), None), Some((7, Operator)), None),
            (sends(None, Some(3)), Some(sends(None, Some(2))), sends(None, None), None, Some((2, Operator))),
            (sends(Some(1), None), Some(Grants::default()), sends(None, None), None, None),
            (sends(Some(1), None), None, Grants::default(), None, None),
        ] {
            let found = bounds(&requested, allowance.as_ref(), &granted);
            let of = |per: Per| {
                let bound = found.get("send").into_iter().flatten().find(|bound| bound.per == per)?;
                Some((bound.most, bound.whose))
            };
            assert_eq!((of(Per::Day), of(Per::PersonAndDay)), (day, person), "{requested:?} {allowance:?} {granted:?}");
        }
    }

    #[test]
    fn pl_3_a_limit_that_is_raised_is_asked_for() {
        for (wanted, allowed, missing) in [
            (sends(Some(9), None), sends(Some(9), None), vec![]),
            (sends(Some(8), None), sends(Some(9), None), vec![]),
            (sends(Some(8), None), sends(None, None), vec![]),
            (sends(Some(10), None), sends(Some(9), None), vec!["limits: send 10 per-day"]),
            (
                sends(None, None),
                sends(Some(9), Some(1)),
                vec!["limits: send unlimited per-day", "limits: send unlimited per-person-per-day"],
            ),
            (sends(Some(10), None), Grants::default(), vec!["operations: send"]),
        ] {
            assert_eq!(wanted.missing_from(&allowed), missing, "{wanted:?} and {allowed:?}");
        }
    }

    #[test]
    fn pl_3_limits_are_written_in_the_manifests_words_and_only_if_there_are_any() {
        let limited = r#"{"events":[],"fields":[],"classes":[],"operations":["send"],"limits":{"send":{"per-day":9,"per-person-per-day":1}},"egress":[],"secrets":[]}"#;
        assert_eq!(serde_json::to_string(&sends(Some(9), Some(1))).unwrap(), limited);
        assert_eq!(serde_json::from_str::<Grants>(limited).unwrap(), sends(Some(9), Some(1)));
        let before = r#"{"events":[],"fields":[],"operations":["send"],"egress":[],"secrets":[]}"#;
        let read = serde_json::from_str::<Grants>(before).unwrap();
        assert_eq!(read, Grants { classes: vec!["*".to_owned()], ..sends(None, None) });
        assert_eq!(serde_json::to_string(&read).unwrap(), before);
        assert!(serde_json::from_str::<Grants>(r#"{"limits":{"send":{"per_day":9}}}"#).is_err());
        for (most, good) in [(0, false), (1, true), (LIMIT_MAX, true), (LIMIT_MAX + 1, false)] {
            assert_eq!(Limits { per_day: Some(most), per_person_per_day: None }.problem().is_none(), good, "{most}");
        }
    }
}
