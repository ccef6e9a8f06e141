"""Connectors: a channel without I/O. A message becomes a request, a response becomes the next step or an outcome; the
host performs what is asked for, within the hosts that the manifest names and the tenant grants.

    @dataclass
    class Settings:
        url: str

    @connector
    class Push(Connector):
        def send(self, config: Settings, message: Outbound) -> Step:
            request = Request.post(config.url).header("authorization", "Bearer {{secret:token}}")
            return Perform(request.json({"to": message.address_value, "content": message.content}))

        def resume(self, config: Settings, continuation: bytes, response: Response, now: int) -> Step:
            return Done(response.outcome())

A channel with access tokens is a `Session` too, one that calls back a `Receive`, one that must be asked a `Poll`, and
an advertising channel an `Audience`: `class Chat(Connector, Session, Receive)`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, TypeVar

from . import _wire
from ._plugin import Declared, declare
from .failures import failure_of, refusal_of
from .http import (
    Header,
    Outcome,
    Perform,
    Request,
    Response,
    Step,
    lower_exchange,
    lower_outcome,
    lower_request,
    lower_response,
    lower_step,
)
from .words import Received, lower_received, read_input

__all__ = [
    "Audience",
    "AudienceChange",
    "Authorization",
    "Connector",
    "Failed",
    "Incoming",
    "Outbound",
    "Page",
    "Poll",
    "PollStep",
    "Receive",
    "Reception",
    "Session",
    "connector",
]

K = TypeVar("K", bound="Connector")


class Outbound:
    """One message to one address."""

    __slots__ = ("id", "address", "content_text", "created", "now", "attempt")

    id: str
    """Stable over every attempt: the key by which a receiver recognises a repetition, `msg_…`."""
    address: str
    """`kind:value` of the identity to deliver to."""
    content_text: str
    """The neutral content with its variables filled in, as JSON."""
    created: int
    """When the message was decided."""
    now: int
    """The time of this attempt."""
    attempt: int
    """1 for the first try."""

    def __init__(self, id: str, address: str, content_text: str, created: int, now: int, attempt: int) -> None:
        self.id, self.address, self.content_text = id, address, content_text
        self.created, self.now, self.attempt = created, now, attempt

    @property
    def content(self) -> dict[str, Any]:
        """The neutral content with its variables filled in."""
        return read_input("message.content", self.content_text, dict)

    @property
    def address_kind(self) -> str:
        """The `kind` of its address `kind:value`."""
        return self.address.partition(":")[0] if ":" in self.address else ""

    @property
    def address_value(self) -> str:
        """The `value` of its address `kind:value`."""
        return self.address.partition(":")[2] if ":" in self.address else self.address


class Connector(ABC):
    """Delivers messages over a channel. What a method raises fails this message only."""

    @abstractmethod
    def send(self, config: Any, message: Outbound) -> Step:
        """Starts to deliver one message. A failure is tried again later; what can never be sent is `Rejected`."""

    @abstractmethod
    def resume(self, config: Any, continuation: bytes, response: Response, now: int) -> Step:
        """Goes on with the response to the last exchange, which came at `now`."""


@dataclass
class Authorization:
    """How to get a session: the host performs the request, takes the token out of the answer and keeps it; the
    connector never sees it.
    """

    request: Request
    """To be performed by the host."""
    token_pointer: str
    """JSON pointer to the token in the answer."""
    lifetime_pointer: str | None
    """JSON pointer to the lifetime in seconds in the answer."""
    lifetime_seconds: int
    """Lifetime where the answer says none."""


class Session(ABC):
    """A channel that wants a session such as an access token. The host keeps the token and puts it where a request says
    `{{session}}`.
    """

    @abstractmethod
    def authorize(self, config: Any) -> Authorization:
        """How to get a session."""


@dataclass
class Incoming:
    """A request from outside, as it came."""

    method: str
    """`GET` or `POST`."""
    query: str
    """Raw, without the question mark."""
    headers: list[Header] = field(default_factory=list)
    """In order."""
    body: bytes = b""
    """Raw bytes."""


@dataclass
class Reception:
    """What to answer and what to keep."""

    reply: Response
    """Sent back at once."""
    events: list[Received] = field(default_factory=list)
    """Put into the log before the reply leaves."""


class Receive(ABC):
    """A channel that calls back."""

    @abstractmethod
    def receive(self, config: Any, request: Incoming, now: int) -> Reception:
        """Verifies and reads one request. Raises `BadSignature`, `Stale` or `Malformed` to refuse it; any other
        exception refuses it as malformed.
        """


@dataclass
class Page:
    """One page of what is new."""

    cursor: str | None = None
    """Where to go on the next time; kept by the host."""
    events: list[Received] = field(default_factory=list)
    """In order."""
    more: bool = False
    """Ask again at once."""


@dataclass
class Failed:
    """This poll failed."""

    outcome: Outcome
    """In which way."""


PollStep = Perform | Page | Failed
"""What happens next: a request to perform, or a page, or nothing this time."""


class Poll(ABC):
    """A channel that must be asked."""

    @abstractmethod
    def poll(self, config: Any, cursor: str | None, now: int) -> PollStep:
        """Starts to ask for what is new since `cursor`."""

    @abstractmethod
    def resume_poll(self, config: Any, continuation: bytes, response: Response, now: int) -> PollStep:
        """Goes on with the response to the last exchange."""


@dataclass
class AudienceChange:
    """A change of an audience."""

    audience: str
    """The audience on the channel's side."""
    add: list[str]
    """Hashed identifiers to add."""
    remove: list[str]
    """Hashed identifiers to remove."""


