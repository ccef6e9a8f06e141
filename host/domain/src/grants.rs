//! What a plugin may do: what its manifest requests, as far as the operator lets it and the tenant grants it.

mod classes;
mod limits;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::manifest::{Manifest, wants};
use classes::{every_class, is_every_class};
use limits::{exceeds, told};

pub use classes::{CLASSES, Part, Sight, classes_within, covers, is_class};
pub use limits::{Bound, Bounds, LIMIT_MAX, Limits, Per, Whose, bounds};

/// The most entries of a list.
pub const ENTRIES_MAX: usize = 256;
/// The most bytes of an entry.
pub const ENTRY_BYTES_MAX: usize = 256;

/// Lists of what is allowed, in the manifest's words. What no list names is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grants {
    /// Kinds of events that it may be told of; `*` for every kind.
    pub events: Vec<String>,
    /// Fields of people that it may see.
    pub fields: Vec<String>,
    /// Classes of what else is known of people; `*` for every class, which is meant if nothing is said.
    #[serde(default = "every_class", skip_serializing_if = "is_every_class")]
    pub classes: Vec<String>,
    /// Operations that it may ask for.
    pub operations: Vec<String>,
    /// How often these are carried out at most; one without a limit as often as it is asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, Limits>,
    /// Hosts that it may send requests to.
    pub egress: Vec<String>,
    /// Secrets that it may use.
    pub secrets: Vec<String>,
}

impl Grants {
    /// Everything that a manifest asks for, each list sorted and without repetition.
    pub fn requested(manifest: &Manifest) -> Self {
        let mut all = Self::default();
        if let Some(scorer) = &manifest.scorer {
            all.events.extend(scorer.events.iter().cloned());
            all.fields.extend(scorer.inputs.iter().map(|input| input.name.clone()));
        }
        if let Some(analyzer) = &manifest.analyzer {
            all.events.extend(analyzer.events.iter().cloned());
        }
        if let Some(campaign) = &manifest.campaign {
            all.events.extend(campaign.events.iter().cloned());
            all.events.extend(campaign.history.iter().flat_map(|history| history.events.iter().cloned()));
            all.fields.extend(campaign.fields.iter().map(|field| field.name.clone()));
            all.classes.extend(campaign.class_wishes().into_iter().map(|class| class.name));
            all.operations.extend(campaign.operations.iter().cloned());
            all.limits.extend(campaign.limits.iter().map(|(operation, limits)| (operation.clone(), *limits)));
        }
        if let Some(connector) = &manifest.connector {
            all.egress.extend(connector.egress.iter().cloned());
            all.secrets.extend(connector.secrets.iter().map(|secret| secret.name.clone()));
        }
        let Self { events, fields, classes, operations, limits: _, egress, secrets } = &mut all;
        for list in [events, fields, classes, operations, egress, secrets] {
            list.sort();
            list.dedup();
        }
        all
    }

    /// What is in both.
    pub fn within(&self, other: &Self) -> Self {
        let both = |own: &[String], others: &[String]| -> Vec<String> {
            own.iter().filter(|one| others.contains(one)).cloned().collect()
        };
        let operations = both(&self.operations, &other.operations);
        let limits = operations.iter().map(|operation| {
            let least = self.limits_of(operation).least(&other.limits_of(operation));
            (operation.clone(), least)
        });
        Self {
            events: kinds_within(&self.events, &other.events),
            fields: both(&self.fields, &other.fields),
            classes: classes_within(&self.classes, &other.classes),
            limits: limits.filter(|(_, limits)| !limits.is_empty()).collect(),
            operations,
            egress: both(&self.egress, &other.egress),
            secrets: both(&self.secrets, &other.secrets),
        }
    }

