//! What the graph of relations says of the people of a batch. It is read anew each time: it follows from everybody's
//! relations and becomes another without an event of the person, so that what the last batch knew would be old.

use std::collections::HashMap;

use guanxi_app::AppError;
use guanxi_domain::ids::PersonId;
use guanxi_domain::profile::STANDING_FIELDS;
use guanxi_store::Work;

use super::memory::Memory;
use super::rounds::{Item, Mind};
use crate::fleet::Unit;

/// Reads it for everybody whom plugins may see, if there is a plugin that wants to know.
pub(crate) async fn read(read: &mut Work, memory: &mut Memory, mind: &Mind, items: &[Item]) -> Result<(), AppError> {
    if !mind.deciders().any(wants) {
        return Ok(());
    }
    let roots = items.iter().map(|item| item.root).chain(memory.changes.restructured.iter().copied());
    let number = |id: PersonId| Some((memory.people.get(&id)?.person.number, id));
    let numbers: HashMap<u32, PersonId> = roots.filter_map(number).collect();
    let mut standings = read.standings(mind.tenant, &numbers.keys().copied().collect::<Vec<_>>()).await?;
    for (number, id) in numbers {
        if let Some(known) = memory.people.get_mut(&id) {
            known.standing = standings.remove(&number);
        }
    }
    Ok(())
}

fn wants(unit: &Unit) -> bool {
    let manifest = unit.manifest();
    let inputs = manifest.scorer.iter().flat_map(|spec| spec.inputs.iter().map(|input| input.name.as_str()));
    let fields = manifest.campaign.iter().flat_map(|spec| spec.fields.iter().map(|wish| wish.name.as_str()));
    inputs.chain(fields).any(|name| STANDING_FIELDS.contains(&name) && unit.installation.grants.allows_field(name))
}
