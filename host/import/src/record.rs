//! From cells to typed records, as a mapping says.

use guanxi_domain::identity::{Identity, PER_EVENT_MAX};
use guanxi_domain::person::{Role, Stage};
use guanxi_domain::settings::{AttributeKind, TenantSettings};
use guanxi_domain::{JsonMap, Millis};
use jiff::tz::TimeZone;

use crate::dates::{Dates, zone_of};
use crate::limits::TAGS_PER_CELL_MAX;
use crate::mapping::{BadMapping, Mapping, Options, Subject, Target};
use crate::row::Cells;
use crate::values::{Decimal, flag};

mod words;

/// The most bytes of one attribute.
const ATTRIBUTE_BYTES_MAX: usize = 4_096;
/// The most characters of a tag.
const TAG_CHARS_MAX: usize = 64;
/// The most notes kept of one row.
const NOTES_MAX: usize = 4;

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// Of a person.
    Person(PersonRecord),
    /// Of an order.
    Order(OrderLine),
    /// Of a relation.
    Relation(Edge),
}

/// What a row says of a person. The names are short because the log keeps every row.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct PersonRecord {
    /// Who it is; at least one.
    #[serde(rename = "ids", deserialize_with = "guanxi_domain::identity::stored_list")]
    pub identities: Vec<Identity>,
    /// What the brand knows.
    #[serde(rename = "set", skip_serializing_if = "JsonMap::is_empty")]
    pub attributes: JsonMap,
    /// Labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<TagEntry>,
    /// Consents, given or taken back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<ConsentEntry>,
    /// What the person is to the brand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// How far the person has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// What was left out, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A label for a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct TagEntry(
    /// The dimension.
    pub String,
    /// The label.
    pub String,
);

/// A consent for a purpose.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ConsentEntry {
    /// As the tenant's settings name it.
    pub purpose: String,
    /// Given, or taken back.
    pub granted: bool,
    /// When, if the file says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Millis>,
}

/// An order, or one line of it; what the order's first line says need not be repeated.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderLine {
    /// The shop's number of the order.
    pub number: String,
    /// Who has ordered.
    pub identities: Vec<Identity>,
    /// What it costs; negative when money was given back.
    pub amount: Option<Decimal>,
    /// What was given back of the amount.
    pub refunded: Option<Decimal>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// When.
    pub at: Option<Millis>,
}

/// A relation between two people.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Where it starts.
    pub from: Identity,
    /// Where it leads.
    pub to: Identity,
    /// `friend`, `referred` …
    pub kind: String,
    /// 0 to 1.
    pub strength: f64,
    /// Since when, if the file says it.
    pub at: Option<Millis>,
}

/// Why a row is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("{column}: {reason}")]
pub struct Refusal {
    /// Which column; empty for the row as a whole.
    pub column: String,
    /// Why, and what to do.
    pub reason: String,
    /// The order that the row belongs to, if that much could be read.
    #[serde(skip)]
    pub order: Option<String>,
}

impl Refusal {
    /// A refusal because of a column.
    pub fn new(column: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { column: column.into(), reason: reason.into(), order: None }
    }
}

/// A mapping made ready for a file with known columns.
pub struct Rules {
    subject: Subject,
    columns: Vec<Mapped>,
    options: Options,
    region: Option<String>,
    dates: Dates,
}

struct Mapped {
    index: usize,
    header: String,
    target: Target,
    kind: Option<AttributeKind>,
}

impl Rules {
    /// Columns of the mapping that the file does not have are left out; those that no file of its kind can do without
    /// have to be there.
    pub fn new(mapping: &Mapping, header: &[String], settings: &TenantSettings) -> Result<Self, BadMapping> {
        let mut present = mapping.clone();
        present.columns.retain(|column| header.contains(&column.header));
        present.check()?;
        let region = mapping.options.region.clone().or_else(|| settings.region.clone());
        let zone = mapping.options.time_zone.as_deref().unwrap_or_else(|| zone_of(region.as_deref()));
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let mapped = |column: crate::mapping::Column| {
            let index = header.iter().position(|name| *name == column.header)?;
            let kind = match &column.target {
                Target::Ignore => return None,
                Target::Attribute { name, kind } => settings.attributes.get(name).map(|known| known.kind).or(*kind),
                _ => None,
            };
            Some(Mapped { index, header: column.header, target: column.target, kind })
        };
        Ok(Self {
            subject: mapping.subject,
            columns: present.columns.into_iter().filter_map(mapped).collect(),
            options: present.options,
            region,
            dates: Dates { order: mapping.options.dates, zone },
        })
    }

