//! The settings of one installation: a form made from its plugin's JSON Schema, checked while somebody types and when it is saved.
//!
//! The form works without scripts. Each button sends all of it, and whatever is refused comes back as it was typed. The check
//! while typing is the same request with another answer: only what is wrong, beside each field.

mod controls;
mod edit;
mod line;
mod read;
mod tree;
mod words;

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use guanxi_app::{AppError, GrantsInput, InstallationInput, InstallationView, Problem};
use guanxi_domain::caller::Scope;
use guanxi_domain::installation::Installation;
use guanxi_domain::tenant::Tenant;
use http::StatusCode;

use crate::Console;
use crate::format::pretty_value;
use crate::page::{Page, Room, html};
use crate::rooms::grants::{check_shown, revision};
use crate::session::{Signed, Visitor};
use crate::trouble::Trouble;
use crate::words::fill;
use edit::Edit;
use line::{Control, Line, slot};
use read::{Typed, read};
use tree::lines;
use words::Words;

#[derive(Template)]
#[template(path = "config.html")]
struct ConfigPage {
    page: Page,
    w: &'static Words,
    place: String,
    csrf: String,
    changes: bool,
    manages: bool,
    revision: String,
    name: String,
    plugin: String,
    version: String,
    lines: Vec<Line>,
    /// Whether the form is one field for everything anyway.
    is_whole: bool,
    /// The whole as JSON.
    whole: String,
    /// Where is told what concerns no field.
    summary: String,
    told: Told,
    /// What is saved by now, if it is not what the page began with.
    saved: Option<String>,
}

/// What is wrong, by the slots of the fields that it concerns.
#[derive(Default)]
struct Told {
    fields: BTreeMap<String, Vec<String>>,
    whole: Vec<String>,
    heading: Option<String>,
}

#[derive(Template)]
#[template(path = "parts/config_problems.html")]
struct Problems {
    heading: String,
    whole: Vec<String>,
    /// Every field of the form, with what is wrong with it.
    slots: Vec<(String, Vec<String>)>,
}

/// `GET /console/t/{slug}/plugins/{name}/settings`.
pub async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((slug, name)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let tenant = visitor.tenant(&slug).await?;
    let view = console.app.installation(&visitor.caller, &slug, &name).await?;
    let typed = Typed::of(view.installation.config.clone());
    let desk = Desk { console: &console, visitor: &visitor, tenant: &tenant };
    html(&desk.page(&view, &typed, Told::default(), false))
}