    /// What `self` has and `granted` does not allow, written `fields: email` or `limits: send 1000 per-day`, list by list.
    pub fn missing_from(&self, granted: &Self) -> Vec<String> {
        let list = |name: &'static str, wanted: &[String], is_allowed: &dyn Fn(&str) -> bool| -> Vec<String> {
            wanted.iter().filter(|entry| !is_allowed(entry)).map(|entry| format!("{name}: {entry}")).collect()
        };
        let among = |list: &[String], entry: &str| list.iter().any(|one| one == entry);
        [
            list("events", &self.events, &|kind| wants(&granted.events, kind)),
            list("fields", &self.fields, &|field| among(&granted.fields, field)),
            list("classes", &self.classes, &|class| covers(&granted.classes, class)),
            list("operations", &self.operations, &|operation| among(&granted.operations, operation)),
            self.limits_beyond(granted),
            list("egress", &self.egress, &|host| among(&granted.egress, host)),
            list("secrets", &self.secrets, &|secret| among(&granted.secrets, secret)),
        ]
        .concat()
    }

    /// Limits of `self` on what `granted` allows less often.
    fn limits_beyond(&self, granted: &Self) -> Vec<String> {
        let both = self.operations.iter().filter(|operation| granted.operations.contains(operation));
        let beyond = both.flat_map(|operation| {
            let (wanted, allowed) = (self.limits_of(operation), granted.limits_of(operation));
            let more = Per::ALL.into_iter().filter(move |per| exceeds(wanted.get(*per), allowed.get(*per)));
            more.map(move |per| told(operation, per, wanted.get(per)))
        });
        beyond.collect()
    }

    /// All of it, as [`Self::missing_from`] writes it.
    pub fn told(&self) -> Vec<String> {
        let mut all = self.missing_from(&Self::default());
        for (operation, limits) in &self.limits {
            let said = Per::ALL.into_iter().filter(|per| limits.get(*per).is_some());
            all.extend(said.map(|per| told(operation, per, limits.get(per))));
        }
        all
    }

    /// How often an operation may be carried out at most.
    pub fn limits_of(&self, operation: &str) -> Limits {
        self.limits.get(operation).copied().unwrap_or_default()
    }

    /// Limits its operations as `other` does where it says nothing itself.
    pub fn limit_like(&mut self, other: &Self) {
        for (operation, limits) in other.limits.iter().filter(|(operation, _)| self.operations.contains(operation)) {
            let own = self.limits_of(operation);
            self.limits.insert(operation.clone(), Limits::each(|per| own.get(per).or(limits.get(per))));
        }
    }

    /// What is wrong with its limits, if anything.
    pub fn limits_problem(&self) -> Option<String> {
        self.limits.iter().find_map(|(operation, limits)| {
            if !self.operations.contains(operation) {
                return Some(format!("limits `{operation}`, which is not among its operations; leave that limit out"));
            }
            limits.problem().map(|problem| format!("limits of `{operation}`: {problem}"))
        })
    }

    /// What of `manifest` is granted if whoever granted this to `before` also grants what `before` did not ask for. What was
    /// held to less than `before` asked for stays so.
    pub fn extended(&self, before: &Manifest, manifest: &Manifest) -> Self {
        let (known, requested) = (Self::requested(before), Self::requested(manifest));
        let mut all = requested.within(self);
        all.events.extend(requested.events.iter().filter(|kind| !known.allows_event(kind)).cloned());
        all.classes.extend(requested.classes.iter().filter(|class| !covers(&known.classes, class)).cloned());
        let lists = [
            (&mut all.fields, &requested.fields, &known.fields),
            (&mut all.operations, &requested.operations, &known.operations),
            (&mut all.egress, &requested.egress, &known.egress),
            (&mut all.secrets, &requested.secrets, &known.secrets),
        ];
        for (granted, wanted, known) in lists {
            granted.extend(wanted.iter().filter(|entry| !known.contains(entry)).cloned());
        }
        let limits = all.operations.iter().map(|operation| {
            let of = |grants: &Self| grants.limits_of(operation);
            let (own, before, wanted) = (of(self), of(&known), of(&requested));
            let held = |per: Per| exceeds(before.get(per), own.get(per));
            let least = own.least(&wanted);
            (operation.clone(), Limits::each(|per| if held(per) { least.get(per) } else { wanted.get(per) }))
        });
        all.limits = limits.filter(|(_, limits)| !limits.is_empty()).collect();
        all
    }

    /// What is left under an operator's allowance; all of it without one.
    pub fn under(&self, allowance: Option<&Self>) -> Self {
        allowance.map_or_else(|| self.clone(), |allowance| self.within(allowance))
    }

    /// Whether nothing is allowed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether all lists are short enough to be kept.
    pub fn is_bounded(&self) -> bool {
        let lists = [&self.events, &self.fields, &self.classes, &self.operations, &self.egress, &self.secrets];
        let is_bounded = |entry: &String| (1..=ENTRY_BYTES_MAX).contains(&entry.len());
        lists.into_iter().all(|list| list.len() <= ENTRIES_MAX && list.iter().all(is_bounded))
            && self.limits.len() <= ENTRIES_MAX
            && self.limits.keys().all(is_bounded)
    }

    /// Whether `operation` (by its contract name) may be asked for.
    pub fn allows_operation(&self, operation: &str) -> bool {
        self.operations.iter().any(|granted| granted == operation)
    }

    /// Whether the field may be seen.
    pub fn allows_field(&self, name: &str) -> bool {
        self.fields.iter().any(|granted| granted == name)
    }

    /// Whether the plugin may be told of events of this kind.
    pub fn allows_event(&self, kind: &str) -> bool {
        wants(&self.events, kind)
    }

    /// Whether the secret may be used.
    pub fn allows_secret(&self, name: &str) -> bool {
        self.secrets.iter().any(|granted| granted == name)
    }
}