    /// What the row says, or why it is refused.
    pub fn read(&self, row: &Cells) -> Result<Record, Refusal> {
        let mut said = Said::default();
        let mut refused = None;
        for column in &self.columns {
            let cell = row.get(column.index);
            if cell.is_empty() {
                continue;
            }
            let Err(reason) = self.take(column, cell, &mut said) else { continue };
            let refusal = Refusal::new(&column.header, format!("{reason}: `{}`", cut(cell)));
            match self.options.lenient {
                true if said.person.notes.len() < NOTES_MAX => said.person.notes.push(refusal.to_string()),
                true => {}
                false => refused = refused.or(Some(refusal)),
            }
        }
        let number = said.number.clone();
        let record = refused.map_or_else(|| self.finish(said), Err);
        record.map_err(|refusal| Refusal { order: number, ..refusal })
    }

    fn take(&self, column: &Mapped, cell: &str, said: &mut Said) -> Result<(), String> {
        match &column.target {
            Target::Ignore => {}
            Target::Identity { kind } => said.add_identity(self.identity(kind, cell)?)?,
            Target::Attribute { name, .. } => {
                let value = self.attribute(column.kind, cell)?;
                said.person.attributes.insert(name.clone(), value);
            }
            Target::Tags { dimension, separator } => take_tags(said, dimension, separator.as_deref(), cell)?,
            Target::Consent { purpose, refusal } => self.take_consent(said, purpose, *refusal, cell)?,
            Target::ConsentAt { purpose } => said.consent_at.push((purpose.clone(), self.moment(cell)?)),
            Target::Role => {
                for word in split(cell, None) {
                    said.person.roles.extend(words::role(word)?);
                }
            }
            Target::Stage => said.person.stage = words::stage(cell)?.or(said.person.stage),
            Target::OrderNumber => said.number = Some(order_number(cell)?),
            Target::Amount => said.amount = Some(number(cell)?),
            Target::Quantity => said.quantity = Some(number(cell)?),
            Target::UnitPrice => said.price = Some(number(cell)?),
            Target::Refunded => said.refunded = Some(number(cell)?.abs()),
            Target::Currency => said.currency = Some(words::currency(cell)?),
            Target::Time => said.at = Some(self.moment(cell)?),
            Target::From { kind } => said.from = Some(self.identity(kind, cell)?),
            Target::To { kind } => said.to = Some(self.identity(kind, cell)?),
            Target::RelationKind => said.relation = Some(words::relation(cell)?),
            Target::Strength => said.strength = Some(words::strength(number(cell)?)?),
        }
        Ok(())
    }

    fn finish(&self, mut said: Said) -> Result<Record, Refusal> {
        match self.subject {
            Subject::People => {
                if said.person.identities.is_empty() {
                    return Err(Refusal::new("", "the row names no identity, so it is about nobody"));
                }
                said.join_consents();
                for (dimension, names) in &self.options.tags {
                    said.person.tags.extend(names.iter().map(|name| TagEntry(dimension.clone(), name.clone())));
                }
                said.person.tags.sort();
                said.person.tags.dedup();
                said.person.roles.sort();
                said.person.roles.dedup();
                Ok(Record::Person(said.person))
            }
            Subject::Orders => {
                let Some(number) = said.number else { return Err(Refusal::new("", "the row has no order number")) };
                let line = match (said.quantity, said.price) {
                    (Some(quantity), Some(price)) => quantity.times(price),
                    _ => None,
                };
                let currency = said.currency.or_else(|| self.options.currency.clone());
                let identities = said.person.identities;
                let (amount, refunded) = (said.amount.or(line), said.refunded);
                Ok(Record::Order(OrderLine { number, identities, amount, refunded, currency, at: said.at }))
            }
            Subject::Relations => {
                let (Some(from), Some(to)) = (said.from, said.to) else {
                    return Err(Refusal::new("", "the row has to name two people"));
                };
                if from == to {
                    return Err(Refusal::new("", "the row relates somebody to themselves"));
                }
                let kind =
                    said.relation.or_else(|| self.options.relation.clone()).unwrap_or_else(|| "knows".to_owned());
                Ok(Record::Relation(Edge { from, to, kind, strength: said.strength.unwrap_or(0.5), at: said.at }))
            }
        }
    }

