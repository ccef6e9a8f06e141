//! The rules that every connector keeps, and the count of what was checked of each.

use std::collections::BTreeMap;

use serde::Serialize;

/// Failures of one rule that are told; others are counted.
const FAILURES_MAX: usize = 10;
/// Characters of what is told of one.
const CHARS_MAX: usize = 400;

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Names it.
    pub id: &'static str,
    /// In a sentence.
    pub says: &'static str,
    /// When there is nothing to check.
    pub without: &'static str,
    /// What an author does who breaks it.
    pub remedy: &'static str,
}

const NO_REQUEST: &str = "no recording has a request";

pub static RECORDED: Rule = Rule {
    id: "recorded",
    says: "every request is made as recorded, and the recorded outcome comes at the end",
    without: "there is no recording",
    remedy: "read what the recording's `source` says; mend the connector, or the recording if the channel does otherwise",
};
pub static DETERMINISTIC: Rule = Rule {
    id: "deterministic",
    says: "the same message and answers give the same steps, byte by byte, and burn the same fuel",
    without: "there is no recording",
    remedy: "derive everything from what `send` and `resume` are called with",
};
pub static EGRESS: Rule = Rule {
    id: "egress",
    says: "requests go to hosts that the manifest's `egress` declares, over https",
    without: NO_REQUEST,
    remedy: "declare the host under `egress`, or do not take hosts from answers and addresses",
};
pub static SENDABLE: Rule = Rule {
    id: "sendable",
    says: "the host can send every request: method, URL, headers and sizes are in bounds",
    without: NO_REQUEST,
    remedy: "percent-encode what goes into a URL, put nothing from outside into headers, leave the connection's headers out",
};
pub static SECRETS: Rule = Rule {
    id: "secrets",
    says: "only declared secrets are named, and no secret's value stands in a request, a log line or an outcome",
    without: "no secret is declared and none is named",
    remedy: "write `{{secret:NAME}}` or use the contract's `secrets`, never a value, and declare the name in the manifest",
};
pub static BOUNDED: Rule = Rule {
    id: "bounded",
    says: "an outcome comes within 8 requests, whatever the channel answers",
    without: "there is no recording",
    remedy: "count repetitions in the continuation, or end with `retry-after` and let the host repeat",
};
pub static THROTTLED: Rule = Rule {
    id: "throttled",
    says: "status 429, of mail 421 and 450 to 452, is `retry-after` or `quota-exhausted`, no sooner than `Retry-After` says",
    without: NO_REQUEST,
    remedy: "look at the status before the body, and take the seconds of `Retry-After`",
};
pub static UNAVAILABLE: Rule = Rule {
    id: "unavailable",
    says: "status 500, 502, 503 and 504, of mail 421 and 454, are tried again",
    without: NO_REQUEST,
    remedy: "answer 5xx, of mail 4xx, with `retry-after`; a failure is repeated for idempotent channels only",
};
pub static DENIED: Rule = Rule {
    id: "denied",
    says: "status 401 and 403, of mail 530, 535, 550 and 554, are never `sent`",
    without: NO_REQUEST,
    remedy: "look at the status before the body: `refresh-session`, `recipient-gone` or `rejected` with the channel's words",
};
pub static BODIES: Rule = Rule {
    id: "bodies",
    says: "a body that is empty, cut, HTML, huge, deep, no UTF-8 or of other types is an outcome or a failure, never a crash, and \
           `sent` only where a recording shows that the status alone says so",
    without: NO_REQUEST,
    remedy: "read bodies into types and answer what does not fit with a failure; if the status alone counts, record an answer \
             without a body that ends in `sent`",
};
pub static IDEMPOTENT: Rule = Rule {
    id: "idempotent",
    says: "a request carries what follows from the message's id alone, the same in every attempt",
    without: "the manifest does not say `idempotent`, or no request is made",
    remedy: "send the message's id, or a key derived from nothing else, or do not declare the channel `idempotent`",
};
pub static CONTENTS: Rule = Rule {
    id: "contents",
    says: "emoji, Chinese, quotes, line breaks and 16 KiB of text arrive as they are, or are rejected with a reason",
    without: "no delivered recording has a request",
    remedy: "let the language's own functions write JSON and forms; reject what the channel cannot take, and say why",
};
pub static RECIPIENT: Rule = Rule {
    id: "recipient",
    says: "nothing of an address or a text gets raw into a header or a URL: line breaks, quotes, `../`, `&`, handles of secrets",
    without: "no delivered recording has a request",
    remedy: "percent-encode it for a URL, keep it out of headers, or reject an address that cannot be one of this channel",
};
pub static MISSING_SECRET: Rule = Rule {
    id: "missing-secret",
    says: "without a secret that it needs, `send` fails with words, and no request leaves without it",
    without: "no secret is declared",
    remedy: "hand the problem of the contract's `secrets` on as a failure",
};
pub static BAD_CONFIG: Rule = Rule {
    id: "bad-config",
    says: "a bad configuration is a failure with words, no crash, and loses no message",
    without: "there is nothing to configure",
    remedy: "answer with `Failure::BadConfig`, which is tried again; `rejected` and a crash lose messages",
};
pub static FUEL: Rule = Rule {
    id: "fuel",
    says: "no step burns more than half of the fuel that it is allowed",
    without: "there is no recording",
    remedy: "do less in a step: a longer message must not run out of fuel",
};

