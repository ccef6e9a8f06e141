//! What a channel would be asked to deliver: the request that the connector makes, as in production, without performing it.

use std::sync::Arc;

use guanxi_domain::JsonMap;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::connector::{Outbound, Outcome, Request, Step};
use guanxi_domain::content;
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::MessageId;
use guanxi_domain::usage::WorkKind;

use super::checked;
use crate::usage::USED_UP;
use crate::{App, AppError, decode_secret};

/// What addresses of a kind look like; people of other kinds are called `sample-1`.
const SAMPLES: [(&str, &str); 6] = [
    ("phone", "+8613800138000"),
    ("email", "ada@example.com"),
    ("telegram_id", "100000001"),
    ("line_user_id", "U0123456789abcdef0123456789abcdef"),
    ("slack_user_id", "U0123456789"),
    ("wechat_openid", "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"),
];

/// What is to be looked at.
#[derive(Debug, Clone, Default)]
pub struct PreviewInput {
    /// The channel: the name of a connector's installation.
    pub installation: String,
    /// The content itself, or nothing for the one that is kept
    pub content: Option<JsonMap>,
    /// under this name.
    pub name: Option<String>,
    /// The tag of the language that the person speaks.
    pub language: Option<String>,
    /// What `{{name}}` stands for.
    pub variables: JsonMap,
    /// `kind:value`; somebody who does not exist if not given.
    pub address: Option<String>,
}

/// What would leave the house.
#[derive(Debug, Clone)]
pub struct ContentPreview {
    /// The channel.
    pub channel: String,
    /// To whom.
    pub address: String,
    /// What the connector is told to say.
    pub content: JsonMap,
    /// How that reads where there is nothing but text.
    pub text: String,
    /// The first request that it makes; secrets that the host puts in stand as `{{secret:…}}`.
    pub request: Option<Request>,
    /// What it says instead of making one: that the message is sent, or why it cannot be.
    pub outcome: Option<String>,
}

impl App {
    /// What a connector would be told to say, and what it would ask its channel to do. Nothing is performed and nobody is
    /// told. The call costs what it costs in production. Needs `manage`: what the connector makes is signed as in production.
    pub async fn preview_content(
        &self,
        caller: &Caller,
        slug: &str,
        input: PreviewInput,
    ) -> Result<ContentPreview, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let document = match (input.content, &input.name) {
            (Some(document), None) => {
                checked(&document)?;
                document
            }
            (None, Some(name)) => self.content(caller, slug, name).await?.document,
            _ => return Err(AppError::invalid("content", "give the content itself, or the name of one that is kept")),
        };
        let view = self.installation(caller, slug, &input.installation).await?;
        let spec = view.plugin.manifest.connector.clone();
        let spec = spec.ok_or_else(|| AppError::invalid("installation", "is no connector; name one that is"))?;
        let languages: Vec<&str> = input.language.iter().chain(&tenant.settings.language).map(String::as_str).collect();
        let fitted = content::fit(&document, &spec.channel, &languages);
        let content =
            content::render(&fitted, &input.variables).map_err(|bad| AppError::invalid("content", bad.to_string()))?;
        let kept = self.kept_contents(tenant.id).await?;
        let content = content::with_media(content, |name| kept.media(name))
            .map_err(|bad| AppError::invalid("content", bad.to_string()))?;
        let address = match &input.address {
            Some(text) => {
                let read = text.parse::<Identity>();
                read.map_err(|bad| AppError::invalid("address", bad.to_string()))?.to_string()
            }
            None => sample(&spec.addresses),
        };
        if self.fuel_left(tenant.id).await? == 0 {
            return Err(AppError::Conflict(USED_UP.to_owned()));
        }
        let now = self.ambient().now();
        let outbound = Outbound {
            id: MessageId::from_uuid(self.ambient().uuid()).to_string(),
            address: address.clone(),
            content: serde_json::to_string(&content).map_err(AppError::internal)?,
            created: now,
            now,
            attempt: 1,
        };
        let allowed = view.allowed();
        let open = self.open_secrets(tenant.id, view.installation.id).await?;
        let secrets = spec.secrets.iter().filter(|wish| allowed.allows_secret(&wish.name)).filter_map(|wish| {
            let text = open.0.get(&wish.name)?;
            Some((wish.name.clone(), decode_secret(wish.format, text).ok()?))
        });
        let secrets: Vec<(String, Vec<u8>)> = secrets.collect();
        let config = view.installation.config.to_string();
        let connector = self.load_plugin(&view.installation.digest).await?;
        let _turn = self.inner.previews.acquire().await.map_err(AppError::internal)?;
        let asked = Arc::clone(&connector);
        let started = tokio::task::spawn_blocking(move || asked.send(&config, &outbound, secrets));
        let started = started.await.map_err(AppError::internal)?;
        self.count_trial(tenant.id, view.installation.id, WorkKind::Replay, started.usage).await?;
        let (request, outcome) = match started.step {
            Ok(Step::Perform { request, .. }) => (Some(request), None),
            Ok(Step::Done(outcome)) => (None, Some(said(&outcome))),
            Err(why) => (None, Some(format!("failed: {why}"))),
        };
        let text = content::plain(&content);
        Ok(ContentPreview { channel: spec.channel, address, content, text, request, outcome })
    }

    /// The installations of connectors, each with its channel: where a content can be looked at.
    pub async fn content_channels(&self, caller: &Caller, slug: &str) -> Result<Vec<(String, String)>, AppError> {
        let views = self.installations(caller, slug).await?;
        let channel =
            |view: crate::InstallationView| Some((view.installation.name, view.plugin.manifest.connector?.channel));
        Ok(views.into_iter().filter_map(channel).collect())
    }
}

/// Nobody's address of the first kind that a connector delivers to.
fn sample(kinds: &[String]) -> String {
    let kind = kinds.first().map(String::as_str).filter(|kind| *kind != "*").unwrap_or("user");
    let value = SAMPLES.iter().find(|(known, _)| *known == kind).map_or("sample-1", |(_, value)| *value);
    format!("{kind}:{value}")
}

fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Sent(_) => "sent".to_owned(),
        Outcome::RefreshSession => "needs a new session".to_owned(),
        Outcome::RetryAfter(seconds) => format!("wait {seconds} s"),
        Outcome::QuotaExhausted(_) => "the channel's quota is used up".to_owned(),
        Outcome::WindowClosed => "the reply window is over".to_owned(),
        Outcome::RecipientGone(why) => format!("recipient gone: {why}"),
        Outcome::Rejected(why) => format!("rejected: {why}"),
    }
}