    fn identity(&self, kind: &str, cell: &str) -> Result<Identity, String> {
        // Spreadsheets keep a number as text behind an apostrophe, and other tools keep ids as 17850.0.
        let cell = cell.trim_start_matches('\'');
        let whole =
            cell.strip_suffix(".0").filter(|whole| !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit()));
        Identity::read(kind, whole.unwrap_or(cell), self.region.as_deref()).map_err(|bad| bad.to_string())
    }

    fn moment(&self, cell: &str) -> Result<Millis, String> {
        self.dates.moment(cell).ok_or_else(|| "is no time that can be read".to_owned())
    }

    fn attribute(&self, kind: Option<AttributeKind>, cell: &str) -> Result<serde_json::Value, String> {
        if cell.len() > ATTRIBUTE_BYTES_MAX {
            return Err(format!("is longer than {ATTRIBUTE_BYTES_MAX} bytes"));
        }
        if cell.contains('\0') {
            return Err("contains U+0000, which cannot be stored; remove it".to_owned());
        }
        match kind {
            None | Some(AttributeKind::Text) => Ok(cell.into()),
            Some(AttributeKind::Number) => Ok(number(cell)?.number()),
            Some(AttributeKind::Integer) => {
                number(cell)?.whole().map(Into::into).ok_or_else(|| "is not a whole number".to_owned())
            }
            Some(AttributeKind::Flag) => flag(cell).map(Into::into).ok_or_else(|| "is neither yes nor no".to_owned()),
            Some(AttributeKind::Date) => {
                self.dates.day(cell).map(Into::into).ok_or_else(|| "is no day that can be read".to_owned())
            }
            Some(AttributeKind::Texts) => Ok(split(cell, None).collect::<Vec<_>>().into()),
        }
    }

    fn take_consent(&self, said: &mut Said, purpose: &str, refusal: bool, cell: &str) -> Result<(), String> {
        let (yes, at) = match (flag(cell), self.dates.moment(cell)) {
            (Some(yes), _) => (yes, None),
            // A date in the column says when it was given.
            (None, Some(at)) => (true, Some(at)),
            (None, None) => return Err("is neither yes nor no".to_owned()),
        };
        said.person.consents.push(ConsentEntry { purpose: purpose.to_owned(), granted: yes != refusal, at });
        Ok(())
    }
}

/// What the cells of a row have said so far.
#[derive(Default)]
struct Said {
    person: PersonRecord,
    consent_at: Vec<(String, Millis)>,
    number: Option<String>,
    amount: Option<Decimal>,
    quantity: Option<Decimal>,
    price: Option<Decimal>,
    refunded: Option<Decimal>,
    currency: Option<String>,
    at: Option<Millis>,
    from: Option<Identity>,
    to: Option<Identity>,
    relation: Option<String>,
    strength: Option<f64>,
}

impl Said {
    fn add_identity(&mut self, identity: Identity) -> Result<(), String> {
        if self.person.identities.contains(&identity) {
            return Ok(());
        }
        if self.person.identities.len() >= PER_EVENT_MAX {
            return Err(format!("the row names more than {PER_EVENT_MAX} identities"));
        }
        self.person.identities.push(identity);
        Ok(())
    }

    fn join_consents(&mut self) {
        for (purpose, at) in &self.consent_at {
            for consent in self.person.consents.iter_mut().filter(|consent| consent.purpose == *purpose) {
                consent.at = Some(*at);
            }
        }
    }
}

fn take_tags(said: &mut Said, dimension: &str, separator: Option<&str>, cell: &str) -> Result<(), String> {
    let names: Vec<&str> = split(cell, separator).collect();
    if names.len() > TAGS_PER_CELL_MAX {
        return Err(format!("names more than {TAGS_PER_CELL_MAX} tags"));
    }
    if names.iter().any(|name| name.chars().count() > TAG_CHARS_MAX || name.chars().any(char::is_control)) {
        return Err(format!("a tag has at most {TAG_CHARS_MAX} characters"));
    }
    said.person.tags.extend(names.into_iter().map(|name| TagEntry(dimension.to_owned(), name.to_owned())));
    Ok(())
}

/// The parts of a cell, without those that are empty.
fn split<'c>(cell: &'c str, separator: Option<&'c str>) -> impl Iterator<Item = &'c str> {
    let parts: Vec<&str> = match separator {
        Some(separator) if !separator.is_empty() => cell.split(separator).collect(),
        _ => cell.split([',', ';', '|', '、', '，', '；', '\n']).collect(),
    };
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty())
}

fn number(cell: &str) -> Result<Decimal, String> {
    Decimal::parse(cell).ok_or_else(|| "is no number that can be read".to_owned())
}

fn order_number(cell: &str) -> Result<String, String> {
    let cell = cell.trim_start_matches('\'');
    let good = cell.len() <= 128 && !cell.chars().any(char::is_control);
    if good { Ok(cell.to_owned()) } else { Err("an order number has at most 128 bytes".to_owned()) }
}

fn cut(cell: &str) -> String {
    let mut short: String = cell.chars().filter(|c| !c.is_control()).take(60).collect();
    if cell.chars().count() > 60 {
        short.push('…');
    }
    short
}
