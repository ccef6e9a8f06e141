"""Cryptography on secrets that never enter the plugin: it names a secret of its manifest, the host computes."""

from __future__ import annotations

import hmac as _hmac
from collections.abc import Callable
from enum import Enum

from . import _wire
from .failures import BadConfig

__all__ = ["Digest", "hmac"]


class Digest(Enum):
    """A hash function."""

    SHA1 = 0
    """Only for channels that insist on it."""
    SHA256 = 1
    """The usual one."""
    SHA512 = 2
    """The long one."""


def hmac(name: str, digest: Digest, data: bytes) -> bytes:
    """HMAC of `data` under the secret called `name`, for connectors only; `BadConfig` if it is not set, is not in the
    manifest, or is of another kind.
    """
    answer = host(_wire.text(name), _wire.one_of(Digest)(digest), _wire.raw(data))
    if isinstance(answer, bytes):
        return answer
    if isinstance(answer, WRONG_KIND):
        raise BadConfig(f"the secret `{name}` is of another kind than this plugin needs")
    raise BadConfig(f"the secret `{name}` is not set, or the manifest does not ask for it")


NOT_GRANTED, WRONG_KIND = _wire.cases("Problem", "NotGranted", "WrongKind")

known: dict[str, bytes] = {}
"""Secrets where there is no host; `testing.set_secret` sets them."""


def _compute(name: str, digest: Digest, data: bytes) -> bytes | _wire.Case:
    key = known.get(name)
    if key is None:
        return NOT_GRANTED()
    return _hmac.new(key, data, digest.name.lower()).digest()


host: Callable[[str, Digest, bytes], bytes | _wire.Case] = _compute
"""Who computes."""

INCOMING = {"Digest": Digest}
"""What the generated code builds from what comes in."""
