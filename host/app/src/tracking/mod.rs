//! What is learnt of messages once they are there: links lead over the host, which notes that they were followed and leads
//! on; an invisible image notes that a message was looked at. Only where a brand switched it on and the person allows it.

mod agent;
mod code;

use std::sync::OnceLock;
use std::time::Duration;

use guanxi_domain::JsonMap;
use guanxi_domain::content::{self, PIXEL};
use guanxi_domain::event::{CLICK, EventBody, NewEvent, OPEN};
use guanxi_domain::ids::MessageId;
use guanxi_domain::message::{Message, MessageStatus};
use guanxi_domain::tenant::TenantId;
use guanxi_store::Scope as Rows;
use url::Url;

use crate::{App, AppError};
use agent::Agent;
pub(crate) use code::MediaCode;
use code::{Code, Spot};

/// Visits that are worked on at the same time: anybody may come.
const VISITS_MAX: usize = 32;
/// Visits that are remembered, so that one that comes again costs no write, and for how long.
const SEEN_MAX: u64 = 100_000;
const SEEN: Duration = Duration::from_secs(3_600);
/// The most bytes of where a link leads that an event keeps.
const URL_BYTES_MAX: usize = 2_000;

/// Where the host is reached from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

/// The address is no web site.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("give an address such as https://go.example.com, with nothing behind the name but a path")]
pub struct BadUrl;

impl std::str::FromStr for PublicUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let url = Url::parse(text.trim()).map_err(|_| BadUrl)?;
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        match ["https", "http"].contains(&url.scheme()) && url.has_host() && plain && url.password().is_none() {
            true => Ok(Self(url.as_str().trim_end_matches('/').to_owned())),
            false => Err(BadUrl),
        }
    }
}

impl PublicUrl {
    /// Without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Somebody who follows a link or looks at an image.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// Whether only the head of the answer is wanted, or the page is fetched before anybody wants it.
    pub ahead: bool,
    /// What the program calls itself.
    pub user_agent: String,
}

/// What following links needs besides the store.
pub(crate) struct Tracker {
    site: OnceLock<PublicUrl>,
    turns: tokio::sync::Semaphore,
    seen: moka::sync::Cache<(Code, bool), ()>,
}

impl Tracker {
    pub(crate) fn new() -> Self {
        Self {
            site: OnceLock::new(),
            turns: tokio::sync::Semaphore::new(VISITS_MAX),
            seen: moka::sync::Cache::builder().max_capacity(SEEN_MAX).time_to_live(SEEN).build(),
        }
    }
}

impl App {
    /// Says where the host is reached from outside, once, before anything runs. Without it nothing is tracked.
    pub fn publish_at(&self, url: PublicUrl) {
        // Whoever says it again changes nothing.
        drop(self.inner.tracking.site.set(url));
    }

    /// Whether the host knows where it is reached from outside.
    pub fn is_published(&self) -> bool {
        self.inner.tracking.site.get().is_some()
    }

    /// An address of the host's own, if it knows where it is reached.
    pub(crate) fn public_address(&self, path: &str) -> Option<String> {
        self.inner.tracking.site.get().map(|PublicUrl(site)| format!("{site}{path}"))
    }

    /// The content of a message with links that lead over the host, and with the image that tells that it was looked at. The
    /// same for every try. As it is where the host does not know its own address.
    pub fn tracked(&self, tenant: TenantId, message: MessageId, said: &JsonMap, links: bool, opens: bool) -> JsonMap {
        let Some(PublicUrl(site)) = self.inner.tracking.site.get() else { return said.clone() };
        let written = |spot| Code { tenant, message, spot }.written(self.vault());
        let mut shown = match links {
            true => content::rewrite(said, |number, url| {
                written(Spot::Link(number)).map_or_else(|| url.to_owned(), |code| format!("{site}/l/{code}"))
            }),
            false => said.clone(),
        };
        if opens && let Some(code) = written(Spot::Pixel) {
            shown.insert(PIXEL.to_owned(), format!("{site}/o/{code}.gif").into());
        }
        shown
    }

