"""Writing a message: content, values, and the rules it follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from . import _wire

__all__ = ["Message", "MessageClass", "Stored"]


class MessageClass(Enum):
    """Which rules a message must follow."""

    REPLY = 0
    """Answers something the person just did."""
    TRANSACTIONAL = 1
    """Part of a purchase or service."""
    MARKETING = 2
    """Everything else."""


@dataclass
class Stored:
    """The name of a content that the tenant keeps."""

    name: str
    """As the tenant calls it."""


@dataclass
class Message:
    """A message to the person of the moment; marketing for the purpose `marketing` unless said otherwise.

    Message.text("Your parcel {{number}} is on its way", number="SF-1024").set(
        class_=MessageClass.TRANSACTIONAL, purpose="delivery"
    )
    """

    content: dict[str, Any] | Stored
    """A neutral document such as `{"text": …, "title": …, "url": …}`, at least `text`, or the name of a stored one."""
    variables: dict[str, Any] = field(default_factory=dict)
    """Values for `{{name}}` in the content."""
    class_: MessageClass = MessageClass.MARKETING
    """Which rules it follows."""
    purpose: str = "marketing"
    """The purpose that the person must have consented to."""
    channel: str | None = None
    """The channel to use; the host picks the best one if none is named."""
    not_before: int | None = None
    """Not sent before this time."""
    expires: int | None = None
    """Not sent after this time."""

    @classmethod
    def text(cls, text: str, /, **variables: Any) -> Message:
        """A plain text; `{{name}}` stands for the variable of that name."""
        return cls({"text": text}, variables)

    @classmethod
    def stored(cls, name: str, /, **variables: Any) -> Message:
        """A content that the tenant keeps under this name."""
        return cls(Stored(name), variables)

    def set(
        self,
        *,
        class_: MessageClass | None = None,
        purpose: str | None = None,
        channel: str | None = None,
        not_before: int | None = None,
        expires: int | None = None,
    ) -> Message:
        """Changes what is given and leaves the rest."""
        self.class_ = class_ or self.class_
        self.purpose = purpose or self.purpose
        self.channel = channel or self.channel
        self.not_before = self.not_before if not_before is None else not_before
        self.expires = self.expires if expires is None else expires
        return self


_STORED, _INLINE = _wire.cases("Content", "Stored", "Inline")

lower = _wire.record(
    Message,
    content=_wire.variant(
        "a document or Stored",
        {Stored: (_STORED, _wire.only("name", _wire.text)), dict: (_INLINE, _wire.json_object)},
    ),
    variables=_wire.json_object,
    class_=_wire.one_of(MessageClass),
    purpose=_wire.text,
    channel=_wire.optional(_wire.text),
    not_before=_wire.optional(_wire.instant),
    expires=_wire.optional(_wire.instant),
)
"""As the contract has it."""
