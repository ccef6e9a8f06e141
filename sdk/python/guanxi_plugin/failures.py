"""Why a plugin could not do its work: for one input, while the rest of the batch goes on."""

from __future__ import annotations

import os.path

__all__ = ["BadConfig", "BadInput", "BadSignature", "Failure", "Malformed", "Other", "Refusal", "Stale"]

# The host takes texts of 4 KiB, and a character has at most four bytes.
_CHARACTERS_MAX = 1_000


class Failure(Exception):
    """Raised to fail one input; raise `BadConfig`, `BadInput` or `Other`, in words that help the tenant.

    Any other exception becomes an `Other` with its type, its words, and the file and line where the plugin raised it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadConfig(Failure):
    """The configuration cannot be used: says which setting and why."""


class BadInput(Failure):
    """This input cannot be used: says what is wrong with it."""


class Other(Failure):
    """Anything else."""


class Refusal(Exception):
    """Raised by `Receive.receive` to refuse a request: `BadSignature`, `Stale`, `Malformed`, or `BadConfig`."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class BadSignature(Refusal):
    """The signature is missing or wrong."""


class Stale(Refusal):
    """Signed too long ago."""


class Malformed(Refusal):
    """Says what is wrong with the request."""


class Unfit(Exception):
    """A value that does not fit, found at `path` inside of what is read or handed over; never seen by authors."""

    def __init__(self, problem: str, *path: str | int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = list(path)

    def within(self, step: str | int) -> Unfit:
        """The same, one step further out."""
        self.path.insert(0, step)
        return self

    def __str__(self) -> str:
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).lstrip(".")
        return f"`{path}`: {self.problem}" if path else self.problem


def kind_of(value: object) -> str:
    """What a value is, in words that those read who know JSON rather than Python."""
    if value is None:
        return "nothing"
    names = {bool: "yes or no", int: "an integer", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), f"a {type(value).__name__}")


def failure_of(error: BaseException, folder: str) -> Failure:
    """The failure that stands for whatever was raised; `folder` is where the plugin's own files are."""
    if isinstance(error, Failure):
        exact = next(kind for kind in (BadConfig, BadInput, Other, Failure) if isinstance(error, kind))
        return (Other if exact is Failure else exact)(sayable(error.message))
    if isinstance(error, Unfit):
        return Other(sayable(str(error)))
    return Other(sayable(_words(error) + _place(error, folder)))


def refusal_of(error: BaseException, folder: str) -> Refusal | BadConfig:
    """The refusal that stands for whatever was raised."""
    if isinstance(error, Refusal):
        exact = next((kind for kind in (BadSignature, Stale) if isinstance(error, kind)), Malformed)
        return exact(sayable(error.message))
    failure = failure_of(error, folder)
    return failure if isinstance(failure, BadConfig) else Malformed(failure.message)


def sayable(text: object) -> str:
    """A text that the host takes: cut, and with marks for what is no Unicode."""
    text = text if isinstance(text, str) else repr(text)
    return text[:_CHARACTERS_MAX].encode("utf-8", "replace").decode()


def _words(error: BaseException) -> str:
    words = str(error)
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _place(error: BaseException, folder: str) -> str:
    """The innermost line of the plugin itself, not of a library that it called."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(folder + os.path.sep):
            place = f" ({file[len(folder) + 1 :]}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return place
