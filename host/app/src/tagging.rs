//! What staff say about people: tags on many at once, and attributes, stage and roles of one.

use guanxi_domain::JsonMap;
use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::event::{EDIT, TAGS};
use guanxi_domain::ids::PersonId;
use guanxi_domain::limits::ATTRIBUTES_MAX;
use guanxi_domain::person::{Edit, Role, Stage, Tag, Tagging};
use guanxi_store::Scope as Rows;

use crate::{App, AppError};

/// The most people of one request.
pub const PEOPLE_MAX: usize = 500;
/// The most tags of one request.
pub const TAGS_MAX: usize = 20;
/// The most characters of a dimension and a name.
const NAME_MAX: usize = 64;
/// The most bytes of the attributes of one request.
const ATTRIBUTES_BYTES_MAX: usize = 32 * 1024;

/// What staff change of a person; what is not said stays.
#[derive(Debug, Clone, Default)]
pub struct PersonEdit {
    /// `null` takes an attribute away.
    pub attributes: JsonMap,
    /// How far the person has come.
    pub stage: Option<Stage>,
    /// All roles besides consumer.
    pub roles: Option<Vec<Role>>,
}

impl App {
    /// Puts tags on people and takes others off; returns the place in the log, decided or not.
    pub async fn tag_people(
        &self,
        caller: &Caller,
        slug: &str,
        people: Vec<PersonId>,
        add: Vec<Tag>,
        remove: Vec<Tag>,
    ) -> Result<i64, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        if people.is_empty() || people.len() > PEOPLE_MAX {
            return Err(AppError::invalid("people", format!("names 1 to {PEOPLE_MAX} people")));
        }
        if (add.is_empty() && remove.is_empty()) || add.len() + remove.len() > TAGS_MAX {
            return Err(AppError::invalid("add", format!("give 1 to {TAGS_MAX} tags in `add` and `remove`")));
        }
        for (place, tag) in add.iter().map(|tag| ("add", tag)).chain(remove.iter().map(|tag| ("remove", tag))) {
            check_tag(place, tag)?;
        }
        let known = self.store().read(Rows::Tenant(tenant.id)).await?.people(tenant.id, &people).await?;
        if let Some(unknown) = people.iter().find(|id| !known.contains_key(id)) {
            return Err(AppError::invalid("people", format!("{unknown} does not exist")));
        }
        let tagging = Tagging { people, add, remove, actor: caller.token.to_string() };
        let requested = self.request(tenant.id, TAGS, None, JsonMap::new(), &tagging).await?;
        self.decided_at(tenant.id, requested.position).await?;
        Ok(requested.position)
    }

    /// Changes attributes, stage and roles of a person; returns the place in the log, decided or not.
    pub async fn edit_person(
        &self,
        caller: &Caller,
        slug: &str,
        person: PersonId,
        edit: PersonEdit,
    ) -> Result<i64, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Manage).await?;
        let mut traits = JsonMap::new();
        let bytes = serde_json::to_string(&edit.attributes).map_err(AppError::internal)?.len();
        if edit.attributes.len() > ATTRIBUTES_MAX || bytes > ATTRIBUTES_BYTES_MAX {
            let problem = format!("has at most {ATTRIBUTES_MAX} entries in {ATTRIBUTES_BYTES_MAX} bytes");
            return Err(AppError::invalid("attributes", problem));
        }
        guanxi_domain::event::document::check("attributes", &edit.attributes)
            .map_err(|bad| AppError::invalid(bad.at, bad.problem))?;
        for (name, value) in edit.attributes {
            if !(1..=NAME_MAX).contains(&name.len()) || name.chars().any(char::is_control) {
                return Err(AppError::invalid("attributes", format!("names have 1 to {NAME_MAX} bytes")));
            }
            let typed = if value.is_null() { Some(value) } else { tenant.settings.typed(&name, &value) };
            let typed = typed.ok_or_else(|| {
                AppError::invalid(format!("attributes.{name}"), "is not of the type that the settings give it")
            })?;
            traits.insert(name, typed);
        }
        let exists = self.store().read(Rows::Tenant(tenant.id)).await?.person(tenant.id, person).await?;
        exists.ok_or(AppError::NotFound("person"))?;
        let body = Edit { stage: edit.stage, roles: edit.roles, actor: caller.token.to_string() };
        let requested = self.request(tenant.id, EDIT, Some(person), traits, &body).await?;
        self.decided_at(tenant.id, requested.position).await?;
        Ok(requested.position)
    }
}

fn check_tag(place: &str, tag: &Tag) -> Result<(), AppError> {
    let good = |name: &str| (1..=NAME_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if !good(&tag.dimension) || !good(&tag.name) {
        return Err(AppError::invalid(place, format!("a tag's dimension and name have 1 to {NAME_MAX} characters")));
    }
    if !(0.0..=1.0).contains(&tag.weight) {
        return Err(AppError::invalid(place, "a tag's weight is from 0 to 1"));
    }
    Ok(())
}
