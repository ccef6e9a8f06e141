//! What portraits count, for some people at a time: those who stand for themselves or for a group, with the rows of
//! everybody inside.

use std::collections::HashMap;

use guanxi_domain::Millis;
use guanxi_domain::consent::{MARKETING, allows};
use guanxi_domain::ids::PersonId;
use guanxi_domain::insight::{Answers, MEASURED, Seen, Sighting, Traits};
use guanxi_domain::person::{Consent, LinkState, Role, Stage, WEIGHT_MIN};
use guanxi_domain::settings::TenantSettings;
use guanxi_domain::tenant::TenantId;
use serde::Deserialize;
use sqlx::any::AnyRow;

use super::rows::{Group, Rows};
use crate::error::StoreError;
use crate::people::document;
use crate::row::Cells;
use crate::segments::weight_now;
use crate::sql::Sql;
use crate::work::Work;

/// How and as of when is counted.
#[derive(Debug, Clone, Copy)]
pub struct Survey<'s> {
    /// Say whether marketing needs consent.
    pub settings: &'s TenantSettings,
    /// Offsets of the brand's time zone from UTC, each with the time from which on it holds, in order; at least one.
    pub offsets: &'s [(Millis, Millis)],
    /// The time.
    pub now: Millis,
}

/// Whom a piece is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom<'w> {
    /// Of everybody, those behind this person in the order of ids, at most so many.
    Behind(Option<PersonId>, u32),
    /// These people.
    Numbered(&'w [u32]),
}

/// Tags of one name, summed over people.
#[derive(Debug, Clone, PartialEq)]
pub struct TagSum {
    /// The dimension.
    pub dimension: String,
    /// The label.
    pub name: String,
    /// Who has it with a weight that still counts.
    pub people: u64,
    /// The sum of what is left of the weights.
    pub weight: f64,
}

/// Some people, and sums over them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PortraitPiece {
    /// One by one, in the order of ids.
    pub people: Vec<(PersonId, Sighting)>,
    /// Orders by hour of the week.
    pub hours: Vec<(usize, u64)>,
    /// Tags.
    pub tags: Vec<TagSum>,
    /// Messages by channel.
    pub answers: Vec<Answers>,
}

/// What is needed of the first contact.
#[derive(Deserialize)]
struct FirstTouch {
    #[serde(default)]
    channel: Option<String>,
}

impl Work {
    /// What portraits count of some people. Whoever is part of a group counts with the group, nobody counts twice.
    pub async fn portrait_piece(
        &mut self,
        tenant: TenantId,
        survey: &Survey<'_>,
        whom: Whom<'_>,
    ) -> Result<PortraitPiece, StoreError> {
        let (people, groups) = self.sightings(tenant, whom).await?;
        let mut piece = PortraitPiece { people, ..PortraitPiece::default() };
        let Some((last, _)) = piece.people.last() else { return Ok(piece) };
        let rows = match whom {
            Whom::Behind(first, _) => Rows::between(tenant, first, *last, groups),
            Whom::Numbered(_) => Rows::of(tenant, piece.people.iter().map(|(id, _)| *id).collect(), groups),
        };
        let places = piece.people.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
        let mut seats = Seats { people: &mut piece.people, places };
        self.fill_addresses(&rows, &mut seats).await?;
        self.fill_marketing(&rows, survey, &mut seats).await?;
        self.fill_before(&rows, survey.now, &mut seats).await?;
        piece.hours = self.order_hours(&rows, survey.offsets).await?;
        piece.tags = self.tag_sums(&rows, survey.now).await?;
        piece.answers = self.answers(&rows, survey.now).await?;
        Ok(piece)
    }

