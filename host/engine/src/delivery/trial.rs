//! A message by which staff try a channel out: it goes the way of every other, to nobody whom the host knows.

use std::sync::Arc;

use guanxi_app::{AppError, SentTest, TestMessage};
use guanxi_domain::erasure::NOBODY;
use guanxi_domain::ids::DecisionId;
use guanxi_domain::message::{Message, MessageClass, MessageStatus, Told};
use guanxi_domain::tenant::TenantId;

use super::attempt::Courier;
use super::standing::Standing;
use super::tracking::Tracking;
use crate::Engine;
use crate::fleet::{Passport, Unit};

/// What tests are for.
const PURPOSE: &str = "test";

/// Sends it once and says what that came to.
pub(crate) async fn send(
    engine: &Engine,
    tenant: TenantId,
    unit: &Arc<Unit>,
    passport: Passport,
    test: TestMessage,
) -> Result<SentTest, AppError> {
    let spec = unit.manifest().connector.as_ref().ok_or(AppError::NotFound("channel"))?;
    let now = engine.app.ambient().now();
    let message = Message {
        id: test.id,
        person: NOBODY,
        connector: unit.installation.id,
        decision: DecisionId::from_uuid(engine.app.ambient().uuid()),
        channel: spec.channel.clone(),
        address: test.address,
        content: test.content,
        class: MessageClass::Transactional,
        purpose: PURPOSE.to_owned(),
        status: MessageStatus::Sending,
        reason: None,
        channel_id: None,
        created_at: now,
        not_before: now,
        expires_at: None,
        attempts: 1,
        depth: 0,
        updated_at: now,
        told: Told::default(),
    };
    let (standing, _) = Standing::of(engine, tenant, unit, &[]).await?;
    let gate = engine.gates.of(tenant, unit.installation.id);
    let tracking = Tracking::of(engine, tenant, spec, &[]).await?;
    let courier = Courier::new(engine, tenant, unit, passport, standing, (gate, false), tracking);
    let tried = courier.try_out(message).await;
    let channel_id = tried.settled().and_then(|settled| settled.channel_id.clone());
    let attempt = tried.attempt.ok_or_else(|| AppError::internal("a test was not tried"))?;
    let exchanges = tried.exchanges.map(|tried| tried.exchanges).unwrap_or_default();
    Ok(SentTest { outcome: attempt.outcome, detail: attempt.detail, channel_id, took_ms: attempt.took_ms, exchanges })
}
