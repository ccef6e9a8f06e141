//! Webhooks: which addresses a tenant has told of notices, and what became of those.

mod notices;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guanxi_domain::Millis;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::ids::{DeliveryId, WebhookId};
use guanxi_domain::limits::{PAGE_DEFAULT, PAGE_MAX, WEBHOOK_ADDRESS_BYTES_MAX, WEBHOOKS_MAX};
use guanxi_domain::manifest::SecretFormat;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::webhook::{Delivery, Notice, NoticeKind, Off, ROTATION, Webhook};
use guanxi_store::Scope as Rows;
use url::Url;

use crate::secrets::{OpenSecrets, decode};
use crate::{App, AppError, Problem};

pub use notices::{candidate_notice, dead_letter_notice, health_notice, import_notice, upgrade_notice};

/// Bytes of a secret.
const SECRET_LEN: usize = 32;
/// What the vault calls the secret that signs, and the one before it.
const CURRENT: &str = "current";
const PREVIOUS: &str = "previous";
/// Why a delivery ended that somebody switched off under way.
const SWITCHED_OFF: &str = "the address was switched off";

/// What somebody wants of an address.
#[derive(Debug, Clone)]
pub struct WebhookInput {
    /// `https://…`
    pub address: String,
    /// Of what it is to be told; at least one.
    pub kinds: Vec<NoticeKind>,
    /// Whether it is to be told anything now.
    pub enabled: bool,
}

/// An address with its secret, as it is shown, once.
#[derive(Clone)]
pub struct NewWebhook {
    /// The address.
    pub webhook: Webhook,
    /// `whsec_…`
    pub secret: String,
}

