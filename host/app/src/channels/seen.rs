//! The last requests of each channel that this process has seen: when a channel is connected, why it is refused is what
//! staff need to know. Kept in memory only, since anybody may send such requests.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use guanxi_domain::Millis;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::connector::Response;
use guanxi_domain::tenant::TenantId;

use super::connector;
use crate::{App, AppError, CallbackError};

/// Requests that are kept of an installation.
const KEPT: usize = 20;
/// Installations of which some are kept; beyond that the one that was called longest ago is forgotten.
const INSTALLATIONS_MAX: usize = 10_000;
/// The most characters of a reason.
const REASON_MAX: usize = 300;

/// A request of a channel, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenCallback {
    /// When it came.
    pub at: Millis,
    /// `GET` or `POST`.
    pub method: String,
    /// What became of it.
    pub outcome: CallbackOutcome,
    /// The status that it was answered with by the connector.
    pub status: Option<u16>,
    /// Why it was not taken.
    pub reason: Option<String>,
}

/// What became of a request of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackOutcome {
    /// The connector read and answered it.
    Taken,
    /// The connector refused it.
    Refused,
    /// The connector could not say anything.
    Unable,
}

impl CallbackOutcome {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::Unable => "unable",
        }
    }
}

type Rings = HashMap<(TenantId, String), VecDeque<SeenCallback>>;

#[derive(Default)]
pub(crate) struct Seen {
    rings: Mutex<Rings>,
}

impl Seen {
    /// Notes a request to an installation. What was addressed to nobody, or found no place, is not noted: strangers choose
    /// what they address.
    pub(crate) fn note(
        &self,
        tenant: TenantId,
        installation: &str,
        method: &str,
        at: Millis,
        answered: &Result<Response, CallbackError>,
    ) {
        let (outcome, status, reason) = match answered {
            Ok(reply) => (CallbackOutcome::Taken, Some(reply.status), None),
            Err(CallbackError::Refused(refusal)) => (CallbackOutcome::Refused, None, Some(refusal.to_string())),
            Err(CallbackError::Unable(why)) => (CallbackOutcome::Unable, None, Some(why.clone())),
            Err(CallbackError::App(_)) => return,
        };
        let reason = reason.map(|reason| reason.chars().take(REASON_MAX).collect());
        let seen = SeenCallback { at, method: method.to_owned(), outcome, status, reason };
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (tenant, installation.to_owned());
        if rings.len() >= INSTALLATIONS_MAX && !rings.contains_key(&key) {
            forget_one(&mut rings);
        }
        let ring = rings.entry(key).or_default();
        ring.truncate(KEPT - 1);
        ring.push_front(seen);
    }

    /// Newest first.
    pub(crate) fn of(&self, tenant: TenantId, installation: &str) -> Vec<SeenCallback> {
        let rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        rings.get(&(tenant, installation.to_owned())).into_iter().flatten().cloned().collect()
    }
}

fn forget_one(rings: &mut Rings) {
    let last = |ring: &VecDeque<SeenCallback>| ring.front().map(|seen| seen.at);
    let oldest = rings.iter().min_by_key(|(_, ring)| last(ring)).map(|(key, _)| key.clone());
    if let Some(oldest) = oldest {
        rings.remove(&oldest);
    }
}

impl App {
    /// The last requests of a channel that this process has seen, newest first. Needs `read`.
    pub async fn seen_callbacks(&self, caller: &Caller, slug: &str, name: &str) -> Result<Vec<SeenCallback>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        connector(&self.installation(caller, slug, name).await?)?;
        Ok(self.inner.desk.seen.of(tenant, name))
    }
}

#[cfg(test)]
mod tests {
    use guanxi_domain::connector::Refusal;

    use super::*;

    #[test]
    fn ch_9_the_last_requests_are_kept_with_why_they_were_refused() {
        let (seen, acme) = (Seen::default(), TenantId(1));
        for at in 0..50 {
            let refused = Err(CallbackError::Refused(Refusal::BadSignature));
            seen.note(acme, "wechat", "POST", at, &refused);
        }
        seen.note(acme, "nobody", "POST", 1, &Err(CallbackError::App(AppError::NotFound("address of a channel"))));
        let kept = seen.of(acme, "wechat");
        assert_eq!((kept.len(), kept.first().map(|seen| seen.at)), (KEPT, Some(49)));
        let reason = kept.first().and_then(|seen| seen.reason.as_deref());
        assert_eq!(reason, Some("the signature is missing or wrong"));
        assert_eq!((seen.of(acme, "nobody"), seen.of(TenantId(2), "wechat")), (Vec::new(), Vec::new()));
    }
}
