//! A database of a million people by the store's bulk path: people with orders and timelines, and, where pages and
//! events are measured, the identities, tags, relations and log that a real tenant has besides.

use std::ops::Range;

use anyhow::Result;
use guanxi_crowd::Crowd;
use guanxi_domain::event::{EventBody, NewEvent};
use guanxi_domain::identity::Identity;
use guanxi_domain::ids::{EventId, PersonId, new_uuid};
use guanxi_domain::person::{Activity, Consent, HeldTag, Link, LinkState, Person, Provenance, Stage, Tag};
use guanxi_domain::relations::Standing;
use guanxi_domain::tenant::TenantId;
use guanxi_domain::{DAY, Millis};
use guanxi_store::{ConsentRow, EdgeRow, LinkRow, LogCursor, OrderRow, Scope, Store, TagRow, TimelineRow, Work};
use serde_json::json;

use crate::database::Database;

/// People of one transaction.
const PIECE: u32 = 10_000;
const CITIES: [&str; 4] = ["上海", "北京", "广州", "成都"];

/// Who fills a database, and as of when.
pub struct Population {
    /// Names, identities, tags and relations.
    pub crowd: Crowd,
    /// When everybody became known.
    pub now: Millis,
    /// Whether there is more than people, orders and timelines.
    pub whole: bool,
}

impl Population {
    /// `people` as of `now`.
    pub fn new(people: usize, now: Millis) -> Result<Self> {
        let until = jiff::civil::date(2026, 1, 1);
        Ok(Self { crowd: Crowd::new(u32::try_from(people)?, 1, until), now, whole: false })
    }

    /// With identities, tags, relations and a log.
    pub fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    /// Puts everybody into a tenant of a database that has nobody.
    pub async fn fill(&self, database: &Database, store: &Store, tenant: TenantId) -> Result<()> {
        let end = self.crowd.size();
        for first in (0..end).step_by(PIECE as usize) {
            self.fill_piece(store, tenant, first..end.min(first + PIECE)).await?;
        }
        database.settle().await
    }

    /// Whom person `n` of the crowd became.
    pub fn id(&self, n: u32) -> PersonId {
        PersonId::from_uuid(self.uuid(n))
    }

    fn uuid(&self, n: u32) -> uuid::Uuid {
        let [a, b, c, d] = n.to_be_bytes();
        new_uuid(self.now + i64::from(n), [0, 0, 0, 0, 0, 0, a, b, c, d])
    }

    async fn fill_piece(&self, store: &Store, tenant: TenantId, numbers: Range<u32>) -> Result<()> {
        let mut work = store.begin_unhurried(Scope::Tenant(tenant)).await?;
        let before = work.cursor(tenant).await?;
        let people: Vec<Person> = numbers.clone().map(|n| self.person(n)).collect();
        let orders: Vec<OrderRow> = numbers.clone().filter(|n| n % 2 == 0).map(|n| self.order(n)).collect();
        work.put_people(tenant, &people).await?;
        work.put_orders(tenant, &orders).await?;
        let mut positions: Vec<i64> = numbers.clone().map(i64::from).collect();
        if self.whole {
            let events: Vec<NewEvent> = numbers.clone().map(|n| self.event(n)).collect::<Result<_>>()?;
            positions = work.append(tenant, &events).await?.iter().filter_map(|event| event.position).collect();
            self.enrich(&mut work, tenant, numbers.clone()).await?;
        }
        let row = |(n, position)| TimelineRow {
            person: self.id(n),
            occurred_at: self.seen(n),
            position,
            kind: "page".to_owned(),
        };
        let timeline: Vec<TimelineRow> = numbers.zip(positions.iter().copied()).map(row).collect();
        work.add_timeline(tenant, &timeline).await?;
        let last = people.last().map_or(0, |person| person.number);
        let decided = if self.whole { positions.last().copied() } else { None };
        let position = decided.unwrap_or(before.position);
        work.advance(tenant, before, LogCursor { people: last, position }).await?;
        Ok(work.commit().await?)
    }

    /// When somebody was seen last.
    fn seen(&self, n: u32) -> Millis {
        self.now - i64::from(n % 365) * DAY
    }

