//! What a plugin asks for, each thing with its reason and with what became of the wish; and the boxes that grant it.

use std::collections::HashMap;

use guanxi_app::InstallationView;
use guanxi_domain::grants::{Grants, kinds_within};
use guanxi_domain::manifest::Manifest;

use crate::language::Language;
use crate::rooms::Badge;

/// One thing that a plugin asks for.
pub struct Wish {
    /// Names its box in a form.
    pub field: String,
    /// For people.
    pub name: String,
    /// Why it is wanted, if that is said.
    pub why: String,
    /// Whether its box is ticked.
    pub ticked: bool,
    /// What became of the wish.
    pub marks: Vec<Badge<'static>>,
}

/// A list of what a plugin asks for.
pub struct Asks {
    /// For people.
    pub title: &'static str,
    /// What stands in it.
    pub wishes: Vec<Wish>,
}

/// What stands beside a plugin's wishes.
pub struct Given<'a> {
    /// What the brand grants.
    pub grants: &'a Grants,
    /// What the operator lets the plugin do at most; nothing if that is not limited.
    pub allowance: Option<&'a Grants>,
    /// Names of the secrets that are set.
    pub secrets: &'a [String],
    /// What it asks for anew, as [`Grants::missing_from`] writes it.
    pub anew: &'a [String],
}

impl<'a> Given<'a> {
    /// What stands beside the wishes of the version that is installed.
    pub fn of(view: &'a InstallationView) -> Self {
        let InstallationView { installation, allowance, .. } = view;
        Self { grants: &installation.grants, allowance: allowance.as_ref(), secrets: &installation.secrets, anew: &[] }
    }
}

impl Asks {
    /// Everything that a manifest asks for, in the order in which people care.
    pub fn of(manifest: &Manifest, given: &Given<'_>, language: Language) -> Vec<Self> {
        let w = language.words();
        let all = shown(manifest, given.grants);
        let fates = Fates {
            withheld: all.missing_from(given.grants),
            forbidden: given.allowance.map(|allowance| all.missing_from(allowance)).unwrap_or_default(),
            anew: given.anew,
            language,
        };
        let several = all.events.len() > 1;
        let event = |kind: &str| match kind {
            "*" if several => (w.every_event.to_owned(), w.every_event_text.to_owned()),
            "*" => (w.every_event.to_owned(), String::new()),
            _ => (w.event(kind).to_owned(), String::new()),
        };
        let secret = |name: &str| {
            let set = given.secrets.iter().any(|known| known == name);
            (secret_title(manifest, name, language), if set { w.secret_set } else { w.secret_missing }.to_owned())
        };
        let lists = [
            fates.list("fields", w.wants_fields, all.fields, |name| (name.to_owned(), purposes(manifest, name))),
            fates.list("events", w.wants_events, all.events, event),
            fates.list("operations", w.wants_operations, all.operations, |name| {
                (w.operation(name).to_owned(), String::new())
            }),
            fates.list("egress", w.wants_egress, all.egress, |host| (host.to_owned(), String::new())),
            fates.list("secrets", w.wants_secrets, all.secrets, secret),
        ];
        lists.into_iter().filter(|asks| !asks.wishes.is_empty()).collect()
    }
}

/// What is granted if exactly those boxes are ticked that a form names; it may name others in vain.
pub fn ticked(manifest: &Manifest, granted: &Grants, form: &HashMap<String, String>) -> Grants {
    let Grants { events, fields, operations, egress, secrets } = shown(manifest, granted);
    let of = |list: &str, entries: Vec<String>| {
        entries.into_iter().filter(|entry| form.contains_key(&field(list, entry))).collect()
    };
    Grants {
        events: of("events", events),
        fields: of("fields", fields),
        operations: of("operations", operations),
        egress: of("egress", egress),
        secrets: of("secrets", secrets),
    }
}

/// Of what somebody is told that a version asks for anew, that for which there is no box: hosts in its configuration.
pub fn without_box(manifest: &Manifest, granted: &Grants, asks: &[String]) -> Vec<String> {
    let boxes = shown(manifest, granted).missing_from(&Grants::default());
    asks.iter().filter(|asked| !boxes.contains(asked)).cloned().collect()
}

/// Everything that a manifest asks for; if that is every kind of event, also the kinds of which only some are granted.
fn shown(manifest: &Manifest, granted: &Grants) -> Grants {
    let mut all = Grants::requested(manifest);
    let some = kinds_within(&all.events, &granted.events);
    all.events.extend(some);
    all.events.sort();
    all.events.dedup();
    all
}

fn field(list: &str, entry: &str) -> String {
    format!("grant:{list}:{entry}")
}

/// What became of all wishes, each as [`Grants::missing_from`] writes it.
struct Fates<'a> {
    withheld: Vec<String>,
    forbidden: Vec<String>,
    anew: &'a [String],
    language: Language,
}

impl Fates<'_> {
    fn list(
        &self,
        list: &str,
        title: &'static str,
        entries: Vec<String>,
        told: impl Fn(&str) -> (String, String),
    ) -> Asks {
        let wish = |entry: String| {
            let (name, why) = told(&entry);
            self.wish(
                &format!("{list}: {entry}"),
                Wish { field: field(list, &entry), name, why, ticked: false, marks: Vec::new() },
            )
        };
        Asks { title, wishes: entries.into_iter().map(wish).collect() }
    }

    fn wish(&self, written: &str, wish: Wish) -> Wish {
        let w = self.language.words();
        let among = |entries: &[String]| entries.iter().any(|entry| entry == written);
        let (anew, withheld) = (among(self.anew), among(&self.withheld));
        let marks = [
            (anew, Badge { code: "anew", title: w.asked_anew }),
            (withheld && !anew, Badge { code: "withheld", title: w.withheld }),
            (among(&self.forbidden), Badge { code: "forbidden", title: w.forbidden }),
        ];
        let marks = marks.into_iter().filter(|(applies, _)| *applies).map(|(_, mark)| mark).collect();
        Wish { ticked: anew || !withheld, marks, ..wish }
    }
}

/// Why a field is wanted, by each part of the plugin that says so.
fn purposes(manifest: &Manifest, name: &str) -> String {
    let inputs = manifest.scorer.iter().flat_map(|scorer| &scorer.inputs).map(|input| (&input.name, &input.purpose));
    let fields = manifest.campaign.iter().flat_map(|campaign| &campaign.fields);
    let all = inputs.chain(fields.map(|field| (&field.name, &field.purpose)));
    let mut purposes: Vec<&str> = all.filter(|(wanted, _)| *wanted == name).map(|(_, why)| why.as_str()).collect();
    purposes.dedup();
    purposes.join("; ")
}

fn secret_title(manifest: &Manifest, name: &str, language: Language) -> String {
    let mut wishes = manifest.connector.iter().flat_map(|connector| &connector.secrets);
    let wish = wishes.find(|wish| wish.name == name);
    wish.map_or(name, |wish| language.pick(&wish.title)).to_owned()
}
