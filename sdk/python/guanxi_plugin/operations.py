"""What a campaign may want done. The host checks each operation against grants, consent, caps, stock and budget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import _wire, messages, words
from .messages import Message
from .words import Tag, Value

__all__ = [
    "AddTag",
    "AskStaff",
    "CancelTimer",
    "EarnPoints",
    "Emit",
    "GrantMoney",
    "IssueCoupon",
    "Operation",
    "RemoveTag",
    "Send",
    "SetField",
    "StartTimer",
]


@dataclass
class Send:
    """Send a message."""

    message: Message
    """To the person of the moment."""


@dataclass
class EarnPoints:
    """Credit points."""

    unit: str
    """The tenant's unit, such as `points`."""
    amount: int
    """How many."""
    reason: str
    """Why, in words the person may read."""
    pending_until: int | None = None
    """Cannot be spent before this time."""


@dataclass
class IssueCoupon:
    """Issue a coupon; the host issues within stock and limits or refuses."""

    template: str
    """The coupon template."""
    reason: str
    """Why, in words the person may read."""


@dataclass
class GrantMoney:
    """Pay money, such as a red packet; the host pays within its budgets or refuses."""

    budget: str
    """The budget it is drawn from."""
    amount: int
    """How much, in minor units."""
    reason: str
    """Why, in words the person may read."""


@dataclass
class AddTag:
    """Put a tag on the person."""

    tag: Tag
    """Dimension and name of 1 to 64 characters, weight from 0 to 1."""


@dataclass
class RemoveTag:
    """Take a tag off the person."""

    dimension: str
    """Its dimension."""
    name: str
    """Its name."""


@dataclass
class SetField:
    """Set a field of the person."""

    name: str
    """Name as in the manifest's `fields`."""
    value: Value
    """Its value."""


@dataclass
class StartTimer:
    """Start or move a timer: a `guanxi.timer` event comes back when it is due."""

    key: str
    """Names the timer for this installation and person; starting it again moves it."""
    at: int
    """When to wake up; a second from now at the soonest."""
    payload: Any = field(default_factory=dict)
    """Handed back with the event; anything that JSON can say."""


@dataclass
class CancelTimer:
    """Cancel a timer."""

    key: str
    """Its key."""


@dataclass
class Emit:
    """Put an event into the log for the same person."""

    kind: str
    """Its kind; prefixed by the host with the plugin's name."""
    properties: dict[str, Any] = field(default_factory=dict)
    """What it says."""


@dataclass
class AskStaff:
    """A question or task for the brand's staff."""

    title: str
    """One line."""
    body: str
    """Details."""


Operation = (
    Send
    | EarnPoints
    | IssueCoupon
    | GrantMoney
    | AddTag
    | RemoveTag
    | SetField
    | StartTimer
    | CancelTimer
    | Emit
    | AskStaff
)
"""Something a campaign wants done."""


lower = _wire.union(
    "Operation",
    "an operation",
    {
        Send: _wire.only("message", messages.lower),
        EarnPoints: _wire.record(
            EarnPoints,
            unit=_wire.text,
            amount=_wire.whole(0, 2**64 - 1),
            reason=_wire.text,
            pending_until=_wire.optional(_wire.instant),
        ),
        IssueCoupon: _wire.record(IssueCoupon, template=_wire.text, reason=_wire.text),
        GrantMoney: _wire.record(GrantMoney, budget=_wire.text, amount=_wire.money, reason=_wire.text),
        AddTag: _wire.only("tag", words.lower_tag),
        RemoveTag: _wire.record(RemoveTag, dimension=_wire.text, name=_wire.text),
        SetField: _wire.record(SetField, name=_wire.text, value=words.lower_value),
        StartTimer: _wire.record(StartTimer, key=_wire.text, at=_wire.instant, payload=_wire.json),
        CancelTimer: _wire.only("key", _wire.text),
        Emit: _wire.record(Emit, kind=_wire.text, properties=_wire.json_object),
        AskStaff: _wire.record(AskStaff, title=_wire.text, body=_wire.text),
    },
)
"""As the contract has it."""
