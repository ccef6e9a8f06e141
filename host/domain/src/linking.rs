//! When two people may be joined by themselves, and what staff may do to the identities of people.
//!
//! A wrong join is worse than a missed one: it shows one customer another's orders. So people are joined without being
//! asked only if somebody who is trusted vouches for it, or if one of them is nobody but a browser; never across
//! identifiers of which a person has only one; and never into a person who holds more than people do.

use crate::identity::Identity;
use crate::ids::PersonId;
use crate::person::{Link, LinkState};

/// The most people that are joined into one.
pub const LEAVES_MAX: usize = 64;
/// The most identities of one person, those of everybody joined with them included.
pub const LINKS_MAX: usize = 1_024;
/// The most characters of a reason.
pub const REASON_MAX: usize = 500;

/// Why identities were not linked by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// It belongs to somebody else, and nobody vouches that both are one.
    Unverified,
    /// Both have an identity of a kind of which a person has only one.
    Exclusive,
    /// One person would have more identities of a kind than people have.
    Limit,
    /// One person would be made of too many.
    TooLarge,
    /// The link is disputed.
    Disputed,
    /// It is written so that it looks like another.
    Suspicious,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Unverified, Self::Exclusive, Self::Limit, Self::TooLarge, Self::Disputed, Self::Suspicious];

    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Exclusive => "exclusive",
            Self::Limit => "limit",
            Self::TooLarge => "too-large",
            Self::Disputed => "disputed",
            Self::Suspicious => "suspicious",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == text)
    }
}

/// What was done to identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActionKind {
    /// An identity was given to a person.
    Link,
    /// A link was found to be right.
    Confirm,
    /// A link was doubted.
    Dispute,
    /// A link was found to be wrong.
    Invalidate,
    /// A link has to be checked again.
    Recheck,
    /// People were joined.
    Merge,
    /// A person was parted from a group.
    Split,
    /// A conflict was put aside.
    Dismiss,
}

impl ActionKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Link,
        Self::Confirm,
        Self::Dispute,
        Self::Invalidate,
        Self::Recheck,
        Self::Merge,
        Self::Split,
        Self::Dismiss,
    ];

    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Confirm => "confirm",
            Self::Dispute => "dispute",
            Self::Invalidate => "invalidate",
            Self::Recheck => "recheck",
            Self::Merge => "merge",
            Self::Split => "split",
            Self::Dismiss => "dismiss",
        }
    }

    /// Reads `as_str`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The state in which it leaves a link; `None` if it is not about the state of one.
    pub fn state(self) -> Option<LinkState> {
        match self {
            Self::Confirm => Some(LinkState::Verified),
            Self::Dispute => Some(LinkState::Disputed),
            Self::Invalidate => Some(LinkState::Invalid),
            Self::Recheck => Some(LinkState::Stale),
            Self::Link | Self::Merge | Self::Split | Self::Dismiss => None,
        }
    }
}

/// What staff ask for; the properties of an event of kind [`crate::event::IDENTITY`].
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Action {
    /// What to do.
    #[serde(flatten)]
    pub verb: Verb,
    /// Who asks.
    pub actor: String,
    /// Why.
    pub reason: String,
}

/// What to do with the person whom the event names.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Verb {
    /// Give them the identity.
    Link {
        /// Which.
        identity: Identity,
    },
    /// Their link to the identity is right.
    Confirm {
        /// Which.
        identity: Identity,
    },
    /// Their link to the identity is doubtful.
    Dispute {
        /// Which.
        identity: Identity,
    },
    /// The identity is not theirs: nothing is delivered there, and whoever is named with it next gets it.
    Invalidate {
        /// Which.
        identity: Identity,
    },
    /// Their link to the identity has to be checked again.
    Recheck {
        /// Which.
        identity: Identity,
    },
    /// They are the same as somebody else.
    Merge {
        /// Who else.
        with: PersonId,
    },
    /// They are not the same as the others of their group.
    Split,
    /// Nothing has to be done about somebody's claim to an identity of theirs.
    Dismiss {
        /// Which.
        identity: Identity,
        /// For whom it was named.
        claimed_by: PersonId,
    },
}

impl Verb {
    /// Which action it is.
    pub fn kind(&self) -> ActionKind {
        match self {
            Self::Link { .. } => ActionKind::Link,
            Self::Confirm { .. } => ActionKind::Confirm,
            Self::Dispute { .. } => ActionKind::Dispute,
            Self::Invalidate { .. } => ActionKind::Invalidate,
            Self::Recheck { .. } => ActionKind::Recheck,
            Self::Merge { .. } => ActionKind::Merge,
            Self::Split => ActionKind::Split,
            Self::Dismiss { .. } => ActionKind::Dismiss,
        }
    }

