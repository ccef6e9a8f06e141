//! One request: the notice as it stands in the row, signed now, through the same locks as a connector's.

use std::sync::Arc;

use guanxi_app::Ambient;
use guanxi_channels::{Egress, EgressPolicy, granted_hosts};
use guanxi_domain::connector::Request;
use guanxi_domain::webhook::Delivery;
use serde_json::json;

use super::sign::signatures;
use crate::Engine;

/// The most characters of why something failed.
const ERROR_MAX: usize = 300;
const CLOSED: &str = "no key of this host opens the secret any more; rotate it, or have the operator give the key";

/// What one address answered, or why it did not.
pub(super) struct Answer {
    pub(super) status: Option<u16>,
    /// Why it did not arrive; nothing if it did.
    pub(super) error: Option<String>,
}

impl Answer {
    pub(super) fn is_taken(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// The receiver wants nothing any more.
    pub(super) fn is_gone(&self) -> bool {
        self.status == Some(410)
    }

    fn failed(why: &str) -> Self {
        Self { status: None, error: Some(why.chars().take(ERROR_MAX).collect()) }
    }

    fn with(status: u16) -> Self {
        let answer = Self { status: Some(status), error: None };
        let error = match status {
            _ if answer.is_taken() => None,
            410 => Some("the address is gone (410)".to_owned()),
            300..400 => Some(format!("answered {status}; redirects are not followed, give the address it leads to")),
            _ => Some(format!("answered {status}")),
        };
        Self { error, ..answer }
    }
}

/// Posts notices to one address.
pub(super) struct Post {
    ambient: Ambient,
    egress: Egress,
    address: String,
    /// Its own host and port, and nothing else.
    policy: EgressPolicy,
    /// What signs; nothing if no key of the host opens it.
    keys: Option<Vec<Vec<u8>>>,
}

impl Post {
    pub(super) fn new(engine: &Engine, address: &str, keys: Option<Vec<Vec<u8>>>) -> Self {
        let host = granted_hosts(&["config:/address".to_owned()], &json!({"address": address}));
        // An address that names no host is granted none, and says so at each try.
        let policy = EgressPolicy::new(host, Arc::default()).unwrap_or_default();
        let (ambient, egress) = (engine.app.ambient().clone(), engine.egress.clone());
        Self { ambient, egress, address: address.to_owned(), policy, keys }
    }

    /// Sends one notice; hands it back with what came of it.
    pub(super) async fn send(&self, delivery: Delivery) -> (Delivery, Answer) {
        let Some(keys) = &self.keys else { return (delivery, Answer::failed(CLOSED)) };
        let request = self.request(&delivery, keys);
        let answer = match self.egress.perform_once(&request, &self.policy).await {
            Ok(response) => Answer::with(response.status),
            Err(error) => Answer::failed(&error.to_string()),
        };
        (delivery, answer)
    }

    fn request(&self, delivery: &Delivery, keys: &[Vec<u8>]) -> Request {
        let (id, at) = (delivery.id.to_string(), (self.ambient.now() / 1_000).to_string());
        let signature = signatures(keys, &id, &at, &delivery.payload);
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id),
            ("webhook-timestamp", at),
            ("webhook-signature", signature),
        ];
        Request {
            method: "POST".to_owned(),
            url: self.address.clone(),
            headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            body: delivery.payload.clone().into_bytes(),
        }
    }
}
