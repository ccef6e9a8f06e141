//! The stream itself: server-sent events with rendered rows, gathered for a moment so that a busy tenant costs a few
//! events a second. It ends with the session, with the permission and with the process.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use guanxi_app::Live;
use guanxi_domain::tenant::TenantId;
use http::{HeaderName, HeaderValue};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

use super::{Rows, Teller};
use crate::Console;
use crate::format::whole;
use crate::rooms::catalogue::Catalogue;
use crate::session::Visitor;
use crate::trouble::Trouble;
use crate::words::{Words, fill};

/// How long rows are gathered.
const GATHER: Duration = Duration::from_millis(200);
/// The most rows of one event; of more only the newest are shown.
const ROWS_MAX: usize = 100;
/// How often the session is looked at again.
const CHECK: Duration = Duration::from_secs(20);

struct Watch {
    console: Console,
    visitor: Visitor,
    slug: String,
    tenant: TenantId,
    receiver: Receiver<Arc<Live>>,
    teller: Teller,
    check: Interval,
    over: bool,
}

/// What a while of looking on brought.
#[derive(Default)]
struct Gathered {
    items: VecDeque<Arc<Live>>,
    missed: u64,
}

enum Next {
    Gathered(Gathered),
    /// The visitor may not look on any longer.
    Gone,
    /// The process stops; the browser comes back by itself.
    Stopped,
}

/// `GET /console/t/{slug}/live/stream`.
pub async fn open(
    State(console): State<Console>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Response, Trouble> {
    let (tenant, receiver) = console.app.watch(&visitor.caller, &slug).await?;
    let catalogue = Catalogue::of(&console.app, &visitor, &slug).await?;
    let teller = Teller::new(&slug, visitor.language.words(), catalogue);
    let mut check = interval(CHECK);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    check.reset();
    let watch = Watch { console, visitor, slug, tenant, receiver, teller, check, over: false };
    let sse = Sse::new(stream::unfold(watch, Watch::step)).keep_alive(KeepAlive::new().interval(CHECK));
    // Proxies must hand every row on at once.
    let at_once = [(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))];
    Ok((at_once, sse).into_response())
}

impl Watch {
    async fn step(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if self.over {
            return None;
        }
        let w = self.visitor.language.words();
        let event = match self.next().await {
            Next::Stopped => return None,
            Next::Gone => {
                self.over = true;
                Event::default().event("gone").data(w.session_over)
            }
            Next::Gathered(gathered) => self.tell(&gathered, w),
        };
        Some((Ok(event), self))
    }

    async fn next(&mut self) -> Next {
        let mut gathered = Gathered::default();
        let stop = self.console.options.stop.clone();
        loop {
            let item = tokio::select! {
                () = stop.cancelled() => return Next::Stopped,
                _ = self.check.tick() => {
                    if self.may_look_on().await { continue }
                    return Next::Gone;
                }
                item = self.receiver.recv() => item,
            };
            match gathered.take(item, self.tenant) {
                Some(true) => break,
                Some(false) => {}
                None => return Next::Stopped,
            }
        }
        let end = sleep(GATHER);
        tokio::pin!(end);
        loop {
            let item = tokio::select! {
                () = &mut end => return Next::Gathered(gathered),
                item = self.receiver.recv() => item,
            };
            if gathered.take(item, self.tenant).is_none() {
                return Next::Gathered(gathered);
            }
        }
    }

    async fn may_look_on(&self) -> bool {
        let app = &self.console.app;
        match app.session(&self.visitor.secret).await {
            Ok(caller) => app.tenant(&caller, &self.slug).await.is_ok(),
            Err(_) => false,
        }
    }

    fn tell(&self, gathered: &Gathered, w: &'static Words) -> Event {
        let rows = gathered.items.iter().rev().map(|item| self.teller.live(item)).collect();
        let mut data = Rows { rows }.render().unwrap_or_default();
        if gathered.missed > 0 {
            data.insert_str(0, &format!("<li class=\"missed\">{}</li>", fill(w.missed, &whole(gathered.missed))));
        }
        Event::default().event("rows").data(data)
    }
}

impl Gathered {
    /// Takes what came in; says whether there is anything to tell now, `None` at the end of everything.
    fn take(&mut self, item: Result<Arc<Live>, RecvError>, tenant: TenantId) -> Option<bool> {
        match item {
            Ok(item) if item.tenant == tenant => {
                self.items.push_back(item);
                if self.items.len() > ROWS_MAX {
                    self.items.pop_front();
                    self.missed += 1;
                }
            }
            Ok(_) => {}
            Err(RecvError::Lagged(count)) => self.missed += count,
            Err(RecvError::Closed) => return None,
        }
        Some(!self.items.is_empty() || self.missed > 0)
    }
}
