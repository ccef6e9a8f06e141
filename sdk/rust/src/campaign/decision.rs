//! Writing a decision: operations in order, reasons, and what is kept.

use serde::Serialize;

use super::{Answer, Coupon, Emission, Message, Operation, Payment, Points, TagName, Task, Timer};
use crate::words::{Failure, Field, Instant, Money, Tag, Value};

/// The answer to one moment, written from left to right.
///
/// What was kept for the person stays kept unless the decision says [`keep`](Self::keep) or [`forget`](Self::forget).
///
/// ```
/// use guanxi_plugin::campaign::{Decision, Message};
///
/// let decision = Decision::because("third order this month")
///     .send(Message::text("Thank you!"))
///     .earn_points("points", 100, "loyalty bonus");
/// let nothing = Decision::skip("already thanked today");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    operations: Vec<Operation>,
    reasons: Vec<String>,
    state: State,
    /// The first value that would not become JSON; reported when the decision is handed over, so that writing one is
    /// not interrupted by error handling.
    problem: Option<Failure>,
}

/// What becomes of the kept state.
#[derive(Debug, Clone, PartialEq)]
enum State {
    Unchanged,
    New(String),
    Forgotten,
}

impl Decision {
    /// A decision with the reason for what follows, in words that a marketer reads.
    pub fn because(reason: impl Into<String>) -> Self {
        Self { operations: Vec::new(), reasons: vec![reason.into()], state: State::Unchanged, problem: None }
    }

    /// The decision to do nothing, and why.
    pub fn skip(reason: impl Into<String>) -> Self {
        Self::because(reason)
    }

    /// One more reason.
    #[must_use]
    pub fn and_because(mut self, reason: impl Into<String>) -> Self {
        self.reasons.push(reason.into());
        self
    }

    /// Sends a message.
    #[must_use]
    pub fn send(self, message: Message) -> Self {
        self.operation(Operation::Send(message.into()))
    }

    /// Credits points of the tenant's `unit`; the person may read the reason.
    #[must_use]
    pub fn earn_points(self, unit: &str, amount: u64, reason: &str) -> Self {
        let (unit, reason) = (unit.to_owned(), reason.to_owned());
        self.operation(Operation::EarnPoints(Points { unit, amount, reason, pending_until: None }))
    }

    /// Issues a coupon of a template; the person may read the reason.
    #[must_use]
    pub fn issue_coupon(self, template: &str, reason: &str) -> Self {
        let (template, reason) = (template.to_owned(), reason.to_owned());
        self.operation(Operation::IssueCoupon(Coupon { template, reason }))
    }

    /// Asks for money in minor units, drawn from a budget; the person may read the reason.
    #[must_use]
    pub fn grant_money(self, budget: &str, amount: Money, reason: &str) -> Self {
        let (budget, reason) = (budget.to_owned(), reason.to_owned());
        self.operation(Operation::GrantMoney(Payment { budget, amount, reason }))
    }

    /// Puts a tag of full weight on the person.
    #[must_use]
    pub fn add_tag(self, dimension: &str, name: &str) -> Self {
        let (dimension, name) = (dimension.to_owned(), name.to_owned());
        self.operation(Operation::AddTag(Tag { dimension, name, weight: 1.0 }))
    }

    /// Takes a tag off the person.
    #[must_use]
    pub fn remove_tag(self, dimension: &str, name: &str) -> Self {
        let (dimension, name) = (dimension.to_owned(), name.to_owned());
        self.operation(Operation::RemoveTag(TagName { dimension, name }))
    }

    /// Sets a field of the person.
    #[must_use]
    pub fn set_field(self, name: &str, value: impl Into<Value>) -> Self {
        self.operation(Operation::SetField(Field { name: name.to_owned(), value: value.into() }))
    }

    /// Starts a timer, or moves it if it runs; read the payload back with [`Moment::timer`](super::Moment::timer).
    #[must_use]
    pub fn start_timer(mut self, key: &str, at: Instant, payload: &impl Serialize) -> Self {
        let payload = self.json("the payload of a timer", payload);
        self.operation(Operation::StartTimer(Timer { key: key.to_owned(), at, payload }))
    }

    /// Cancels a timer.
    #[must_use]
    pub fn cancel_timer(self, key: &str) -> Self {
        self.operation(Operation::CancelTimer(key.to_owned()))
    }

    /// Puts an event into the log for the same person; its properties are one JSON object.
    #[must_use]
    pub fn emit(mut self, kind: &str, properties: &impl Serialize) -> Self {
        let properties = self.json("the properties of an event", properties);
        self.operation(Operation::Emit(Emission { kind: kind.to_owned(), properties }))
    }

    /// Asks the brand's staff.
    #[must_use]
    pub fn ask_staff(self, title: &str, body: &str) -> Self {
        self.operation(Operation::AskStaff(Task { title: title.to_owned(), body: body.to_owned() }))
    }

    /// Any operation of the contract, for what has no shorter way.
    #[must_use]
    pub fn operation(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// Keeps a state for this installation and person; read it back with [`Moment::kept`](super::Moment::kept).
    #[must_use]
    pub fn keep(mut self, state: &impl Serialize) -> Self {
        self.state = State::New(self.json("the state to keep", state));
        self
    }

    /// Forgets what was kept.
    #[must_use]
    pub fn forget(self) -> Self {
        Self { state: State::Forgotten, ..self }
    }

    pub(super) fn into_answer(self, kept: Option<String>) -> Result<Answer, Failure> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let state = match self.state {
            State::Unchanged => kept,
            State::New(state) => Some(state),
            State::Forgotten => None,
        };
        Ok(Answer { operations: self.operations, state, reasons: self.reasons })
    }

    fn json(&mut self, what: &str, value: &impl Serialize) -> String {
        serde_json::to_string(value).unwrap_or_else(|problem| {
            self.problem.get_or_insert_with(|| Failure::Other(format!("{what} is no JSON: {problem}")));
            String::new()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_stays_unless_said_otherwise() {
        let state = |decision: Decision| decision.into_answer(Some("1".to_owned())).unwrap().state;
        assert_eq!(state(Decision::skip("nothing new")), Some("1".to_owned()));
        assert_eq!(state(Decision::because("counted").keep(&2)), Some("2".to_owned()));
        assert_eq!(state(Decision::because("left").forget()), None);
    }

    #[test]
    fn a_state_that_is_no_json_fails_the_moment() {
        let keys_are_no_text = std::collections::BTreeMap::from([((1, 2), 3)]);
        let failure = Decision::skip("never").keep(&keys_are_no_text).into_answer(None).unwrap_err();
        assert!(failure.message().starts_with("the state to keep is no JSON"), "{failure:?}");
    }
}