class Audience(ABC):
    """An advertising channel that keeps audiences."""

    @abstractmethod
    def upload(self, config: Any, change: AudienceChange) -> Step:
        """Starts to upload one change."""

    @abstractmethod
    def resume_upload(self, config: Any, continuation: bytes, response: Response, now: int) -> Step:
        """Goes on with the response to the last exchange."""


def connector(kind: type[K]) -> type[K]:
    """Exports a class that is a `Connector`, and the facets that it is besides.

    The type of the parameter `config` of `send` says what the configuration is read as: a dataclass, `dict`, or `None`
    for a connector that needs none.
    """
    declare("connector", kind, kind.send, "self", "config", "message").target = kind()
    return kind


_PERFORM, _DONE, _FAILED = _wire.cases("PollStep", "Perform", "Done", "Failed")

_lower_page = _wire.record(Page, cursor=_wire.optional(_wire.text), events=lower_received, more=_wire.flag)
_lower_poll = _wire.variant(
    "a step of a poll",
    {
        Perform: (_PERFORM, lower_exchange),
        Page: (_DONE, _lower_page),
        Failed: (_FAILED, _wire.only("outcome", lower_outcome)),
    },
)
_lower_authorization = _wire.record(
    Authorization,
    request=lower_request,
    token_pointer=_wire.text,
    lifetime_pointer=_wire.optional(_wire.text),
    lifetime_seconds=_wire.whole(0, 2**32 - 1),
)

LOWER = {
    "send": lower_step,
    "resume": lower_step,
    "authorize": _lower_authorization,
    "receive": _wire.record(Reception, reply=lower_response, events=lower_received),
    "poll": _lower_poll,
    "resume_poll": _lower_poll,
    "upload": lower_step,
    "resume_upload": lower_step,
}
"""What becomes of the answer of each function."""

FACETS = {
    "connector-session": Session,
    "connector-receive": Receive,
    "connector-poll": Poll,
    "connector-audience": Audience,
}
"""What a connector may be besides, by the names of the interfaces."""


def call(declared: Declared, function: str, config: str, *inputs: Any) -> tuple[Any, Any]:
    """One call of one function: the answer, and the same as the contract has it."""
    try:
        answer = getattr(declared.target, function)(declared.config(config), *inputs)
        return answer, LOWER[function](answer)
    except (Exception, SystemExit) as error:
        becomes = refusal_of if function == "receive" else failure_of
        raise becomes(error, declared.folder) from error


INCOMING = {"Outbound": Outbound, "Incoming": Incoming, "AudienceChange": AudienceChange}
"""What the generated code builds from what comes in."""
