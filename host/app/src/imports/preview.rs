//! The beginning of a file, as it stands and as it would be read.

use std::ops::ControlFlow;

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::ImportId;
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_import::{
    BadFile, BadRow, Cells, Format, Mapping, Record, Refusal, Rows, Rules, Sample, TextReader, TextSettings,
    read_workbook,
};
use guanxi_store::{ImportRow, Scope as Sight};
use serde_json::{Value, json};

use super::read;
use crate::{App, AppError};

/// Rows of a sample.
const SAMPLE_ROWS: usize = 200;
/// Rows of a preview.
const PREVIEW_ROWS: usize = 20;

/// The beginning of a file.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The names of its columns.
    pub header: Vec<String>,
    /// Its first rows.
    pub rows: Vec<PreviewRow>,
}

/// A row as it stands and as it would be read.
#[derive(Debug, Clone)]
pub struct PreviewRow {
    /// Its cells.
    pub cells: Vec<String>,
    /// What it says, as JSON, or why it would be refused.
    pub read: Result<Value, Refusal>,
}

impl App {
    /// The first rows as a mapping would read them, or the import's own mapping.
    pub async fn preview_import(
        &self,
        caller: &Caller,
        slug: &str,
        id: ImportId,
        mapping: Option<Mapping>,
    ) -> Result<Preview, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?;
        let row = self.import_row(tenant.id, id).await?;
        let mapping = match mapping {
            Some(mapping) => mapping,
            None => read(&row.mapping)?,
        };
        let sample = match self.sample(tenant.id, &row, &mapping).await? {
            Ok(sample) => sample,
            Err(bad) => return Err(AppError::invalid("file", bad.to_string())),
        };
        Ok(shown(sample, &mapping, &tenant.settings))
    }

    /// The beginning of an import's file.
    pub(crate) async fn sample(
        &self,
        tenant: TenantId,
        row: &ImportRow,
        mapping: &Mapping,
    ) -> Result<Result<Sample, BadFile>, AppError> {
        let format = Format::parse(&row.format).ok_or_else(|| AppError::internal("a file of an unknown kind"))?;
        let mut read = self.store().read(Sight::Tenant(tenant)).await?;
        let mut file = Vec::new();
        let mut whole = false;
        for number in 0.. {
            match read.import_piece(tenant, row.id, number).await? {
                Some(piece) => file.extend_from_slice(&piece),
                None => whole = true,
            }
            // Text is read from its beginning; a workbook has its list of parts at the end.
            if whole || format != Format::Xlsx {
                break;
            }
        }
        drop(read);
        if file.is_empty() && row.bytes > 0 {
            return Err(AppError::Conflict("the file was read to its end and is no longer kept".to_owned()));
        }
        whole |= i64::try_from(file.len()).is_ok_and(|len| len >= row.bytes);
        let mapping = mapping.clone();
        let sampled = tokio::task::spawn_blocking(move || sample(&file, whole, format, &mapping)).await;
        sampled.map_err(AppError::internal)
    }
}

fn sample(file: &[u8], whole: bool, format: Format, mapping: &Mapping) -> Result<Sample, BadFile> {
    let mut taken = Taken::default();
    let options = &mapping.options;
    if format == Format::Xlsx {
        read_workbook(file, options.sheet.as_deref(), options.header, &mut taken)?;
        return Ok(taken.0);
    }
    let columns: Vec<String> = mapping.columns.iter().map(|column| column.header.clone()).collect();
    let mut reader = TextReader::new(TextSettings {
        format,
        encoding: options.encoding.unwrap_or_default(),
        separator: options.separator.and_then(|separator| u8::try_from(separator).ok()),
        header: options.header,
        columns: Some(columns).filter(|columns| !columns.is_empty()),
    });
    let flow = reader.push(file, &mut taken)?;
    if whole && flow.is_continue() {
        // Enough or not: what was read is the sample.
        reader.finish(&mut taken).map(|_| ())?;
    }
    Ok(taken.0)
}

#[derive(Default)]
struct Taken(Sample);

impl Rows for Taken {
    fn header(&mut self, names: &[String]) -> ControlFlow<()> {
        self.0.header = names.to_vec();
        ControlFlow::Continue(())
    }

    fn row(&mut self, _: u64, row: Result<&Cells, BadRow>) -> ControlFlow<()> {
        self.0.rows.extend(row.ok().cloned());
        if self.0.rows.len() < SAMPLE_ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

fn shown(sample: Sample, mapping: &Mapping, settings: &TenantSettings) -> Preview {
    let rules = Rules::new(mapping, &sample.header, settings);
    let read = |row: &Cells| match &rules {
        Ok(rules) => rules.read(row).map(|record| as_json(&record)),
        Err(bad) => Err(Refusal::new(&bad.at, &bad.problem)),
    };
    let rows = sample.rows.iter().take(PREVIEW_ROWS);
    let rows = rows.map(|row| PreviewRow { cells: row.iter().map(str::to_owned).collect(), read: read(row) });
    Preview { rows: rows.collect(), header: sample.header }
}

fn as_json(record: &Record) -> Value {
    match record {
        Record::Person(person) => json!({
            "identities": person.identities,
            "attributes": person.attributes,
            "tags": person.tags.iter().map(|tag| format!("{}:{}", tag.0, tag.1)).collect::<Vec<_>>(),
            "consents": person.consents,
            "roles": person.roles,
            "stage": person.stage,
            "notes": person.notes,
        }),
        Record::Order(line) => json!({
            "order": line.number,
            "identities": line.identities,
            "amount": line.amount.map(|amount| amount.number()),
            "refunded": line.refunded.map(|amount| amount.number()),
            "currency": line.currency,
            "at": line.at,
        }),
        Record::Relation(edge) => {
            json!({"from": edge.from, "to": edge.to, "kind": edge.kind, "strength": edge.strength, "at": edge.at})
        }
    }
}
