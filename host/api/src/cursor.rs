//! Cursors of lists: opaque to clients, hostile input to us, so each says its version and the list it belongs to.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guanxi_domain::limits::{PAGE_DEFAULT, PAGE_MAX};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::{ApiResult, Problem};

const VERSION: u8 = 1;
const BYTES_MAX: usize = 1_024;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// In the list's order.
    pub items: Vec<T>,
    /// Give it as `cursor` for the next page; `null` at the end.
    pub next: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor<T> {
    v: u8,
    of: String,
    at: T,
}

/// How many items a page has for a client's wish.
pub(crate) fn page_size(limit: Option<u32>) -> u32 {
    limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX)
}

/// Where a client wants to go on in the list called `of`.
pub(crate) fn read<T: DeserializeOwned>(of: &str, cursor: Option<&str>) -> ApiResult<Option<T>> {
    let Some(text) = cursor else { return Ok(None) };
    decode(of, text).map(Some).ok_or_else(|| {
        Problem::invalid("cursor", "is not one of this list; leave it out to start, then use `next` of the page before")
    })
}

fn decode<T: DeserializeOwned>(of: &str, text: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(text.get(..text.len().min(BYTES_MAX))?).ok()?;
    // No cursor of ours has an escape in it; NUL in particular would not get past PostgreSQL.
    if bytes.contains(&b'\\') {
        return None;
    }
    let cursor: Cursor<T> = serde_json::from_slice(&bytes).ok()?;
    (cursor.v == VERSION && cursor.of == of).then_some(cursor.at)
}

/// A page of the list called `of`, made of `rows`, which are all there are from here on if fewer than `size`.
pub(crate) fn page<R, T, K: Serialize>(
    of: &str,
    size: u32,
    rows: Vec<R>,
    key: impl FnOnce(&R) -> K,
    view: impl FnMut(R) -> ApiResult<T>,
) -> ApiResult<Page<T>> {
    let full = rows.len() >= size as usize;
    let next = rows.last().filter(|_| full).map(|last| encode(of, key(last))).transpose()?;
    Ok(Page { items: rows.into_iter().map(view).collect::<ApiResult<_>>()?, next })
}

/// The whole of a list that is never long.
pub(crate) fn whole<R, T>(rows: Vec<R>, view: impl FnMut(R) -> T) -> Page<T> {
    Page { items: rows.into_iter().map(view).collect(), next: None }
}

pub(crate) fn encode<K: Serialize>(of: &str, at: K) -> ApiResult<String> {
    let cursor = Cursor { v: VERSION, of: of.to_owned(), at };
    serde_json::to_vec(&cursor).map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(|error| Problem::internal(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_into_its_own_list_only() {
        let cursor = encode("events", 42_i64).unwrap();
        assert_eq!(read::<i64>("events", Some(&cursor)), Ok(Some(42)));
        assert_eq!(read::<i64>("events", None), Ok(None));
        let older = URL_SAFE_NO_PAD.encode(r#"{"v":0,"of":"events","at":42}"#);
        let long = "A".repeat(1_000_000);
        let cut = cursor.get(..cursor.len() - 2).unwrap();
        for (list, bad) in [
            ("messages", cursor.as_str()),
            ("events", ""),
            ("events", "!!"),
            ("events", &older),
            ("events", &long),
            ("events", cut),
            ("events", "ééé"),
        ] {
            let problem = read::<i64>(list, Some(bad)).unwrap_err();
            assert_eq!(problem.status(), 400, "{bad:.20}");
        }
        assert!(read::<String>("events", Some(&cursor)).is_err());
    }

    #[test]
    fn only_a_full_page_has_a_next_one() {
        let of = |rows: Vec<i64>| page("events", 2, rows, |row| *row, Ok).unwrap();
        assert_eq!(of(vec![5]).next, None);
        assert_eq!(of(vec![5, 4]).next, Some(encode("events", 4).unwrap()));
        assert_eq!([page_size(None), page_size(Some(0)), page_size(Some(u32::MAX))], [50, 1, 200]);
    }
}
