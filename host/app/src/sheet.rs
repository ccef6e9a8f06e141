//! Lines of CSV for spreadsheets. A cell that a spreadsheet would take for a formula is marked as text: what people
//! write into their profiles must not run on the desk of whoever opens the file.

use bytes::Bytes;

/// Lines that are being written.
#[derive(Default)]
pub(crate) struct Sheet(String);

impl Sheet {
    /// Begins the file: the mark by which Excel knows UTF-8, and the names of the columns.
    pub(crate) fn begin(&mut self, columns: &[&str]) {
        self.0.push('\u{feff}');
        self.line(columns.iter().copied());
    }

    /// Writes a line.
    pub(crate) fn line<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        for (index, cell) in cells.into_iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            self.cell(cell);
        }
        self.0.push_str("\r\n");
    }

    /// What was written so far.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.0.into()
    }

    fn cell(&mut self, cell: &str) {
        let mark = if is_formula(cell) { "'" } else { "" };
        if !mark.is_empty() || cell.contains([',', '"', '\n', '\r', ';', '\t']) {
            self.0.push('"');
            self.0.push_str(mark);
            self.0.push_str(&cell.replace('"', "\"\""));
            self.0.push('"');
        } else {
            self.0.push_str(cell);
        }
    }
}

/// A number with a sign is none, neither is a telephone number.
fn is_formula(cell: &str) -> bool {
    let Some(rest) =
        cell.trim_start_matches(' ').strip_prefix(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
    else {
        return false;
    };
    let signed = cell.starts_with(['+', '-']);
    !(signed && !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_data_and_no_formulas() {
        let mut sheet = Sheet::default();
        sheet.line(["=1+1", "+8613800138000", "-3.5", "@SUM(A1)", "a,\"b\"", "-cmd|' /C calc'!A0", " =x", "王"]);
        let expected =
            "\"'=1+1\",+8613800138000,-3.5,\"'@SUM(A1)\",\"a,\"\"b\"\"\",\"'-cmd|' /C calc'!A0\",\"' =x\",王\r\n";
        assert_eq!(String::from_utf8(sheet.into_bytes().to_vec()).unwrap(), expected);
    }
}
