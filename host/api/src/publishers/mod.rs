//! Whose plugins this host lets in.

pub(crate) mod list;
pub(crate) mod revoke;
pub(crate) mod trust;

use guanxi_app::{PublisherKeyRow, PublisherRow};
use guanxi_domain::Millis;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody who makes plugins.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Publisher)]
pub struct PublisherBody {
    /// Its name; plugins that it brings first are its own from then on.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Milliseconds since the epoch.
    pub created_at: Millis,
    /// Its keys, oldest first.
    pub keys: Vec<PublisherKeyBody>,
}

/// A key of a publisher.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublisherKey)]
pub struct PublisherKeyBody {
    /// The public key: `ed25519:` and base64.
    pub key: String,
    /// Milliseconds since the epoch.
    pub added_at: Millis,
    /// Milliseconds since the epoch; `null` while it is trusted.
    pub revoked_at: Option<Millis>,
}

/// The key that is not trusted any more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyWish {
    /// The public key: `ed25519:` and base64, or PEM.
    pub key: String,
}

impl From<PublisherRow> for PublisherBody {
    fn from(row: PublisherRow) -> Self {
        let PublisherRow { name, title, created_at, keys } = row;
        Self { name, title, created_at, keys: keys.into_iter().map(PublisherKeyBody::from).collect() }
    }
}

impl From<PublisherKeyRow> for PublisherKeyBody {
    fn from(row: PublisherKeyRow) -> Self {
        let PublisherKeyRow { key, added_at, revoked_at } = row;
        Self { key, added_at, revoked_at }
    }
}
