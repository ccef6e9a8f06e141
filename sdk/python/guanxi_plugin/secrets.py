"""Cryptography on secrets that never enter the plugin: it names a secret of its manifest, the host computes. For
connectors only.

A function raises `BadConfig` if a secret is not set, is not in the manifest, or is of another kind, and `BadInput` if
its other input cannot be right. In native tests it finds secrets that `testing.set_secret` has set. Python's standard
library has neither private keys nor AES: `sign`, `encrypt`, `decrypt` and `decrypt_gcm` work in a component only. A
native test patches them, or leaves them to `guanxi plugin run`.
"""

from __future__ import annotations

import hashlib
import hmac as _hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from . import _wire
from .failures import BadConfig, BadInput

__all__ = [
    "Cbc",
    "Cipher",
    "Digest",
    "Part",
    "Scheme",
    "Secret",
    "Wechat",
    "decrypt",
    "decrypt_gcm",
    "encrypt",
    "hash",
    "hmac",
    "sign",
    "verify_sorted",
]

T = TypeVar("T")


class Digest(Enum):
    """A hash function."""

    MD5 = 0
    """Long broken; only for channels that insist on it."""
    SHA1 = 1
    """Only for channels that insist on it."""
    SHA256 = 2
    """The usual one."""
    SHA512 = 3
    """The long one."""


class Scheme(Enum):
    """How to sign."""

    RSA_SHA1 = 0
    """RSA, PKCS #1 v1.5 with SHA-1; only for channels that insist on it."""
    RSA_SHA256 = 1
    """RSA, PKCS #1 v1.5 with SHA-256: RS256."""
    ECDSA_P256_SHA256 = 2
    """ECDSA on P-256 with SHA-256: ES256. The signature is r and s, 32 bytes each."""
    ED25519 = 3
    """Ed25519."""


@dataclass(frozen=True)
class Secret:
    """All of the secret of this name, as a part of what is joined."""

    name: str


Part = bytes | Secret
"""A part of what is joined."""


@dataclass(frozen=True)
class Cbc:
    """AES-CBC with this initialisation vector of 16 bytes and PKCS #7 padding; the key has 16, 24 or 32 bytes."""

    iv: bytes


@dataclass(frozen=True)
class Wechat:
    """AES-CBC as WeChat and its kin use it: the host takes the vector from the key, which has 32 bytes, and puts 16
    random bytes before the text and takes them away.
    """


Cipher = Cbc | Wechat
"""How AES is used."""


def hmac(key: str | Sequence[Part], digest: Digest, data: bytes) -> bytes:
    """HMAC of `data` under the secret called `key`, or under a key that is these parts joined, at most 64."""
    parts = [Secret(key)] if isinstance(key, str) else key
    return _asked(_names(parts), host.hmac(_parts(parts), _digest(digest), _wire.raw(data)), bytes)


def hash(digest: Digest, parts: Sequence[Part]) -> bytes:
    """Digest of at most 64 joined parts, for channels that append the secret to what they sign; `BadInput` for a secret
    alone.
    """
    return _asked(_names(parts), host.hash(_digest(digest), _parts(parts)), bytes)


def verify_sorted(name: str, digest: Digest, parts: Sequence[bytes], signature: bytes) -> bool:
    """Whether `signature` is the digest of the secret called `name` and at most 16 parts, sorted by their bytes and
    joined, as WeChat and its kin sign what they send. Nothing makes such a signature: the place of the secret among
    parts of the plugin's choice would give it away.
    """
    sorted_parts = _wire.items(_wire.raw)(list(parts))
    answer = host.verify_sorted(_wire.text(name), _digest(digest), sorted_parts, _wire.raw(signature))
    return _asked(name, answer, bool)


def sign(name: str, scheme: Scheme, data: bytes) -> bytes:
    """Signature of `data` with the private key called `name`, a secret in PEM; the same every time."""
    return _asked(name, host.sign(_wire.text(name), _wire.one_of(Scheme)(scheme), _wire.raw(data)), bytes)


def encrypt(name: str, cipher: Cipher, text: bytes) -> bytes:
    """Encrypts `text` with AES under the key called `name`."""
    return _asked(name, host.encrypt(_wire.text(name), _cipher(cipher), _wire.raw(text)), bytes)


def decrypt(name: str, cipher: Cipher, data: bytes) -> bytes:
    """Decrypts `data` with AES under the key called `name`. Only a signature tells whether it was changed."""
    return _asked(name, host.decrypt(_wire.text(name), _cipher(cipher), _wire.raw(data)), bytes)


