"""What a module exports: the kinds that its decorators have named, and how their configuration is read."""

from __future__ import annotations

import inspect
import os.path
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, get_type_hints

from ._read import Reader, parse, reader
from .failures import BadConfig, Unfit

DECLARED: list[Declared] = []
"""All that the decorators have named, in order."""


@dataclass
class Declared:
    """One function or class that a decorator has named."""

    kind: str
    """`scorer`, `campaign`, `analyzer` or `connector`."""
    name: str
    """As its author calls it."""
    target: Any
    """The function, or an instance of the class."""
    folder: str
    """Where the plugin's own files are."""
    read: Reader
    """Reads the parsed configuration as the type that the author asked for."""
    inputs: tuple[str, ...] = ()
    """A scorer's columns."""

    def config(self, text: str) -> Any:
        """The configuration; `BadConfig` with the path of what does not fit."""
        if self.read is _no_config:
            return None
        try:
            return self.read(parse(text))
        except Unfit as problem:
            raise BadConfig(str(problem)) from None


def declare(kind: str, target: Any, function: Callable[..., Any], *parameters: str) -> Declared:
    """Notes what a decorator has named; `function` is the one whose first parameter says what the configuration is."""
    name, found = target.__name__, list(inspect.signature(function).parameters)
    if len(found) != len(parameters):
        raise TypeError(f"`{function.__qualname__}` takes ({', '.join(found)}), not ({', '.join(parameters)})")
    config = found[parameters.index("config")]
    wanted = get_type_hints(function).get(config, dict)
    read = _no_config if wanted is type(None) else reader(wanted)
    folder = os.path.dirname(os.path.abspath(getattr(sys.modules[target.__module__], "__file__", None) or "."))
    declared = Declared(kind, name, target, folder, read)
    DECLARED.append(declared)
    return declared


def declared(target: Any) -> Declared:
    """What a decorator noted about a function or class."""
    for each in reversed(DECLARED):
        if each.target is target or type(each.target) is target:
            return each
    raise TypeError(f"{target!r} has no decorator of guanxi_plugin")


def exported(module: str) -> dict[str, Declared]:
    """What a module exports, by kind."""
    DECLARED.clear()
    import_module(module)
    found: dict[str, Declared] = {}
    for each in DECLARED:
        if each.kind in found:
            raise TypeError(
                f"`{found[each.kind].name}` and `{each.name}` are both @{each.kind}: a component has one of each kind"
            )
        found[each.kind] = each
    return found


def _no_config(_: Any) -> None:
    """For a plugin that needs no configuration; whatever is set is ignored."""
