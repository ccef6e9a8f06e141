//! The list of people: searched, ordered and paged by key, so that a page neither loses nor repeats anybody while
//! people come in.

use guanxi_domain::identity::Identity;
use guanxi_domain::ids::PersonId;
use guanxi_domain::person::Person;
use guanxi_domain::tenant::TenantId;
use sqlx::AssertSqlSafe;

use crate::error::StoreError;
use crate::people::{columns, name_key, read_person};
use crate::work::Work;

/// Which people, in which order.
#[derive(Debug, Clone, PartialEq)]
pub struct PeopleQuery {
    /// What a name starts with, in any case, or one whole identity value, or an identity `kind:value`.
    pub search: Option<String>,
    /// The order.
    pub order: PeopleOrder,
    /// Behind which person; a cursor of the other order is not used.
    pub after: Option<PeopleCursor>,
    /// How many at most.
    pub limit: u32,
}

/// How people are ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeopleOrder {
    /// Latest stored first.
    Newest,
    /// Highest score of that name first; people without one are left out.
    Score(String),
}

/// The last person of the page before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PeopleCursor {
    /// For [`PeopleOrder::Newest`].
    Newest(PersonId),
    /// For [`PeopleOrder::Score`]: that person's score and id.
    Score(f64, PersonId),
}

impl Work {
    /// One page of the list of people.
    pub async fn list_people(&mut self, tenant: TenantId, query: &PeopleQuery) -> Result<Vec<Person>, StoreError> {
        let term = query.search.as_deref().map(Term::read);
        // Few who are found are looked up one by one: SQLite would else go through everybody, to find them in the order of
        // the list.
        let (with, few, within) = match &term {
            None => (String::new(), "", ""),
            Some(term) if self.is_common(tenant, term).await? => (format!("{NAMED} {OWNERS}"), "", COMMON),
            Some(_) => {
                let few = if query.order == PeopleOrder::Newest { LATEST } else { "found f cross join" };
                (format!("{NAMED} {FOUND}"), few, "and p.id = f.id")
            }
        };
        let columns = columns(self.dialect());
        let sql = match query.order {
            PeopleOrder::Newest => format!(
                "{with}
                 select {columns}
                 from {few} people p
                 where p.tenant_id = $1 and p.id < $3 and p.merged_into is null {within}
                 order by p.id desc
                 limit $2"
            ),
            PeopleOrder::Score(_) => format!(
                "{with}
                 select {columns}
                 from {}
                 where p.tenant_id = $1 and p.id = s.person_id and s.tenant_id = $1 and s.name = $4
                   and (s.value, s.person_id) < ($5, $3) and p.merged_into is null {within}
                 order by s.value desc, s.person_id desc
                 limit $2",
                match few {
                    "" => "scores s cross join people p".to_owned(),
                    few => format!("{few} people p cross join scores s"),
                }
            ),
        };
        let (value, id, score) = start(query);
        let mut bound = sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.0)
            .bind(i64::from(query.limit))
            .bind(id.as_slice())
            .bind(score)
            .bind(value);
        if let Some(term) = term {
            bound = bound
                .bind(term.name_from)
                .bind(term.name_to)
                .bind(term.value)
                .bind(term.lower_value)
                .bind(term.phone)
                .bind(term.identity.as_ref().map_or("", Identity::kind))
                .bind(term.identity.as_ref().map_or("", Identity::value));
        }
        bound.fetch_all(self.connection()).await?.iter().map(read_person).collect()
    }

    /// Whether so many names begin like this that it is quicker to meet them on the way through everybody.
    async fn is_common(&mut self, tenant: TenantId, term: &Term) -> Result<bool, StoreError> {
        let sql = "select count(*)
             from (select 1 as one from people
                   where tenant_id = $1 and name_key >= $2 and name_key < $3
                   limit $4) as named";
        let count: i64 = sqlx::query_scalar(sql)
            .bind(tenant.0)
            .bind(&term.name_from)
            .bind(&term.name_to)
            .bind(COMMON_MIN)
            .fetch_one(self.connection())
            .await?;
        Ok(count == COMMON_MIN)
    }
}

/// Names that so many people have are common: about as many rows as are passed to meet a page of them among millions.
const COMMON_MIN: i64 = 5_000;

/// Who has the identity. Its value is looked up under each kind in turn: kinds are few, and so the index of values serves.
const NAMED: &str = "with recursive kinds (kind) as (
       select min(kind) from identities where tenant_id = $1
       union all
       select (select min(i.kind) from identities i where i.tenant_id = $1 and i.kind > k.kind)
       from kinds k
       where k.kind is not null
     ),
     named (id) as (
       select i.person_id
       from kinds k
       cross join identities i
       where i.tenant_id = $1 and i.kind = k.kind and i.value in ($8, $9, $10)
       union
       select person_id from identities where tenant_id = $1 and kind = $11 and value = $12
     ),";

/// Who is found by name or identity. Here as above `cross join` holds SQLite to the order: it would else begin with everybody.
const FOUND: &str = "found (id) as (
       select coalesce(root_id, id) from people where tenant_id = $1 and name_key >= $6 and name_key < $7
       union
       select coalesce(p.root_id, p.id) from named n cross join people p where p.tenant_id = $1 and p.id = n.id
     )";

/// Of these the page alone, before a row is read: nobody who is found is part of somebody else.
const LATEST: &str = "(select id from found where id < $3 order by id desc limit $2) f cross join";

/// Who is found by identity alone, for [`COMMON`].
const OWNERS: &str = "found (id) as (
       select coalesce(p.root_id, p.id) from named n cross join people p where p.tenant_id = $1 and p.id = n.id
     )";

/// Whoever stands for others is met by the name that they have together.
const COMMON: &str = "and ((p.name_key >= $6 and p.name_key < $7) or p.id in (select id from found))";

/// Greater than every identifier.
const LAST_ID: [u8; 16] = [0xff; 16];

/// Where the page starts: a score, an identifier, and the score's name.
fn start(query: &PeopleQuery) -> (f64, [u8; 16], &str) {
    match (&query.order, query.after) {
        (PeopleOrder::Newest, Some(PeopleCursor::Newest(id))) => (0.0, *id.as_bytes(), ""),
        (PeopleOrder::Newest, _) => (0.0, LAST_ID, ""),
        (PeopleOrder::Score(name), Some(PeopleCursor::Score(value, id))) => (value, *id.as_bytes(), name),
        (PeopleOrder::Score(name), _) => (f64::INFINITY, LAST_ID, name),
    }
}

/// A search, in the forms in which it is compared.
struct Term {
    name_from: String,
    name_to: String,
    value: String,
    lower_value: String,
    phone: String,
    identity: Option<Identity>,
}

impl Term {
    fn read(search: &str) -> Self {
        let value = search.trim().replace('\0', "");
        let name_from = name_key(&value);
        // No name goes on with the last character that there is.
        let name_to = format!("{name_from}{}", char::MAX);
        let phone = Identity::new("phone", &value).map_or_else(|_| value.clone(), |phone| phone.value().to_owned());
        Self { name_from, name_to, lower_value: value.to_lowercase(), phone, identity: value.parse().ok(), value }
    }
}
