"""Analyzers: texts to tags, mood, topics and language.

@analyzer
def complaints(config: None, text: Text) -> Reading:
    return Reading(mood=-0.5).tag("intent", "complaint", 0.8) if "refund" in text.body else Reading()
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from . import _wire, words
from ._plugin import Declared, declare
from .failures import failure_of
from .words import Tag

__all__ = ["Reading", "Text", "analyzer"]

C = TypeVar("C")


@dataclass
class Text:
    """Something somebody wrote or said."""

    id: str
    """Echoes back nowhere; for log lines."""
    language: str | None
    """BCP 47 language tag, if known."""
    body: str
    """The text itself."""


@dataclass
class Reading:
    """What the analyzer reads in one text; without anything given it says nothing."""

    tags: list[Tag] = field(default_factory=list)
    """Labels for the person who wrote it."""
    mood: float | None = None
    """From -1 (angry) to 1 (delighted), if it shows."""
    topics: list[str] = field(default_factory=list)
    """What it is about."""
    language: str | None = None
    """BCP 47 language tag, if recognised."""
    flagged: list[str] = field(default_factory=list)
    """Sensitive words found."""

    def tag(self, dimension: str, name: str, weight: float = 1.0) -> Reading:
        """Labels the person who wrote it; `weight` from 0 to 1."""
        self.tags.append(Tag(dimension, name, weight))
        return self


def analyzer(read: Callable[[C, Text], Reading]) -> Callable[[C, Text], Reading]:
    """Exports a function that reads one text; whatever it raises fails this text only.

    The type of its first parameter says what the configuration is read as: a dataclass, `dict`, or `None` for an
    analyzer that needs none.
    """
    declare("analyzer", read, read, "config", "text")
    return read


_lower = _wire.record(
    Reading,
    tags=_wire.items(words.lower_tag),
    mood=_wire.optional(_wire.number),
    topics=_wire.items(_wire.text),
    language=_wire.optional(_wire.text),
    flagged=_wire.items(_wire.text),
)


def answer(declared: Declared, config: Any, text: Text) -> tuple[Reading, Any]:
    """Reads one text: the reading, and the same as the contract has it. Raises what becomes of the text."""
    try:
        reading = declared.target(config, text)
        return reading, _lower(reading)
    except (Exception, SystemExit) as error:
        raise failure_of(error, declared.folder) from error


INCOMING = {"Text": Text}
"""What the generated code builds from what comes in."""
