//! For each campaign of a tenant how far it came with a person, and what stopped it: why somebody did *not* get something.

use std::collections::HashMap;
use std::sync::Arc;

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::event::{Event, TIMER};
use guanxi_domain::ids::{DecisionId, PersonId};
use guanxi_domain::installation::{Installation, Mode};
use guanxi_domain::manifest::{Bilingual, CampaignSpec};
use guanxi_domain::message::{Message, MessageStatus};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::{DAY, Millis};
use guanxi_store::{DecisionQuery, DecisionRow, HistoryQuery, MessageQuery, Scope as Rows, Work};
use serde_json::Value;

use crate::insight::whole;
use crate::installations::InstallationView;
use crate::{App, AppError};

/// The latest decisions and messages of a person that are looked through.
const LOOKED_THROUGH: u32 = 200;

/// How far a campaign came with a person.
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignAnswer {
    /// The installation's name.
    pub installation: String,
    /// The plugin's title.
    pub title: Bilingual,
    /// Whether it did all that it wanted to do when it was last concerned; else the first step that does not hold says why.
    pub reached: bool,
    /// The receipt of what it decided then.
    pub decision: Option<DecisionId>,
    /// What has to hold, in this order.
    pub steps: Vec<Step>,
}

/// One thing that has to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What sort of thing.
    pub sort: StepSort,
    /// Whether it does.
    pub holds: bool,
    /// As people read it, in English and Chinese.
    pub said: [String; 2],
    /// When that was.
    pub at: Option<Millis>,
}

/// What has to hold before a campaign reaches somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepSort {
    /// It is switched on and well.
    On,
    /// Something happened that it listens to.
    Event,
    /// It was asked about that.
    Asked,
    /// It decided to do something.
    Decided,
    /// The host did what it asked for: grants, consent and addresses allowed it.
    Done,
    /// The message left and arrived at the channel.
    Sent,
}

/// What all campaigns are looked at with.
struct Desk {
    now: Millis,
    tenant: TenantId,
    settings: Arc<TenantSettings>,
    /// How far the log is decided.
    position: i64,
    leaves: Vec<PersonId>,
    /// The latest first, without what candidates decided beside.
    decisions: Vec<DecisionRow>,
    messages: Vec<Message>,
}

impl App {
    /// For each campaign of a tenant how far it came with a person when it was last concerned, and what stopped it.
    pub async fn campaigns_of(
        &self,
        caller: &Caller,
        slug: &str,
        person: PersonId,
    ) -> Result<Vec<CampaignAnswer>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Read).await?.id;
        let installed = self.installations(caller, slug).await?;
        let mut read = self.store().read(Rows::Tenant(tenant)).await?;
        let desk = self.desk(&mut read, tenant, person).await?;
        let mut answers = Vec::new();
        for view in installed {
            if let Some(spec) = &view.plugin.manifest.campaign {
                let event = desk.last_event(&mut read, spec).await?;
                answers.push(desk.answer(&mut read, &view, spec, event).await?);
            }
        }
        Ok(answers)
    }

    async fn desk(&self, read: &mut Work, tenant: TenantId, person: PersonId) -> Result<Desk, AppError> {
        let (_, leaves) = whole(read, tenant, person).await?;
        let (mut decisions, mut messages) = (Vec::new(), Vec::new());
        for leaf in leaves.iter().copied().map(Some) {
            let query = DecisionQuery { person: leaf, before: None, limit: LOOKED_THROUGH };
            decisions.extend(read.decisions(tenant, &query).await?);
            let query = MessageQuery { person: leaf, status: None, before: None, limit: LOOKED_THROUGH };
            messages.extend(read.messages(tenant, &query).await?);
        }
        decisions.sort_by_key(|row| std::cmp::Reverse(row.position));
        Ok(Desk {
            now: self.ambient().now(),
            tenant,
            settings: self.settings(tenant).await?,
            position: read.position(tenant).await?,
            leaves,
            decisions,
            messages,
        })
    }
}