    /// The people with what stands in their own row, and who of them is a group.
    async fn sightings(
        &mut self,
        tenant: TenantId,
        whom: Whom<'_>,
    ) -> Result<(Vec<(PersonId, Sighting)>, Vec<PersonId>), StoreError> {
        let mut sql = Sql::new(self.dialect());
        let attributes = document(self.dialect(), "p.attributes");
        sql.put(&format!(
            "select p.id, p.is_group, p.stage, p.roles, {attributes} as attributes, p.order_count, p.revenue, p.first_seen,
                    p.last_seen, p.first_touch, p.created_at
             from people p
             where p.tenant_id = "
        ));
        sql.int(tenant.0).put(" and p.merged_into is null");
        match whom {
            Whom::Behind(first, limit) => {
                sql.put(" and p.id > ").bytes(&first.map_or([0; 16], |id| *id.as_bytes()));
                sql.put(" order by p.id limit ").int(i64::from(limit));
            }
            Whom::Numbered([]) => return Ok((Vec::new(), Vec::new())),
            Whom::Numbered(numbers) => {
                for (index, number) in numbers.iter().enumerate() {
                    sql.put(if index == 0 { " and p.number in (" } else { ", " }).int(i64::from(*number));
                }
                sql.put(") order by p.id");
            }
        }
        let (mut people, mut groups) = (Vec::new(), Vec::new());
        for row in &sql.query().fetch_all(self.connection()).await? {
            let (id, is_group, sighting) = read(row)?;
            groups.extend(is_group.then_some(id));
            people.push((id, sighting));
        }
        Ok((people, groups))
    }

    async fn fill_addresses(&mut self, rows: &Rows, seats: &mut Seats<'_>) -> Result<(), StoreError> {
        let mut sql = Sql::new(self.dialect());
        rows.select(&mut sql, "identities", "r.kind, r.state", |_| {});
        for row in sql.query().fetch_all(self.connection()).await? {
            let cells = Cells::of(&row, "identities");
            let Some(person) = seats.owner(&cells)? else { continue };
            let state = cells.word("state", LinkState::parse)?;
            let delivers = state.delivers();
            let kind: &str = cells.get("kind")?;
            match person.addresses.iter_mut().find(|(known, _)| known == kind) {
                Some((_, known)) => *known |= delivers,
                None => person.addresses.push((kind.to_owned(), delivers)),
            }
        }
        Ok(())
    }

    /// The words of people on marketing; of a group they are kept for the group itself.
    async fn fill_marketing(
        &mut self,
        rows: &Rows,
        survey: &Survey<'_>,
        seats: &mut Seats<'_>,
    ) -> Result<(), StoreError> {
        let may = |words: &[Consent]| allows(survey.settings, words, MARKETING, survey.now).map(|_| ());
        let silent = may(&[]);
        seats.people.iter_mut().for_each(|(_, person)| person.marketing = silent.clone());
        if !survey.settings.purposes.contains_key(MARKETING) {
            return Ok(());
        }
        let mut sql = Sql::new(self.dialect());
        sql.put("select r.person_id as owner, r.state, r.at, r.expires_at from consents r where r.tenant_id = ");
        sql.int(rows.tenant().0);
        rows.whose(&mut sql, "r.person_id");
        sql.put(" and r.purpose = ").text(MARKETING);
        for row in sql.query().fetch_all(self.connection()).await? {
            let cells = Cells::of(&row, "consents");
            let Some(person) = seats.owner(&cells)? else { continue };
            let word = Consent {
                purpose: MARKETING.to_owned(),
                granted: cells.get::<&str>("state")? == "granted",
                evidence: String::new(),
                source: String::new(),
                at: cells.get("at")?,
                expires_at: cells.get("expires_at")?,
            };
            person.marketing = may(&[word]);
        }
        Ok(())
    }

    /// The last own events until [`MEASURED`] ago, of those who were seen both before and since.
    async fn fill_before(&mut self, rows: &Rows, now: Millis, seats: &mut Seats<'_>) -> Result<(), StoreError> {
        for group in [Group::Alone, Group::Inside] {
            let mut sql = Sql::new(self.dialect());
            if !rows.seen_before(&mut sql, group, now - MEASURED) {
                continue;
            }
            for row in sql.query().fetch_all(self.connection()).await? {
                let cells = Cells::of(&row, "timeline");
                if let Some(person) = seats.owner(&cells)? {
                    person.seen.before = cells.get("seen_before")?;
                }
            }
        }
        Ok(())
    }

    async fn order_hours(
        &mut self,
        rows: &Rows,
        offsets: &[(Millis, Millis)],
    ) -> Result<Vec<(usize, u64)>, StoreError> {
        let mut sql = Sql::new(self.dialect());
        sql.put("with placed as (");
        rows.select(&mut sql, "orders", &hour_of_week(offsets), |sql| {
            sql.put(" and r.amount > r.refunded and r.ordered_at > 0");
        });
        sql.put(") select hour, count(*) as orders from placed group by hour");
        let found = sql.query().fetch_all(self.connection()).await?;
        let read = |row: &AnyRow| {
            let cells = Cells::of(row, "orders");
            Ok((cells.number("hour")?, cells.number("orders")?))
        };
        found.iter().map(read).collect()
    }