/// Every rule, in the order of the report.
pub static ALL: [&Rule; 16] = [
    &RECORDED,
    &DETERMINISTIC,
    &EGRESS,
    &SENDABLE,
    &SECRETS,
    &BOUNDED,
    &THROTTLED,
    &UNAVAILABLE,
    &DENIED,
    &BODIES,
    &IDEMPOTENT,
    &CONTENTS,
    &RECIPIENT,
    &MISSING_SECRET,
    &BAD_CONFIG,
    &FUEL,
];

/// What was expected and what came instead.
#[derive(Debug)]
pub struct Problem {
    /// What the rule wants.
    pub expected: String,
    /// What came.
    pub found: String,
}

impl Problem {
    /// Both.
    pub fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { expected: expected.into(), found: found.into() }
    }
}

/// Where in the recordings a check was made.
#[derive(Debug, Clone)]
pub struct At {
    /// The name of the recording.
    pub exchange: String,
    /// What was done to it.
    pub probe: String,
}

/// One failure.
#[derive(Debug, Serialize)]
pub struct Failed {
    /// The name of the recording.
    pub exchange: String,
    /// What was done to it.
    pub probe: String,
    /// The number of the request, from 1; none if it is about none.
    pub step: Option<usize>,
    /// What the rule wants.
    pub expected: String,
    /// What came.
    pub found: String,
}

/// What was found about one rule.
#[derive(Debug, Default)]
pub struct Tally {
    /// Checks made.
    pub checks: u64,
    /// Checks that failed.
    pub failed: u64,
    /// The first of those.
    pub failures: Vec<Failed>,
}

/// What was found about all rules.
#[derive(Debug, Default)]
pub struct Ledger(BTreeMap<&'static str, Tally>);

impl Ledger {
    /// Counts one check of a rule; `step` is counted from 0 here.
    pub fn judge(&mut self, rule: &'static Rule, at: &At, step: Option<usize>, problem: Option<Problem>) {
        let tally = self.0.entry(rule.id).or_default();
        tally.checks += 1;
        let Some(Problem { expected, found }) = problem else { return };
        tally.failed += 1;
        if tally.failures.len() < FAILURES_MAX {
            let At { exchange, probe } = at.clone();
            let step = step.map(|step| step + 1);
            tally.failures.push(Failed { exchange, probe, step, expected: cut(&expected), found: cut(&found) });
        }
    }

    /// What was found about one rule.
    pub fn take(&mut self, rule: &'static Rule) -> Tally {
        self.0.remove(rule.id).unwrap_or_default()
    }
}

/// On one line, and not longer than a reader likes.
fn cut(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHARS_MAX).collect();
    if text.chars().nth(CHARS_MAX).is_some() { format!("{shown}…") } else { shown }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rules_have_names_of_their_own() {
        let names: BTreeSet<&str> = ALL.iter().map(|rule| rule.id).collect();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn many_failures_are_counted_and_long_ones_cut() {
        let mut ledger = Ledger::default();
        let at = At { exchange: "delivered".to_owned(), probe: "as recorded".to_owned() };
        for _ in 0..20 {
            ledger.judge(&FUEL, &at, Some(0), Some(Problem::new("less", "客\n".repeat(1_000))));
        }
        ledger.judge(&FUEL, &at, None, None);
        let tally = ledger.take(&FUEL);
        assert_eq!((tally.checks, tally.failed, tally.failures.len()), (21, 20, 10));
        assert_eq!(tally.failures[0].step, Some(1));
        assert_eq!(tally.failures[0].found.chars().count(), 401);
    }
}
