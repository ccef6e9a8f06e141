"""Reading JSON into the types that a plugin asks for; what does not fit is named by its path."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from .failures import Unfit, kind_of

Reader = Callable[[Any], Any]

_PLAIN: dict[Any, str] = {str: "a text", int: "an integer", bool: "yes or no", dict: "an object", list: "a list"}
_READERS: dict[Any, Reader] = {}


def parse(text: str) -> Any:
    """JSON as Python values."""
    try:
        return json.loads(text or "{}")
    except ValueError as problem:
        raise Unfit(f"no JSON: {problem}") from None


def reader(wanted: Any) -> Reader:
    """What reads a parsed value as `wanted`: a dataclass, `dict`, `list`, `str`, `int`, `float`, `bool`, `None`, `Any`,
    `Literal`, or what these are combined to. A `ValueError` of a dataclass's `__post_init__` is a misfit, too. Made
    once for each type, so that calls do no more than check.
    """
    try:
        known = _READERS.get(wanted)
    except TypeError:
        raise TypeError(f"{wanted!r} is no type that JSON can be read into") from None
    if known is None:
        known = _READERS[wanted] = _make(wanted)
    return known


def _make(wanted: Any) -> Reader:
    origin, args = get_origin(wanted), get_args(wanted)
    if wanted in (Any, object):
        return lambda value: value
    if wanted in (None, type(None)):
        return _nothing
    if wanted is float:
        return _number
    if wanted in _PLAIN:
        return _plain(wanted)
    if wanted is Mapping or (origin in (dict, Mapping) and args[0] is str):
        return _mapping(reader(args[1])) if args else _plain(dict)
    if origin in (list, Sequence):
        return _list(reader(args[0]))
    if origin is Literal:
        return _literal(args)
    if origin in (Union, types.UnionType):
        return _union(args)
    if dataclasses.is_dataclass(wanted) and isinstance(wanted, type):
        return _dataclass(wanted)
    raise TypeError(f"{wanted!r} is no type that JSON can be read into")


def _plain(wanted: type) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not wanted:
            raise Unfit(f"expected {_PLAIN[wanted]}, found {kind_of(value)}")
        return value

    return read


def _nothing(value: Any) -> None:
    if value is not None:
        raise Unfit(f"expected nothing, found {kind_of(value)}")


def _number(value: Any) -> float:
    if type(value) not in (float, int):
        raise Unfit(f"expected a number, found {kind_of(value)}")
    return float(value)


def _literal(choices: tuple[Any, ...]) -> Reader:
    def read(value: Any) -> Any:
        for choice in choices:
            if value == choice and type(value) is type(choice):
                return choice
        raise Unfit(f"expected one of {', '.join(json.dumps(choice) for choice in choices)}")

    return read


def _list(item: Reader) -> Reader:
    is_list = _plain(list)

    def read(value: Any) -> Any:
        return [_within(index, item, each) for index, each in enumerate(is_list(value))]

    return read


def _mapping(item: Reader) -> Reader:
    is_object = _plain(dict)

    def read(value: Any) -> Any:
        return {name: _within(name, item, each) for name, each in is_object(value).items()}

    return read


def _union(choices: tuple[Any, ...]) -> Reader:
    readers = [reader(choice) for choice in choices]

    def read(value: Any) -> Any:
        if value is None and type(None) in choices:
            return None
        problems = []
        for choice in readers:
            try:
                return choice(value)
            except Unfit as problem:
                problems.append(problem)
        # The one that came furthest is the one that was meant.
        raise max(problems, key=lambda problem: len(problem.path))

    return read


def _dataclass(wanted: type) -> Reader:
    is_object, hints = _plain(dict), get_type_hints(wanted)
    missing = dataclasses.MISSING
    fields = [
        (field.name, reader(hints[field.name]), field.default is missing and field.default_factory is missing)
        for field in dataclasses.fields(wanted)
        if field.init
    ]

    def read(value: Any) -> Any:
        value, settings = is_object(value), {}
        for name, item, required in fields:
            if name in value:
                settings[name] = _within(name, item, value[name])
            elif required:
                raise Unfit(f"missing field `{name}`")
        try:
            return wanted(**settings)
        except ValueError as problem:
            raise Unfit(str(problem)) from None

    return read


def _within(step: str | int, item: Reader, value: Any) -> Any:
    try:
        return item(value)
    except Unfit as problem:
        raise problem.within(step) from None
