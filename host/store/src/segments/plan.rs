//! A filter as sets of people: what their own rows tell is asked of them in one walk, what rows of other tables tell is asked
//! of those, and sets do the rest.

use guanxi_domain::segment::{Condition, Filter};
use roaring::RoaringBitmap;

use super::rows::{LIGHT, holds_without_rows, weight};

/// So many conditions that take their time are worth waiting for before the rest is asked.
const SEVERAL: usize = 2;

/// How the sets of the leaves make that of the filter.
#[derive(Debug, PartialEq)]
pub(super) enum Plan {
    /// The set of this leaf.
    Leaf(usize),
    All(Vec<Plan>),
    Any(Vec<Plan>),
    Not(Box<Plan>),
}

/// What the database is asked once.
#[derive(Debug, PartialEq)]
pub(super) enum Leaf {
    /// A filter that people's own rows decide.
    Walk(Filter),
    /// A condition that rows of another table decide.
    Rows(Condition),
    /// Everybody there is.
    Everybody,
}

/// The people of a set, or everybody but them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Set {
    pub(super) members: RoaringBitmap,
    pub(super) others: bool,
}

/// What has to be asked for a filter, and how the answers are put together: to a set of members.
pub(super) fn plan(filter: &Filter) -> (Plan, Vec<Leaf>) {
    let mut leaves = Vec::new();
    let plan = planned(filter, &mut leaves);
    if !plan.means_others(&leaves) {
        return (plan, leaves);
    }
    let everybody = leaf(Leaf::Everybody, &mut leaves);
    (Plan::All(vec![everybody, plan]), leaves)
}

fn planned(filter: &Filter, leaves: &mut Vec<Leaf>) -> Plan {
    if is_own(filter) {
        return leaf(Leaf::Walk(filter.clone()), leaves);
    }
    match filter {
        Filter::All(filters) => Plan::All(parts(filters, Filter::All, leaves)),
        Filter::Any(filters) => Plan::Any(parts(filters, Filter::Any, leaves)),
        Filter::Not(filter) => Plan::Not(Box::new(planned(filter, leaves))),
        Filter::Is(condition) => leaf(Leaf::Rows(condition.clone()), leaves),
    }
}

/// All that people's own rows decide becomes one walk.
fn parts(filters: &[Filter], together: fn(Vec<Filter>) -> Filter, leaves: &mut Vec<Leaf>) -> Vec<Plan> {
    let (own, others): (Vec<&Filter>, Vec<&Filter>) = filters.iter().partition(|filter| is_own(filter));
    let mut plans: Vec<Plan> = others.into_iter().map(|filter| planned(filter, leaves)).collect();
    if !own.is_empty() {
        plans.push(leaf(Leaf::Walk(together(own.into_iter().cloned().collect())), leaves));
    }
    plans
}

/// Asked once, however often it stands in the filter.
fn leaf(leaf: Leaf, leaves: &mut Vec<Leaf>) -> Plan {
    let known = leaves.iter().position(|known| *known == leaf);
    Plan::Leaf(known.unwrap_or_else(|| {
        leaves.push(leaf);
        leaves.len() - 1
    }))
}

fn is_own(filter: &Filter) -> bool {
    filter.conditions().into_iter().all(|condition| match condition {
        Condition::Orders(_, _, window) | Condition::Events(_, _, window) => window.is_empty(),
        Condition::Tag { .. }
        | Condition::Score(..)
        | Condition::Identity { .. }
        | Condition::Consent(..)
        | Condition::Relations(..)
        | Condition::Influence(_)
        | Condition::Distance(_) => false,
        Condition::Stage(_)
        | Condition::Role(_)
        | Condition::Total(..)
        | Condition::Time(..)
        | Condition::Attribute(..)
        | Condition::LastEvent(..)
        | Condition::Touch(..)
        | Condition::Segment(_) => true,
    })
}