impl App {
    /// The addresses of a tenant, the oldest first. Needs `manage`: an address may be as good as a password.
    pub async fn webhooks(&self, caller: &Caller, slug: &str) -> Result<Vec<Webhook>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        Ok(self.store().read(Rows::Tenant(tenant)).await?.webhooks(tenant).await?)
    }

    /// One address. Needs `manage`.
    pub async fn webhook(&self, caller: &Caller, slug: &str, id: WebhookId) -> Result<Webhook, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        self.store().read(Rows::Tenant(tenant)).await?.webhook(tenant, id).await?.ok_or(UNKNOWN)
    }

    /// Subscribes an address. Needs `manage`.
    pub async fn create_webhook(
        &self,
        caller: &Caller,
        slug: &str,
        input: WebhookInput,
    ) -> Result<NewWebhook, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let WebhookInput { address, kinds, enabled } = checked(input)?;
        let (id, now, secret) = (WebhookId::from_uuid(self.ambient().uuid()), self.ambient().now(), self.new_secret());
        let secrets = OpenSecrets(BTreeMap::from([(CURRENT.to_owned(), secret.clone())]));
        let sealed = self.vault().seal(tenant, id, &secrets, self.ambient().bytes()).map_err(AppError::internal)?;
        let webhook = Webhook {
            id,
            address,
            kinds,
            off: (!enabled).then_some(Off::SwitchedOff),
            rotated_at: None,
            failing_since: None,
            dropped: 0,
            created_at: now,
            updated_at: now,
        };
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        work.insert_webhook(tenant, &webhook, &sealed).await?;
        if work.webhooks(tenant).await?.len() > WEBHOOKS_MAX {
            return Err(AppError::TooLarge(format!("a tenant has at most {WEBHOOKS_MAX} addresses; delete one first")));
        }
        work.commit().await?;
        Ok(NewWebhook { webhook, secret })
    }

    /// Changes address and kinds, switches on or off. Whoever switches it on gives it a fresh start. Needs `manage`.
    pub async fn put_webhook(
        &self,
        caller: &Caller,
        slug: &str,
        id: WebhookId,
        input: WebhookInput,
    ) -> Result<Webhook, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let WebhookInput { address, kinds, enabled } = checked(input)?;
        let now = self.ambient().now();
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let before = work.webhook(tenant, id).await?.ok_or(UNKNOWN)?;
        let off = match enabled {
            true => None,
            // Why the host switched it off stays to be read.
            false => before.off.or(Some(Off::SwitchedOff)),
        };
        let moved = before.address != address || (before.off.is_some() && enabled);
        let failing_since = before.failing_since.filter(|_| !moved);
        let dropped = if moved { 0 } else { before.dropped };
        let webhook = Webhook { address, kinds, off, failing_since, dropped, updated_at: now, ..before };
        // In the order in which workers touch both, so that nobody waits for each other.
        if off.is_some() {
            work.give_up_deliveries(tenant, id, SWITCHED_OFF, now).await?;
        }
        if !work.put_webhook(tenant, &webhook).await? {
            return Err(UNKNOWN);
        }
        work.commit().await?;
        self.signals().noticed.notify_one();
        Ok(webhook)
    }

    /// Forgets an address and what is on its way there. Needs `manage`.
    pub async fn delete_webhook(&self, caller: &Caller, slug: &str, id: WebhookId) -> Result<(), AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        if !work.delete_webhook(tenant, id).await? {
            return Err(UNKNOWN);
        }
        Ok(work.commit().await?)
    }

    /// Gives an address a new secret. For a day the one before signs as well, so that the receiver can change it in
    /// between. Needs `manage`.
    pub async fn rotate_webhook(&self, caller: &Caller, slug: &str, id: WebhookId) -> Result<NewWebhook, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let (now, secret) = (self.ambient().now(), self.new_secret());
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let sealed = work.webhook_secrets(tenant, id).await?.ok_or(UNKNOWN)?;
        // A secret that no key opens any more signs nothing: the new one is all there is.
        let before = self.vault().open(tenant, id, &sealed).unwrap_or_default().0.remove(CURRENT);
        let previous = before.map(|before| (PREVIOUS.to_owned(), before));
        let secrets = previous.into_iter().chain([(CURRENT.to_owned(), secret.clone())]).collect();
        let anew = self.vault().seal(tenant, id, &OpenSecrets(secrets), self.ambient().bytes());
        if !work.rotate_webhook(tenant, id, &sealed, &anew.map_err(AppError::internal)?, now).await? {
            return Err(AppError::Conflict("somebody has just rotated this secret; look at it again".to_owned()));
        }
        let webhook = work.webhook(tenant, id).await?.ok_or(UNKNOWN)?;
        work.commit().await?;
        Ok(NewWebhook { webhook, secret })
    }

    /// Sends a notice of the kind `guanxi.test` to an address that is on. Needs `manage`.
    pub async fn test_webhook(&self, caller: &Caller, slug: &str, id: WebhookId) -> Result<Delivery, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        let webhook = on(work.webhook(tenant, id).await?)?;
        let notice = Notice::new(NoticeKind::Test, [("webhook", webhook.id.to_string().into())]);
        let queued = self.queue(&mut work, tenant, &webhook, &[&notice]).await?.pop();
        let queued = queued.ok_or_else(|| AppError::TooLarge("too many notices wait for this address".to_owned()))?;
        work.commit().await?;
        self.signals().noticed.notify_one();
        Ok(queued)
    }

    /// A page of what is and was on its way to an address, the latest first. Needs `manage`.
    pub async fn webhook_deliveries(
        &self,
        caller: &Caller,
        slug: &str,
        id: WebhookId,
        before: Option<DeliveryId>,
        limit: Option<u32>,
    ) -> Result<Vec<Delivery>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let limit = limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        read.webhook(tenant, id).await?.ok_or(UNKNOWN)?;
        Ok(read.deliveries(tenant, id, before, limit).await?)
    }

    /// Has a delivery tried once more at once, under the same id, whatever became of it. Needs `manage`.
    pub async fn retry_delivery(
        &self,
        caller: &Caller,
        slug: &str,
        id: WebhookId,
        delivery: DeliveryId,
    ) -> Result<Delivery, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?.id;
        let mut work = self.store().begin(Rows::Tenant(tenant)).await?;
        on(work.webhook(tenant, id).await?)?;
        work.delivery(tenant, id, delivery).await?.ok_or(AppError::NotFound("delivery"))?;
        if !work.retry_delivery(tenant, id, delivery, self.ambient().now()).await? {
            return Err(AppError::Conflict("this notice is being sent right now; look what comes of it".to_owned()));
        }
        let queued = work.delivery(tenant, id, delivery).await?.ok_or(AppError::NotFound("delivery"))?;
        work.commit().await?;
        self.signals().noticed.notify_one();
        Ok(queued)
    }

    /// The keys that sign for an address now, the current one first; for the engine.
    pub async fn webhook_keys(
        &self,
        tenant: TenantId,
        webhook: &Webhook,
        now: Millis,
    ) -> Result<Vec<Vec<u8>>, AppError> {
        let sealed = self.store().read(Rows::Tenant(tenant)).await?.webhook_secrets(tenant, webhook.id).await?;
        let open = self.vault().open(tenant, webhook.id, &sealed.ok_or(UNKNOWN)?).map_err(AppError::internal)?;
        let rotating = webhook.rotated_at.is_some_and(|at| now < at.saturating_add(ROTATION));
        let names = [CURRENT, PREVIOUS].into_iter().take(if rotating { 2 } else { 1 });
        let keys = names.filter_map(|name| open.0.get(name));
        keys.map(|text| decode(SecretFormat::StandardWebhooks, text).map_err(AppError::internal)).collect()
    }

    fn new_secret(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.ambient().bytes::<SECRET_LEN>()))
    }
}

