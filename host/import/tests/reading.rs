//! Files as they come: cut anywhere, in any encoding, broken in places.

#![expect(clippy::unwrap_used, reason = "a test may end with a panic")]

use std::fmt::Write;
use std::ops::ControlFlow;

use guanxi_import::{BadFile, BadRow, Cells, Detection, Encoding, Format, Rows, TextReader, TextSettings, sniff};

#[derive(Default, Debug, PartialEq, Clone)]
struct Seen {
    header: Vec<String>,
    rows: Vec<(u64, Result<Vec<String>, BadRow>)>,
}

impl Rows for Seen {
    fn header(&mut self, names: &[String]) -> ControlFlow<()> {
        self.header = names.to_vec();
        ControlFlow::Continue(())
    }

    fn row(&mut self, number: u64, row: Result<&Cells, BadRow>) -> ControlFlow<()> {
        self.rows.push((number, row.map(|cells| cells.iter().map(str::to_owned).collect())));
        ControlFlow::Continue(())
    }
}

fn read_cut(bytes: &[u8], cut: usize) -> Result<Seen, BadFile> {
    let mut detection = Detection::default();
    bytes.chunks(cut).for_each(|piece| detection.feed(piece));
    let encoding = detection.finish(Some("CN"));
    let format = sniff(bytes, encoding)?;
    let settings = TextSettings { format, encoding, separator: None, header: true, columns: None };
    let mut reader = TextReader::new(settings);
    let mut seen = Seen::default();
    for piece in bytes.chunks(cut) {
        assert!(reader.push(piece, &mut seen)?.is_continue());
    }
    assert!(reader.finish(&mut seen)?.is_continue());
    Ok(seen)
}

fn read(text: &str) -> Result<Seen, BadFile> {
    read_cut(text.as_bytes(), 1 << 20)
}

#[track_caller]
fn check(text: &str, expected: &[(u64, Result<&[&str], BadRow>)]) {
    let seen = read(text).unwrap();
    let rows: Vec<(u64, Result<Vec<&str>, BadRow>)> = seen
        .rows
        .iter()
        .map(|(number, row)| {
            (*number, row.as_ref().map(|cells| cells.iter().map(String::as_str).collect()).map_err(|bad| *bad))
        })
        .collect();
    let expected: Vec<(u64, Result<Vec<&str>, BadRow>)> =
        expected.iter().map(|(number, row)| (*number, row.map(<[&str]>::to_vec))).collect();
    assert_eq!(rows, expected);
}

#[test]
fn separated_text_is_read_however_it_is_written() {
    check(
        "a,b\r\n1,\"x, \"\"y\"\"\"\r\n\r\n2,\n3",
        &[(1, Ok(&["1", "x, \"y\""])), (2, Ok(&["2", ""])), (3, Ok(&["3"]))],
    );
    check("\u{feff}sep=;\na;b\n1;2,5\n", &[(1, Ok(&["1", "2,5"]))]);
    check("手机号\t备注\n138\t\"两\n行\"\n139\t单\n", &[(1, Ok(&["138", "两\n行"])), (2, Ok(&["139", "单"]))]);
    assert_eq!(read("手机号\t备注\n").unwrap().header, ["手机号", "备注"]);
}

#[test]
fn a_broken_row_costs_that_row_only() {
    check(
        "a,b\n1,2\n3,\"oops\n5,6\n7,8\n",
        &[(1, Ok(&["1", "2"])), (2, Err(BadRow::Quoting)), (3, Ok(&["5", "6"])), (4, Ok(&["7", "8"]))],
    );
    // The quotation mark further down would close it, in the wrong place.
    check(
        "a,b\n\"1,2\n3,4\n\"5\",6\n7,8\n",
        &[(1, Err(BadRow::Quoting)), (2, Ok(&["3", "4"])), (3, Ok(&["5", "6"])), (4, Ok(&["7", "8"]))],
    );
    let long = "x".repeat(70_000);
    check(&format!("a,b\n{long},2\n3,4\n"), &[(1, Err(BadRow::TooLong)), (2, Ok(&["3", "4"]))]);
    let huge = "x".repeat(5_000_000);
    check(&format!("a,b\n{huge},2\n3,4\n"), &[(1, Err(BadRow::TooLong)), (2, Ok(&["3", "4"]))]);
    let swallowed = format!("a,b\n1,\"2\n{}", "3,4\n".repeat(30_000));
    let seen = read(&swallowed).unwrap();
    assert_eq!(seen.rows.len(), 30_001);
    assert_eq!(seen.rows.iter().filter(|(_, row)| row.is_err()).count(), 1);
    let wide = format!("a,b\n{}\n3,4\n", ",".repeat(400));
    check(&wide, &[(1, Err(BadRow::TooWide)), (2, Ok(&["3", "4"]))]);
}

