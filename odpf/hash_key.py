"""The secret with which columns are hashed: HMAC-SHA-256 (RFC 2104), in a value that does not show itself (ADR 0015)."""

from __future__ import annotations

import hashlib
import hmac
from typing import NamedTuple

from odpf.errors import EngineError, TerminalError

LEAST_BYTES = 32
"""Of a key, as many as a hash has (RFC 2104, section 3); with a shorter one the values could be guessed with less work."""

_BLOCK = 64
_CHECKED = b"odpf hash key"
_CHECK_DIGITS = 16


class Pads(NamedTuple):
    """What the two passes of HMAC begin with: the key, filled up to a block, combined with the constants of RFC 2104."""

    inner: bytes
    outer: bytes


class HashKey:
    """A key; its text and its `repr` show nothing of it.

    Args:
        secret: the key itself.
        name: of the secret, for messages.

    Raises:
        TerminalError: it is too short.
    """

    def __init__(self, secret: bytes, name: str) -> None:
        if len(secret) < LEAST_BYTES:
            raise TerminalError(
                f"The secret {name} has {len(secret)} bytes, and a key needs {LEAST_BYTES} at least. Nothing was written. Put a "
                "random one there, for example that of `openssl rand -base64 48`."
            )
        self._secret, self.name = secret, name

    def __repr__(self) -> str:
        """The name of the secret alone."""
        return f"HashKey({self.name})"

    def __reduce__(self) -> str:
        """It is never written down, and so never pickled."""
        raise TypeError("a hash key is not pickled")

    def digest(self, value: bytes) -> str:
        """The hash of a value's canonical text, 64 hexadecimal digits."""
        return hmac.digest(self._secret, value, "sha256").hex()

    @property
    def check(self) -> str:
        """Tells this key from another, and nothing of either: the beginning of a hash of a known text."""
        return self.digest(_CHECKED)[:_CHECK_DIGITS]

    @property
    def pads(self) -> Pads:
        """For an engine that has SHA-256 and no HMAC."""
        key = self._secret if len(self._secret) <= _BLOCK else hashlib.sha256(self._secret).digest()
        block = key.ljust(_BLOCK, b"\0")
        return Pads(bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block))


def required(key: HashKey | None) -> HashKey:
    """A key where there are columns to hash: without one no value may pass.

    Raises:
        EngineError: there is none, which is a fault of this program.
    """
    if key is None:
        raise EngineError("Columns are to be hashed and there is no key. Nothing was written. Report this error.")
    return key
