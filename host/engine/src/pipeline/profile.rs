//! How plugins see a person: only fields and classes that were granted, only connectors that reach.

use std::borrow::Cow;

use guanxi_domain::Millis;
use guanxi_domain::campaign::{Profile, SeenEvent};
use guanxi_domain::consent;
use guanxi_domain::event::Event;
use guanxi_domain::grants::Sight;
use guanxi_domain::identity::Identity;
use guanxi_domain::manifest::ConnectorSpec;
use guanxi_domain::person::{HeldTag, Role, Stage, Tag, WEIGHT_MIN};

use super::memory::Known;
use super::rounds::Mind;
use crate::fleet::Unit;

/// The identity to which a connector would deliver.
pub(crate) fn address<'a>(known: &'a Known, connector: &ConnectorSpec) -> Option<&'a Identity> {
    connector.addresses.iter().find_map(|kind| {
        let fits = |identity: &Identity| kind == "*" || identity.kind() == kind;
        known.links.iter().find(|link| link.delivers() && fits(&link.identity)).map(|link| &link.identity)
    })
}

/// A tag with what is left of its weight; nothing of one that is as good as gone.
fn present(held: &HeldTag, now: Millis) -> Option<Tag> {
    let weight = held.weight_at(now);
    (weight >= WEIGHT_MIN).then(|| Tag { weight, ..held.tag.clone() })
}

/// What a campaign sees of the classes that it may see: for purposes that the person allows, and nothing that is bound to
/// another purpose.
fn sight<'u>(known: &Known, campaign: &'u Unit, mind: &Mind) -> Cow<'u, Sight> {
    let settings = &mind.settings;
    if settings.purposes.is_empty() {
        return Cow::Borrowed(&campaign.sight);
    }
    let allowed = |purpose: &str| consent::allows(settings, &known.consents, purpose, mind.now).is_ok();
    let seen = campaign.classes.iter().filter(|wish| allowed(&wish.purpose));
    let mut sight = Sight::of(seen.map(|wish| wish.name.as_str()));
    let bound = settings.purposes.iter().filter(|(name, purpose)| !purpose.fields.is_empty() && !allowed(name));
    bound.flat_map(|(_, purpose)| &purpose.fields).for_each(|field| sight.hide(field));
    Cow::Owned(sight)
}

/// What a campaign sees of a person. A class that it may not see looks as of somebody of whom nothing is known.
pub(crate) fn of(known: &Known, campaign: &Unit, mind: &Mind) -> Profile {
    let wished = campaign.manifest().campaign.as_ref().map(|spec| spec.fields.as_slice()).unwrap_or_default();
    let granted = wished.iter().filter(|wish| campaign.installation.grants.allows_field(&wish.name));
    let subject = known.subject();
    let allowed = granted.filter(|wish| subject.may_see(&wish.name, &wish.purpose, &mind.settings, mind.now));
    let fields = allowed.filter_map(|wish| Some((wish.name.clone(), subject.field(&wish.name, mind.now)?)));
    let locale = subject.may_see("locale", "", &mind.settings, mind.now).then(|| known.person.attributes.get("locale"));
    let reachable = mind.units.iter().filter_map(|unit| {
        let connector = unit.manifest().connector.as_ref()?;
        address(known, connector).map(|_| connector.channel.clone())
    });
    let sight = sight(known, campaign, mind);
    let roles = if sight.roles { known.person.roles.as_slice() } else { &[] };
    let tags = known.tags.iter().filter(|held| sight.tags.shows(&held.tag.dimension));
    let scores = known.scores.iter().filter(|score| sight.scores.shows(&score.name));
    Profile {
        id: known.person.id.to_string(),
        stage: if sight.stage { known.person.stage } else { Stage::default() },
        roles: std::iter::once(Role::Consumer).chain(roles.iter().copied()).collect(),
        locale: locale.flatten().and_then(|v| v.as_str()).map(str::to_owned),
        tags: tags.filter_map(|held| present(held, mind.now)).collect(),
        scores: scores.map(|score| (score.name.clone(), score.value)).collect(),
        fields: fields.collect(),
        reachable: reachable.collect(),
    }
}

/// What a plugin sees of an event. Traits are the person's, so they come as granted fields only.
pub(crate) fn seen(event: &Event) -> SeenEvent {
    let body = &event.event.body;
    SeenEvent {
        id: event.event.id.to_string(),
        kind: event.event.kind.clone(),
        at: event.event.occurred_at,
        channel: body.channel.clone(),
        touchpoint: body.touchpoint.clone(),
        properties: serde_json::to_string(&body.properties).unwrap_or_else(|_| "{}".to_owned()).into(),
    }
}