impl Desk {
    /// The last thing that happened to the person of what a campaign listens to.
    async fn last_event(&self, read: &mut Work, spec: &CampaignSpec) -> Result<Option<Event>, AppError> {
        let query = |person: &PersonId| HistoryQuery { person: *person, before: (i64::MAX, i64::MAX) };
        let queries: Vec<HistoryQuery> = self.leaves.iter().map(query).collect();
        let found: HashMap<PersonId, Vec<Event>> = read.history(self.tenant, &queries, &spec.events, 1).await?;
        Ok(found.into_values().flatten().max_by_key(|event| (event.event.occurred_at, event.position)))
    }

    async fn answer(
        &self,
        read: &mut Work,
        view: &InstallationView,
        spec: &CampaignSpec,
        event: Option<Event>,
    ) -> Result<CampaignAnswer, AppError> {
        let installation = &view.installation;
        let mut decision =
            self.decisions.iter().find(|row| row.installation == installation.id && !row.shadow).cloned();
        // It may have been asked about something else since: a timer of its own, or what happened earlier and came later.
        let position = event.as_ref().map_or(0, |event| event.position);
        if decision.as_ref().is_some_and(|row| row.position < position) {
            decision = None;
        }
        if let (None, Some(event)) = (&decision, &event) {
            decision = self.decision_about(read, installation, event).await?;
        }
        let event = match &decision {
            Some(row) => read.event(self.tenant, row.position).await?,
            None => event,
        };
        let mut steps = vec![self.is_on(installation)];
        match (&decision, &event) {
            (None, None) => steps.push(nothing_happened(spec)),
            (None, Some(event)) => steps.extend(self.not_asked(view, event)),
            (Some(row), event) => {
                steps.push(happened(event.as_ref(), row));
                steps.push(Step::holds(StepSort::Asked, ["was asked", "已询问"]).at(row.at));
                steps.extend(decided(row));
                steps.extend(self.messages.iter().filter(|message| message.decision == row.id).map(sent));
            }
        }
        Ok(CampaignAnswer {
            installation: installation.name.clone(),
            title: view.plugin.manifest.title.clone(),
            reached: steps.iter().all(|step| step.holds),
            decision: decision.map(|row| row.id),
            steps,
        })
    }