impl Leaf {
    /// About how long it takes beside others.
    pub(super) fn weight(&self) -> u8 {
        match self {
            Self::Walk(_) => 2,
            Self::Rows(condition) => weight(condition),
            Self::Everybody => 1,
        }
    }
}

impl Plan {
    /// Whether its set is told by who is not in it.
    fn means_others(&self, leaves: &[Leaf]) -> bool {
        match self {
            Self::Leaf(index) => {
                matches!(leaves.get(*index), Some(Leaf::Rows(condition)) if holds_without_rows(condition))
            }
            Self::All(plans) => plans.iter().all(|plan| plan.means_others(leaves)),
            Self::Any(plans) => plans.iter().any(|plan| plan.means_others(leaves)),
            Self::Not(plan) => !plan.means_others(leaves),
        }
    }

    /// All leaves, in the order in which they are worth asking: what is soon known may leave few of whom the rest has to be
    /// asked, and several conditions that take their time fewer still. All leaves of a step hold for whoever the filter means, but
    /// for those of the last one.
    pub(super) fn steps(&self, leaves: &[Leaf]) -> Vec<Vec<usize>> {
        let own: &[Self] = if let Self::All(plans) = self { plans } else { &[] };
        let own = own.iter().filter_map(|plan| if let Self::Leaf(index) = plan { Some(*index) } else { None });
        let tells = |index: &usize| matches!(leaves.get(*index), Some(Leaf::Rows(known)) if !holds_without_rows(known));
        let is_light = |index: &usize| leaves.get(*index).is_some_and(|leaf| leaf.weight() == LIGHT);
        let (light, heavy): (Vec<usize>, Vec<usize>) = own.filter(tells).partition(is_light);
        let enough = heavy.len() >= SEVERAL || !light.is_empty() && !heavy.is_empty();
        let heavy = if enough { heavy } else { Vec::new() };
        let rest = (0..leaves.len()).filter(|index| !light.contains(index) && !heavy.contains(index)).collect();
        let mut steps = vec![light, heavy, rest];
        steps.retain(|step| !step.is_empty());
        steps
    }

    /// The set of the whole, from those of the leaves.
    pub(super) fn of(&self, leaves: &[Set]) -> Set {
        match self {
            Self::Leaf(index) => leaves.get(*index).cloned().unwrap_or_default(),
            Self::All(plans) => plans.iter().fold(Set::everybody(), |set, plan| set.and(plan.of(leaves))),
            Self::Any(plans) => {
                plans.iter().fold(Set::default(), |set, plan| set.not().and(plan.of(leaves).not()).not())
            }
            Self::Not(plan) => plan.of(leaves).not(),
        }
    }
}

impl Set {
    /// Everybody.
    pub(super) fn everybody() -> Self {
        Self { others: true, ..Self::default() }
    }

    /// Everybody else.
    fn not(self) -> Self {
        Self { others: !self.others, ..self }
    }