/// `POST /console/t/{slug}/plugins/{name}/settings`: one press of a button of the form.
pub async fn act(
    State(console): State<Console>,
    Path((slug, name)): Path<(String, String)>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Response, Trouble> {
    let tenant = console.app.tenant_for(&visitor.caller, &slug, Scope::Install).await?;
    let view = console.app.installation(&visitor.caller, &slug, &name).await?;
    let (w, mut typed) = (words::of(visitor.language), read(&form)?);
    let desk = Desk { console: &console, visitor: &visitor, tenant: &tenant };
    let button = form.get("act").map(String::as_str).unwrap_or_default();
    match edit::press(&mut typed, button) {
        Edit::Done => return html(&desk.page(&view, &typed, Told::default(), false)),
        Edit::MendFirst => return desk.refused(&view, &typed, Told::heading(w.mend_first), StatusCode::CONFLICT),
        Edit::None if typed.grown => {
            return desk.refused(&view, &typed, Told::heading(w.fill_in), StatusCode::UNPROCESSABLE_ENTITY);
        }
        Edit::None => {}
    }
    match desk.save(&view, &form, &typed).await {
        Ok(()) => Ok(Redirect::to(&format!("/console/t/{}/plugins#{name}", tenant.slug)).into_response()),
        Err(AppError::Invalid(problems)) => {
            let told = Told::of(&problems, &typed, w);
            desk.refused(&view, &typed, told, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(AppError::Conflict(_)) => {
            // Whatever is there by now is what the next press is about.
            let view = console.app.installation(&visitor.caller, &slug, &name).await?;
            let page = desk.page(&view, &typed, Told::heading(w.changed), true);
            Ok((StatusCode::CONFLICT, html(&page)?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/t/{slug}/plugins/{name}/settings/check`: what is wrong with the form as it stands; changes nothing.
pub async fn check(
    State(console): State<Console>,
    Path((slug, name)): Path<(String, String)>,
    Signed(visitor, form): Signed<HashMap<String, String>>,
) -> Result<Response, Trouble> {
    let typed = read(&form)?;
    let mut problems = broken(&typed);
    problems.extend(console.app.check_config(&visitor.caller, &slug, &name, typed.config.clone()).await?);
    let w = words::of(visitor.language);
    let mut told = Told::of(&problems, &typed, w);
    let places = typed.places.iter().filter(|place| !place.is_empty()).map(|place| slot(place));
    let slots: BTreeMap<String, Vec<String>> =
        places.map(|slot| (slot.clone(), told.fields.remove(&slot).unwrap_or_default())).collect();
    html(&Problems {
        heading: told.heading.unwrap_or_else(|| w.fits.to_owned()),
        whole: told.whole,
        slots: slots.into_iter().collect(),
    })
}

/// The form in one visitor's hands.
struct Desk<'d> {
    console: &'d Console,
    visitor: &'d Visitor,
    tenant: &'d Tenant,
}

impl Desk<'_> {
    /// Saves as the API does: what is granted stays, and a version is not changed by its settings.
    async fn save(
        &self,
        view: &InstallationView,
        form: &HashMap<String, String>,
        typed: &Typed,
    ) -> Result<(), AppError> {
        let unread = broken(typed);
        if !unread.is_empty() {
            return Err(AppError::Invalid(unread));
        }
        check_shown(view, form)?;
        let Installation { name, plugin, version, mode, grants, .. } = view.installation.clone();
        let input = InstallationInput {
            plugin: Some(plugin),
            version,
            mode,
            config: typed.config.clone(),
            // Whoever may not grant says nothing of it, so that another host waits for somebody who may.
            grants: self.visitor.manages(self.tenant).then_some(GrantsInput::Lists(grants)),
            secrets: BTreeMap::new(),
        };
        self.console.app.put_installation(&self.visitor.caller, self.tenant.slug.as_str(), &name, input).await?;
        Ok(())
    }

    fn refused(
        &self,
        view: &InstallationView,
        typed: &Typed,
        told: Told,
        status: StatusCode,
    ) -> Result<Response, Trouble> {
        Ok((status, html(&self.page(view, typed, told, false))?).into_response())
    }

    fn page(&self, view: &InstallationView, typed: &Typed, told: Told, overtaken: bool) -> ConfigPage {
        let Installation { name, plugin, version, config, .. } = &view.installation;
        let language = self.visitor.language;
        let w = words::of(language);
        let schema = view.plugin.manifest.config.as_ref();
        let mut lines = lines(schema, &typed.config, &typed.broken, language.words());
        told.mark(&mut lines);
        ConfigPage {
            page: self.visitor.page(w.title, self.tenant, Room::Plugins),
            w,
            place: format!("/console/t/{}/plugins/{name}/settings", self.tenant.slug),
            csrf: self.visitor.proof(),
            changes: self.visitor.caller.may(self.tenant.id, Scope::Install),
            manages: self.visitor.manages(self.tenant),
            revision: revision(view),
            name: name.clone(),
            plugin: plugin.clone(),
            version: version.clone(),
            is_whole: lines.iter().any(|line| matches!(line, Line::Field(field) if field.name == "json:")),
            lines,
            whole: pretty_value(&typed.config),
            summary: slot(""),
            told,
            saved: overtaken.then(|| pretty_value(config)),
        }
    }
}

/// What of a form is no JSON, as problems of the configuration.
fn broken(typed: &Typed) -> Vec<Problem> {
    let problem = |(name, part): (&String, &read::Broken)| {
        let pointer = name.split_once(':').map_or("", |(_, pointer)| pointer);
        Problem::new(format!("config{pointer}"), part.why.clone())
    };
    typed.broken.iter().map(problem).collect()
}

impl Told {
    fn heading(text: &str) -> Self {
        Self { heading: Some(text.to_owned()), ..Self::default() }
    }

    /// Sorts problems to the fields that they concern.
    fn of(problems: &[Problem], typed: &Typed, w: &Words) -> Self {
        let unread: Vec<String> = broken(typed).into_iter().map(|problem| problem.at).collect();
        let mut told = Self::default();
        let mut count = 0_usize;
        for Problem { at, problem } in problems {
            // What stands for a part that cannot be read is no setting.
            let is_stand_in = unread.iter().any(|part| at == part || at.starts_with(&format!("{part}/")));
            let is_unread = typed.broken.values().any(|part| part.why == *problem);
            if is_stand_in && !is_unread {
                continue;
            }
            count += 1;
            match at.strip_prefix("config").and_then(|pointer| nearest(typed, pointer)) {
                Some((pointer, "")) => told.fields.entry(slot(pointer)).or_default().push(problem.clone()),
                Some((pointer, rest)) => {
                    told.fields.entry(slot(pointer)).or_default().push(format!("{rest}: {problem}"));
                }
                None => {
                    let place =
                        at.strip_prefix("config").map_or(at.as_str(), |pointer| pointer.trim_start_matches('/'));
                    let said = if place.is_empty() { problem.clone() } else { format!("{place}: {problem}") };
                    told.whole.push(said);
                }
            }
        }
        told.heading = (count > 0).then(|| fill(w.problems, &count.to_string()));
        told
    }

    /// Puts what is wrong beside the fields.
    fn mark(&self, lines: &mut [Line]) {
        for line in lines {
            let (slot, problems) = match line {
                Line::Open(group) => (&group.slot, &mut group.problems),
                Line::Field(field) if field.tells() => (&field.slot, &mut field.problems),
                Line::Field(_) | Line::Close(_) => continue,
            };
            problems.extend(self.fields.get(slot).into_iter().flatten().cloned());
        }
    }
}

/// The place in the form that is at a pointer or holds it, and what is left of the pointer behind it; the outermost is none.
fn nearest<'p>(typed: &Typed, pointer: &'p str) -> Option<(&'p str, &'p str)> {
    let ends = pointer.char_indices().filter(|(_, c)| *c == '/').map(|(end, _)| end).skip(1);
    let mut ends: Vec<usize> = ends.chain([pointer.len()]).collect();
    ends.reverse();
    ends.into_iter()
        .filter_map(|end| pointer.split_at_checked(end))
        .find(|(place, _)| !place.is_empty() && typed.places.contains(*place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pl_6_a_problem_stands_beside_the_field_that_it_concerns() {
        let form = [("text:/url", ""), ("object:/quiet", ""), ("json:/odd", "["), ("whole:/quiet/from", "1")];
        let form = form.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let typed = read(&form.into()).unwrap();
        let mut problems = broken(&typed);
        for (at, problem) in [
            ("config/url", "is required"),
            ("config/quiet/from/deep", "is odd"),
            ("config/quiet/until", "is missing"),
            ("config/odd", "null is no list"),
            ("config/urls", "is unknown"),
            ("config", "has too many"),
            ("secrets/key", "must be set"),
        ] {
            problems.push(Problem::new(at, problem));
        }
        let told = Told::of(&problems, &typed, words::of(crate::language::Language::En));
        let at = |pointer: &str| told.fields.get(&slot(pointer)).map(|told| told.join("; ")).unwrap_or_default();
        assert_eq!((at("/url").as_str(), at("/quiet").as_str()), ("is required", "/until: is missing"));
        assert_eq!(at("/quiet/from"), "/deep: is odd");
        assert!(at("/odd").starts_with("is no JSON") && !at("/odd").contains("null"), "{}", at("/odd"));
        assert_eq!(told.whole, ["urls: is unknown", "has too many", "secrets/key: must be set"]);
        assert_eq!(told.heading.as_deref(), Some("Put these right first: 7"));
        assert_eq!(typed.config, json!({"quiet": {"from": 1}, "odd": null}));
    }
}
