//! A first mapping for a file: from the names of its columns, else from what stands in them.

use guanxi_domain::identity::Identity;

use crate::dates::DateOrder;
use crate::headers::{by_name, plain};
use crate::mapping::{Column, Mapping, Options, Subject, Target};
use crate::presets::{Preset, find_preset};
use crate::row::Cells;

/// The beginning of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// The names of its columns.
    pub header: Vec<String>,
    /// Its first rows.
    pub rows: Vec<Cells>,
}

/// A first mapping, for somebody to look over.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// The system whose export it looks like.
    pub preset: Option<&'static Preset>,
    /// What the columns would become.
    pub mapping: Mapping,
}

/// Suggests; `subject` if it is known what the rows are about.
pub fn suggest(sample: &Sample, subject: Option<Subject>, region: Option<&str>) -> Suggestion {
    let fits = |preset: &&Preset| subject.is_none_or(|subject| subject == preset.subject);
    if let Some(preset) = find_preset(&sample.header).filter(fits) {
        let mut mapping = preset.mapping(&sample.header);
        mapping.options.dates = date_order(sample, region);
        return Suggestion { preset: Some(preset), mapping };
    }
    let subject = subject.unwrap_or_else(|| subject_of(&sample.header));
    let mut columns: Vec<Column> = Vec::with_capacity(sample.header.len());
    for (index, header) in sample.header.iter().enumerate() {
        let named = by_name(header, subject).or_else(|| by_values(sample, index, subject, region));
        // One column a target: a second “phone” may be a number of somebody else.
        let free = |target: &Target| {
            matches!(target, Target::Tags { .. }) || columns.iter().all(|column| column.target != *target)
        };
        let target = named.filter(free).unwrap_or_else(|| otherwise(header, subject));
        columns.push(Column { header: header.clone(), target });
    }
    let options = Options { dates: date_order(sample, region), ..Options::default() };
    Suggestion { preset: None, mapping: Mapping { subject, columns, options } }
}

/// Whoever uploads people usually wants to keep all that is known of them.
fn otherwise(header: &str, subject: Subject) -> Target {
    let unnamed = header.starts_with("column ");
    let short = header.chars().count() <= 64;
    if subject == Subject::People && !unnamed && short && !plain(header).is_empty() {
        Target::Attribute { name: header.to_owned(), kind: None }
    } else {
        Target::Ignore
    }
}

fn subject_of(header: &[String]) -> Subject {
    let has = |subject, wanted: fn(&Target) -> bool| {
        header.iter().filter_map(|name| by_name(name, subject)).any(|target| wanted(&target))
    };
    let order = has(Subject::Orders, |target| *target == Target::OrderNumber);
    let money = has(Subject::Orders, |target| matches!(target, Target::Amount | Target::UnitPrice));
    let from = has(Subject::Relations, |target| matches!(target, Target::From { .. }));
    let to = has(Subject::Relations, |target| matches!(target, Target::To { .. }));
    match (order && money, from && to) {
        (true, _) => Subject::Orders,
        (_, true) => Subject::Relations,
        _ => Subject::People,
    }
}

fn by_values(sample: &Sample, column: usize, subject: Subject, region: Option<&str>) -> Option<Target> {
    if subject == Subject::Relations {
        return None;
    }
    let cells: Vec<&str> = sample.rows.iter().map(|row| row.get(column)).filter(|cell| !cell.is_empty()).collect();
    let most = |test: &dyn Fn(&str) -> bool| {
        cells.len() >= 2 && cells.iter().filter(|cell| test(cell)).count() * 10 >= cells.len() * 9
    };
    let is_email = |cell: &str| cell.contains('.') && Identity::new("email", cell).is_ok();
    let digits = |cell: &str| cell.chars().filter(char::is_ascii_digit).count();
    let is_phone = |cell: &str| {
        let mobile = cell.len() == 11 && cell.starts_with('1') && digits(cell) == 11;
        (cell.starts_with('+') && (8..=15).contains(&digits(cell))) || (region == Some("CN") && mobile)
    };
    if most(&is_email) {
        Some(Target::Identity { kind: "email".to_owned() })
    } else if most(&is_phone) {
        Some(Target::Identity { kind: "phone".to_owned() })
    } else {
        None
    }
}

/// Whether days or months come first, if a value of the sample can only be read in one way.
fn date_order(sample: &Sample, region: Option<&str>) -> DateOrder {
    let parts = |cell: &str| {
        let date = cell.split([' ', 'T']).next().unwrap_or("");
        let numbers: Vec<u32> = date.split('/').map_while(|part| part.parse().ok()).collect();
        match numbers.as_slice() {
            &[first, second, _] if first <= 31 => Some((first, second)),
            _ => None,
        }
    };
    let dates: Vec<(u32, u32)> = sample.rows.iter().flat_map(Cells::iter).filter_map(parts).collect();
    if dates.iter().any(|(first, _)| *first > 12) {
        DateOrder::DayFirst
    } else if dates.iter().any(|(_, second)| *second > 12) || matches!(region, Some("US" | "PH")) {
        DateOrder::MonthFirst
    } else if region.is_some_and(|code| code != "CN") && !dates.is_empty() {
        DateOrder::DayFirst
    } else {
        DateOrder::Auto
    }
}
