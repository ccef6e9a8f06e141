//! Reads an uploaded file on a thread of its own, and hands its rows on in batches. The channels on both sides are
//! short, so that a file of any size takes little memory.

use std::ops::ControlFlow;

use guanxi_domain::relations::RELATIONS_PER_EVENT_MAX;
use guanxi_domain::settings::TenantSettings;
use guanxi_import::{
    BadFile, BadMapping, BadRow, Cells, Closed, Format, Mapping, Orders, Record, Refusal, Rows, Rules, Subject,
    TextReader, TextSettings, read_workbook,
};
use tokio::sync::mpsc;

/// The most rows of a batch.
pub(super) const BATCH_ROWS: usize = 1_000;
/// About the most bytes of a batch.
const BATCH_BYTES: usize = 256 * 1024;
/// What a row takes besides its cells.
const ROW_BYTES: usize = 64;

/// What comes of the file.
pub(super) enum Piece {
    /// Some of it.
    Bytes(Vec<u8>),
    /// That was all.
    End,
}

/// Rows that stand together.
pub(super) struct Batch {
    /// The first.
    pub(super) first: u64,
    /// The last; those between them are all here.
    pub(super) last: u64,
    pub(super) rows: Read,
}

/// What rows say.
pub(super) enum Read {
    /// People or relations, a row each.
    Rows(Vec<(u64, Result<Record, Refusal>)>),
    /// Orders, of some rows each.
    Orders(Vec<Closed>),
}

/// Why reading ended before the file did.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] BadFile),
    /// The file lacks columns that the mapping needs.
    #[error(transparent)]
    Mapping(#[from] BadMapping),
    /// Nobody listens any more.
    #[error("nobody listens")]
    Unheard,
}

/// How to read the file.
pub(super) struct Job {
    pub(super) format: Format,
    pub(super) mapping: Mapping,
    pub(super) settings: TenantSettings,
    /// Rows up to here were sent before.
    pub(super) skip: u64,
}

/// Reads the file whose pieces come in; returns how many rows it has.
pub(super) fn read(
    job: &Job,
    pieces: &mut mpsc::Receiver<Piece>,
    batches: &mpsc::Sender<Batch>,
) -> Result<u64, Stopped> {
    let mut sink = Sink { job, batches, rules: None, open: Open::of(job), rows: 0, stopped: None };
    let options = &job.mapping.options;
    let ended = match job.format {
        Format::Xlsx => {
            let mut file = Vec::new();
            while let Some(piece) = next(pieces)? {
                file.extend_from_slice(&piece);
            }
            read_workbook(&file, options.sheet.as_deref(), options.header, &mut sink).map(drop)
        }
        format => {
            let columns = job.mapping.columns.iter().map(|column| column.header.clone()).collect();
            let mut reader = TextReader::new(TextSettings {
                format,
                encoding: options.encoding.unwrap_or_default(),
                separator: options.separator.and_then(|separator| u8::try_from(separator).ok()),
                header: options.header,
                columns: Some(columns),
            });
            let mut flow = ControlFlow::Continue(());
            while let (ControlFlow::Continue(()), Some(piece)) = (flow, next(pieces)?) {
                flow = match reader.push(&piece, &mut sink) {
                    Ok(flow) => flow,
                    Err(bad) => return Err(sink.stopped.take().unwrap_or(bad.into())),
                };
            }
            if flow.is_continue() { reader.finish(&mut sink).map(drop) } else { Ok(()) }
        }
    };
    if let Some(stopped) = sink.stopped.take() {
        return Err(stopped);
    }
    ended?;
    sink.flush(true)?;
    Ok(sink.rows)
}

/// The next piece; nothing at the end of the file.
fn next(pieces: &mut mpsc::Receiver<Piece>) -> Result<Option<Vec<u8>>, Stopped> {
    match pieces.blocking_recv() {
        Some(Piece::Bytes(bytes)) => Ok(Some(bytes)),
        Some(Piece::End) => Ok(None),
        // Whoever fetches pieces has failed: what was read last may be half a row.
        None => Err(Stopped::Unheard),
    }
}

