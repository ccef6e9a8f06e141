//! A full outbox: people, and a due message to each of them over one connector.

use anyhow::Result;
use guanxi_domain::JsonMap;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::{DecisionId, InstallationId, MessageId, PersonId};
use guanxi_domain::message::{Message, MessageClass, MessageStatus, Told};
use guanxi_domain::person::{Link, LinkState, Person};
use guanxi_store::{LinkRow, Scope};

use crate::measure;
use crate::setup::{self, Setup, Tenant};

/// Rows of one transaction while the outbox is filled.
const PIECE: usize = 1_024;

/// People and a due message to each of them.
pub async fn fill(setup: &Setup, tenant: &Tenant, connector: InstallationId, count: usize) -> Result<()> {
    let numbers: Vec<usize> = (0..count).collect();
    for numbers in numbers.chunks(PIECE) {
        let people: Vec<Person> = numbers.iter().map(|number| person(*number)).collect::<Result<_, _>>()?;
        let messages: Vec<Message> =
            numbers.iter().zip(&people).map(|(number, person)| message(*number, person.id, connector)).collect();
        let mut work = setup.store.begin(Scope::Tenant(tenant.id)).await?;
        let links: Vec<LinkRow> =
            numbers.iter().zip(&people).map(|(number, person)| link(*number, person.id)).collect::<Result<_, _>>()?;
        work.put_people(tenant.id, &people).await?;
        work.put_links(tenant.id, &links).await?;
        work.insert_messages(tenant.id, &messages).await?;
        work.commit().await?;
    }
    Ok(())
}

/// Their numbers are out of the way of those that the engine gives.
fn person(number: usize) -> Result<Person> {
    let mut person = Person::new(PersonId::from_uuid(setup::uuid()), measure::epoch_ms());
    person.number = (1 << 31) + u32::try_from(number)?;
    Ok(person)
}

/// The address of a person: a message leaves only while it is theirs.
fn link(number: usize, person: PersonId) -> Result<LinkRow> {
    let now = measure::epoch_ms();
    let link = Link {
        identity: Identity::new("user", &number.to_string())?,
        state: LinkState::Unverified,
        source: "bench".to_owned(),
        confidence: 0.5,
        reason: None,
        changed_by: None,
        changed_at: now,
        first_position: 0,
        created_at: now,
    };
    Ok(LinkRow { person, link })
}

fn message(number: usize, person: PersonId, connector: InstallationId) -> Message {
    let now = measure::epoch_ms();
    Message {
        id: MessageId::from_uuid(setup::uuid()),
        person,
        connector,
        decision: DecisionId::from_uuid(setup::uuid()),
        channel: "webhook".to_owned(),
        address: format!("user:{number}"),
        content: content(),
        class: MessageClass::Marketing,
        purpose: "marketing".to_owned(),
        status: MessageStatus::Queued,
        reason: None,
        channel_id: None,
        created_at: now,
        not_before: now,
        expires_at: None,
        attempts: 0,
        depth: 0,
        updated_at: now,
        told: Told::default(),
    }
}

/// What the messages say.
pub fn content() -> JsonMap {
    let text = "Welcome, friend! Good to have you with us.".to_owned();
    JsonMap::from_iter([("text".to_owned(), text.into())])
}
