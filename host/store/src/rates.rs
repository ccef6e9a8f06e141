//! How messages fare: what became of each once it was there, and how many that are, by day and by what made them.

use guanxi_domain::Millis;
use guanxi_domain::ids::{InstallationId, MessageId, PersonId};
use guanxi_domain::rates::{Fate, Mark, Rates, Source};
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use crate::bulk::{Rows, batches, list, pieces};
use crate::error::StoreError;
use crate::row::Cells;
use crate::work::Work;

const TABLE: &str = "message_rates";

/// Where a message comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageSource {
    /// The message.
    pub message: MessageId,
    /// What made it.
    pub source: Source,
    /// When it was decided.
    pub created_at: Millis,
}

/// What was counted of one source on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateRow {
    /// Days since 1970 in the tenant's time zone, of when messages were decided.
    pub day: i64,
    /// What made them.
    pub source: Source,
    /// How many there are.
    pub rates: Rates,
}

impl Work {
    /// Marks messages with what became of them; returns those marks that they did not have.
    pub async fn mark_messages(&mut self, tenant: TenantId, marks: &[Fate]) -> Result<Vec<Fate>, StoreError> {
        let mut fresh = Vec::new();
        for piece in batches(self.dialect(), marks) {
            let mut rows = Rows::new(self.dialect());
            for fate in piece {
                rows.row().bind(tenant.0).bind(fate.message.as_bytes().as_slice()).bind(fate.mark.as_str());
            }
            let sql = format!(
                "insert into message_marks (tenant_id, message_id, mark)
                 {}
                 on conflict (tenant_id, message_id, mark) do nothing
                 returning message_id, mark",
                rows.source()
            );
            for row in rows.query(sql).fetch_all(self.connection()).await? {
                let cells = Cells::of(&row, "message_marks");
                let message = cells.id("message_id", MessageId::from_slice)?;
                fresh.push(Fate { message, mark: cells.word("mark", Mark::parse)? });
            }
        }
        Ok(fresh)
    }

    /// Where messages come from; one that is not there is missing.
    pub async fn message_sources(
        &mut self,
        tenant: TenantId,
        messages: &[MessageId],
    ) -> Result<Vec<MessageSource>, StoreError> {
        let mut sources = Vec::new();
        for piece in pieces(messages) {
            let sql = format!(
                "select m.id, m.connector_id, m.channel, m.created_at, d.installation_id as campaign_id, c.name
                 from messages m
                 left join decisions d on d.tenant_id = m.tenant_id and d.id = m.decision_id
                 left join message_contents c on c.tenant_id = m.tenant_id and c.message_id = m.id
                 where m.tenant_id = $1 and m.id in ({})",
                list(1, piece.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0);
            for message in piece {
                query = query.bind(message.as_bytes().as_slice());
            }
            for row in query.fetch_all(self.connection()).await? {
                sources.push(read_source(&row)?);
            }
        }
        Ok(sources)
    }

    /// The last message that a person got over a channel since a time, if it is among their last ones.
    pub async fn last_message_to(
        &mut self,
        tenant: TenantId,
        person: PersonId,
        channel: &str,
        since: Millis,
    ) -> Result<Option<MessageId>, StoreError> {
        let row = sqlx::query(
            "select id
             from (select id, channel, status, updated_at
                   from messages
                   where tenant_id = $1 and person_id = $2
                   order by id desc
                   limit 20) as latest
             where channel = $3 and status = 'sent' and updated_at >= $4
             order by id desc
             limit 1",
        )
        .bind(tenant.0)
        .bind(person.as_bytes().as_slice())
        .bind(channel)
        .bind(since)
        .fetch_optional(self.connection())
        .await?;
        row.map(|row| Cells::of(&row, "messages").id("id", MessageId::from_slice)).transpose()
    }

    /// Adds to what was counted; each day and source once in `rows`.
    pub async fn add_rates(&mut self, tenant: TenantId, counted: &[RateRow]) -> Result<(), StoreError> {
        for piece in batches(self.dialect(), counted) {
            let mut rows = Rows::new(self.dialect());
            for row in piece {
                let Rates { sent, opened, clicked, replied } = row.rates;
                rows.row()
                    .bind(tenant.0)
                    .bind(row.day)
                    .bind(row.source.connector.as_bytes().as_slice())
                    .bind(&row.source.channel)
                    .bind(row.source.campaign.as_ref().map_or([].as_slice(), |id| id.as_bytes().as_slice()))
                    .bind(&row.source.content);
                for count in [sent, opened, clicked, replied] {
                    rows.bind(i64::try_from(count).unwrap_or(i64::MAX));
                }
            }
            let sql = format!(
                "insert into message_rates (tenant_id, day, connector_id, channel, campaign_id, content,
                                            sent, opened, clicked, replied)
                 {}
                 on conflict (tenant_id, day, connector_id, channel, campaign_id, content) do update set
                   sent = message_rates.sent + excluded.sent,
                   opened = message_rates.opened + excluded.opened,
                   clicked = message_rates.clicked + excluded.clicked,
                   replied = message_rates.replied + excluded.replied",
                rows.source()
            );
            rows.query(sql).execute(self.connection()).await?;
        }
        Ok(())
    }

    /// What was counted of each source from a day to a day, both with it.
    pub async fn message_rates(
        &mut self,
        tenant: TenantId,
        from: i64,
        to: i64,
    ) -> Result<Vec<(Source, Rates)>, StoreError> {
        sqlx::query(
            "select connector_id, channel, campaign_id, content,
                    cast(sum(sent) as bigint) as sent, cast(sum(opened) as bigint) as opened,
                    cast(sum(clicked) as bigint) as clicked, cast(sum(replied) as bigint) as replied
             from message_rates
             where tenant_id = $1 and day >= $2 and day <= $3
             group by connector_id, channel, campaign_id, content
             order by channel, connector_id, campaign_id, content",
        )
        .bind(tenant.0)
        .bind(from)
        .bind(to)
        .fetch_all(self.connection())
        .await?
        .iter()
        .map(read_rates)
        .collect()
    }
}

fn read_source(row: &AnyRow) -> Result<MessageSource, StoreError> {
    let cells = Cells::of(row, "messages");
    let campaign: Option<&[u8]> = cells.get("campaign_id")?;
    let content: Option<String> = cells.get("name")?;
    Ok(MessageSource {
        message: cells.id("id", MessageId::from_slice)?,
        source: Source {
            connector: cells.id("connector_id", InstallationId::from_slice)?,
            channel: cells.get("channel")?,
            campaign: campaign.and_then(InstallationId::from_slice),
            content: content.unwrap_or_default(),
        },
        created_at: cells.get("created_at")?,
    })
}

fn read_rates(row: &AnyRow) -> Result<(Source, Rates), StoreError> {
    let cells = Cells::of(row, TABLE);
    let campaign: &[u8] = cells.get("campaign_id")?;
    let source = Source {
        connector: cells.id("connector_id", InstallationId::from_slice)?,
        channel: cells.get("channel")?,
        campaign: InstallationId::from_slice(campaign),
        content: cells.get("content")?,
    };
    let rates = Rates {
        sent: cells.number("sent")?,
        opened: cells.number("opened")?,
        clicked: cells.number("clicked")?,
        replied: cells.number("replied")?,
    };
    Ok((source, rates))
}