struct Sink<'j> {
    job: &'j Job,
    batches: &'j mpsc::Sender<Batch>,
    rules: Option<Rules>,
    open: Open,
    /// Rows seen.
    rows: u64,
    stopped: Option<Stopped>,
}

/// The batch that is being filled.
struct Open {
    /// Its first row, once it has one.
    first: u64,
    bytes: usize,
    rows: Vec<(u64, Result<Record, Refusal>)>,
    orders: Option<(Orders, Vec<Closed>)>,
}

impl Open {
    fn of(job: &Job) -> Self {
        let orders = (job.mapping.subject == Subject::Orders).then(|| (Orders::default(), Vec::new()));
        Self { first: job.skip + 1, bytes: 0, rows: Vec::with_capacity(BATCH_ROWS), orders }
    }
}

impl Rows for Sink<'_> {
    fn header(&mut self, names: &[String]) -> ControlFlow<()> {
        match Rules::new(&self.job.mapping, names, &self.job.settings) {
            Ok(rules) => {
                self.rules = Some(rules);
                ControlFlow::Continue(())
            }
            Err(bad) => self.stop(bad.into()),
        }
    }

    fn row(&mut self, number: u64, row: Result<&Cells, BadRow>) -> ControlFlow<()> {
        self.rows = number;
        // Orders are put together from the file's beginning, so that it is known which ones have ended.
        if number <= self.job.skip && self.open.orders.is_none() {
            return ControlFlow::Continue(());
        }
        let Some(rules) = &self.rules else { return ControlFlow::Break(()) };
        let bytes = row.map_or(0, |cells| cells.iter().map(str::len).sum());
        let record = match row {
            Ok(cells) => rules.read(cells),
            Err(bad) => Err(Refusal::new("", bad.to_string())),
        };
        self.take(number, record);
        self.open.bytes += bytes + ROW_BYTES;
        let is_relations = self.job.mapping.subject == Subject::Relations;
        let most = if is_relations { RELATIONS_PER_EVENT_MAX } else { BATCH_ROWS };
        let full = self.open.bytes >= BATCH_BYTES || self.open.len() >= most;
        match if full { self.flush(false) } else { Ok(()) } {
            Ok(()) => ControlFlow::Continue(()),
            Err(stopped) => self.stop(stopped),
        }
    }
}

impl Open {
    fn len(&self) -> usize {
        self.rows.len() + self.orders.as_ref().map_or(0, |(_, closed)| closed.len())
    }
}

impl Sink<'_> {
    fn stop(&mut self, stopped: Stopped) -> ControlFlow<()> {
        self.stopped = Some(stopped);
        ControlFlow::Break(())
    }

    fn take(&mut self, number: u64, record: Result<Record, Refusal>) {
        let skip = self.job.skip;
        let Some((orders, closed)) = &mut self.open.orders else { return self.open.rows.push((number, record)) };
        let line = record.and_then(|record| match record {
            Record::Order(line) => Ok(line),
            Record::Person(_) | Record::Relation(_) => Err(Refusal::new("", "the row is no order")),
        });
        let ended = orders.take(number, line);
        closed.extend(ended.into_iter().filter(|order| order.rows.last().is_some_and(|last| *last > skip)));
    }

    /// Hands on what is there; at the end also the order that is open.
    fn flush(&mut self, end: bool) -> Result<(), Stopped> {
        let rows = match &mut self.open.orders {
            Some((orders, closed)) => {
                let last = if end { orders.close() } else { None };
                closed.extend(last.filter(|order| order.rows.last().is_some_and(|last| *last > self.job.skip)));
                Read::Orders(std::mem::take(closed))
            }
            None => Read::Rows(std::mem::replace(&mut self.open.rows, Vec::with_capacity(BATCH_ROWS))),
        };
        let last = match &rows {
            Read::Rows(rows) => rows.last().map(|(number, _)| *number),
            Read::Orders(closed) => closed.last().and_then(|order| order.rows.last().copied()),
        };
        self.open.bytes = 0;
        let Some(last) = last else { return Ok(()) };
        let first = std::mem::replace(&mut self.open.first, last + 1);
        self.batches.blocking_send(Batch { first, last, rows }).map_err(|_| Stopped::Unheard)
    }
}