    /// What was decided about an event that is older than the latest decisions.
    async fn decision_about(
        &self,
        read: &mut Work,
        installation: &Installation,
        event: &Event,
    ) -> Result<Option<DecisionRow>, AppError> {
        let at = event.event.received_at;
        for leaf in &self.leaves {
            let found = read.decisions_between(self.tenant, *leaf, at, at, LOOKED_THROUGH).await?;
            let is_it = |row: &DecisionRow| {
                row.installation == installation.id && row.position == event.position && !row.shadow
            };
            if let Some(row) = found.into_iter().find(is_it) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    fn is_on(&self, installation: &Installation) -> Step {
        let health = &installation.health;
        match (installation.mode, health.quarantined_until.filter(|until| *until > self.now)) {
            (Mode::Off, _) => Step::stops(StepSort::On, ["is switched off", "已停用"]).at(installation.updated_at),
            (Mode::Live, Some(until)) => {
                let why = health.last_error.as_deref().unwrap_or_default();
                let said = [format!("pauses until then, for it crashed: {why}"), format!("因崩溃而暂停至此：{why}")];
                Step::stops(StepSort::On, said).at(until)
            }
            (Mode::Live, None) => Step::holds(StepSort::On, ["is switched on", "已启用"]),
        }
    }

    /// Why there is no decision about an event.
    fn not_asked(&self, view: &InstallationView, event: &Event) -> [Step; 2] {
        let installation = &view.installation;
        let (kind, received_at) = (&event.event.kind, event.event.received_at);
        let happened = Step::holds(StepSort::Event, [kind.clone(), kind.clone()]).at(event.event.occurred_at);
        let beside =
            self.decisions.iter().any(|row| row.position == event.position && row.installation == installation.id);
        let kept = self.settings.receipt_days.map(|days| self.now - Millis::from(days) * DAY);
        let said = if event.event.body.past {
            ["it came as history, about which no campaign decides", "作为历史数据导入，活动不对其决策"]
        } else if event.position > self.position {
            ["the log is not that far yet", "事件日志尚未处理到此处"]
        } else if !view.allowed().allows_event(kind) {
            ["it is not granted to be told of that", "未授权获知此事件"]
        } else if beside {
            [
                "a candidate decides for this person, and it does not listen to that",
                "由候选版本为此人决策，但它不关注此事件",
            ]
        } else if installation.created_at > received_at {
            ["was installed after that", "此后才安装"]
        } else if kept.is_some_and(|kept| received_at < kept) {
            ["receipts are not kept for so long", "决策凭证已过保存期"]
        } else {
            ["was switched off when that happened", "当时未启用"]
        };
        [happened, Step::stops(StepSort::Asked, said)]
    }
}

impl Step {
    fn new(sort: StepSort, holds: bool, said: [impl Into<String>; 2]) -> Self {
        Self { sort, holds, said: said.map(Into::into), at: None }
    }

    fn holds(sort: StepSort, said: [impl Into<String>; 2]) -> Self {
        Self::new(sort, true, said)
    }

    fn stops(sort: StepSort, said: [impl Into<String>; 2]) -> Self {
        Self::new(sort, false, said)
    }

    fn at(self, at: Millis) -> Self {
        Self { at: Some(at), ..self }
    }
}

fn nothing_happened(spec: &CampaignSpec) -> Step {
    let kinds = spec.events.join(", ");
    let said = [format!("nothing happened that it listens to: {kinds}"), format!("未发生它关注的事件：{kinds}")];
    Step::stops(StepSort::Event, said)
}

/// What it decided about last; of an event that is no longer kept only the time is known.
fn happened(event: Option<&Event>, row: &DecisionRow) -> Step {
    match event {
        Some(event) if event.event.kind != TIMER => {
            let kind = &event.event.kind;
            Step::holds(StepSort::Event, [kind.clone(), kind.clone()]).at(event.event.occurred_at)
        }
        Some(_) => Step::holds(StepSort::Event, ["a timer of its own rang", "它设置的定时器到期"]).at(row.at),
        None => Step::holds(StepSort::Event, ["something happened", "发生了它关注的事件"]).at(row.at),
    }
}

/// What it wanted, and what the host made of that.
fn decided(row: &DecisionRow) -> Vec<Step> {
    let reasons: Vec<String> = serde_json::from_str(&row.reasons).unwrap_or_default();
    let why = reasons.join("; ");
    let operations: Vec<Value> = serde_json::from_str(&row.operations).unwrap_or_default();
    let text = |operation: &Value, name: &str| operation[name].as_str().unwrap_or_default().to_owned();
    let names: Vec<String> = operations.iter().map(|operation| text(operation, "do")).collect();
    let names = names.join(", ");
    if row.outcome == "failed" {
        return vec![Step::stops(StepSort::Decided, [format!("failed: {why}"), format!("出错：{why}")])];
    }
    if operations.is_empty() {
        let said = [format!("decided to do nothing: {why}"), format!("决定不做任何事：{why}")];
        return vec![Step::stops(StepSort::Decided, said)];
    }
    let mut steps =
        vec![Step::holds(StepSort::Decided, [format!("asked for {names}: {why}"), format!("要求 {names}：{why}")])];
    let refused = operations.iter().filter(|operation| operation["outcome"] == "refused");
    steps.extend(refused.map(|operation| {
        let (name, refusal) = (text(operation, "do"), text(operation, "refusal"));
        Step::stops(StepSort::Done, [format!("{name} was refused: {refusal}"), format!("{name} 被拒绝：{refusal}")])
    }));
    if steps.len() == 1 {
        steps.push(Step::holds(StepSort::Done, ["the host did all of it", "已全部执行"]));
    }
    steps
}

/// How far a message came.
fn sent(message: &Message) -> Step {
    let why = message.reason.as_deref().unwrap_or_default();
    let said = |en: &str, zh: &str| match why {
        "" => [format!("{}: {en}", message.channel), format!("{}：{zh}", message.channel)],
        why => [format!("{}: {en}: {why}", message.channel), format!("{}：{zh}：{why}", message.channel)],
    };
    let (said, at) = match message.status {
        MessageStatus::Sent => return Step::holds(StepSort::Sent, said("sent", "已发送")).at(message.updated_at),
        MessageStatus::Queued | MessageStatus::Sending => (said("waits to be sent", "等待发送"), message.not_before),
        MessageStatus::Failed => (said("failed", "发送失败"), message.updated_at),
        MessageStatus::Expired => (said("was not sent in time", "未及时发送，已过期"), message.updated_at),
        MessageStatus::Uncertain => (said("may have been sent, or not", "不确定是否已发送"), message.updated_at),
        MessageStatus::Cancelled => (said("was called off", "已取消"), message.updated_at),
    };
    Step::stops(StepSort::Sent, said).at(at)
}

#[cfg(test)]
mod tests {
    use guanxi_domain::ids::{InstallationId, MessageId};
    use guanxi_domain::message::MessageClass;

    use super::*;

    fn row(outcome: &str, operations: &str) -> DecisionRow {
        let id = uuid::Uuid::from_u128(1);
        DecisionRow {
            id: DecisionId::from_uuid(id),
            installation: InstallationId::from_uuid(id),
            person: PersonId::from_uuid(id),
            position: 1,
            at: 1,
            digest: String::new(),
            config_hash: String::new(),
            outcome: outcome.to_owned(),
            operations: operations.to_owned(),
            reasons: r#"["because", "of that"]"#.to_owned(),
            log: "[]".to_owned(),
            input: "{}".to_owned(),
            seed: 1,
            fuel: 1,
            call: None,
            shadow: false,
        }
    }

    fn told(row: &DecisionRow) -> Vec<(StepSort, bool, String)> {
        decided(row).into_iter().map(|step| (step.sort, step.holds, step.said[0].clone())).collect()
    }

    #[test]
    fn every_refusal_is_told_and_what_was_done_is_not() {
        let operations =
            r#"[{"do": "send", "outcome": "done"}, {"do": "add-tag", "outcome": "refused", "refusal": "not granted"}]"#;
        assert_eq!(
            told(&row("acted", operations)),
            [
                (StepSort::Decided, true, "asked for send, add-tag: because; of that".to_owned()),
                (StepSort::Done, false, "add-tag was refused: not granted".to_owned()),
            ]
        );
        let failed = told(&row("failed", "[]"));
        assert_eq!(failed, [(StepSort::Decided, false, "failed: because; of that".to_owned())]);
        let nothing = told(&row("skipped", "[]"));
        assert_eq!(nothing, [(StepSort::Decided, false, "decided to do nothing: because; of that".to_owned())]);
    }

    #[test]
    fn only_a_message_that_was_sent_holds() {
        let id = uuid::Uuid::from_u128(1);
        for status in MessageStatus::ALL {
            let message = Message {
                id: MessageId::from_uuid(id),
                person: PersonId::from_uuid(id),
                connector: InstallationId::from_uuid(id),
                decision: DecisionId::from_uuid(id),
                channel: "sandbox".to_owned(),
                address: "user:a".to_owned(),
                content: guanxi_domain::JsonMap::new(),
                class: MessageClass::Reply,
                purpose: "service".to_owned(),
                status,
                reason: (status == MessageStatus::Failed).then(|| "no such user".to_owned()),
                channel_id: None,
                created_at: 1,
                not_before: 2,
                expires_at: None,
                attempts: 0,
                depth: 0,
                updated_at: 3,
                told: guanxi_domain::message::Told::default(),
            };
            let step = sent(&message);
            assert_eq!(step.holds, status == MessageStatus::Sent, "{status:?}");
            assert_eq!(step.said[0].contains("no such user"), status == MessageStatus::Failed);
        }
    }
}
