"""Keys of hashed columns that a test sets."""

from __future__ import annotations

from odpf.errors import TerminalError
from odpf.hash_key import HashKey


class MemoryHashKeys:
    """Secrets by name; `asked` counts questions."""

    def __init__(self) -> None:
        self.secrets: dict[str, bytes] = {}
        self.asked = 0

    def key(self, secret: str) -> HashKey:
        """The secret's value as a key."""
        self.asked += 1
        if secret not in self.secrets:
            raise TerminalError(f"There is no secret {secret}. Make it, then run again.")
        return HashKey(self.secrets[secret], secret)
