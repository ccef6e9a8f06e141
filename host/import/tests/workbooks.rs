//! Excel workbooks: real ones, and ones that mean harm.

#![expect(clippy::unwrap_used, reason = "a test may end with a panic")]

use std::io::{Cursor, Write};
use std::ops::ControlFlow;

use guanxi_import::{BadFile, BadRow, Cells, Rows, read_workbook, sheet_names};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

#[derive(Default)]
struct Seen(Vec<Vec<String>>, Vec<(u64, Result<usize, BadRow>)>);

impl Rows for Seen {
    fn header(&mut self, names: &[String]) -> ControlFlow<()> {
        self.0.push(names.to_vec());
        ControlFlow::Continue(())
    }

    fn row(&mut self, number: u64, row: Result<&Cells, BadRow>) -> ControlFlow<()> {
        self.1.push((number, row.map(Cells::len)));
        if let Ok(cells) = row {
            self.0.push(cells.iter().map(str::to_owned).collect());
        }
        ControlFlow::Continue(())
    }
}

const TYPES: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>"#;
const RELS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="会员" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_RELS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
const STYLES: &str = r#"<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;

fn workbook(sheet: &[u8], extra: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let parts = [
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", RELS.as_bytes()),
        ("xl/workbook.xml", BOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", BOOK_RELS.as_bytes()),
        ("xl/styles.xml", STYLES.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    for (name, content) in parts.iter().chain(extra) {
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn sheet(rows: &str) -> Vec<u8> {
    format!(r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#).into_bytes()
}

#[test]
fn a_workbook_is_read_as_people_see_it() {
    let file = workbook(
        &sheet(
            r#"<row r="1"><c r="A1" t="inlineStr"><is><t>手机号</t></is></c><c r="B1" t="inlineStr"><is><t>生日</t></is></c><c r="C1" t="inlineStr"><is><t>金额</t></is></c></row>
               <row r="2"><c r="A2"><v>13800138000</v></c><c r="B2" s="1"><v>32932</v></c><c r="C2"><v>12.5</v></c></row>
               <row r="3"></row>
               <row r="4"><c r="A4"><v>1.3900139E+10</v></c><c r="C4" t="b"><v>1</v></c></row>
               <row r="5"><c r="XFD5"><v>1</v></c></row>"#,
        ),
        &[],
    );
    let mut seen = Seen::default();
    read_workbook(&file, None, true, &mut seen).unwrap();
    let expected: [&[&str]; 3] =
        [&["手机号", "生日", "金额"], &["13800138000", "1990-02-28", "12.5"], &["13900139000", "", "true"]];
    assert_eq!(seen.0, expected);
    assert_eq!(seen.1.last(), Some(&(3, Err(BadRow::TooWide))));
    assert_eq!(sheet_names(&file).unwrap(), ["会员"]);
    assert_eq!(read_workbook(&file, Some("x"), true, &mut Seen::default()), Err(BadFile::NoSheet("x".to_owned())));
}

#[test]
fn bombs_are_refused_before_they_unpack() {
    let refused = |file: &[u8]| match read_workbook(file, None, true, &mut Seen::default()) {
        Err(BadFile::TooLarge(_)) => {}
        other => panic!("{other:?}"),
    };
    let mut huge = sheet("");
    huge.resize(64 * 1024 * 1024, b' ');
    let bomb = workbook(&huge, &[]);
    assert!(bomb.len() < 200_000, "a small file: {}", bomb.len());
    refused(&bomb);
    refused(&workbook(&sheet(""), &[("xl/sharedStrings.xml", &huge)]));
    refused(&workbook(&sheet(""), &[("xl/media/image1.bin", &huge)]));

    // What a part says of its size is not believed: the two places of a zip that name it say 1.
    let mut liar = bomb.clone();
    let real = u32::try_from(huge.len()).unwrap().to_le_bytes();
    for at in 0..liar.len() - 4 {
        if liar[at..at + 4] == real {
            liar[at..at + 4].copy_from_slice(&1u32.to_le_bytes());
        }
    }
    assert!(matches!(
        read_workbook(&liar, None, true, &mut Seen::default()),
        Err(BadFile::TooLarge(_) | BadFile::Workbook(_))
    ));
    let cut = &bomb[..bomb.len() / 2];
    assert!(matches!(read_workbook(cut, None, true, &mut Seen::default()), Err(BadFile::Workbook(_))));
    assert!(matches!(read_workbook(b"PK\x03\x04", None, true, &mut Seen::default()), Err(BadFile::Workbook(_))));
}