    /// The identity it is about.
    pub fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Link { identity }
            | Self::Confirm { identity }
            | Self::Dispute { identity }
            | Self::Invalidate { identity }
            | Self::Recheck { identity }
            | Self::Dismiss { identity, .. } => Some(identity),
            Self::Merge { .. } | Self::Split => None,
        }
    }
}

/// One of two people who might be the same.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Their links.
    pub links: &'a [Link],
    /// How many people were joined in them already, at least one.
    pub leaves: usize,
}

/// Whether `a` and `b`, named together by an event, may be joined by themselves. `through` is the link of `b` by which
/// the event named them; `vouched` says that the sender is trusted to know.
pub fn may_join(a: Side<'_>, b: Side<'_>, through: &Link, vouched: bool) -> Result<(), Cause> {
    if matches!(through.state, LinkState::Disputed | LinkState::Invalid) {
        return Err(Cause::Disputed);
    }
    if through.identity.is_suspicious() {
        return Err(Cause::Suspicious);
    }
    may_merge(a, b)?;
    fit(a, b)?;
    let only_a_browser = |side: Side<'_>| side.links.iter().all(|link| link.identity.rules().shared);
    if vouched || only_a_browser(a) || only_a_browser(b) { Ok(()) } else { Err(Cause::Unverified) }
}

/// Whether `a` and `b` can be one person at all, should somebody say so.
pub fn may_merge(a: Side<'_>, b: Side<'_>) -> Result<(), Cause> {
    if a.leaves + b.leaves > LEAVES_MAX || a.links.len() + b.links.len() > LINKS_MAX {
        return Err(Cause::TooLarge);
    }
    Ok(())
}

/// Whether together they have no more identities of a kind than a person has.
fn fit(a: Side<'_>, b: Side<'_>) -> Result<(), Cause> {
    let counts = |link: &&Link| link.state != LinkState::Invalid;
    for link in b.links.iter().filter(counts) {
        let kind = link.identity.kind();
        let rules = link.identity.rules();
        let mut others = a.links.iter().filter(counts).filter(|other| other.identity.kind() == kind);
        if rules.exclusive && others.clone().next().is_some() {
            return Err(Cause::Exclusive);
        }
        let mine = b.links.iter().filter(counts).filter(|other| other.identity.kind() == kind).count();
        if others.by_ref().count() + mine > rules.per_person_max as usize {
            return Err(Cause::Limit);
        }
    }
    Ok(())
}

/// Whether a person with these links may get another.
pub fn may_have(links: &[Link], identity: &Identity) -> Result<(), Cause> {
    if links.len() >= LINKS_MAX {
        return Err(Cause::TooLarge);
    }
    let rules = identity.rules();
    let same = links.iter().filter(|link| link.state != LinkState::Invalid && link.identity.kind() == identity.kind());
    match same.count() {
        0 => Ok(()),
        _ if rules.exclusive => Err(Cause::Exclusive),
        count if count >= rules.per_person_max as usize => Err(Cause::Limit),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(identity: &str) -> Link {
        Link {
            identity: identity.parse().unwrap(),
            state: LinkState::Unverified,
            source: String::new(),
            confidence: 0.5,
            reason: None,
            changed_by: None,
            changed_at: 0,
            first_position: 1,
            created_at: 0,
        }
    }

    #[track_caller]
    fn check(a: &[&str], b: &[&str], vouched: bool, expected: Result<(), Cause>) {
        let [a, b] = [a, b].map(|texts| texts.iter().map(|text| link(text)).collect::<Vec<_>>());
        let side = |links| Side { links, leaves: 1 };
        assert_eq!(may_join(side(&a), side(&b), &b[0], vouched), expected);
    }

    #[test]
    fn people_are_joined_only_where_that_is_sure() {
        check(&["user:1"], &["anonymous:a"], false, Ok(()));
        check(&["user:1"], &["email:a@b.c"], false, Err(Cause::Unverified));
        check(&["user:1"], &["email:a@b.c"], true, Ok(()));
        check(&["user:1"], &["email:a@b.c", "user:2"], true, Err(Cause::Exclusive));
        check(&["user:1", "anonymous:a"], &["anonymous:b"], false, Ok(()));
    }

    #[test]
    fn nobody_becomes_a_blob() {
        let phones: Vec<String> = (0..40).map(|n| format!("phone:+86138001380{n:02}")).collect();
        let links: Vec<Link> = phones.iter().map(|phone| link(phone)).collect();
        let max = links[0].identity.rules().per_person_max as usize;
        assert_eq!(may_have(&links[..max], &links[max].identity), Err(Cause::Limit));
        assert_eq!(may_have(&links[..max - 1], &links[max].identity), Ok(()));
        assert_eq!(may_have(&[link("user:1")], &"user:2".parse().unwrap()), Err(Cause::Exclusive));
        let side = |leaves| Side { links: &links[..1], leaves };
        assert_eq!(may_merge(side(LEAVES_MAX), side(1)), Err(Cause::TooLarge));
    }
}
