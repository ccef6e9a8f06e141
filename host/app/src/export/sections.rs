//! The files of an archive: what each holds and how it is read, page by page.

use std::collections::BTreeSet;

use guanxi_domain::ids::{ImportId, PersonId, SegmentId};
use guanxi_domain::person::{Link, Person};
use guanxi_domain::tenant::TenantId;
use guanxi_store::{DecisionQuery, DecisionRow, MessageQuery, Scope as Rows, Work};
use serde_json::{Value, json};

use super::archive::{Archiver, List};
use crate::plugin_logs::add_lines;
use crate::{App, AppError};

/// Rows of one page.
const PAGE: u32 = 200;
/// The most actions on identities that are looked up; the log holds the rest.
const ACTIONS_MAX: u32 = 10_000;

/// Whom an archive is about.
pub(super) struct Subject {
    pub(super) tenant: TenantId,
    /// Who stands for everybody who was joined.
    pub(super) person: Person,
    /// Everybody who was joined, or the person alone.
    pub(super) leaves: Vec<PersonId>,
}

impl Subject {
    /// The leaves and who stands for them: whose rows are looked for.
    fn everybody(&self) -> Vec<PersonId> {
        let mut all = self.leaves.clone();
        if !all.contains(&self.person.id) {
            all.push(self.person.id);
        }
        all
    }
}

/// A file of the archive.
pub(super) struct Section {
    pub(super) file: &'static str,
    pub(super) english: &'static str,
    pub(super) chinese: &'static str,
}

/// How many entries a file has.
pub(super) struct Count {
    pub(super) file: &'static str,
    pub(super) items: u64,
}

const fn section(file: &'static str, english: &'static str, chinese: &'static str) -> Section {
    Section { file, english, chinese }
}

/// Every file, in the order in which people care.
pub(super) const SECTIONS: [Section; 16] = [
    section("profile.json", "Attributes with their sources, stage, roles and totals", "属性及来源、阶段、角色与汇总"),
    section(
        "identities.json",
        "Identifiers, how far they are relied on, and who else claims them",
        "身份标识、可信状态与争议",
    ),
    section("identity-history.json", "What was done to identifiers, by whom and why", "身份变更记录：操作人与原因"),
    section("consents.json", "What was allowed or refused, when, and what shows it", "授权与撤回、时间与凭据"),
    section("events.json", "Everything that happened, as it came in", "全部事件的原始内容"),
    section("orders.json", "Orders and refunds", "订单与退款"),
    section("tags.json", "Labels and where they come from", "标签及来源"),
    section("scores.json", "Scores and the terms they are made of", "评分及构成"),
    section("signals.json", "What channels and the graph of relations say", "渠道信号与关系图谱指标"),
    section("relations.json", "Who is known, and by whom", "社交关系"),
    section("decisions.json", "What plugins decided, from which data and why", "插件决策的依据、内容与理由"),
    section("messages.json", "Messages and every try to deliver them", "消息及投递记录"),
    section("segments.json", "Groups of people that count this person in", "所属人群分组"),
    section("audiences.json", "Advertising audiences, by hashed identifier", "广告人群包（以哈希标识记录）"),
    section("imports.json", "Rows of imported files, and what became of them", "导入文件中的行及处理结果"),
    section("plugin-data.json", "What plugins keep between decisions", "插件保存的数据"),
];

/// Writes every file.
pub(super) async fn write(app: &App, subject: &Subject, archiver: &mut Archiver) -> Result<Vec<Count>, AppError> {
    let mut counts = Vec::with_capacity(SECTIONS.len());
    for Section { file, .. } in &SECTIONS {
        // Each file sees one state of the database; none is held over all of them.
        let mut read = app.store().read(Rows::Tenant(subject.tenant)).await?;
        let mut list = archiver.list(file).await?;
        match *file {
            "profile.json" => profile(&mut read, subject, &mut list).await?,
            "events.json" => events(&mut read, subject, &mut list).await?,
            "orders.json" => orders(&mut read, subject, &mut list).await?,
            "relations.json" => relations(&mut read, subject, &mut list).await?,
            "decisions.json" => decisions(&mut read, subject, &mut list).await?,
            "messages.json" => messages(&mut read, subject, &mut list).await?,
            other => list.extend(small(&mut read, subject, other).await?).await?,
        }
        counts.push(Count { file, items: list.end().await? });
    }
    Ok(counts)
}

async fn profile(read: &mut Work, subject: &Subject, list: &mut List<'_>) -> Result<(), AppError> {
    let people = read.people(subject.tenant, &subject.everybody()).await?;
    let whole = std::iter::once(&subject.person);
    let parts = subject.leaves.iter().filter(|leaf| **leaf != subject.person.id).filter_map(|leaf| people.get(leaf));
    list.extend(whole.chain(parts).map(person)).await
}

