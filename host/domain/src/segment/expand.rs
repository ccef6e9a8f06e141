//! Puts the filters of other segments in where a filter names them, so that one answer needs no other first.

use std::collections::BTreeMap;

use super::condition::Condition;
use super::{BadFilter, EXPANDED_NODES_MAX, Filter};

/// The segments of a tenant by name, as they are or as they shall be.
pub type Known<'k> = BTreeMap<&'k str, &'k Filter>;

/// The filter with every segment that it names put in. `name` is the segment's own, so that it cannot lead back to
/// itself. Refused are unknown names, circles, and what grows beyond [`EXPANDED_NODES_MAX`].
pub fn expand(name: &str, filter: &Filter, known: &Known<'_>) -> Result<Filter, BadFilter> {
    let mut expansion = Expansion { known, nodes: 0, path: vec![name.to_owned()] };
    expansion.put_in(filter)
}

struct Expansion<'k> {
    known: &'k Known<'k>,
    nodes: usize,
    /// The segments around the part that is being put in, outermost first.
    path: Vec<String>,
}

impl Expansion<'_> {
    fn put_in(&mut self, filter: &Filter) -> Result<Filter, BadFilter> {
        self.nodes += 1;
        if self.nodes > EXPANDED_NODES_MAX {
            let problem = format!("with the segments it names it has more than {EXPANDED_NODES_MAX} conditions");
            return Err(BadFilter::new("filter", problem));
        }
        match filter {
            Filter::All(filters) => Ok(Filter::All(self.each(filters)?)),
            Filter::Any(filters) => Ok(Filter::Any(self.each(filters)?)),
            Filter::Not(filter) => Ok(Filter::Not(Box::new(self.put_in(filter)?))),
            Filter::Is(Condition::Segment(name)) => self.named(name),
            Filter::Is(condition) => Ok(Filter::Is(condition.clone())),
        }
    }

    fn each(&mut self, filters: &[Filter]) -> Result<Vec<Filter>, BadFilter> {
        filters.iter().map(|filter| self.put_in(filter)).collect()
    }

    fn named(&mut self, name: &str) -> Result<Filter, BadFilter> {
        if self.path.iter().any(|around| around == name) {
            let circle = format!("{} → {name}", self.path.join(" → "));
            return Err(BadFilter::new("filter", format!("segments name each other in a circle: {circle}")));
        }
        let Some(filter) = self.known.get(name).copied() else {
            return Err(BadFilter::new("filter", format!("there is no segment `{name}`")));
        };
        self.path.push(name.to_owned());
        let filter = self.put_in(filter);
        self.path.pop();
        filter
    }
}
