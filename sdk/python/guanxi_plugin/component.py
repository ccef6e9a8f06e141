"""What a component runs: binds what `plugin.py` exports to the generated code. Never imported natively.

`componentize-py` imports this module once at build time and looks types and exports up by name afterwards. So the SDK's
own types are put in the place of the generated ones here, and no call copies from one into the other.
"""

from __future__ import annotations

import builtins
import gc
import io
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from . import _wire, analyzers, campaigns, connectors, http, log, scorers, secrets, words
from ._plugin import Declared, exported
from .failures import BadConfig, BadInput, BadSignature, Failure, Malformed, Other, Refusal, Stale

Ok, Err = (getattr(import_module("componentize_py_types"), name) for name in ("Ok", "Err"))

_FAILURES: dict[Any, type[_wire.Case]] = dict(
    zip((BadConfig, BadInput, Other), _wire.cases("Failure", "BadConfig", "BadInput", "Other"))
)
_REFUSALS: dict[Any, type[_wire.Case]] = dict(
    zip(
        (BadSignature, Stale, Malformed, BadConfig),
        _wire.cases("Refusal", "BadSignature", "Stale", "Malformed", "BadConfig"),
    )
)
_ENCODINGS = ("ascii", "big5", "gb18030", "gb2312", "gbk", "idna", "latin_1", "punycode", "utf_16", "utf_8_sig")
_INCOMING: dict[str, Any] = {
    name: kind
    for module in (words, campaigns, analyzers, connectors, http, log, secrets)
    for name, kind in module.INCOMING.items()
}


class _Printed(io.TextIOBase):
    """What is printed, line by line, to the log."""

    def __init__(self) -> None:
        self.rest = ""

    def write(self, text: str) -> int:
        if not _called:
            return _stderr.write(text)
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            log.debug(line)
        return len(text)


def _no_host_for(module: ModuleType, name: str, remedy: str) -> None:
    """Lets a function raise during a call what would otherwise crash it: there is no WASI."""
    original = getattr(module, name)

    def refuse(*arguments: Any, **named: Any) -> Any:
        if _called:
            raise RuntimeError(f"{module.__name__}.{name} does not work in a plugin: {remedy}")
        return original(*arguments, **named)

    setattr(module, name, refuse)


class _Modules(MetaPathFinder):
    """Finds modules at build time; later there are no files."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if _called:
            raise ModuleNotFoundError(f"{name} is not in the component: import it at the top of plugin.py", name=name)
        return PathFinder.find_spec(name, path, target)


def _bind() -> None:
    """Puts the SDK's types and the host's functions where they are looked for."""
    for package in ("wit_world.imports", "wit_world.exports"):
        for found in iter_modules(import_module(package).__path__):
            module = import_module(f"{package}.{found.name}")
            for name in dir(module):
                own = _wire.CASES.get(name) or _INCOMING.get(name)
                if own is not None:
                    setattr(module, name, own)
            if found.name == "host":
                log.host = _telling(module.log)
            if found.name == "secrets":
                functions = {name: staticmethod(_asking(getattr(module, name))) for name in secrets.FUNCTIONS}
                secrets.host = type("Host", (), functions)


def _telling(tell: Callable[[log.Level, str], None]) -> Callable[[log.Level, str], None]:
    return lambda level, line: tell(level, line) if _called else print(line)


def _asking(function: Callable[..., Any]) -> Callable[..., Any]:
    def ask(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Err as error:
            return error.value

    return ask


def _err(failure: Failure | Refusal, cases: dict[Any, type[_wire.Case]] = _FAILURES) -> Any:
    return Err(cases[type(failure)](failure.message))


class Scorer:
    """The interface `scorer`."""

    def score_all(self, config: str, inputs: list[_wire.Case], rows: int, now: int, explain: bool) -> Any:
        """`score-all`."""
        try:
            return scorers.call(_call("scorer"), config, inputs, rows, now, explain)[1]
        except Failure as failure:
            raise _err(failure) from None


class Campaign:
    """The interface `campaign`."""

    def decide(self, config: str, moments: list[campaigns.Moment]) -> list[Any]:
        """`decide`."""
        return _each("campaign", campaigns.answer, config, moments)


class Analyzer:
    """The interface `analyzer`."""

    def read_all(self, config: str, texts: list[analyzers.Text]) -> list[Any]:
        """`read-all`."""
        return _each("analyzer", analyzers.answer, config, texts)


def _each(kind: str, answer: Callable[..., tuple[Any, Any]], config: str, inputs: list[Any]) -> list[Any]:
    """The configuration once, then input by input; what is raised for one does not touch the others."""
    exported = _call(kind)
    try:
        settings = exported.config(config)
    except Failure as failure:
        return [_err(failure) for _ in inputs]
    answers = []
    for each in inputs:
        try:
            answers.append(Ok(answer(exported, settings, each)[1]))
        except Failure as failure:
            answers.append(_err(failure))
    return answers


def _call(kind: str) -> Declared:
    """What is called; from here on this instance is no longer being built."""
    global _called
    _called = True
    return _exported[kind]


def _function(name: str) -> Callable[..., Any]:
    cases = _REFUSALS if name == "receive" else _FAILURES

    def call(_: Any, config: str, *inputs: Any) -> Any:
        try:
            return connectors.call(_call("connector"), name, config, *inputs)[1]
        except (Failure, Refusal) as failure:
            raise _err(failure, cases) from None

    return call


def _interface(name: str, *functions: str) -> type:
    return type(name, (), {function: _function(function) for function in functions})


Connector = _interface("Connector", "send", "resume")
ConnectorSession = _interface("ConnectorSession", "authorize")
ConnectorReceive = _interface("ConnectorReceive", "receive")
ConnectorPoll = _interface("ConnectorPoll", "poll", "resume_poll")
ConnectorAudience = _interface("ConnectorAudience", "upload", "resume_upload")

_called = False
_bind()
for _clock in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep"):
    _no_host_for(time, _clock, "the host says what time it is, in moment.now and its like")
for _module in (builtins, io, os):
    _no_host_for(_module, "open", "read files when plugin.py is imported")
_no_host_for(os, "urandom", "draw from moment.rng()")
# What the standard library would load when it is first used.
for _name in ("_strptime", *(f"encodings.{name}" for name in _ENCODINGS)):
    import_module(_name)
sys.meta_path = [_Modules() if finder is PathFinder else finder for finder in sys.meta_path]
_stderr = sys.stderr
sys.stdout = sys.stderr = _Printed()
_exported = exported("plugin")
# What is here now stays: collections of garbage need not look at it in every call.
gc.collect()
gc.freeze()
