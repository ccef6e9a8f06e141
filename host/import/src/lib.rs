//! Reads the exports of other systems: bytes in, typed records out. Whatever a file holds, reading takes bounded memory,
//! and a row that cannot be read costs that row only. Nothing here does I/O.

mod chunk;
mod csv_rows;
mod dates;
mod encoding;
mod file;
mod headers;
mod json_rows;
pub mod limits;
mod mapping;
mod orders;
mod presets;
mod record;
mod row;
mod separator;
mod suggest;
mod values;
mod workbook;

pub use chunk::{Chunk, ChunkRow};
pub use dates::{DateOrder, zone_of};
pub use encoding::{Detection, Encoding};
pub use file::{BadFile, Format, TextReader, TextSettings, sniff};
pub use mapping::{BadMapping, Column, Mapping, Options, Subject, Target};
pub use orders::{Closed, Order, Orders};
pub use presets::{Preset, find_preset, presets};
pub use record::{ConsentEntry, Edge, OrderLine, PersonRecord, Record, Refusal, Rules, TagEntry};
pub use row::{BadRow, Cells, Rows};
pub use suggest::{Sample, Suggestion, suggest};
pub use values::{Decimal, flag};
pub use workbook::{read_workbook, sheet_names};
