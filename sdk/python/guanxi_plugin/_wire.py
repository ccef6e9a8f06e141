"""What goes out over the contract: checked here, natively as well as in a component, so that a slip of the author fails
one input with its path, where the generated code would trap and lose the whole batch.

A record goes out as any object with its attributes, a variant as a `Case` whose class says which case it is.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from enum import Enum
from json import JSONEncoder
from typing import Any

from .failures import Unfit, kind_of

Check = Callable[[Any], Any]

CASES: dict[str, type[Case]] = {}
"""The cases of all variants, by the names that the generated code gives them."""

_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class Case:
    """One case of a variant, with what it carries."""

    __slots__ = ("value",)

    def __init__(self, value: Any = None) -> None:
        self.value = value


class Record:
    """A record on its way out."""


def cases(variant: str, *names: str) -> list[type[Case]]:
    """The classes of a variant's cases."""
    made = [type(f"{variant}_{name}", (Case,), {"__slots__": ()}) for name in names]
    CASES.update((case.__name__, case) for case in made)
    return made


def text(value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise Unfit(f"expected a text, found {kind_of(value)}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Unfit("half a surrogate pair is no text") from None
    return value


def json(value: Any) -> str:
    """Any value that can be written as JSON, as text."""
    try:
        return text(_encode(value))
    except (TypeError, ValueError, RecursionError) as problem:
        raise Unfit(f"no JSON: {problem}") from None


def json_object(value: Any) -> str:
    """A `dict` that can be written as JSON, as text."""
    if not isinstance(value, dict):
        raise Unfit(f"expected an object, found {kind_of(value)}")
    return json(value)


def whole(low: int, high: int) -> Check:
    """An integer from `low` to `high`."""

    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Unfit(f"expected an integer, found {kind_of(value)}")
        if not low <= value <= high:
            raise Unfit(f"{value} is not from {low} to {high}")
        return value

    return check


instant = money = whole(-(2**63), 2**63 - 1)


def number(value: Any) -> float:
    """A number."""
    if isinstance(value, bool) or not isinstance(value, (float, int)):
        raise Unfit(f"expected a number, found {kind_of(value)}")
    return float(value)


def numbers(values: Iterable[float]) -> list[float]:
    """A column of numbers."""
    try:
        return array("d", values).tolist()
    except TypeError:
        raise Unfit("expected numbers") from None


def raw(value: Any) -> bytes:
    """Bytes."""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise Unfit(f"expected bytes, found {kind_of(value)}")
    return bytes(value)


def flag(value: Any) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise Unfit(f"expected yes or no, found {kind_of(value)}")
    return value


def optional(check: Check) -> Check:
    """What `check` takes, or `None`."""
    return lambda value: None if value is None else check(value)


def one_of(kind: type[Enum]) -> Check:
    """A member of an enumeration."""

    def take(value: Any) -> Any:
        if not isinstance(value, kind):
            raise Unfit(f"expected a {kind.__name__}, found {kind_of(value)}")
        return value

    return take


def items(check: Check) -> Check:
    """A list."""

    def take(values: Any) -> list[Any]:
        if not isinstance(values, (list, tuple)):
            raise Unfit(f"expected a list, found {kind_of(values)}")
        taken = []
        for index, value in enumerate(values):
            try:
                taken.append(check(value))
            except Unfit as problem:
                raise problem.within(index) from None
        return taken

    return take


def record(kind: type, /, **fields: Check) -> Check:
    """A record of the contract from an object of `kind`."""

    def take(value: Any) -> Record:
        if not isinstance(value, kind):
            raise Unfit(f"expected a {kind.__name__}, found {kind_of(value)}")
        taken = Record()
        for name, check in fields.items():
            try:
                setattr(taken, name, check(getattr(value, name)))
            except Unfit as problem:
                raise problem.within(name) from None
        return taken

    return take


def variant(name: str, choices: dict[type, tuple[type[Case], Check]]) -> Check:
    """A variant of the contract, its case chosen by the exact type of the value."""

    def take(value: Any) -> Case:
        choice = choices.get(type(value))
        if choice is None:
            raise Unfit(f"expected {name}, found {kind_of(value)}")
        case, check = choice
        return case(check(value))

    return take


def union(name: str, what: str, checks: dict[type, Check]) -> Check:
    """A variant called `name` whose cases are called as the classes that stand for them."""
    made = cases(name, *(kind.__name__ for kind in checks))
    return variant(what, {kind: (case, checks[kind]) for kind, case in zip(checks, made)})


def nothing(_: Any) -> None:
    """For a case that carries nothing."""


def only(attribute: str, check: Check) -> Check:
    """For a case that carries what an object has as its one attribute."""

    def take(value: Any) -> Any:
        try:
            return check(getattr(value, attribute))
        except Unfit as problem:
            raise problem.within(attribute) from None

    return take
