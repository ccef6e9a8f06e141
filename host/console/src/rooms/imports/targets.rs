//! What a column becomes, as a choice and a name in a form.

use guanxi_app::import_file::{Subject, Target};

use super::words::Words;

/// What columns of a file about `subject` can become: the word in the form, and for people.
pub fn choices(subject: Subject, w: &'static Words) -> Vec<(&'static str, &'static str)> {
    let mut choices = vec![("ignore", w.ignore)];
    match subject {
        Subject::People => choices.extend([
            ("identity", w.identity),
            ("attribute", w.attribute),
            ("tags", w.tags),
            ("consent", w.consent),
            ("refusal", w.refusal),
            ("consent-at", w.consent_at),
            ("role", w.role),
            ("stage", w.stage),
        ]),
        Subject::Orders => choices.extend([
            ("identity", w.identity),
            ("order-number", w.order_number),
            ("amount", w.amount),
            ("quantity", w.quantity),
            ("unit-price", w.unit_price),
            ("refunded", w.refunded),
            ("currency", w.currency),
            ("time", w.time),
        ]),
        Subject::Relations => choices.extend([
            ("from", w.from),
            ("to", w.to),
            ("relation-kind", w.relation_kind),
            ("strength", w.strength),
            ("time", w.time),
        ]),
    }
    choices
}

/// The choice and the name that stand for a target.
pub fn parts(target: &Target) -> (&'static str, &str) {
    match target {
        Target::Ignore => ("ignore", ""),
        Target::Identity { kind } => ("identity", kind),
        Target::Attribute { name, .. } => ("attribute", name),
        Target::Tags { dimension, .. } => ("tags", dimension),
        Target::Consent { purpose, refusal: false } => ("consent", purpose),
        Target::Consent { purpose, refusal: true } => ("refusal", purpose),
        Target::ConsentAt { purpose } => ("consent-at", purpose),
        Target::Role => ("role", ""),
        Target::Stage => ("stage", ""),
        Target::OrderNumber => ("order-number", ""),
        Target::Amount => ("amount", ""),
        Target::Quantity => ("quantity", ""),
        Target::UnitPrice => ("unit-price", ""),
        Target::Refunded => ("refunded", ""),
        Target::Currency => ("currency", ""),
        Target::Time => ("time", ""),
        Target::From { kind } => ("from", kind),
        Target::To { kind } => ("to", kind),
        Target::RelationKind => ("relation-kind", ""),
        Target::Strength => ("strength", ""),
    }
}

/// The target that a choice and a name stand for; what the form does not show is kept from `before`.
pub fn read(choice: &str, name: &str, before: &Target) -> Target {
    if parts(before) == (choice, name) {
        return before.clone();
    }
    let name = name.trim().to_owned();
    match choice {
        "identity" => Target::Identity { kind: name },
        "attribute" => Target::Attribute { name, kind: None },
        "tags" => Target::Tags { dimension: name, separator: None },
        "consent" => Target::Consent { purpose: name, refusal: false },
        "refusal" => Target::Consent { purpose: name, refusal: true },
        "consent-at" => Target::ConsentAt { purpose: name },
        "role" => Target::Role,
        "stage" => Target::Stage,
        "order-number" => Target::OrderNumber,
        "amount" => Target::Amount,
        "quantity" => Target::Quantity,
        "unit-price" => Target::UnitPrice,
        "refunded" => Target::Refunded,
        "currency" => Target::Currency,
        "time" => Target::Time,
        "from" => Target::From { kind: name },
        "to" => Target::To { kind: name },
        "relation-kind" => Target::RelationKind,
        "strength" => Target::Strength,
        _ => Target::Ignore,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_shows_leads_back() {
        let texts = Target::Tags { dimension: "label".to_owned(), separator: Some("/".to_owned()) };
        assert_eq!(read("tags", "label", &texts), texts);
        for subject in [Subject::People, Subject::Orders, Subject::Relations] {
            for (choice, _) in choices(subject, super::super::words::of(crate::language::Language::En)) {
                assert_eq!(parts(&read(choice, "x", &Target::Ignore)).0, choice);
            }
        }
    }
}
