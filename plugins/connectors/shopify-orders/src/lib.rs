//! Orders of a Shopify shop, asked for page by page in the order in which they were changed.

mod orders;
#[cfg(test)]
mod tests;

use guanxi_plugin::Failure;
use guanxi_plugin::connector::{Connector, Exchange, Outbound, Outcome, Page, Poll, PollStep, Request, Response, Step};
use guanxi_plugin::words::Instant;
use serde::{Deserialize, Serialize};

/// Orders of a page: as many as surely fit into an answer.
const LIMIT: u32 = 100;
/// What is asked for of an order.
const FIELDS: &str = "id,name,email,phone,created_at,updated_at,processed_at,cancelled_at,test,financial_status,total_price,\
                      currency,customer,line_items,refunds";

struct ShopifyOrders;

/// Which shop, and from when on.
#[derive(Debug, Deserialize)]
struct Settings {
    url: String,
    api_version: String,
    #[serde(default)]
    since: Option<String>,
}

/// Where to go on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Cursor {
    /// Orders that were changed at that time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// The page of them that is next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    /// When the last of those that came was changed: there it begins once there are no more pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    newest: Option<String>,
}

impl Connector for ShopifyOrders {
    type Config = Settings;

    fn send(_: &Settings, _: &Outbound) -> Result<Step, Failure> {
        Ok(Step::Done(Outcome::Rejected("this channel brings orders and takes no messages".to_owned())))
    }

    fn resume(_: &Settings, _: &[u8], response: &Response, _: Instant) -> Result<Step, Failure> {
        Ok(Step::Done(response.outcome()))
    }
}

impl Poll for ShopifyOrders {
    fn poll(settings: &Settings, cursor: Option<&str>, _: Instant) -> Result<PollStep, Failure> {
        // What is no cursor of this plugin's begins anew: known orders are known by their keys.
        let cursor: Cursor = cursor.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let since = cursor.since.clone().or_else(|| settings.since.clone());
        let cursor = Cursor { since, ..cursor };
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &LIMIT.to_string()).append_pair("fields", FIELDS);
        match (&cursor.page, &cursor.since) {
            // A page takes no other filters with it.
            (Some(page), _) => {
                query.append_pair("page_info", page);
            }
            (None, since) => {
                query.append_pair("status", "any").append_pair("order", "updated_at asc");
                if let Some(since) = since {
                    query.append_pair("updated_at_min", since);
                }
            }
        }
        let url = format!(
            "{}/admin/api/{}/orders.json?{}",
            settings.url.trim_end_matches('/'),
            settings.api_version,
            query.finish()
        );
        let request = Request::get(&url)
            .header("accept", "application/json")
            .header("x-shopify-access-token", "{{secret:access-token}}");
        Ok(PollStep::Perform(Exchange { request, continuation: written(&cursor)?.into_bytes() }))
    }

    fn resume_poll(_: &Settings, continuation: &[u8], response: &Response, now: Instant) -> Result<PollStep, Failure> {
        let asked: Cursor = serde_json::from_slice(continuation).unwrap_or_default();
        match response.status {
            200 => page(asked, response, now).map(PollStep::Done),
            // Pages end after a while: begin again at the last order that came.
            400 if asked.page.is_some() => {
                let since = asked.newest.or(asked.since);
                let cursor = written(&Cursor { since, ..Cursor::default() })?;
                Ok(PollStep::Done(Page { cursor: Some(cursor), events: Vec::new(), more: true }))
            }
            429 => Ok(PollStep::Failed(Outcome::RetryAfter(wait(response)))),
            401 | 403 => {
                let why = "the shop refuses the token; it needs read_orders and read_customers";
                Ok(PollStep::Failed(Outcome::Rejected(why.to_owned())))
            }
            _ => Ok(PollStep::Failed(match response.outcome() {
                Outcome::Sent(_) => Outcome::Rejected(format!("the shop answered {}", response.status)),
                other => other,
            })),
        }
    }
}

/// Shopify writes seconds with a fraction.
fn wait(response: &Response) -> u32 {
    let said = response.header("retry-after").and_then(|text| text.trim().parse::<f64>().ok());
    match said {
        Some(seconds) if (0.0..=86_400.0).contains(&seconds) => seconds.ceil().max(1.0) as u32,
        _ => response.retry_after(),
    }
}

fn page(asked: Cursor, response: &Response, now: Instant) -> Result<Page, Failure> {
    let answer: orders::Answer = response.json()?;
    let newest = answer.orders.last().and_then(|order| order.updated_at.clone()).or_else(|| asked.newest.clone());
    let events = answer.orders.iter().flat_map(|order| orders::events(order, now)).collect();
    let next = response.header("link").and_then(next_page);
    let more = next.is_some();
    let cursor = match next {
        Some(page) => Cursor { page: Some(page), newest, ..asked },
        None => Cursor { since: newest.or(asked.since), ..Cursor::default() },
    };
    Ok(Page { cursor: Some(written(&cursor)?), events, more })
}

/// The page after this one, of a `Link` header: `<https://…?page_info=abc&limit=100>; rel="next"`.
fn next_page(link: &str) -> Option<String> {
    let next = link.split(',').find(|part| part.contains("rel=\"next\"") || part.contains("rel={next}"))?;
    let (_, after) = next.split_once('<')?;
    let (url, _) = after.split_once('>')?;
    let (_, query) = url.split_once('?')?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "page_info").map(|(_, value)| value.into_owned())
}

fn written(cursor: &Cursor) -> Result<String, Failure> {
    serde_json::to_string(cursor).map_err(|problem| Failure::Other(format!("the cursor: {problem}")))
}

guanxi_plugin::connector!(ShopifyOrders + Poll);
