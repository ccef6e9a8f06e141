"""Words that every kind shares: people, events, values, tags and times.

Times are milliseconds since the Unix epoch, money is minor units (fen, cents); both are `int`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from . import _wire
from ._read import parse, reader
from .failures import BadInput, Unfit

__all__ = ["DAY", "Event", "HOUR", "MINUTE", "Profile", "Received", "Role", "SECOND", "Stage", "Tag", "Time", "Value"]

T = TypeVar("T")

SECOND = 1_000
"""One second, in milliseconds."""
MINUTE = 60 * SECOND
"""One minute, in milliseconds."""
HOUR = 60 * MINUTE
"""One hour, in milliseconds."""
DAY = 24 * HOUR
"""One day, in milliseconds."""


class Stage(Enum):
    """How far a person has come with the brand."""

    PROSPECT = 0
    """Known, but neither following nor buying (潜在客户)."""
    FAN = 1
    """Follows the brand on at least one channel (粉丝)."""
    CUSTOMER = 2
    """Has bought (客户)."""


class Role(Enum):
    """What a person is to the brand besides a consumer."""

    CONSUMER = 0
    """Everybody, unless something else is known."""
    OPINION_LEADER = 1
    """Heard by many (KOL)."""
    EMPLOYEE = 2
    """Works for the brand."""
    PROMOTER = 3
    """Sells for a commission (推客)."""
    PARTNER = 4
    """Supplier, distributor or other partner."""


class Time(int):
    """A field that is a point in time, in milliseconds since the Unix epoch: `set_field("met", Time(moment.now))`."""


Value = str | float | int | bool | Time | list[str]
"""The value of one field: a text, a measure, a count or money, yes or no, a point in time, or several texts."""


@dataclass
class Tag:
    """A label on a person."""

    dimension: str
    """What sort of label it is: `interest`, `consumption-power` …"""
    name: str
    """The label itself."""
    weight: float = 1.0
    """Strength, 0 to 1."""


@dataclass
class Profile:
    """One person, as far as the manifest asked and the tenant granted."""

    id: str
    """Stable and opaque, `per_…`."""
    stage: Stage = Stage.PROSPECT
    """How far the person has come."""
    roles: list[Role] = field(default_factory=lambda: [Role.CONSUMER])
    """At least `CONSUMER`."""
    locale: str | None = None
    """BCP 47 language tag, if known."""
    tags: list[Tag] = field(default_factory=list)
    """All current tags."""
    scores: dict[str, float] = field(default_factory=dict)
    """All current scores."""
    fields: dict[str, Value] = field(default_factory=dict)
    """The granted fields that are known; an unknown one is left out."""
    reachable: list[str] = field(default_factory=list)
    """Channels on which this person can be reached now, best first."""

    def text(self, name: str) -> str | None:
        """A granted field that is a text."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else None

    def integer(self, name: str) -> int | None:
        """A granted field that is a count, or money in minor units, or a time in milliseconds."""
        value = self.fields.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def number(self, name: str) -> float | None:
        """A granted field that is a measure; a count is taken as one too."""
        value = self.fields.get(name)
        return float(value) if isinstance(value, (float, int)) and not isinstance(value, (bool, Time)) else None

    def flag(self, name: str) -> bool | None:
        """A granted field that is yes or no."""
        value = self.fields.get(name)
        return value if isinstance(value, bool) else None

    def texts(self, name: str) -> list[str] | None:
        """A granted field that is several texts."""
        value = self.fields.get(name)
        return value if isinstance(value, list) else None

    def score(self, name: str) -> float | None:
        """The value of a score, if the person has it."""
        return self.scores.get(name)

    def has_tag(self, dimension: str, name: str) -> bool:
        """Whether the person carries a tag."""
        return any(tag.dimension == dimension and tag.name == name for tag in self.tags)

    def tags_of(self, dimension: str) -> Iterator[str]:
        """The names of the person's tags of one dimension."""
        return (tag.name for tag in self.tags if tag.dimension == dimension)

    def can_reach(self, channel: str) -> bool:
        """Whether the person can be reached over a channel now."""
        return channel in self.reachable

    def speaks(self, language: str) -> bool:
        """Whether the person's language is `language`, whatever the region: `zh-Hant-TW` speaks `zh`."""
        return (self.locale or "").replace("_", "-").split("-")[0].lower() == language.lower()