    /// Tags of people, of groups those that are kept for the group itself.
    async fn tag_sums(&mut self, rows: &Rows, now: Millis) -> Result<Vec<TagSum>, StoreError> {
        let mut sql = Sql::new(self.dialect());
        sql.put("with held as (select t.dimension, t.name, ");
        weight_now(&mut sql, "t", now);
        sql.put(" as left_over from people p cross join tags t where p.tenant_id = ").int(rows.tenant().0);
        rows.whose(&mut sql, "p.id");
        sql.put(" and p.merged_into is null and t.tenant_id = ").int(rows.tenant().0);
        sql.put(" and t.person_id = p.id and t.weight > 0)");
        sql.put(" select dimension, name, count(*) as people, sum(left_over) as weight from held where left_over >= ");
        sql.real(WEIGHT_MIN).put(" group by dimension, name");
        let found = sql.query().fetch_all(self.connection()).await?;
        let read = |row: &AnyRow| {
            let cells = Cells::of(row, "tags");
            Ok(TagSum {
                dimension: cells.get("dimension")?,
                name: cells.get("name")?,
                people: cells.number("people")?,
                weight: cells.get("weight")?,
            })
        };
        found.iter().map(read).collect()
    }

    async fn answers(&mut self, rows: &Rows, now: Millis) -> Result<Vec<Answers>, StoreError> {
        let mut sql = Sql::new(self.dialect());
        rows.told(&mut sql, now);
        let found = sql.query().fetch_all(self.connection()).await?;
        let read = |row: &AnyRow| {
            let cells = Cells::of(row, "messages");
            Ok(Answers {
                channel: cells.get("channel")?,
                sent: cells.number("sent")?,
                answered: cells.number("answered")?,
            })
        };
        found.iter().map(read).collect()
    }
}

/// People by their ids.
struct Seats<'p> {
    people: &'p mut [(PersonId, Sighting)],
    places: HashMap<PersonId, usize>,
}

impl Seats<'_> {
    /// Whose row it is; nobody's if it is of somebody inside a group, whose rows come with the group's.
    fn owner(&mut self, cells: &Cells<'_>) -> Result<Option<&mut Sighting>, StoreError> {
        let owner = cells.id("owner", PersonId::from_slice)?;
        let place = self.places.get(&owner).and_then(|place| self.people.get_mut(*place));
        Ok(place.map(|(_, person)| person))
    }
}

/// The hour of the week of `r.ordered_at`, 0 for Monday's first, as `hour`. 1970 began on a Thursday: 72 hours on.
fn hour_of_week(offsets: &[(Millis, Millis)]) -> String {
    let first = offsets.first().map_or(0, |(_, offset)| *offset);
    let mut offset = format!("{first}");
    if offsets.len() > 1 {
        let later = offsets.iter().skip(1).rev();
        let cases: Vec<String> = later.map(|(at, offset)| format!("when r.ordered_at >= {at} then {offset}")).collect();
        offset = format!("case {} else {first} end", cases.join(" "));
    }
    format!("((r.ordered_at + {offset}) / 3600000 + 72) % 168 as hour")
}

fn read(row: &AnyRow) -> Result<(PersonId, bool, Sighting), StoreError> {
    let cells = Cells::of(row, "people");
    let sighting = Sighting {
        stage: cells.word("stage", Stage::parse)?,
        roles: cells.json::<Vec<Role>>("roles")?,
        traits: cells.json::<Traits>("attributes")?,
        first_channel: cells.maybe_json::<FirstTouch>("first_touch")?.and_then(|touch| touch.channel),
        seen: Seen {
            first: cells.get("first_seen")?,
            last: cells.get("last_seen")?,
            before: None,
            known_since: cells.get("created_at")?,
        },
        orders: cells.get("order_count")?,
        revenue: cells.get("revenue")?,
        addresses: Vec::new(),
        marketing: Ok(()),
    };
    Ok((cells.id("id", PersonId::from_slice)?, cells.get::<i64>("is_group")? != 0, sighting))
}