#[test]
fn a_file_that_breaks_everywhere_is_refused_before_it_costs_much() {
    // Every line seems to open a quotation that none closes.
    let hostile = format!("a,b\n{}", "a\",\"b\n".repeat(400_000));
    assert_eq!(read(&hostile), Err(BadFile::Quoting));
    assert_eq!(read(""), Err(BadFile::Empty));
    assert_eq!(read(" \n\n"), Err(BadFile::Empty));
    assert_eq!(read(&"\n".repeat(3_000_000)), Err(BadFile::Empty));
    assert_eq!(read("[{\"a\":1}]"), Err(BadFile::JsonList));
    assert_eq!(read_cut(&[0xd0, 0xcf, 0x11, 0xe0, 1], 9), Err(BadFile::OldExcel));
    assert_eq!(read_cut(&[0x1f, 0x8b, 8, 0], 9), Err(BadFile::Packed));
}

#[test]
fn encodings_and_pieces_do_not_change_what_is_read() {
    let mut text = "手机号,姓名,城市\n".to_owned();
    for number in 0..300 {
        writeln!(text, "138{number:08},王小明{number},\"上海, 浦东\"").unwrap();
    }
    let expected = read(&text).unwrap();
    assert_eq!(expected.rows.len(), 300);
    let utf16 = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
    let files = [
        text.clone().into_bytes(),
        encoding_of(&text, "gb18030"),
        [&[0xff, 0xfe], utf16(u16::to_le_bytes).as_slice()].concat(),
        utf16(u16::to_be_bytes),
    ];
    for file in &files {
        for cut in [7, 64, 4_097, 1 << 20] {
            assert_eq!(read_cut(file, cut).unwrap(), expected);
        }
    }
    let mut broken = files[0].clone();
    let at = broken.len() - 40;
    broken[at] = 0xff;
    let settings =
        TextSettings { format: Format::Csv, encoding: Encoding::Utf8, separator: None, header: true, columns: None };
    let mut seen = Seen::default();
    let mut reader = TextReader::new(settings);
    assert!(reader.push(&broken, &mut seen).unwrap().is_continue());
    assert!(reader.finish(&mut seen).unwrap().is_continue());
    let bad: Vec<_> = seen.rows.iter().filter(|(_, row)| row.is_err()).collect();
    assert_eq!(bad, [&(300, Err(BadRow::Encoding))]);
}

fn encoding_of(text: &str, label: &str) -> Vec<u8> {
    encoding_rs::Encoding::for_label(label.as_bytes()).unwrap().encode(text).0.to_vec()
}

#[test]
fn json_lines_become_rows() {
    let text = "{\"phone\":\"+86138\",\"address\":{\"city\":\"上海\"},\"tags\":[\"a\",\"b\"]}\n\n{\"phone\":1,\"vip\":true}\nnonsense\n{\"phone\":null}";
    let seen = read(text).unwrap();
    assert_eq!(seen.header, ["address.city", "phone", "tags", "vip"]);
    check(
        text,
        &[
            (1, Ok(&["上海", "+86138", "a,b", ""])),
            (2, Ok(&["", "1", "", "true"])),
            (3, Err(BadRow::Json)),
            (4, Ok(&["", "", "", ""])),
        ],
    );
}

proptest::proptest! {
    #[test]
    fn any_bytes_cut_anywhere_give_the_same_rows(
        bytes in proptest::collection::vec(proptest::sample::select(&b"ab1,;\"\n\r\t \xe4\xb8\xad{}[]:"[..]), 0..400),
        cut in 1usize..40,
    ) {
        let settings = |format| TextSettings { format, encoding: Encoding::Utf8, separator: None, header: true, columns: None };
        for format in [Format::Csv, Format::JsonLines] {
            let run = |cut: usize| {
                let mut reader = TextReader::new(settings(format));
                let mut seen = Seen::default();
                for piece in bytes.chunks(cut) {
                    if let Err(bad) = reader.push(piece, &mut seen) {
                        return (seen, Some(bad));
                    }
                }
                let end = reader.finish(&mut seen).err();
                (seen, end)
            };
            proptest::prop_assert_eq!(run(cut), run(1_000));
        }
    }
}
