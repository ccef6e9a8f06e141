//! Plugins, installations, messages and receipts as the stories start with them.

use guanxi_domain::JsonMap;
use guanxi_domain::grants::Grants;
use guanxi_domain::ids::{DecisionId, InstallationId, MessageId, PersonId};
use guanxi_domain::installation::{Health, Installation, Mode};
use guanxi_domain::message::{Message, MessageClass, MessageStatus, Told};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{DecisionRow, PluginRow, Scope, Store, Timer, Work};
use guanxi_store_contract::make::{NOW, uuid};

pub const DIGEST: &str = "d1";

pub async fn host(store: &Store) -> Work {
    store.begin(Scope::Host).await.unwrap()
}

pub async fn of(store: &Store, tenant: TenantId) -> Work {
    store.begin(Scope::Tenant(tenant)).await.unwrap()
}

pub fn plugin(name: &str, version: &str, digest: &str) -> PluginRow {
    PluginRow {
        name: name.to_owned(),
        version: version.to_owned(),
        digest: digest.to_owned(),
        manifest: format!("name = \"{name}\""),
        report: "{}".to_owned(),
        size: 4,
        created_at: NOW,
        publisher: Some("lantern".to_owned()),
        signer: Some("ed25519:key".to_owned()),
        source: "upload".to_owned(),
        yanked: None,
    }
}

/// Keeps the plugin that every made-up installation is of.
pub async fn library(store: &Store) {
    let mut work = host(store).await;
    work.insert_plugin(&plugin("webhook", "1.0.0", DIGEST), b"\0asm").await.unwrap();
    work.commit().await.unwrap();
}

pub fn installation(name: &str) -> Installation {
    Installation {
        id: InstallationId::from_uuid(uuid()),
        name: name.to_owned(),
        plugin: "webhook".to_owned(),
        version: "1.0.0".to_owned(),
        digest: DIGEST.to_owned(),
        mode: Mode::Live,
        config: serde_json::json!({ "url": "https://example.org/", "depth": { "of": [1, 2.5, null] } }),
        grants: Grants { egress: vec!["example.org".to_owned()], ..Grants::default() },
        secrets: Vec::new(),
        health: Health::default(),
        created_at: NOW,
        updated_at: NOW,
    }
}

/// An installation that is there.
pub async fn installed(store: &Store, tenant: TenantId, name: &str) -> InstallationId {
    let installation = installation(name);
    let mut work = of(store, tenant).await;
    work.put_installation(tenant, &installation, None).await.unwrap();
    work.commit().await.unwrap();
    installation.id
}

pub fn person_id() -> PersonId {
    PersonId::from_uuid(uuid())
}

/// A queued message, due at once.
pub fn message(connector: InstallationId) -> Message {
    let mut content = JsonMap::new();
    content.insert("text".to_owned(), "你好 👋".into());
    Message {
        id: MessageId::from_uuid(uuid()),
        person: person_id(),
        connector,
        decision: DecisionId::from_uuid(uuid()),
        channel: "webhook".to_owned(),
        address: "email:mei@example.org".to_owned(),
        content,
        class: MessageClass::Marketing,
        purpose: "welcome".to_owned(),
        status: MessageStatus::Queued,
        reason: None,
        channel_id: None,
        created_at: NOW,
        not_before: NOW,
        expires_at: Some(NOW + 60_000),
        attempts: 0,
        depth: 0,
        updated_at: NOW,
        told: Told::default(),
    }
}

pub fn timer(tenant: TenantId, key: &str, due_at: i64) -> Timer {
    Timer {
        tenant,
        installation: InstallationId::from_uuid(uuid()),
        person: person_id(),
        key: key.to_owned(),
        due_at,
        payload: "{\"step\":1}".to_owned(),
    }
}

pub fn decision(person: PersonId) -> DecisionRow {
    DecisionRow {
        id: DecisionId::from_uuid(uuid()),
        installation: InstallationId::from_uuid(uuid()),
        person,
        position: 7,
        at: NOW,
        digest: DIGEST.to_owned(),
        config_hash: "c1".to_owned(),
        outcome: "acted".to_owned(),
        operations: "[{\"do\":\"send\"}]".to_owned(),
        reasons: "[\"because\"]".to_owned(),
        log: "[]".to_owned(),
        input: "{}".to_owned(),
        seed: u64::MAX - 1,
        fuel: 12_345,
        call: None,
        shadow: false,
    }
}
