"""Campaigns: what to do about one moment of one person.

A campaign gets a `Moment` (what just happened, to whom, what it kept the last time) and answers with a `Decision`:
operations that it wants done, each checked by the host against grants, consent, caps and budget, and the reasons that
a marketer will read. Deciding to do nothing is a decision too, and its reason matters as much.

    @dataclass
    class Settings:
        minimum: float

    @campaign
    def thanks(config: Settings, moment: Moment) -> Decision:
        total = moment.event.get("total", float) or 0.0
        if total < config.minimum:
            return Decision.skip(f"{total} is less than {config.minimum}")
        kept = moment.kept() or {"thanked": 0}
        message = Message.text("Thank you for order {{order}}!", order=moment.event.get("order_id", str))
        return (
            Decision.because("a large order")
            .send(message.set(expires=moment.now + DAY))
            .add_tag("loyalty", "big-spender")
            .keep({"thanked": kept["thanked"] + 1})
        )
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar, overload

from . import _wire, operations
from ._plugin import Declared, declare
from .failures import Unfit, failure_of
from .messages import Message
from .operations import (
    AddTag,
    AskStaff,
    CancelTimer,
    EarnPoints,
    Emit,
    GrantMoney,
    IssueCoupon,
    Operation,
    RemoveTag,
    Send,
    SetField,
    StartTimer,
)
from .words import Event, Profile, Tag, Value, fit, read_input

__all__ = ["Decision", "Moment", "TIMER", "campaign"]

C = TypeVar("C")
T = TypeVar("T")

TIMER = "guanxi.timer"
"""The kind of the events that the host makes when a timer is due."""


@dataclass
class Moment:
    """Everything a decision may depend on."""

    event: Event
    """What just happened."""
    person: Profile
    """To whom, after the event."""
    history: list[Event]
    """Earlier events of the kinds that the manifest's `history` asks for, newest first."""
    state: str | None
    """What this installation kept for this person the last time, as JSON; `kept` reads it."""
    now: int
    """The time of the decision."""
    seed: int
    """Derived from event and installation, below 2^53; `rng` draws from it."""

    @overload
    def kept(self) -> Any: ...
    @overload
    def kept(self, wanted: type[T]) -> T | None: ...
    def kept(self, wanted: Any = object) -> Any:
        """What the installation kept for this person the last time, see `Decision.keep`; perhaps as a dataclass.

        `None` if nothing was kept, `BadInput` if it does not fit.
        """
        return None if self.state is None else read_input("the kept state", self.state, wanted)

    def is_timer(self) -> bool:
        """Whether this moment is a timer of this installation coming due, whatever its key."""
        return self.event.kind == TIMER

    @overload
    def timer(self, key: str) -> Any: ...
    @overload
    def timer(self, key: str, wanted: type[T]) -> T | None: ...
    def timer(self, key: str, wanted: Any = object) -> Any:
        """The payload of the timer `key`, perhaps as a dataclass, if that is what just came due; else `None`."""
        if not self.is_timer() or self.event.properties.get("key") != key:
            return None
        return fit("event.properties.payload", self.event.properties.get("payload"), wanted)

    def rng(self) -> Random:
        """A generator of random numbers that draws the same for the same moment, however often it is decided.

        It is the only chance there is: the functions of `random` itself draw what was frozen at build time.
        """
        return Random(self.seed)


