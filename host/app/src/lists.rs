//! Lists of people as CSV, page by page, so that a list of any length takes the memory of one page.

use bytes::Bytes;
use futures::Stream;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::identity::Identity;
use guanxi_domain::limits::PAGE_MAX;
use guanxi_store::PeopleCursor;
use serde_json::Value;

use crate::insight::PersonSummary;
use crate::sheet::Sheet;
use crate::{App, AppError};

/// Columns before the attributes that the tenant's settings name.
const FIXED: [&str; 12] = [
    "id",
    "name",
    "stage",
    "roles",
    "phone",
    "email",
    "identities",
    "tags",
    "orders",
    "revenue",
    "last_seen",
    "created_at",
];

/// Where the export stands.
enum Place {
    Start,
    After(PeopleCursor),
    End,
}

impl App {
    /// The people that [`App::people`] lists, all of them, as a stream of CSV.
    pub async fn people_sheet(
        &self,
        caller: &Caller,
        slug: &str,
        search: Option<String>,
        by_score: Option<String>,
    ) -> Result<impl Stream<Item = Result<Bytes, AppError>> + Send + use<>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let attributes: Vec<String> = tenant.settings.attributes.keys().cloned().collect();
        let (app, caller, slug) = (self.clone(), caller.clone(), slug.to_owned());
        Ok(futures::stream::try_unfold(Place::Start, move |place| {
            let (app, caller, slug) = (app.clone(), caller.clone(), slug.clone());
            let (search, by_score, attributes) = (search.clone(), by_score.clone(), attributes.clone());
            async move {
                let mut sheet = Sheet::default();
                let after = match place {
                    Place::End => return Ok(None),
                    Place::Start => {
                        let named = attributes.iter().map(String::as_str);
                        let columns: Vec<&str> = FIXED.into_iter().chain(named).chain(["attributes"]).collect();
                        sheet.begin(&columns);
                        None
                    }
                    Place::After(cursor) => Some(cursor),
                };
                let page = app.people(&caller, &slug, search, by_score.clone(), after, Some(PAGE_MAX)).await?;
                for summary in &page {
                    let cells = cells(summary, &attributes);
                    sheet.line(cells.iter().map(String::as_str));
                }
                let full = page.len() == PAGE_MAX as usize;
                let next = page.last().filter(|_| full).and_then(|last| cursor(last, by_score.as_deref()));
                Ok(Some((sheet.into_bytes(), next.map_or(Place::End, Place::After))))
            }
        }))
    }
}

fn cursor(last: &PersonSummary, by_score: Option<&str>) -> Option<PeopleCursor> {
    match by_score {
        None => Some(PeopleCursor::Newest(last.person.id)),
        Some(name) => {
            let score = last.scores.iter().find(|score| score.name == name)?;
            Some(PeopleCursor::Score(score.value, last.person.id))
        }
    }
}

fn cells(summary: &PersonSummary, attributes: &[String]) -> Vec<String> {
    let person = &summary.person;
    let first = |kind: &str| {
        let found = summary.identities.iter().find(|identity| identity.kind() == kind);
        found.map(|identity| identity.value().to_owned()).unwrap_or_default()
    };
    let identities: Vec<String> = summary.identities.iter().map(Identity::to_string).collect();
    let tags = summary.tags.iter().filter(|held| held.tag.weight > 0.0);
    let tags: Vec<String> = tags.map(|held| format!("{}:{}", held.tag.dimension, held.tag.name)).collect();
    let mut cells = vec![
        person.id.to_string(),
        person.display_name().unwrap_or_default(),
        person.stage.as_str().to_owned(),
        person.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" "),
        first("phone"),
        first("email"),
        identities.join(" "),
        tags.join("; "),
        person.facts.order_count.to_string(),
        // Minor units, as everywhere outside the console.
        person.facts.revenue.to_string(),
        moment(person.facts.last_seen),
        moment(person.created_at),
    ];
    cells.extend(attributes.iter().map(|name| person.attributes.get(name).map(text).unwrap_or_default()));
    let others = person.attributes.iter().filter(|(name, _)| !attributes.contains(name));
    let others: serde_json::Map<String, Value> = others.map(|(name, value)| (name.clone(), value.clone())).collect();
    cells.push(if others.is_empty() { String::new() } else { Value::Object(others).to_string() });
    cells
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("; "),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// RFC 3339; nothing if it never was.
fn moment(at: guanxi_domain::Millis) -> String {
    let known = Some(at).filter(|at| *at != 0).and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    known.map(|at| at.to_string()).unwrap_or_default()
}
