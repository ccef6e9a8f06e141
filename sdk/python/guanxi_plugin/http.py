"""HTTP as data: what a connector asks the host to perform, what came back, and what became of a message."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar, overload

from . import _wire
from .failures import BadInput, Unfit
from .words import read_input

__all__ = [
    "Done",
    "Header",
    "Outcome",
    "Perform",
    "QuotaExhausted",
    "RecipientGone",
    "RefreshSession",
    "Rejected",
    "Request",
    "Response",
    "RetryAfter",
    "Sent",
    "Step",
    "WindowClosed",
]

T = TypeVar("T")

# Seconds to wait where the channel does not say, and the longest wait taken from a channel: a day.
_WAIT_DEFAULT, _WAIT_MAX = 30, 86_400


class Header(NamedTuple):
    """One header line."""

    name: str
    """Case does not matter."""
    value: str
    """As it goes over the wire."""


@dataclass
class Request:
    """A request. The host replaces `{{secret:NAME}}` and `{{session}}` in `url` and header values on the way out, for
    granted hosts only.
    """

    method: str
    """`GET`, `POST` …"""
    url: str
    """Absolute, `https` unless the operator allows more."""
    headers: list[Header] = field(default_factory=list)
    """In order."""
    body: bytes = b""
    """Raw bytes."""

    @classmethod
    def get(cls, url: str) -> Request:
        """A `GET` request."""
        return cls("GET", url)

    @classmethod
    def post(cls, url: str, body: bytes | str = b"") -> Request:
        """A `POST` request; a text goes out as UTF-8."""
        return cls("POST", url, [], body.encode() if isinstance(body, str) else body)

    def header(self, name: str, value: str) -> Request:
        """Adds a header; the host replaces `{{secret:NAME}}` and `{{session}}` in its value."""
        self.headers.append(Header(name, value))
        return self

    def json(self, body: Any) -> Request:
        """Sets a JSON body and its content type."""
        try:
            self.body = _wire.json(body).encode()
        except Unfit as problem:
            raise problem.within("body") from None
        return self.header("content-type", "application/json")


@dataclass
class Response:
    """A response."""

    status: int
    """Status code."""
    headers: list[Header] = field(default_factory=list)
    """In order."""
    body: bytes = b""
    """At most as many as the host allows."""

    def header(self, name: str) -> str | None:
        """The first header of this name; case does not matter."""
        return next((header.value for header in self.headers if header.name.lower() == name.lower()), None)

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300

    @overload
    def json(self) -> Any: ...
    @overload
    def json(self, wanted: type[T]) -> T: ...
    def json(self, wanted: Any = object) -> Any:
        """The body as JSON, perhaps as a dataclass; what does not fit is a `BadInput` with its path."""
        try:
            text = self.body.decode()
        except UnicodeDecodeError as problem:
            raise BadInput(f"the channel's answer: {problem}") from None
        return read_input("the channel's answer", text, wanted)

    def retry_after(self) -> int:
        """Seconds to wait by its `Retry-After` header, at most a day; half a minute if it says nothing usable."""
        seconds = (self.header("retry-after") or "").strip()
        return min(int(seconds), _WAIT_MAX) if seconds.isascii() and seconds.isdigit() else _WAIT_DEFAULT

    def outcome(self) -> Outcome:
        """What the status alone says, for channels that follow HTTP: 2xx sent, 410 gone, 408, 425, 429 and 5xx again
        later, everything else rejected.
        """
        if self.is_success:
            return Sent()
        if self.status == 410:
            return RecipientGone("the channel answered 410 Gone")
        if self.status in (408, 425, 429) or 500 <= self.status < 600:
            return RetryAfter(self.retry_after())
        return Rejected(f"the channel answered {self.status}")


@dataclass
class Sent:
    """Accepted by the channel."""

    id: str | None = None
    """The channel's own id for it."""


@dataclass
class RefreshSession:
    """Ask for a new session, then try once more."""


@dataclass
class RetryAfter:
    """Try again later."""

    seconds: int
    """After so many seconds."""


@dataclass
class QuotaExhausted:
    """No more for now."""

    until: int
    """Not before this time."""


@dataclass
class WindowClosed:
    """The channel's reply window is over."""


@dataclass
class RecipientGone:
    """This address reaches nobody any more."""

    why: str
    """Says why."""


@dataclass
class Rejected:
    """Never try this message again."""

    why: str
    """Says why."""


Outcome = Sent | RefreshSession | RetryAfter | QuotaExhausted | WindowClosed | RecipientGone | Rejected
"""What became of a message, or of a step: classes, not codes."""


@dataclass
class Perform:
    """Perform a request, then resume."""

    request: Request
    """To be performed by the host."""
    continuation: bytes = b""
    """Handed back to the connector with the response."""


@dataclass
class Done:
    """Done."""

    outcome: Outcome
    """What became of it."""


Step = Perform | Done
"""What happens next."""


_headers = _wire.items(_wire.record(Header, name=_wire.text, value=_wire.text))

lower_request = _wire.record(Request, method=_wire.text, url=_wire.text, headers=_headers, body=_wire.raw)
lower_response = _wire.record(Response, status=_wire.whole(0, 2**16 - 1), headers=_headers, body=_wire.raw)
lower_outcome = _wire.union(
    "Outcome",
    "an outcome",
    {
        Sent: _wire.only("id", _wire.optional(_wire.text)),
        RefreshSession: _wire.nothing,
        RetryAfter: _wire.only("seconds", _wire.whole(0, 2**32 - 1)),
        QuotaExhausted: _wire.only("until", _wire.instant),
        WindowClosed: _wire.nothing,
        RecipientGone: _wire.only("why", _wire.text),
        Rejected: _wire.only("why", _wire.text),
    },
)
lower_exchange = _wire.record(Perform, request=lower_request, continuation=_wire.raw)
lower_step = _wire.union("Step", "a step", {Perform: lower_exchange, Done: _wire.only("outcome", lower_outcome)})

INCOMING = {"Header": Header, "Response": Response}
"""What the generated code builds from what comes in."""