/// Files of which one page is enough.
async fn small(read: &mut Work, subject: &Subject, file: &str) -> Result<Vec<Value>, AppError> {
    let (tenant, all) = (subject.tenant, subject.everybody());
    let mut items = Vec::new();
    match file {
        "identities.json" => {
            for (owner, links) in read.links(tenant, &all).await? {
                items.extend(links.iter().map(|one| link(owner, one)));
            }
            items.extend(read.conflicts_of(tenant, &all).await?.iter().map(|conflict| {
                json!({
                    "conflict": conflict.identity, "person": conflict.person, "claimed_by": conflict.claimed_by,
                    "cause": conflict.cause.as_str(), "at": conflict.at,
                })
            }));
        }
        "identity-history.json" => {
            items.extend(read.actions_of(tenant, &all, ACTIONS_MAX).await?.iter().map(|action| {
                json!({
                    "action": action.action.as_str(), "person": action.person, "other": action.other,
                    "identity": action.identity, "actor": action.actor, "reason": action.reason,
                    "refused": action.refused, "at": action.at,
                })
            }));
        }
        "consents.json" => {
            for (person, consents) in read.consents(tenant, &all).await? {
                items.extend(consents.iter().map(|consent| {
                    json!({
                        "person": person, "purpose": consent.purpose, "granted": consent.granted,
                        "evidence": consent.evidence, "source": consent.source, "at": consent.at,
                        "expires_at": consent.expires_at,
                    })
                }));
            }
        }
        "tags.json" => {
            for (person, tags) in read.tags(tenant, &all).await? {
                items.extend(tags.iter().map(|held| {
                    json!({"person": person, "tag": held.tag, "source": held.source, "at": held.at, "half_life": held.half_life})
                }));
            }
        }
        "scores.json" => {
            for (person, scores) in read.scores(tenant, &all).await? {
                items.extend(scores.iter().map(|score| json!({"person": person, "score": score})));
            }
        }
        "signals.json" => {
            for part in read.people(tenant, &all).await?.values() {
                items.extend(read.archived_signals(tenant, part.id, part.number).await?);
            }
        }
        "audiences.json" => {
            for part in read.people(tenant, &all).await?.values() {
                items.extend(read.archived_audiences(tenant, part.number).await?);
            }
        }
        "segments.json" => {
            let rows = read.segments(tenant).await?;
            let ids: Vec<SegmentId> = rows.iter().map(|row| row.id).collect();
            let of = read.segments_of(tenant, &ids, subject.person.number).await?;
            let inside = rows.iter().filter(|row| of.contains(&row.id));
            items.extend(inside.map(|row| json!({"segment": row.name, "title": row.title})));
        }
        "imports.json" => items.extend(imported(read, tenant, &all).await?),
        _ => {
            for person in all {
                items.extend(read.archived_plugin_data(tenant, person).await?);
            }
        }
    }
    Ok(items)
}

/// The rows of every import that says to have told something of these people.
async fn imported(read: &mut Work, tenant: TenantId, people: &[PersonId]) -> Result<Vec<Value>, AppError> {
    let mut sources: BTreeSet<String> = BTreeSet::new();
    for person in read.people(tenant, people).await?.into_values() {
        sources.extend(person.provenance.into_values().map(|said| said.source));
    }
    sources.extend(read.links(tenant, people).await?.into_values().flatten().map(|link| link.source));
    let imports = sources.iter().filter_map(|source| source.strip_prefix("import:")?.parse::<ImportId>().ok());
    let mut items = Vec::new();
    for import in imports {
        let Some(file) = read.import(tenant, import).await? else { continue };
        for person in people {
            let rows = read.import_rows_of(tenant, import, *person).await?;
            items.extend(rows.iter().map(|row| {
                json!({
                    "import": import, "file": file.name, "at": file.created_at, "person": person, "row": row.0,
                    "result": row.1, "why": row.3,
                })
            }));
        }
    }
    Ok(items)
}

async fn events(read: &mut Work, subject: &Subject, list: &mut List<'_>) -> Result<(), AppError> {
    for leaf in &subject.leaves {
        let mut before = None;
        loop {
            let page = read.timeline(subject.tenant, *leaf, before, PAGE).await?;
            let Some(last) = page.last() else { break };
            before = Some((last.event.occurred_at, last.position));
            list.extend(page.iter().map(|event| json!({"position": event.position, "event": event.event}))).await?;
        }
    }
    Ok(())
}

async fn orders(read: &mut Work, subject: &Subject, list: &mut List<'_>) -> Result<(), AppError> {
    for leaf in &subject.leaves {
        let mut after = String::new();
        loop {
            let page = read.archived_orders(subject.tenant, *leaf, &after, PAGE).await?;
            let Some(last) = page.last().and_then(|order| order.get("order_id")).and_then(Value::as_str) else { break };
            last.clone_into(&mut after);
            list.extend(page).await?;
        }
    }
    Ok(())
}