@dataclass
class Decision:
    """The answer to one moment, written from left to right.

    What was kept for the person stays kept unless the decision says `keep` or `forget`.

        Decision.because("third order this month").send(Message.text("Thank you!")).add_tag("loyalty", "regular")
        Decision.skip("already thanked today")
    """

    reasons: list[str] = field(default_factory=list)
    """Why, or why not, in words a marketer reads."""
    operations: list[Operation] = field(default_factory=list)
    """What to do, in order; none is a decision too."""
    state: Any = None
    """What is kept from now on; `None` for nothing. Counts only after `keep` or `forget`."""
    unchanged: bool = True
    """Whether what was kept stays kept."""

    @classmethod
    def because(cls, reason: str) -> Decision:
        """A decision with the reason for what follows, in words that a marketer reads."""
        return cls([reason])

    @classmethod
    def skip(cls, reason: str) -> Decision:
        """The decision to do nothing, and why."""
        return cls([reason])

    def and_because(self, reason: str) -> Decision:
        """One more reason."""
        self.reasons.append(reason)
        return self

    def send(self, message: Message) -> Decision:
        """Sends a message."""
        return self.operation(Send(message))

    def earn_points(self, unit: str, amount: int, reason: str, pending_until: int | None = None) -> Decision:
        """Credits points of the tenant's `unit`; the person may read the reason."""
        return self.operation(EarnPoints(unit, amount, reason, pending_until))

    def issue_coupon(self, template: str, reason: str) -> Decision:
        """Issues a coupon of a template; the person may read the reason."""
        return self.operation(IssueCoupon(template, reason))

    def grant_money(self, budget: str, amount: int, reason: str) -> Decision:
        """Asks for money in minor units, drawn from a budget; the person may read the reason."""
        return self.operation(GrantMoney(budget, amount, reason))

    def add_tag(self, dimension: str, name: str, weight: float = 1.0) -> Decision:
        """Puts a tag on the person; `weight` from 0 to 1."""
        return self.operation(AddTag(Tag(dimension, name, weight)))

    def remove_tag(self, dimension: str, name: str) -> Decision:
        """Takes a tag off the person."""
        return self.operation(RemoveTag(dimension, name))

    def set_field(self, name: str, value: Value) -> Decision:
        """Sets a field of the person; a point in time is a `Time`."""
        return self.operation(SetField(name, value))

    def start_timer(self, key: str, at: int, payload: Any = None) -> Decision:
        """Starts a timer, or moves it if it runs; read the payload back with `Moment.timer`."""
        return self.operation(StartTimer(key, at, {} if payload is None else payload))

    def cancel_timer(self, key: str) -> Decision:
        """Cancels a timer."""
        return self.operation(CancelTimer(key))

    def emit(self, kind: str, properties: dict[str, Any] | None = None) -> Decision:
        """Puts an event into the log for the same person."""
        return self.operation(Emit(kind, properties or {}))

    def ask_staff(self, title: str, body: str) -> Decision:
        """Asks the brand's staff."""
        return self.operation(AskStaff(title, body))

    def operation(self, operation: Operation) -> Decision:
        """Any operation."""
        self.operations.append(operation)
        return self

    def keep(self, state: Any) -> Decision:
        """Keeps a state, anything that JSON can say, for this installation and person; read it back with
        `Moment.kept`.
        """
        self.state, self.unchanged = state, False
        return self

    def forget(self) -> Decision:
        """Forgets what was kept."""
        return self.keep(None)


def campaign(decide: Callable[[C, Moment], Decision]) -> Callable[[C, Moment], Decision]:
    """Exports a function that decides about one moment.

    The type of its first parameter says what the configuration is read as: a dataclass, `dict`, or `None` for a
    campaign that needs none. Whatever it raises fails this moment only.
    """
    declare("campaign", decide, decide, "config", "moment")
    return decide


_lower = _wire.record(
    Decision,
    operations=_wire.items(operations.lower),
    reasons=_wire.items(_wire.text),
)


def answer(declared: Declared, config: Any, moment: Moment) -> tuple[Decision, Any]:
    """Decides one moment: the decision, and the same as the contract has it. Raises what becomes of the moment."""
    try:
        decision = declared.target(config, moment)
        lowered = _lower(decision)
        if decision.unchanged:
            lowered.state = moment.state
        else:
            lowered.state = None if decision.state is None else _keep(decision.state)
    except (Exception, SystemExit) as error:
        raise failure_of(error, declared.folder) from error
    return decision, lowered


def _keep(state: Any) -> str:
    try:
        return _wire.json(state)
    except Unfit as problem:
        raise problem.within("state") from None


INCOMING = {"Moment": Moment}
"""What the generated code builds from what comes in."""