    /// Where a link leads; that it was followed is noted once a link of a message. `NotFound` for a code that the host did
    /// not make, and for a message of somebody who was erased or that never left.
    pub async fn follow_link(&self, code: &str, visit: &Visit) -> Result<String, AppError> {
        let gone = || AppError::NotFound("link");
        let code = Code::read(code, self.vault()).ok_or_else(gone)?;
        let Spot::Link(number) = code.spot else { return Err(gone()) };
        let _turn = self.inner.tracking.turns.acquire().await.map_err(AppError::internal)?;
        let message = self.tracked_message(code).await?.ok_or_else(gone)?;
        let target = content::link(&message.content, number).ok_or_else(gone)?;
        // As a header may carry it.
        let target = Url::parse(&target).map_err(|_| gone())?.to_string();
        let kept: String = target.chars().take(URL_BYTES_MAX).collect();
        let said = [("number", number.into()), ("url", kept.into())];
        self.note_visit(code, &message, visit, CLICK, said).await?;
        Ok(target)
    }

    /// Notes once that a message was looked at. `NotFound` as for links.
    pub async fn note_open(&self, code: &str, visit: &Visit) -> Result<(), AppError> {
        let gone = || AppError::NotFound("image");
        let code = Code::read(code, self.vault()).filter(|code| code.spot == Spot::Pixel).ok_or_else(gone)?;
        let _turn = self.inner.tracking.turns.acquire().await.map_err(AppError::internal)?;
        let message = self.tracked_message(code).await?.ok_or_else(gone)?;
        self.note_visit(code, &message, visit, OPEN, []).await
    }

    async fn tracked_message(&self, code: Code) -> Result<Option<Message>, AppError> {
        let mut read = self.store().read(Rows::Tenant(code.tenant)).await?;
        let found = read.message(code.tenant, code.message).await?;
        Ok(found.filter(|message| message.status != MessageStatus::Expired && !message.content.is_empty()))
    }

    /// Appends the event, unless one like it is in the log: people count once, and programs apart from them.
    async fn note_visit<const N: usize>(
        &self,
        code: Code,
        message: &Message,
        visit: &Visit,
        kind: &str,
        said: [(&str, serde_json::Value); N],
    ) -> Result<(), AppError> {
        let agent = Agent::of(&visit.user_agent);
        let bot = visit.ahead || agent == Agent::Bot;
        let seen = &self.inner.tracking.seen;
        if seen.contains_key(&(code, bot)) {
            return Ok(());
        }
        let mut properties: JsonMap = said.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        properties.insert("message".to_owned(), message.id.to_string().into());
        properties.insert("agent".to_owned(), agent.as_str().into());
        properties.insert("bot".to_owned(), bot.into());
        let which = match code.spot {
            Spot::Link(number) => format!("/{number}"),
            Spot::Pixel => String::new(),
        };
        let suffix = if bot { "/bot" } else { "" };
        let now = self.ambient().now();
        let event = NewEvent {
            id: self.event_id(),
            message_id: format!("{kind}/{}{which}{suffix}", message.id),
            kind: kind.to_owned(),
            occurred_at: now,
            received_at: now,
            body: EventBody {
                person: Some(message.person),
                channel: Some(message.channel.clone()),
                properties,
                // A person starts something new; a program only goes on with what led to the message.
                depth: if bot { message.depth } else { 0 },
                ..EventBody::default()
            },
        };
        let mut work = self.store().begin(Rows::Tenant(code.tenant)).await?;
        work.append(code.tenant, std::slice::from_ref(&event)).await?;
        work.commit().await?;
        self.signals().appended.ring(code.tenant);
        seen.insert((code, bot), ());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ch_9_the_hosts_own_address_is_a_web_site() {
        let read = |text: &str| text.parse::<PublicUrl>().map(|url| url.0);
        assert_eq!(read("https://go.example.com/"), Ok("https://go.example.com".to_owned()));
        assert_eq!(read("http://127.0.0.1:8080/crm/"), Ok("http://127.0.0.1:8080/crm".to_owned()));
        for bad in
            ["", "go.example.com", "ftp://x.example", "https://x.example/?a=1", "https://me@x.example", "mailto:a@b.c"]
        {
            assert_eq!(read(bad), Err(BadUrl), "{bad}");
        }
    }
}
