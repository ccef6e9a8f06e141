//! What a plugin asks for, each thing with its reason and with what became of the wish; and the boxes that grant it.

use std::collections::{BTreeMap, HashMap};

use guanxi_app::{AppError, InstallationView};
use guanxi_domain::grants::{Grants, LIMIT_MAX, Limits, Per, classes_within, covers, kinds_within};
use guanxi_domain::manifest::Manifest;

use crate::format::whole;
use crate::language::Language;
use crate::rooms::Badge;
use crate::words::{Words, fill};

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
    /// How often it may be done at most.
    pub limits: Vec<LimitField>,
}

/// A limit that the brand may set, as a field of a form.
pub struct LimitField {
    /// Names it in a form.
    pub field: String,
    /// For people.
    pub title: &'static str,
    /// What stands in it; empty for what the plugin asks for.
    pub value: String,
    /// The greatest number that makes sense.
    pub most: u64,
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
        let (several, names) = (all.events.len() > 1, all.operations.clone());
        let event = |kind: &str| match kind {
            "*" if several => (w.every_event.to_owned(), w.every_event_text.to_owned()),
            "*" => (w.every_event.to_owned(), String::new()),
            _ => (w.event(kind).to_owned(), String::new()),
        };
        let secret = |name: &str| {
            let set = given.secrets.iter().any(|known| known == name);
            (secret_title(manifest, name, language), if set { w.secret_set } else { w.secret_missing }.to_owned())
        };
        let mut operations = fates.list("operations", w.wants_operations, all.operations, |name| {
            (w.operation(name).to_owned(), String::new())
        });
        for (wish, name) in operations.wishes.iter_mut().zip(&names) {
            fates.limit(wish, name, all.limits.get(name).copied().unwrap_or_default(), given.grants.limits_of(name));
        }
        let lists = [
            fates.list("fields", w.wants_fields, all.fields, |name| (name.to_owned(), purposes(manifest, name))),
            fates.list("events", w.wants_events, all.events, event),
            fates.list("classes", w.wants_classes, all.classes, |name| {
                (class(name, w), purposes_of_class(manifest, name))
            }),
            operations,
            fates.list("egress", w.wants_egress, all.egress, |host| (host.to_owned(), String::new())),
            fates.list("secrets", w.wants_secrets, all.secrets, secret),
        ];
        lists.into_iter().filter(|asks| !asks.wishes.is_empty()).collect()
    }
}

/// What is granted if exactly those boxes are ticked that a form names, with the limits that are filled in; it may name others
/// in vain. `Invalid` for a limit that is no number.
pub fn ticked(manifest: &Manifest, granted: &Grants, form: &HashMap<String, String>) -> Result<Grants, AppError> {
    let Grants { events, fields, classes, operations, limits: _, egress, secrets } = shown(manifest, granted);
    let of = |list: &str, entries: Vec<String>| -> Vec<String> {
        entries.into_iter().filter(|entry| form.contains_key(&field(list, entry))).collect()
    };
    let operations = of("operations", operations);
    let mut limits = BTreeMap::new();
    for operation in &operations {
        let [per_day, per_person_per_day] = Per::ALL.map(|per| filled_in(form, operation, per));
        let filled = Limits { per_day: per_day?, per_person_per_day: per_person_per_day? };
        if !filled.is_empty() {
            limits.insert(operation.clone(), filled);
        }
    }
    Ok(Grants {
        events: of("events", events),
        fields: of("fields", fields),
        classes: of("classes", classes),
        operations,
        limits,
        egress: of("egress", egress),
        secrets: of("secrets", secrets),
    })
}

