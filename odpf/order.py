"""Order positions: (generation, change sequence, file name, row position), the only order there is for rows."""

from __future__ import annotations

import re
from typing import NamedTuple, Self

SEQUENCE_DIGITS = 35
SEQUENCE_PATTERN = rf"^[0-9]{{{SEQUENCE_DIGITS}}}$"
"""A change sequence, `$AR_H_CHANGE_SEQ`; on a full load it is empty and sorts before any digits."""
GENERATION_DIGITS = 6
ROW_DIGITS = 10

_SEQUENCE = re.compile(SEQUENCE_PATTERN)


class OrderPosition(NamedTuple):
    """Where a row stands in the total order of its table."""

    generation: int
    sequence: str
    file: str
    row: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form, the inverse of `str`."""
        generation, sequence, rest = text.split(" ", 2)
        file, row = rest.rsplit(" ", 1)
        return cls(int(generation), sequence, file, int(row))

    def __str__(self) -> str:
        """The text stored as `_odpf_order`: it sorts as the tuple does, since a space sorts before digits."""
        return f"{self.generation:0{GENERATION_DIGITS}d} {self.sequence} {self.file} {self.row:0{ROW_DIGITS}d}"


def spoken(text: str) -> str:
    """A position's text form, or the beginning of one, as people write positions: GENERATION:SEQUENCE."""
    generation, _, rest = text.partition(" ")
    return f"{int(generation)}:{rest.split(' ', 1)[0]}"


def is_sequence(text: str) -> bool:
    """Whether a text is a well-formed change sequence."""
    return _SEQUENCE.match(text) is not None
