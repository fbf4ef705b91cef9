"""In which form a source column and a lake column are compared: the one spelling that equal values have on both sides.

A value's canonical text is made in SQL where the value lies, or in Python (canonical.py). It never contains `|` or `~`, with
which rows are put together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from odpf.personal_data import ProtectedColumns


class Form(StrEnum):
    """How values of a column are spelled.

    Attributes:
        NUMBER: exact, without leading zeros and without zeros behind the last place: `-12.5`.
        SINGLE, DOUBLE: 16 hex digits of the IEEE 754 double with the value, -0 as 0; `nan`.
        BOOLEAN: `1` or `0`.
        DATE: `2026-01-31`; dates that no calendar has are null, as in the lake.
        MOMENT: `2026-01-31 10:15:30.5`, UTC, without zeros behind the last place.
        CLOCK: `-838:59:59.5`, likewise.
        TEXT, PADDED, BYTES: MD5 of the bytes, of text in UTF-8; PADDED without the spaces at its end.
    """

    NUMBER = "number"
    SINGLE = "single"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DATE = "date"
    MOMENT = "moment"
    CLOCK = "clock"
    TEXT = "text"
    PADDED = "padded text"
    BYTES = "bytes"


class SourceColumn(NamedTuple):
    """A column of a source table.

    Attributes:
        form: what its values are; None for a type that cannot be compared.
        type: as the source names it.
        places: decimals of a NUMBER; None where its values may have any number of them.
        integer: whether it is an integer type, by which keys can be divided into ranges.
        bits: of a bit string that counts as bytes.
        virtual: computed when read, so that the source's log has no value of it.
    """

    name: str
    form: Form | None
    type: str
    places: int | None = 0
    integer: bool = False
    bits: int = 0
    virtual: bool = False


class LakeColumn(NamedTuple):
    """A column of a raw table with its type in the catalog, which is Hive's."""

    name: str
    type: str

    @property
    def places(self) -> int:
        """Decimals of a decimal; 0 of everything else."""
        match = _DECIMAL.match(self.type)
        return int(match[1]) if match else 0

    @property
    def base(self) -> str:
        """The type without its sizes."""
        return self.type.split("(", 1)[0].lower()


class Pair(NamedTuple):
    """A column that both sides have, and how it is compared."""

    source: SourceColumn
    lake: LakeColumn
    form: Form


class NotCompared(NamedTuple):
    """A column that is left out of the comparison, and why."""

    column: str
    reason: str


class Pairing(NamedTuple):
    """What is compared, the key's columns first, and what is not."""

    keys: tuple[Pair, ...]
    others: tuple[Pair, ...]
    not_compared: tuple[NotCompared, ...]

    @property
    def all(self) -> tuple[Pair, ...]:
        """Every column that is compared."""
        return (*self.keys, *self.others)


_NOTHING_PROTECTED = ProtectedColumns()
_DECIMAL = re.compile(r"^decimal\(\s*\d+\s*,\s*(\d+)\s*\)$", re.IGNORECASE)
_INTEGERS = ("tinyint", "smallint", "int", "integer", "bigint")
_FLOATS = ("float", "real", "double")

_FORMS: Mapping[Form, Mapping[str, Form]] = {
    Form.NUMBER: {
        **dict.fromkeys((*_INTEGERS, "decimal", "string"), Form.NUMBER),
        "boolean": Form.BOOLEAN,
        **dict.fromkeys(_FLOATS, Form.DOUBLE),
    },
    Form.SINGLE: dict.fromkeys(_FLOATS, Form.SINGLE),
    Form.DOUBLE: dict.fromkeys(_FLOATS, Form.DOUBLE),
    Form.BOOLEAN: dict.fromkeys(("boolean", "string", *_INTEGERS), Form.BOOLEAN),
    Form.DATE: {"date": Form.DATE, "string": Form.DATE, "timestamp": Form.MOMENT},
    Form.MOMENT: {"timestamp": Form.MOMENT},
    Form.CLOCK: {"string": Form.CLOCK},
    Form.TEXT: {"string": Form.TEXT},
    Form.PADDED: {"string": Form.PADDED},
    Form.BYTES: {"binary": Form.BYTES},
}
"""By what the source's values are and the lake's type."""


def pairing(
    source: Iterable[SourceColumn],
    lake: Iterable[LakeColumn],
    names: Mapping[str, str | None],
    keys: tuple[str, ...],
    own: frozenset[str],
    protected: ProtectedColumns = _NOTHING_PROTECTED,
) -> Pairing:
    """Put the columns of both sides together.

    Args:
        source: of the source table.
        lake: of the raw table.
        names: the lake's name by the source's; None for a column that the mapping rules leave out.
        keys: the raw table's primary key, names in the lake.
        own: columns of the raw table that DMS rules add and that tell of a change.
        protected: columns that the lake must not have as they are, so that no value of them is asked for on either side.
    """
    found = {column.name: column for column in lake}
    pairs: list[Pair] = []
    left: list[NotCompared] = []
    for column in source:
        name = names.get(column.name)
        hidden = _hidden(name, protected) if name else "left out by the table mappings"
        together = NotCompared(column.name, hidden) if hidden else _pair(column, found.get(name) if name else None)
        (pairs if isinstance(together, Pair) else left).append(together)  # type: ignore[arg-type]
    known = {name for name in names.values() if name} | own
    for column_name in found:
        if column_name not in known and not column_name.startswith(("_hoodie_", "_odpf_")):
            left.append(NotCompared(column_name, "in the lake only: dropped at the source, or added by a mapping rule"))
    of_key = {pair.lake.name: pair for pair in pairs if pair.lake.name in keys}
    return Pairing(
        tuple(of_key[name] for name in keys if name in of_key),
        tuple(pair for pair in pairs if pair.lake.name not in keys),
        tuple(left),
    )


def _hidden(name: str, protected: ProtectedColumns) -> str | None:
    """Why the values of a column of the lake must not be seen."""
    if protected.is_excluded(name):
        return "personal data that the lake does not have (exclude_columns)"
    return "kept as hashes (hash_columns)" if protected.is_hashed(name) else None


def _pair(source: SourceColumn, lake: LakeColumn | None) -> Pair | NotCompared:
    if lake is None:
        reason = (
            "computed when read: the log has no value of it"
            if source.virtual
            else "at the source only: not in the lake"
        )
        return NotCompared(source.name, reason)
    if source.form is None:
        return NotCompared(source.name, f"no one text for values of type {source.type}")
    form = _FORMS[source.form].get(lake.base)
    if form is None:
        return NotCompared(source.name, f"{source.type} at the source, {lake.type} in the lake")
    return Pair(source, lake, form)