    /// Whoever is in both.
    pub(super) fn and(self, other: Self) -> Self {
        let (a, b) = (self.members, other.members);
        match (self.others, other.others) {
            (false, false) => Self { members: a & b, others: false },
            (false, true) => Self { members: a - b, others: false },
            (true, false) => Self { members: b - a, others: false },
            (true, true) => Self { members: a | b, others: true },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EVERYBODY: u32 = 12;

    fn set(numbers: &[u32], others: bool) -> Set {
        Set { members: numbers.iter().copied().collect(), others }
    }

    fn holds(set: &Set, number: u32) -> bool {
        set.members.contains(number) != set.others
    }

    #[test]
    fn what_people_tell_themselves_is_one_walk() {
        let filter = json!({"all": [
            {"stage": "fan"}, {"tag": "interest"}, {"attribute": "city", "eq": "x"}, {"not": {"tag": "interest"}},
            {"any": [{"fact": "revenue", "gte": 1}, {"consent": "news", "state": "granted"}]}
        ]});
        let (plan, leaves) = plan(&Filter::read(&filter).expect("a filter"));
        let walks = leaves.iter().filter(|leaf| matches!(leaf, Leaf::Walk(_))).count();
        assert_eq!((leaves.len(), walks), (4, 2), "{leaves:?}");
        let Plan::All(parts) = plan else { panic!("{plan:?}") };
        assert_eq!(parts[0], Plan::Leaf(0));
        assert_eq!(parts[1], Plan::Not(Box::new(Plan::Leaf(0))));
    }

    #[test]
    fn sets_and_their_others_are_put_together_as_logic_says() {
        let sets = [set(&[1, 2, 3], false), set(&[2, 3, 4], true), set(&[3, 4, 5], false), set(&[5, 6], true)];
        for (a, b) in (0..sets.len()).flat_map(|a| (0..sets.len()).map(move |b| (a, b))) {
            let pair = || vec![Plan::Leaf(a), Plan::Leaf(b)];
            let (all, any) = (Plan::All(pair()).of(&sets), Plan::Any(pair()).of(&sets));
            let neither = Plan::Not(Box::new(Plan::Any(pair()))).of(&sets);
            for number in 0..EVERYBODY {
                let (left, right) = (holds(&sets[a], number), holds(&sets[b], number));
                assert_eq!(holds(&all, number), left && right, "{number} in both of {a} and {b}");
                assert_eq!(holds(&any, number), left || right, "{number} in one of {a} and {b}");
                assert_eq!(holds(&neither, number), !(left || right), "{number} in none of {a} and {b}");
            }
        }
        assert!(holds(&Plan::All(Vec::new()).of(&[]), 0) && !holds(&Plan::Any(Vec::new()).of(&[]), 0));
    }

    #[test]
    fn what_is_soon_known_and_must_hold_is_asked_first() {
        let (tag, phone, friend) = (
            json!({"tag": "interest"}),
            json!({"identity": "phone"}),
            json!({"relations": "friend", "count": {"gte": 1}}),
        );
        let (fan, unknown) = (json!({"stage": "fan"}), json!({"consent": "news", "state": "unknown"}));
        for (filter, steps) in [
            (json!({"all": [phone, tag, fan, friend]}), vec![vec![1], vec![0, 2], vec![3]]),
            (json!({"all": [phone, tag, fan]}), vec![vec![1], vec![0], vec![2]]),
            (json!({"all": [phone, friend, fan]}), vec![vec![0, 1], vec![2]]),
            (json!({"all": [phone, fan]}), vec![vec![0, 1]]),
            (json!({"all": [{"any": [tag, fan]}, {"not": tag}, fan, unknown]}), vec![vec![0, 1, 2, 3]]),
            (json!({"all": [tag, {"score": "value", "gte": 1}]}), vec![vec![0, 1]]),
            (json!({"any": [tag, phone]}), vec![vec![0, 1]]),
        ] {
            let (plan, leaves) = plan(&Filter::read(&filter).expect("a filter"));
            assert_eq!(plan.steps(&leaves), steps, "{filter}");
        }
    }

    #[test]
    fn whoever_is_told_by_others_is_told_of_everybody() {
        for (filter, asks) in [
            (json!({"not": {"tag": "interest"}}), true),
            (json!({"events": "page", "count": {"lt": 1}, "within": "30d"}), true),
            (json!({"events": "page", "count": {"gte": 1}, "within": "30d"}), false),
            (json!({"consent": "news", "state": "unknown"}), true),
            (json!({"all": [{"stage": "fan"}, {"not": {"tag": "interest"}}]}), false),
            (json!({"any": [{"stage": "fan"}, {"not": {"tag": "interest"}}]}), true),
        ] {
            let (_, leaves) = plan(&Filter::read(&filter).expect("a filter"));
            assert_eq!(leaves.contains(&Leaf::Everybody), asks, "{filter}");
        }
    }
}
