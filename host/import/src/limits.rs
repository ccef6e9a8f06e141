//! Upper bounds on imported files.

/// The most bytes of a file, unless the operator says otherwise.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// The most bytes of one row as it stands in the file, and of its cells together.
pub const ROW_BYTES_MAX: usize = 64 * 1024;
/// The most columns.
pub const COLUMNS_MAX: usize = 256;
/// The most characters of a column's name.
pub const HEADER_CHARS_MAX: usize = 256;
/// The most rows whose quoting is broken before the whole file counts as something else than it claims. Each costs at
/// most [`ROW_BYTES_MAX`] bytes of reading twice, so this also bounds the work that a hostile file can make.
pub const BROKEN_ROWS_MAX: u64 = 5_000;

/// The most bytes of a workbook as it was uploaded.
pub const WORKBOOK_BYTES_MAX: usize = 128 * 1024 * 1024;
/// The most bytes of a workbook's parts together, unpacked.
pub const WORKBOOK_UNPACKED_MAX: u64 = 1536 * 1024 * 1024;
/// The most bytes of those parts of a workbook that are held in memory, unpacked: texts, styles.
pub const WORKBOOK_HELD_MAX: u64 = 256 * 1024 * 1024;
/// How many times larger a part may become by unpacking, from [`WORKBOOK_RATIO_FROM`] bytes on.
pub const WORKBOOK_RATIO_MAX: u64 = 200;
/// See above.
pub const WORKBOOK_RATIO_FROM: u64 = 4 * 1024 * 1024;
/// The most parts of a workbook.
pub const WORKBOOK_PARTS_MAX: usize = 2_000;

/// The most columns of a mapping; the same as of a file.
pub const MAPPING_COLUMNS_MAX: usize = COLUMNS_MAX;
/// The most bytes of a mapping as JSON.
pub const MAPPING_BYTES_MAX: usize = 256 * 1024;
/// The most tags that one cell may name.
pub const TAGS_PER_CELL_MAX: usize = 64;
/// The most lines of one order.
pub const ORDER_LINES_MAX: u32 = 10_000;
/// The most orders of one file.
pub const ORDERS_MAX: usize = 8_000_000;
/// Lines of JSON from which the columns are learnt.
pub const JSON_LEARN_LINES: usize = 100;
/// How deep the objects of a line of JSON are taken apart.
pub const JSON_DEPTH_MAX: usize = 3;