class Event:
    """Something that happened."""

    __slots__ = ("id", "kind", "at", "channel", "touchpoint", "_properties")

    id: str
    """Stable and opaque, `evt_…`; the host sets it where a plugin makes the event."""
    kind: str
    """`identify`, `page`, `Order Completed`, `guanxi.timer` …"""
    at: int
    """When it happened, corrected for the sender's clock."""
    channel: str | None
    """The channel it came through."""
    touchpoint: str | None
    """The place of contact: a page, a code, a store."""

    def __init__(
        self,
        id: str,
        kind: str,
        at: int,
        channel: str | None = None,
        touchpoint: str | None = None,
        properties: dict[str, Any] | str = "{}",
    ) -> None:
        self.id, self.kind, self.at, self.channel, self.touchpoint = id, kind, at, channel, touchpoint
        self._properties = properties

    @property
    def properties(self) -> dict[str, Any]:
        """What the sender said about it. The JSON that the host sent is read when it is first asked for."""
        if isinstance(self._properties, str):
            self._properties = read_input("event.properties", self._properties, dict)
        return self._properties

    def read(self, wanted: type[T]) -> T:
        """All properties as a dataclass; `BadInput` with the path of what does not fit."""
        return fit("event.properties", self.properties, wanted)

    def get(self, name: str, wanted: type[T]) -> T | None:
        """One property: `event.get("total", float)`; `None` if it is not there or null, `BadInput` if it is of another
        type.
        """
        value = self.properties.get(name)
        return None if value is None else fit(f"event.properties.{name}", value, wanted)

    def __repr__(self) -> str:
        return f"Event({self.id!r}, {self.kind!r}, {self.at}, properties={self._properties!r})"


@dataclass
class Received:
    """An event with its sender."""

    key: str
    """By which a repetition is known."""
    identities: list[str]
    """`kind:value` identities of the person."""
    event: Event
    """What happened; the host sets its id."""


def fit(what: str, value: Any, wanted: type[T]) -> T:
    """A parsed value as `wanted`; `BadInput` that names `what` and the path of what does not fit."""
    try:
        fitting: T = reader(wanted)(value)
    except Unfit as problem:
        raise BadInput(f"{what}: {problem}") from None
    return fitting


def read_input(what: str, text: str, wanted: type[T]) -> T:
    """JSON as `wanted`; `BadInput` that names `what` and the path of what does not fit."""
    try:
        value = parse(text)
    except Unfit as problem:
        raise BadInput(f"{what}: {problem}") from None
    return fit(what, value, wanted)


_TEXT, _NUMBER, _INTEGER, _FLAG, _TIME, _TEXTS = _wire.cases(
    "Value", "Text", "Number", "Integer", "Flag", "Time", "Texts"
)

lower_value = _wire.variant(
    "a value of a field",
    {
        str: (_TEXT, _wire.text),
        float: (_NUMBER, _wire.number),
        int: (_INTEGER, _wire.money),
        bool: (_FLAG, _wire.flag),
        Time: (_TIME, _wire.instant),
        list: (_TEXTS, _wire.items(_wire.text)),
    },
)
lower_tag = _wire.record(Tag, dimension=_wire.text, name=_wire.text, weight=_wire.number)
_event = _wire.record(
    Event,
    id=_wire.text,
    kind=_wire.text,
    at=_wire.instant,
    channel=_wire.optional(_wire.text),
    touchpoint=_wire.optional(_wire.text),
    properties=_wire.json_object,
)
lower_received = _wire.items(_wire.record(Received, key=_wire.text, identities=_wire.items(_wire.text), event=_event))


def _profile(
    id: str,
    stage: Stage,
    roles: list[Role],
    locale: str | None,
    tags: list[Tag],
    scores: list[tuple[str, float]],
    fields: list[tuple[str, Any]],
    reachable: list[str],
) -> Profile:
    return Profile(id, stage, roles, locale, tags, dict(scores), dict(fields), reachable)


def _pair(name: str, value: Any) -> tuple[str, Any]:
    return name, value


def _field(name: str, case: _wire.Case) -> tuple[str, Any]:
    return name, Time(case.value) if type(case) is _TIME else case.value


INCOMING = {
    "Stage": Stage,
    "Role": Role,
    "Tag": Tag,
    "Score": _pair,
    "Field": _field,
    "Profile": _profile,
    "Event": Event,
}
"""What the generated code builds from what comes in: a callable for each type of the contract."""