/// The limit that somebody filled in; nothing if they left it empty.
fn filled_in(form: &HashMap<String, String>, operation: &str, per: Per) -> Result<Option<u64>, AppError> {
    let text = form.get(&limit_field(operation, per)).map(|text| text.trim()).unwrap_or_default();
    let number = || text.parse().ok().filter(|most| (1..=LIMIT_MAX).contains(most));
    match text.is_empty() {
        true => Ok(None),
        false => number().map(Some).ok_or_else(|| {
            let problem = format!("is a whole number from 1 to {LIMIT_MAX}, or empty");
            AppError::invalid(format!("limits/{operation}/{}", per.as_str()), problem)
        }),
    }
}

/// Of what somebody is told that a version asks for anew, that for which there is no box: hosts in its configuration.
pub fn without_box(manifest: &Manifest, granted: &Grants, asks: &[String]) -> Vec<String> {
    let boxes = shown(manifest, granted).told();
    asks.iter().filter(|asked| !boxes.contains(asked) && !asked.starts_with("limits: ")).cloned().collect()
}

/// Everything that a manifest asks for; if that is every kind of event, also the kinds of which only some are granted, and
/// parts of classes likewise.
fn shown(manifest: &Manifest, granted: &Grants) -> Grants {
    let mut all = Grants::requested(manifest);
    let (kinds, parts) = (kinds_within(&all.events, &granted.events), classes_within(&all.classes, &granted.classes));
    all.events.extend(kinds);
    all.classes.extend(parts);
    for list in [&mut all.events, &mut all.classes] {
        list.sort();
        list.dedup();
    }
    all
}

fn field(list: &str, entry: &str) -> String {
    format!("grant:{list}:{entry}")
}

fn limit_field(operation: &str, per: Per) -> String {
    format!("limit:{}:{operation}", per.as_str())
}

/// A class as people call it.
fn class(name: &str, w: &Words) -> String {
    match name.split_once(':') {
        Some(("tags", part)) => fill(w.class_tags_of, part),
        Some(("scores", part)) => fill(w.class_scores_of, part),
        _ => match name {
            "tags" => w.class_tags,
            "scores" => w.class_scores,
            "stage" => w.class_stage,
            "roles" => w.class_roles,
            other => other,
        }
        .to_owned(),
    }
}

/// Why a class is wanted, if that is said of it or of the class that it is a part of.
fn purposes_of_class(manifest: &Manifest, name: &str) -> String {
    let wishes = manifest.campaign.iter().filter_map(|campaign| campaign.classes.as_ref()).flatten();
    let why = wishes.filter(|wish| covers(std::slice::from_ref(&wish.name), name)).map(|wish| wish.purpose.as_str());
    why.collect::<Vec<_>>().join("; ")
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
                Wish { field: field(list, &entry), name, why, ticked: false, marks: Vec::new(), limits: Vec::new() },
            )
        };
        Asks { title, wishes: entries.into_iter().map(wish).collect() }
    }

    /// Tells how often an operation is asked for at most, and lets the brand say less. A limit that is raised stands as it is
    /// asked for.
    fn limit(&self, wish: &mut Wish, operation: &str, asked: Limits, granted: Limits) {
        let w = self.language.words();
        let mut why = Vec::new();
        for (per, asks, title) in
            [(Per::Day, w.asks_a_day, w.limit_a_day), (Per::PersonAndDay, w.asks_a_day_each, w.limit_a_day_each)]
        {
            why.extend(asked.get(per).map(|most| fill(asks, &whole(most))));
            let raised = self.anew.iter().any(|entry| {
                entry.starts_with(&format!("limits: {operation} ")) && entry.ends_with(&format!(" {}", per.as_str()))
            });
            if raised && !wish.marks.iter().any(|mark| mark.code == "anew") {
                wish.marks.push(Badge { code: "anew", title: w.asked_anew });
            }
            let value = granted.get(per).filter(|_| !raised).or(asked.get(per));
            wish.limits.push(LimitField {
                field: limit_field(operation, per),
                title,
                value: value.map(|most| most.to_string()).unwrap_or_default(),
                most: asked.get(per).unwrap_or(LIMIT_MAX),
            });
        }
        wish.why = why.join("; ");
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
