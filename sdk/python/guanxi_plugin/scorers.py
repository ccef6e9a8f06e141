"""Scorers: formulas over many people at once.

Inputs and scores are columns, one row a person. A term explains a part of a score; the host asks for terms only where
somebody looks.

    @scorer(inputs=["revenue", "order-count"])
    def basket_size(config: None, people: People) -> Scored:
        orders, revenue = people.integers("order-count"), people.integers("revenue")
        return Scored().score("basket-size", (sum / max(n, 1) for sum, n in zip(revenue, orders)))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

from . import _wire
from ._plugin import Declared, declare
from .failures import BadInput, Other, failure_of

__all__ = ["People", "ScoreColumn", "Scored", "TermColumn", "scorer"]

C = TypeVar("C")

_NUMBERS, _INTEGERS, _TEXTS = _wire.cases("Column", "Numbers", "Integers", "Texts")


@dataclass
class People:
    """The inputs of one call: one column an input, one row a person."""

    columns: list[_wire.Case]
    """As the host handed them over; `numbers`, `integers` and `texts` read them."""
    names: Sequence[str]
    """The names of the manifest's `inputs`, in its order; needed only to ask for a column by name."""
    rows: int
    """How many people."""
    now: int
    """The time of the call."""
    explain: bool
    """Whether terms are asked for; without that, computing them is wasted."""

    def numbers(self, input: str | int) -> list[float]:
        """A column of measures, by its name or its position; NaN where unknown and without default."""
        return self._column(input, _NUMBERS, "number")

    def integers(self, input: str | int) -> list[int]:
        """A column of counts, money or times, by its name or its position; 0 where unknown and without default."""
        return self._column(input, _INTEGERS, "integer")

    def texts(self, input: str | int) -> list[str]:
        """A column of texts, by its name or its position; empty where unknown and without default."""
        return self._column(input, _TEXTS, "text")

    def _column(self, input: str | int, case: type[_wire.Case], kind: str) -> list[Any]:
        try:
            column = self.columns[input if isinstance(input, int) else self.names.index(input)]
        except (IndexError, ValueError):
            raise self._is_not(input, "known") from None
        if type(column) is not case:
            raise self._is_not(input, kind)
        values: list[Any] = column.value
        return values

    def _is_not(self, input: str | int, expected: str) -> BadInput:
        return BadInput(f"input `{input}` is not {expected}: compare plugin.toml and @scorer(inputs=…)")


@dataclass
class ScoreColumn:
    """One score of every person, in the order of the rows."""

    name: str
    """A score that the manifest declares."""
    values: list[float]
    """One value a row; NaN keeps the person without this score."""


@dataclass
class TermColumn:
    """One part of one score of every person, in the order of the rows."""

    score: str
    """The score it explains."""
    name: str
    """A term that the manifest declares for this score."""
    values: list[float]
    """One value a row."""


@dataclass
class Scored:
    """The answer for all rows."""

    scores: list[ScoreColumn] = field(default_factory=list)
    """One column for each score."""
    terms: list[TermColumn] = field(default_factory=list)
    """What each score is made of; dropped unless asked for."""

    def score(self, name: str, values: Iterable[float]) -> Scored:
        """Adds a score of the manifest, one value a row; NaN keeps a person without it."""
        self.scores.append(ScoreColumn(name, list(values)))
        return self

    def term(self, score: str, name: str, values: Iterable[float]) -> Scored:
        """Adds a term that explains a score, one value a row."""
        self.terms.append(TermColumn(score, name, list(values)))
        return self

    def sum(self, score: str, terms: Mapping[str, Iterable[float]]) -> Scored:
        """Adds a score of the manifest that is the sum of its terms, and the terms."""
        columns = {name: list(values) for name, values in terms.items()}
        for name, values in columns.items():
            self.term(score, name, values)
        return self.score(score, map(sum, zip(*columns.values())))


Score = Callable[[C, People], Scored]


@overload
def scorer(score: Score[C]) -> Score[C]: ...
@overload
def scorer(*, inputs: Sequence[str]) -> Callable[[Score[C]], Score[C]]: ...
def scorer(score: Any = None, *, inputs: Sequence[str] = ()) -> Any:
    """Exports a function that scores all rows; every column of its answer is as long as `people.rows`.

    `inputs` are the names of the manifest's `inputs`, in its order. The type of the function's first parameter says
    what the configuration is read as: a dataclass, `dict`, or `None` for a scorer that needs none.
    """

    def export(function: Score[C]) -> Score[C]:
        declare("scorer", function, function, "config", "people").inputs = tuple(inputs)
        return function

    return export if score is None else export(score)


_lower = _wire.record(
    Scored,
    scores=_wire.items(_wire.record(ScoreColumn, name=_wire.text, values=_wire.numbers)),
    terms=_wire.items(_wire.record(TermColumn, score=_wire.text, name=_wire.text, values=_wire.numbers)),
)


def call(
    declared: Declared, config: str, columns: list[_wire.Case], rows: int, now: int, explain: bool
) -> tuple[Scored, Any]:
    """One call: the answer, and the same as the contract has it."""
    try:
        scored = declared.target(declared.config(config), People(columns, declared.inputs, rows, now, explain))
        if not explain and isinstance(scored, Scored):
            scored.terms.clear()
        lowered = _lower(scored)
        for column in [*lowered.scores, *lowered.terms]:
            if len(column.values) != rows:
                raise Other(f"column `{column.name}` has {len(column.values)} values for {rows} people")
    except (Exception, SystemExit) as error:
        raise failure_of(error, declared.folder) from error
    return scored, lowered
