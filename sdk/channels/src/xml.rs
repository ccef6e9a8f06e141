//! The little XML that WeChat and its kin speak, as names and texts. Nothing is expanded but the five entities that XML itself knows,
//! and a document type is refused.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::Event;

const BYTES_MAX: usize = 64 * 1024;
const DEPTH_MAX: usize = 8;
const FIELDS_MAX: usize = 256;

/// Texts by where they stand below the root: `FromUserName`, `ScanCodeInfo/ScanResult`. Of what stands twice the first
/// counts.
pub type Fields = BTreeMap<String, String>;

/// Reads one document.
pub fn fields(xml: &[u8]) -> Result<Fields, String> {
    let text = std::str::from_utf8(xml).map_err(|_| "the body is not UTF-8".to_owned())?;
    if text.len() > BYTES_MAX {
        return Err(format!("the body has more than {BYTES_MAX} bytes"));
    }
    let mut reader = Reader::from_str(text.trim());
    let mut path: Vec<String> = Vec::new();
    let mut fields = Fields::new();
    let mut value = String::new();
    let mut is_leaf = false;
    loop {
        match reader.read_event().map_err(|problem| format!("the XML cannot be read: {problem}"))? {
            Event::Start(tag) => {
                path.push(tag.name().as_ref().to_owned());
                value.clear();
                is_leaf = true;
                if path.len() > DEPTH_MAX || fields.len() > FIELDS_MAX {
                    return Err("the XML is too deep or too long".to_owned());
                }
            }
            Event::Text(part) => value.push_str(&part.xml10_content()),
            Event::CData(part) => value.push_str(&part.into_inner()),
            Event::GeneralRef(name) => value.push(character(&name).ok_or("an entity that XML does not know")?),
            Event::End(_) => {
                if is_leaf && path.len() > 1 {
                    let name = path.get(1..).unwrap_or_default().join("/");
                    fields.entry(name).or_insert_with(|| value.clone());
                }
                is_leaf = false;
                path.pop();
                if path.is_empty() {
                    return Ok(fields);
                }
            }
            Event::Eof => return Err("the XML ends early".to_owned()),
            Event::DocType(_) => return Err("a document type is not taken".to_owned()),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn character(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = number.strip_prefix('x').map_or_else(|| number.parse(), |hex| u32::from_str_radix(hex, 16));
            char::from_u32(code.ok()?)
        }
    }
}