    fn person(&self, n: u32) -> Person {
        let mut person = Person::new(self.id(n), self.now);
        person.number = n + 1;
        person.stage = match n % 3 {
            0 => Stage::Prospect,
            1 => Stage::Fan,
            _ => Stage::Customer,
        };
        person.facts.revenue = i64::from(n) * 7_919 % 1_000_000;
        person.facts.order_count = i64::from(n % 5);
        (person.facts.first_seen, person.facts.last_seen) = (self.seen(n), self.seen(n));
        let city = CITIES.get(n as usize % CITIES.len()).copied().unwrap_or_default();
        let known = self.crowd.person(n);
        let name = known.name.unwrap_or_else(|| format!("会员{n}"));
        let attributes = json!({"name": name, "city": city, "points": n % 10_000,
            "email": format!("m{n}@example.com"), "birthday": format!("19{:02}-{:02}-11", 50 + n % 50, 1 + n % 12),
            "gender": known.gender, "province": known.place.as_ref().map(|place| place.province), "country": "中国",
            "level": known.level, "createdAt": known.joined});
        person.attributes = attributes.as_object().cloned().unwrap_or_default();
        let source = Provenance { source: "import:members".to_owned(), at: self.now };
        person.provenance = person.attributes.keys().map(|name| (name.clone(), source.clone())).collect();
        for (kind, count) in [("page", n % 40), ("Product Viewed", n % 7), ("Order Completed", n % 5)] {
            person.activity.insert(kind.to_owned(), Activity { count: i64::from(count), last: self.seen(n) });
        }
        person
    }

    fn order(&self, n: u32) -> OrderRow {
        OrderRow {
            order_id: n.to_string(),
            person: self.id(n),
            amount: 5_000,
            refunded: 0,
            currency: None,
            ordered_at: self.seen(n),
            position: i64::from(n),
        }
    }

    fn event(&self, n: u32) -> Result<NewEvent> {
        let body = EventBody {
            identities: vec![Identity::new("user", &Crowd::account(n))?],
            channel: Some("web".to_owned()),
            touchpoint: Some(format!("https://shop.example.com/p/{}", n % 800)),
            ..EventBody::default()
        };
        Ok(NewEvent {
            id: EventId::from_uuid(self.uuid(n)),
            message_id: format!("population-{n}"),
            kind: "page".to_owned(),
            occurred_at: self.seen(n),
            received_at: self.now,
            body,
        })
    }

    async fn enrich(&self, work: &mut Work, tenant: TenantId, numbers: Range<u32>) -> Result<()> {
        let (mut links, mut tags, mut consents) = (Vec::new(), Vec::new(), Vec::new());
        let (mut edges, mut standings) = (Vec::new(), Vec::new());
        for n in numbers {
            let (id, known) = (self.id(n), self.crowd.person(n));
            let (account, card) = (Some(known.account), Some(known.card));
            let named =
                [("user", account), ("member_card", card), ("phone", known.phone), ("wechat_openid", known.openid)];
            for (kind, value) in named {
                let Some(value) = value else { continue };
                links.push(LinkRow { person: id, link: self.link(Identity::new(kind, &value)?) });
            }
            let labels = known.labels.iter().map(|name| ("label", *name));
            tags.extend(
                labels.chain(known.interests.iter().map(|name| ("interest", *name))).map(|tag| self.tag(id, tag)),
            );
            consents.extend(known.consent.map(|(granted, _)| self.consent(id, granted)));
            let relations = self.crowd.relations(n);
            if !relations.is_empty() {
                let connections = u32::try_from(relations.len())?;
                standings.push((n + 1, Standing { influence: 1.0, distance: Some(3), connections }));
            }
            edges.extend(relations.into_iter().map(|relation| EdgeRow {
                from: relation.from + 1,
                to: relation.to + 1,
                kind: relation.kind.to_owned(),
                strength: f64::from(relation.strength) / 100.0,
                source: "import".to_owned(),
                at: self.now,
            }));
        }
        work.put_links(tenant, &links).await?;
        work.put_tags(tenant, &tags).await?;
        work.put_consents(tenant, &consents).await?;
        work.put_edges(tenant, &edges).await?;
        Ok(work.put_standings(tenant, &standings, self.now).await?)
    }

    fn link(&self, identity: Identity) -> Link {
        Link {
            identity,
            state: LinkState::Verified,
            source: "import".to_owned(),
            confidence: 1.0,
            reason: None,
            changed_by: None,
            changed_at: self.now,
            first_position: 1,
            created_at: self.now,
        }
    }

    fn consent(&self, person: PersonId, granted: bool) -> ConsentRow {
        let (evidence, source) = ("form".to_owned(), "import".to_owned());
        let purpose = "marketing".to_owned();
        ConsentRow {
            person,
            consent: Consent { purpose, granted, evidence, source, at: self.now, expires_at: None },
            position: 1,
        }
    }

    fn tag(&self, person: PersonId, (dimension, name): (&str, &str)) -> TagRow {
        let tag = Tag { dimension: dimension.to_owned(), name: name.to_owned(), weight: 1.0 };
        TagRow { person, held: HeldTag { tag, source: "import".to_owned(), at: self.now, half_life: None } }
    }
}
