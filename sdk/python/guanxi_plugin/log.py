"""The log: lines kept with the decision and shown to the tenant, cut at 1,024 bytes and at most 32 of them.

In a component, what is printed goes here too, as `debug`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

__all__ = ["Level", "debug", "error", "info", "warn"]


class Level(Enum):
    """How much a line matters."""

    DEBUG = 0
    """For the author."""
    INFO = 1
    """For the curious."""
    WARN = 2
    """Somebody should look."""
    ERROR = 3
    """Something failed."""


def debug(line: str) -> None:
    """Writes a line for the author."""
    write(Level.DEBUG, line)


def info(line: str) -> None:
    """Writes a line for the curious."""
    write(Level.INFO, line)


def warn(line: str) -> None:
    """Writes a line at which somebody should look."""
    write(Level.WARN, line)


def error(line: str) -> None:
    """Writes a line about something that failed."""
    write(Level.ERROR, line)


def write(level: Level, line: str) -> None:
    """Writes a line of any level."""
    host(level, str(line).encode("utf-8", "replace").decode())


def _keep(level: Level, line: str) -> None:
    lines.append((level, line))


lines: list[tuple[Level, str]] = []
"""What was written where there is no host; `testing.take_lines` takes it."""

host: Callable[[Level, str], None] = _keep
"""Where lines go."""

INCOMING = {"Level": Level}
"""What the generated code builds from what comes in."""