/// The kinds of events that are among both, of which `*` is every kind.
pub fn kinds_within(own: &[String], others: &[String]) -> Vec<String> {
    let (all, some) = if own.iter().any(|kind| kind == "*") { (own, others) } else { (others, own) };
    some.iter().filter(|kind| wants(all, kind)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn pl_3_a_star_stands_for_every_kind_of_event() {
        for (own, others, both) in [
            (&["page", "Order Completed"][..], &["page"][..], &["page"][..]),
            (&["*"], &["page"], &["page"]),
            (&["page"], &["*"], &["page"]),
            (&["*"], &["*"], &["*"]),
            (&["*", "page"], &["*"], &["*"]),
            (&["page"], &["identify"], &[]),
            (&["*"], &[], &[]),
        ] {
            assert_eq!(kinds_within(&list(own), &list(others)), list(both), "{own:?} and {others:?}");
        }
    }

    #[test]
    fn pl_3_what_is_not_granted_is_told_by_list() {
        let asked = Grants {
            events: list(&["*"]),
            fields: list(&["email", "revenue"]),
            operations: list(&["send"]),
            ..Grants::default()
        };
        let granted = Grants { events: list(&["page"]), fields: list(&["revenue"]), ..Grants::default() };
        assert_eq!(asked.missing_from(&granted), ["events: *", "fields: email", "operations: send"]);
        assert_eq!(granted.missing_from(&asked), Vec::<String>::new());
        assert_eq!(asked.within(&granted), granted);
        assert!(granted.allows_event("page") && !granted.allows_event("identify"));
    }

    #[test]
    fn pl_4_what_is_newly_asked_comes_to_what_is_granted_and_nothing_else_does() {
        let campaign = |events: &str, fields: &[&str]| {
            let fields: Vec<String> =
                fields.iter().map(|name| format!("{{ name = \"{name}\", purpose = \"p\" }}")).collect();
            let text = format!(
                "contract = \"0.1.0\"\nname = \"pp\"\nversion = \"1.0.0\"\n\
                 title = {{ en = \"a\", zh = \"b\" }}\nsummary = {{ en = \"a\", zh = \"b\" }}\n\
                 [campaign]\nevents = {events}\noperations = [\"send\"]\nfields = [{}]\n",
                fields.join(", ")
            );
            Manifest::parse(&text).unwrap()
        };
        let (before, next) = (campaign("[\"*\"]", &["email", "revenue"]), campaign("[\"*\"]", &["email", "city"]));
        let granted = Grants { events: list(&["page"]), fields: list(&["revenue"]), ..Grants::default() };
        let extended = Grants { events: list(&["page"]), fields: list(&["city"]), ..Grants::default() };
        assert_eq!(granted.extended(&before, &next), extended);
        assert_eq!(granted.extended(&before, &before), granted);
        assert_eq!(Grants::requested(&before).classes, CLASSES, "what a manifest does not speak of");
        let (some, all) = (campaign("[\"page\"]", &[]), campaign("[\"*\"]", &[]));
        assert_eq!(Grants::default().extended(&some, &all).events, ["*"]);
        assert_eq!(
            Grants::requested(&some).extended(&some, &all),
            Grants {
                events: list(&["page", "*"]),
                classes: list(&CLASSES),
                operations: list(&["send"]),
                ..Grants::default()
            }
        );
    }

    /// A campaign that may send, with these lines besides.
    fn sender(lines: &str) -> Manifest {
        let text = format!(
            "contract = \"0.1.0\"\nname = \"pp\"\nversion = \"1.0.0\"\n\
             title = {{ en = \"a\", zh = \"b\" }}\nsummary = {{ en = \"a\", zh = \"b\" }}\n\
             [campaign]\nevents = [\"page\"]\noperations = [\"send\"]\n{lines}\n"
        );
        Manifest::parse(&text).unwrap()
    }

    #[test]
    fn pl_4_a_raised_limit_is_new_and_what_was_held_lower_stays() {
        let before = sender("limits = { send = { per-day = 100 } }");
        let next = sender("limits = { send = { per-day = 200 } }");
        let asks =
            |next: &Manifest, before: &Manifest| Grants::requested(next).missing_from(&Grants::requested(before));
        assert_eq!(asks(&next, &before), ["limits: send 200 per-day"]);
        assert_eq!(asks(&before, &next), Vec::<String>::new());
        assert_eq!(asks(&sender(""), &before), ["limits: send unlimited per-day"]);

        let per_day = |grants: &Grants| grants.limits_of("send").per_day;
        let all = Grants::requested(&before);
        assert_eq!(per_day(&all.extended(&before, &next)), Some(200));
        let mut held = all.clone();
        held.limits.insert("send".to_owned(), Limits { per_day: Some(10), per_person_per_day: None });
        assert_eq!(per_day(&held.extended(&before, &next)), Some(10));
        assert_eq!(per_day(&held.extended(&before, &sender(""))), Some(10));
        assert_eq!(per_day(&Grants::requested(&next).within(&all)), Some(100));
        assert_eq!(all.told().last().map(String::as_str), Some("limits: send 100 per-day"));
    }

    #[test]
    fn pl_3_who_says_nothing_of_limits_means_what_is_requested() {
        let requested = Grants::requested(&sender("limits = { send = { per-day = 100, per-person-per-day = 2 } }"));
        let mut lists = Grants { operations: list(&["send"]), ..Grants::default() };
        lists.limits.insert("send".to_owned(), Limits { per_day: Some(7), per_person_per_day: None });
        lists.limit_like(&requested);
        assert_eq!(lists.limits_of("send"), Limits { per_day: Some(7), per_person_per_day: Some(2) });
        assert_eq!(lists.limits_problem(), None);
        lists.limits.insert("emit".to_owned(), Limits::default());
        assert!(lists.limits_problem().unwrap().contains("`emit`"));
        let mut nothing = Grants::default();
        nothing.limit_like(&requested);
        assert_eq!(nothing, Grants::default());
    }

    #[test]
    fn pl_4_a_class_is_asked_for_like_a_field() {
        let before = sender("classes = [{ name = \"tags:interest\", purpose = \"p\" }]");
        let next = sender("classes = [{ name = \"stage\", purpose = \"p\" }, { name = \"tags\", purpose = \"p\" }]");
        let (known, wanted) = (Grants::requested(&before), Grants::requested(&next));
        assert_eq!(wanted.missing_from(&known), ["classes: stage", "classes: tags"]);
        assert_eq!(known.missing_from(&wanted), Vec::<String>::new());
        assert_eq!(wanted.within(&known).classes, ["tags:interest"]);
        // What says nothing of classes asks for all of them.
        assert_eq!(Grants::requested(&sender("")).missing_from(&wanted), ["classes: roles", "classes: scores"]);
        assert_eq!(Grants::requested(&sender("classes = []")).classes, Vec::<String>::new());
    }
}