const UNKNOWN: AppError = AppError::NotFound("webhook");

/// An address that is told of notices now.
fn on(webhook: Option<Webhook>) -> Result<Webhook, AppError> {
    let webhook = webhook.ok_or(UNKNOWN)?;
    match webhook.off {
        None => Ok(webhook),
        Some(_) => Err(AppError::Conflict("this address is switched off; switch it on first".to_owned())),
    }
}

/// The input with its kinds in order; tells all problems at once. Where the address leads is looked at when something is
/// sent, by what lets connectors out.
fn checked(input: WebhookInput) -> Result<WebhookInput, AppError> {
    let WebhookInput { address, mut kinds, enabled } = input;
    let address = address.trim().to_owned();
    let mut problems: Vec<Problem> = problem_of(&address).map(|it| Problem::new("address", it)).into_iter().collect();
    kinds.sort();
    kinds.dedup();
    if kinds.is_empty() {
        problems.push(Problem::new("kinds", "name at least one kind of notice"));
    }
    if kinds.contains(&NoticeKind::Test) {
        problems.push(Problem::new("kinds", "`guanxi.test` is sent by hand only; leave it out"));
    }
    if problems.is_empty() { Ok(WebhookInput { address, kinds, enabled }) } else { Err(AppError::Invalid(problems)) }
}

fn problem_of(address: &str) -> Option<String> {
    if address.len() > WEBHOOK_ADDRESS_BYTES_MAX {
        return Some(format!("has more than {WEBHOOK_ADDRESS_BYTES_MAX} bytes"));
    }
    if address.contains("{{") || address.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return Some("has spaces, control characters or `{{`; write it as it is".to_owned());
    }
    let Ok(url) = Url::parse(address) else {
        return Some("is no address; write https://hooks.example.com/guanxi".to_owned());
    };
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Some("is not https; write https://hooks.example.com/guanxi".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Some("has a user, a password or a fragment; leave them out".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, good: bool) {
        assert_eq!(problem_of(address).is_none(), good, "{address}");
    }

    #[test]
    fn te_6_an_address_is_one_that_requests_can_be_sent_to() {
        check("https://hooks.example.com/guanxi?to=1", true);
        check("http://127.0.0.1:9000/", true);
        check("https://[2001:db8::1]/x", true);
        for bad in [
            "",
            "hooks.example.com",
            "ftp://hooks.example.com",
            "file:///etc/passwd",
            "https://",
            "https://ada:secret@hooks.example.com/",
            "https://hooks.example.com/#x",
            "https://hooks.example.com/{{secret:signing-key}}",
            "https://hooks.example.com/a b",
            "https://hooks.example.com/\r\nX: y",
        ] {
            check(bad, false);
        }
        check(&format!("https://hooks.example.com/{}", "a".repeat(WEBHOOK_ADDRESS_BYTES_MAX)), false);
    }

    #[test]
    fn kinds_are_in_order_and_everything_wrong_is_told_at_once() {
        let input = |address: &str, kinds: &[NoticeKind]| {
            checked(WebhookInput { address: address.to_owned(), kinds: kinds.to_vec(), enabled: true })
        };
        let twice = [NoticeKind::Upgrade, NoticeKind::Candidate, NoticeKind::Upgrade];
        let good = input(" https://hooks.example.com/ ", &twice).unwrap();
        assert_eq!(good.kinds, [NoticeKind::Candidate, NoticeKind::Upgrade]);
        assert_eq!(good.address, "https://hooks.example.com/");
        for kinds in [&[][..], &[NoticeKind::Test]] {
            let Err(AppError::Invalid(problems)) = input("nowhere", kinds) else { panic!("{kinds:?}") };
            assert_eq!(problems.iter().map(|it| it.at.as_str()).collect::<Vec<_>>(), ["address", "kinds"]);
        }
    }
}