def decrypt_gcm(name: str, nonce: bytes, associated_data: bytes, data: bytes) -> bytes:
    """Decrypts `data`, which ends with its tag of 16 bytes, with AES-GCM under the key called `name`; `BadInput` if
    anything was changed. The nonce has 12 bytes.
    """
    answer = host.decrypt_gcm(_wire.text(name), _wire.raw(nonce), _wire.raw(associated_data), _wire.raw(data))
    return _asked(name, answer, bytes)


NOT_GRANTED, WRONG_KIND, BAD_DATA = _wire.cases("Problem", "NotGranted", "WrongKind", "BadData")
BYTES, SECRET = _wire.cases("Part", "Bytes", "Secret")

_digest = _wire.one_of(Digest)
_cipher = _wire.union("Cipher", "a cipher", {Cbc: _wire.only("iv", _wire.raw), Wechat: _wire.nothing})
_part = _wire.variant(
    "bytes or a secret", {bytes: (BYTES, _wire.raw), Secret: (SECRET, _wire.only("name", _wire.text))}
)


def _parts(parts: Sequence[Part]) -> list[_wire.Case]:
    taken: list[_wire.Case] = _wire.items(_part)(list(parts))
    return taken


def _names(parts: Sequence[Part]) -> str:
    return "`, `".join(part.name for part in parts if isinstance(part, Secret))


def _asked(names: str, answer: Any, kind: Callable[[Any], T]) -> T:
    """The answer, or the problem raised."""
    if isinstance(answer, BAD_DATA):
        raise BadInput(answer.value)
    if isinstance(answer, WRONG_KIND):
        raise BadConfig(f"the secret `{names}` is of another kind than this plugin needs")
    if isinstance(answer, NOT_GRANTED):
        raise BadConfig(f"the secret `{names}` is not set, or the manifest does not ask for it")
    return kind(answer)


known: dict[str, bytes] = {}
"""Secrets where there is no host; `testing.set_secret` sets them."""

PARTS_MAX = 64
SORTED_PARTS_MAX = 16


class Native:
    """Computes where there is no host, with what the standard library has."""

    def hmac(self, key: list[_wire.Case], digest: Digest, data: bytes) -> Any:
        """`hmac`."""
        joined = _joined(key)
        return joined if isinstance(joined, _wire.Case) else _hmac.new(joined, data, digest.name.lower()).digest()

    def hash(self, digest: Digest, parts: list[_wire.Case]) -> Any:
        """`hash`."""
        joined = _joined(parts)
        if isinstance(joined, _wire.Case):
            return joined
        if all(isinstance(part, SECRET) or not part.value for part in parts):
            return BAD_DATA("a secret is hashed together with other bytes only")
        return hashlib.new(digest.name.lower(), joined).digest()

    def verify_sorted(self, name: str, digest: Digest, parts: list[bytes], signature: bytes) -> Any:
        """`verify-sorted`."""
        if name not in known:
            return NOT_GRANTED()
        if len(parts) > SORTED_PARTS_MAX:
            return BAD_DATA(f"{len(parts)} parts are more than {SORTED_PARTS_MAX}")
        ordered = sorted(parts)
        places = (b"".join([*ordered[:place], known[name], *ordered[place:]]) for place in range(len(ordered) + 1))
        return any(hashlib.new(digest.name.lower(), place).digest() == signature for place in places)

    def __getattr__(self, function: str) -> Any:
        if function not in FUNCTIONS:
            raise AttributeError(function)
        raise NotImplementedError(
            f"secrets.{function} works in a component only, for Python's standard library has neither keys nor AES: "
            "try the component with `guanxi plugin run`, or patch the function in this test"
        )


def _joined(parts: list[_wire.Case]) -> Any:
    if len(parts) > PARTS_MAX:
        return BAD_DATA(f"{len(parts)} parts are more than {PARTS_MAX}")
    if any(isinstance(part, SECRET) and part.value not in known for part in parts):
        return NOT_GRANTED()
    return b"".join(known[part.value] if isinstance(part, SECRET) else part.value for part in parts)


FUNCTIONS = ("hmac", "hash", "verify_sorted", "sign", "encrypt", "decrypt", "decrypt_gcm")
"""What the host computes."""

host: Any = Native()
"""Who computes."""

INCOMING = {"Digest": Digest, "Scheme": Scheme}
"""What the generated code builds from what comes in."""
