"""For native tests of plugins: inputs to start from, calls as the host makes them, and a stand-in for its functions.

    from guanxi_plugin import testing
    from plugin import hello

    class Hello(unittest.TestCase):
        def test_greets_by_name(self):
            moment = testing.moment("identify")
            moment.person.fields["name"] = "Ada"
            decision = testing.decide(hello, moment)
            self.assertEqual(decision.reasons, ["somebody new"])

Answers are checked as in a component: what the host could not take raises the failure that the host would see. Native
tests know no limits; try the component itself with `guanxi plugin run` before you ship it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from . import _wire, analyzers, campaigns, connectors, log, scorers, secrets
from ._plugin import declared
from .analyzers import Reading, Text
from .campaigns import Decision, Moment
from .connectors import (
    Audience,
    AudienceChange,
    Authorization,
    Connector,
    Incoming,
    Outbound,
    Poll,
    PollStep,
    Receive,
    Reception,
    Session,
)
from .http import Header, Response, Step
from .scorers import Scored
from .words import Event, Profile

__all__ = [
    "NOW",
    "authorize",
    "decide",
    "event",
    "incoming",
    "moment",
    "outbound",
    "person",
    "poll",
    "read",
    "receive",
    "response",
    "resume",
    "resume_poll",
    "resume_upload",
    "score",
    "send",
    "set_secret",
    "take_lines",
    "upload",
]

T = TypeVar("T")

NOW = 1_767_225_600_000
"""The time at which `moment`, `event` and `outbound` happen: 2026-01-01T00:00:00Z."""


def event(kind: str, properties: Mapping[str, Any] | None = None) -> Event:
    """An event of a kind with its properties."""
    return Event("evt_test", kind, NOW, properties=json.dumps(dict(properties or {})))


def person() -> Profile:
    """A prospect of whom nothing is known."""
    return Profile("per_test")


def moment(kind: str, properties: Mapping[str, Any] | None = None, *, kept: Any = None) -> Moment:
    """The moment of an `event` of a `person`, without history; change what the test is about. `kept` is what a decision
    kept before.
    """
    state = None if kept is None else json.dumps(kept)
    return Moment(event(kind, properties), person(), [], state, NOW, seed=1)


def outbound(address: str, content: Mapping[str, Any]) -> Outbound:
    """A message to an address `kind:value`, on its first try."""
    return Outbound("msg_test", address, json.dumps(dict(content)), NOW, NOW, 1)


def response(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Response:
    """A response of a channel."""
    return Response(status, _headers(headers), body)


def incoming(method: str, query: str = "", headers: Mapping[str, str] | None = None, body: bytes = b"") -> Incoming:
    """A request from outside."""
    return Incoming(method, query, _headers(headers), body)


def decide(campaign: Any, moment: Moment, config: Any = None) -> Decision:
    """Decides one moment as the host would. The decision's `state` is what the host would keep from now on."""
    exported = declared(campaign)
    decision, lowered = campaigns.answer(exported, exported.config(_config(config)), moment)
    state = None if lowered.state is None else json.loads(lowered.state)
    return Decision(decision.reasons, decision.operations, state, decision.unchanged)


def score(
    scorer: Any, columns: Mapping[str, Sequence[Any]], config: Any = None, *, now: int = NOW, explain: bool = False
) -> Scored:
    """Scores columns of equal length as the host would, in the order of the manifest: measures are `float`, counts,
    money and times `int`.
    """
    cases = [_wire.CASES[f"Column_{_kind(values)}"](list(values)) for values in columns.values()]
    rows = len(next(iter(columns.values()), ()))
    return scorers.call(declared(scorer), _config(config), cases, rows, now, explain)[0]


def read(analyzer: Any, text: Text | str, config: Any = None) -> Reading:
    """Reads one text as the host would."""
    exported = declared(analyzer)
    text = Text("1", None, text) if isinstance(text, str) else text
    return analyzers.answer(exported, exported.config(_config(config)), text)[0]


def send(connector: Any, message: Outbound, config: Any = None) -> Step:
    """Starts to send a message as the host would."""
    return _connect(connector, Connector.send, config, message)


def resume(connector: Any, continuation: bytes, response: Response, config: Any = None) -> Step:
    """Resumes with a response as the host would, at `NOW`."""
    return _connect(connector, Connector.resume, config, continuation, response, NOW)


def authorize(connector: Any, config: Any = None) -> Authorization:
    """Asks how to get a session."""
    return _connect(connector, Session.authorize, config)


def receive(connector: Any, request: Incoming, config: Any = None) -> Reception:
    """Hands over a request from outside, at `NOW`."""
    return _connect(connector, Receive.receive, config, request, NOW)


def poll(connector: Any, cursor: str | None = None, config: Any = None) -> PollStep:
    """Starts to ask for what is new, at `NOW`."""
    return _connect(connector, Poll.poll, config, cursor, NOW)


def resume_poll(connector: Any, continuation: bytes, response: Response, config: Any = None) -> PollStep:
    """Resumes a poll with a response, at `NOW`."""
    return _connect(connector, Poll.resume_poll, config, continuation, response, NOW)


def upload(connector: Any, change: AudienceChange, config: Any = None) -> Step:
    """Starts to upload a change of an audience."""
    return _connect(connector, Audience.upload, config, change)


def resume_upload(connector: Any, continuation: bytes, response: Response, config: Any = None) -> Step:
    """Resumes an upload with a response, at `NOW`."""
    return _connect(connector, Audience.resume_upload, config, continuation, response, NOW)


def set_secret(name: str, value: bytes) -> None:
    """Sets a secret for `secrets`, as the bytes that its format makes of it."""
    secrets.known[name] = value


def take_lines() -> list[tuple[log.Level, str]]:
    """Takes the lines that were logged."""
    taken = log.lines[:]
    log.lines.clear()
    return taken


def _connect(connector: Any, function: Callable[..., T], config: Any, *inputs: Any) -> T:
    answer: T = connectors.call(declared(connector), function.__name__, _config(config), *inputs)[0]
    return answer


def _config(config: Any) -> str:
    return json.dumps({} if config is None else config)


def _headers(headers: Mapping[str, str] | None) -> list[Header]:
    return [Header(name, value) for name, value in (headers or {}).items()]


def _kind(values: Sequence[Any]) -> str:
    kinds = {type(value) for value in values}
    return "Texts" if kinds == {str} else "Integers" if kinds == {int} else "Numbers"