async fn relations(read: &mut Work, subject: &Subject, list: &mut List<'_>) -> Result<(), AppError> {
    for part in read.people(subject.tenant, &subject.everybody()).await?.values() {
        let mut after = (-1, -1, String::new());
        loop {
            let behind = (after.0, after.1, after.2.as_str());
            let page = read.archived_relations(subject.tenant, part.number, behind, PAGE).await?;
            let Some(last) = page.last() else { break };
            let number = |name: &str| last.get(name).and_then(Value::as_i64).unwrap_or_default();
            let kind = last.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
            after = (number("side"), number("number"), kind);
            list.extend(page.into_iter().map(|relation| told(relation, part.id))).await?;
        }
    }
    Ok(())
}

/// Others are named by id, or not at all.
fn told(mut relation: Value, person: PersonId) -> Value {
    if let Some(fields) = relation.as_object_mut() {
        fields.remove("number");
        let outward = fields.remove("side").and_then(|side| side.as_i64()) == Some(0);
        let other = fields.remove("person").unwrap_or_default();
        fields.insert("from".to_owned(), if outward { json!(person) } else { other.clone() });
        fields.insert("to".to_owned(), if outward { other } else { json!(person) });
    }
    relation
}

async fn decisions(read: &mut Work, subject: &Subject, list: &mut List<'_>) -> Result<(), AppError> {
    for leaf in &subject.everybody() {
        let mut query = DecisionQuery { person: Some(*leaf), before: None, limit: PAGE };
        loop {
            let page = read.decisions(subject.tenant, &query).await?;
            let Some(last) = page.last() else { break };
            query.before = Some(last.id);
            let mut items = Vec::with_capacity(page.len());
            for mut row in page {
                // Lines of a call for many may tell of others.
                if row.call.as_ref().is_some_and(|call| call.first == row.id && call.others.is_empty()) {
                    add_lines(read, subject.tenant, &mut row).await?;
                }
                items.push(decision(&row));
            }
            list.extend(items).await?;
        }
    }
    Ok(())
}

async fn messages(read: &mut Work, subject: &Subject, list: &mut List<'_>) -> Result<(), AppError> {
    for leaf in &subject.everybody() {
        let mut query = MessageQuery { person: Some(*leaf), status: None, before: None, limit: PAGE };
        loop {
            let page = read.messages(subject.tenant, &query).await?;
            let Some(last) = page.last() else { break };
            query.before = Some(last.id);
            let mut items = Vec::with_capacity(page.len());
            for message in &page {
                let attempts = read.attempts(subject.tenant, message.id).await?;
                let kept = read.exchanges(subject.tenant, message.id).await?;
                let tries = attempts.iter().map(|attempt| {
                    json!({
                        "number": attempt.number, "at": attempt.at, "took_ms": attempt.took_ms,
                        "http_status": attempt.http_status, "outcome": attempt.outcome, "detail": attempt.detail,
                        "exchanges": kept.iter().find(|tried| tried.attempt == attempt.number).map(|tried| &tried.exchanges),
                    })
                });
                items.push(json!({
                    "id": message.id, "channel": message.channel, "address": message.address,
                    "content": message.content, "class": message.class, "purpose": message.purpose,
                    "status": message.status, "reason": message.reason, "channel_id": message.channel_id,
                    "created_at": message.created_at, "not_before": message.not_before,
                    "expires_at": message.expires_at, "updated_at": message.updated_at,
                    "delivered_at": message.told.delivered_at, "read_at": message.told.read_at,
                    "clicked_at": message.told.clicked_at, "bounced_at": message.told.bounced_at,
                    "attempts": tries.collect::<Vec<_>>(),
                }));
            }
            list.extend(items).await?;
        }
    }
    Ok(())
}

fn person(person: &Person) -> Value {
    let fields = person.attributes.iter().map(|(name, value)| {
        let said = person.provenance.get(name);
        (name.clone(), json!({"value": value, "source": said.map(|p| &p.source), "at": said.map(|p| p.at)}))
    });
    json!({
        "id": person.id, "number": person.number, "is_group": person.membership.is_group,
        "merged_into": person.membership.merged_into, "stage": person.stage, "roles": person.roles,
        "attributes": fields.collect::<serde_json::Map<_, _>>(), "facts": person.facts, "activity": person.activity,
        "first_touch": person.first_touch, "last_touch": person.last_touch,
        "created_at": person.created_at, "updated_at": person.updated_at,
    })
}

fn link(owner: PersonId, link: &Link) -> Value {
    json!({
        "person": owner, "identity": link.identity, "state": link.state.as_str(), "source": link.source,
        "confidence": link.confidence, "reason": link.reason, "changed_by": link.changed_by,
        "changed_at": link.changed_at, "created_at": link.created_at,
    })
}

fn decision(row: &DecisionRow) -> Value {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::from(text));
    json!({
        "id": row.id, "installation": row.installation, "position": row.position, "at": row.at,
        "digest": row.digest, "outcome": row.outcome, "operations": read(&row.operations),
        "reasons": read(&row.reasons), "log": read(&row.log), "input": read(&row.input), "shadow": row.shadow,
    })
}
