"""Source table names: `[<source>.]<schema>.<table>`, compared exactly."""

from __future__ import annotations

from typing import NamedTuple, Self

from odpf.errors import InvalidSourceTable

UNKNOWN_SOURCE_TABLE = "?"
"""Stands in the trackers for files from whose place no table can be told."""

_MOST_PARTS = 3


class SourceTable(NamedTuple):
    """A table at its source; `source` names a staging place and is empty for the default one.

    The text form joins the parts with dots; `.` and `%` inside a part are percent-encoded, so that
    `a.b`.`c` and `a`.`b.c` stay two tables.
    """

    source: str
    schema: str
    table: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form, the inverse of `str`.

        Raises:
            InvalidSourceTable: not two or three non-empty parts, or a part that is not percent-encoded as `str` does.
        """
        parts = text.split(".")
        if len(parts) not in (_MOST_PARTS - 1, _MOST_PARTS) or not all(parts):
            raise InvalidSourceTable(
                f"{text!r} is not a source table. Write <schema>.<table>, or <source>.<schema>.<table> for a named "
                "staging place; a dot inside a name is written %2E, a percent sign %25."
            )
        name = cls(*(_decode(part) for part in ["", *parts][-_MOST_PARTS:]))
        if str(name) != text:
            raise InvalidSourceTable(f"{text!r} is not encoded as source tables are; write {str(name)!r}.")
        return name

    def __str__(self) -> str:
        return ".".join(_encode(part) for part in self if part)


def _encode(part: str) -> str:
    return part.replace("%", "%25").replace(".", "%2E")


def _decode(part: str) -> str:
    return part.replace("%2E", ".").replace("%25", "%")
