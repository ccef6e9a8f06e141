//! Small made-up rows for stories.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use guanxi_domain::Millis;
use guanxi_domain::event::{EventBody, NewEvent};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::{EventId, PersonId, new_uuid};
use guanxi_domain::person::{Facts, Link, LinkState, Person};
use guanxi_domain::tenant::{Slug, TenantId};
use guanxi_store::{LinkRow, Scope, Store};
use uuid::Uuid;

use crate::must;

/// The time of every story.
pub const NOW: Millis = 1_700_000_000_000;

/// A fresh identifier; later ones are greater.
pub fn uuid() -> Uuid {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let [a, b, c, d, e, f, g, h] = NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    new_uuid(NOW + i64::from(d), [a & 0xf, b, c, d, e, f, g, h, 0, 0])
}

/// A new tenant.
pub async fn tenant(store: &Store, slug: &str) -> TenantId {
    let mut work = must("begin", store.begin(Scope::Host).await);
    let slug: Slug = must("slug", slug.parse());
    let tenant = must("create tenant", work.create_tenant(&slug, slug.as_str(), NOW).await);
    must("commit", work.commit().await);
    tenant.id
}

/// An event with this message id.
pub fn event(message_id: &str) -> NewEvent {
    NewEvent {
        id: EventId::from_uuid(uuid()),
        message_id: message_id.to_owned(),
        kind: "page".to_owned(),
        occurred_at: NOW,
        received_at: NOW,
        body: EventBody { identities: vec![identity("user", message_id)], ..EventBody::default() },
    }
}

/// An identity.
pub fn identity(kind: &str, value: &str) -> Identity {
    must("identity", Identity::new(kind, value))
}

/// A link of an identity as an event makes it.
pub fn link(identity: &Identity, person: PersonId, first_position: i64) -> LinkRow {
    let link = Link {
        identity: identity.clone(),
        state: LinkState::Unverified,
        source: "web".to_owned(),
        confidence: 0.5,
        reason: None,
        changed_by: None,
        changed_at: NOW,
        first_position,
        created_at: NOW,
    };
    LinkRow { person, link }
}

/// A person called `name`, with a number that nobody else has.
pub fn person(name: &str) -> Person {
    static NUMBERS: AtomicU32 = AtomicU32::new(1);
    let mut person = Person::new(PersonId::from_uuid(uuid()), NOW);
    person.number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    person.attributes.insert("name".to_owned(), name.into());
    person.facts = Facts { event_count: 1, first_seen: NOW, last_seen: NOW, ..Facts::default() };
    person
}
