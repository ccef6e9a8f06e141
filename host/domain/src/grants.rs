//! What a plugin may do: what its manifest requests, as far as the operator lets it and the tenant grants it.

use serde::{Deserialize, Serialize};

use crate::manifest::{Manifest, wants};

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
    /// Operations that it may ask for.
    pub operations: Vec<String>,
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
            all.operations.extend(campaign.operations.iter().cloned());
        }
        if let Some(connector) = &manifest.connector {
            all.egress.extend(connector.egress.iter().cloned());
            all.secrets.extend(connector.secrets.iter().map(|secret| secret.name.clone()));
        }
        for list in [&mut all.events, &mut all.fields, &mut all.operations, &mut all.egress, &mut all.secrets] {
            list.sort();
            list.dedup();
        }
        all
    }

    /// What is in both.
    pub fn within(&self, other: &Self) -> Self {
        let both = |own: &[String], others: &[String]| own.iter().filter(|one| others.contains(one)).cloned().collect();
        Self {
            events: kinds_within(&self.events, &other.events),
            fields: both(&self.fields, &other.fields),
            operations: both(&self.operations, &other.operations),
            egress: both(&self.egress, &other.egress),
            secrets: both(&self.secrets, &other.secrets),
        }
    }

    /// What `self` has and `granted` does not allow, written `fields: email`, in order.
    pub fn missing_from(&self, granted: &Self) -> Vec<String> {
        let lists = [
            ("fields", &self.fields, &granted.fields),
            ("operations", &self.operations, &granted.operations),
            ("egress", &self.egress, &granted.egress),
            ("secrets", &self.secrets, &granted.secrets),
        ];
        let kinds = self.events.iter().filter(|kind| !wants(&granted.events, kind));
        let missing = lists.into_iter().flat_map(|(name, wanted, allowed)| {
            wanted.iter().filter(|w| !allowed.contains(w)).map(move |w| format!("{name}: {w}"))
        });
        kinds.map(|kind| format!("events: {kind}")).chain(missing).collect()
    }

    /// What of `manifest` is granted if whoever granted this to `before` also grants what `before` did not ask for.
    pub fn extended(&self, before: &Manifest, manifest: &Manifest) -> Self {
        let (known, requested) = (Self::requested(before), Self::requested(manifest));
        let mut all = requested.within(self);
        all.events.extend(requested.events.into_iter().filter(|kind| !known.allows_event(kind)));
        let lists = [
            (&mut all.fields, requested.fields, known.fields),
            (&mut all.operations, requested.operations, known.operations),
            (&mut all.egress, requested.egress, known.egress),
            (&mut all.secrets, requested.secrets, known.secrets),
        ];
        for (granted, wanted, known) in lists {
            granted.extend(wanted.into_iter().filter(|entry| !known.contains(entry)));
        }
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
        let lists = [&self.events, &self.fields, &self.operations, &self.egress, &self.secrets];
        lists.into_iter().all(|list| {
            list.len() <= ENTRIES_MAX && list.iter().all(|entry| (1..=ENTRY_BYTES_MAX).contains(&entry.len()))
        })
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
        let (some, all) = (campaign("[\"page\"]", &[]), campaign("[\"*\"]", &[]));
        assert_eq!(Grants::default().extended(&some, &all).events, ["*"]);
        assert_eq!(
            Grants::requested(&some).extended(&some, &all),
            Grants { events: list(&["page", "*"]), operations: list(&["send"]), ..Grants::default() }
        );
    }
}
