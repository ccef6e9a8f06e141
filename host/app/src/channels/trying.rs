//! Trying a channel out: getting a session, and sending a message to an address that staff give. Both go the way of real
//! messages; who sent a test is noted, its address is not.

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::MessageId;
use guanxi_domain::limits::GUEST_JSON_BYTES_MAX;
use guanxi_domain::manifest::ConnectorSpec;
use guanxi_domain::{JsonMap, Millis};
use guanxi_store::{ChannelTestRow, Scope as Rows};

use super::connector;
use super::errands::{Errand, SentTest, SessionCheck, TestMessage};
use crate::{App, AppError, Problem};

/// What somebody wants to try a channel with.
#[derive(Debug, Clone, PartialEq)]
pub struct TestInput {
    /// `kind:value` of the address to deliver to.
    pub address: String,
    /// The neutral content.
    pub content: JsonMap,
}

/// A test message and what it came to.
#[derive(Debug, Clone, PartialEq)]
pub struct TestReport {
    /// Its id, as the channel got it.
    pub id: MessageId,
    /// When it left.
    pub at: Millis,
    /// What it came to.
    pub sent: SentTest,
}

impl App {
    /// Gets a session for a connector as its next message would. Needs `manage`.
    pub async fn check_session(&self, caller: &Caller, slug: &str, name: &str) -> Result<SessionCheck, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        connector(&self.installation(caller, slug, name).await?)?;
        let desk = &self.inner.desk;
        desk.try_once(tenant)?;
        let installation = name.to_owned();
        desk.errands.run(|answer| Errand::CheckSession { tenant, installation, answer }).await
    }

    /// Sends a message to an address over a connector, to nobody whom the tenant knows: no consent is asked, nothing stands in
    /// anybody's timeline. Needs `manage`.
    pub async fn send_test(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        input: TestInput,
    ) -> Result<TestReport, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let view = self.installation(caller, slug, name).await?;
        let TestInput { address, content } = checked(connector(&view)?, input)?;
        let desk = &self.inner.desk;
        desk.try_once(tenant)?;
        let (at, id) = (self.ambient().now(), MessageId::from_uuid(self.ambient().uuid()));
        let (installation, test) = (name.to_owned(), TestMessage { id, address, content });
        let sent = desk.errands.run(|answer| Errand::SendTest { tenant, installation, test, answer }).await?;
        let row = ChannelTestRow {
            installation: view.installation.id,
            at,
            message: id,
            token: caller.token,
            outcome: sent.outcome.clone(),
            detail: sent.detail.clone(),
        };
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        work.insert_channel_test(tenant, &row).await?;
        work.commit().await?;
        tracing::info!(tenant = tenant.0, installation = name, token = %caller.token, message = %id,
                       outcome = sent.outcome, "somebody sent a test message");
        Ok(TestReport { id, at, sent })
    }

    /// The last test messages over a connector, newest first. Needs `manage`.
    pub async fn channel_tests(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
    ) -> Result<Vec<ChannelTestRow>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let view = self.installation(caller, slug, name).await?;
        Ok(self.store().read(Rows::Tenant(tenant)).await?.channel_tests(tenant, view.installation.id).await?)
    }
}

/// The input with its address as identities are written; tells all problems at once.
fn checked(spec: &ConnectorSpec, input: TestInput) -> Result<TestInput, AppError> {
    let mut problems = Vec::new();
    let address = match input.address.trim().parse::<Identity>() {
        Ok(identity) if spec.addresses.iter().any(|kind| kind == "*" || kind == identity.kind()) => {
            identity.to_string()
        }
        Ok(identity) => {
            let kinds = spec.addresses.join(", ");
            let kind = identity.kind();
            problems.push(Problem::new("address", format!("this channel delivers to {kinds}, not to `{kind}`")));
            String::new()
        }
        Err(error) => {
            problems.push(Problem::new("address", format!("{error}; write it as email:ada@example.com")));
            String::new()
        }
    };
    let bytes = serde_json::to_vec(&input.content).map_err(AppError::internal)?.len();
    if input.content.is_empty() {
        problems.push(Problem::new("content", "say something, such as {\"text\": \"Hello\"}"));
    }
    if bytes > GUEST_JSON_BYTES_MAX {
        problems.push(Problem::new("content", format!("has more than {GUEST_JSON_BYTES_MAX} bytes")));
    }
    if problems.is_empty() { Ok(TestInput { address, ..input }) } else { Err(AppError::Invalid(problems)) }
}
