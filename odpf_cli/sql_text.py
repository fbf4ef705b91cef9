"""SQL as it is typed: where a statement ends, whatever stands in quotes and comments. Pure."""

from __future__ import annotations

import re

_PART = re.compile(
    r"""
      '(?:[^']|'')*(?:'|\Z)       # text; a quote that is not closed goes to the end
    | "(?:[^"]|"")*(?:"|\Z)       # a name
    | --[^\n]*(?:\n|\Z)           # a comment
    | /\*.*?(?:\*/|\Z)
    | ;
    | [^'"\-/;]+ | [-/]           # anything else
    """,
    re.VERBOSE | re.DOTALL,
)


def statements(text: str) -> list[str]:
    """The statements of a text, without their semicolons and without what is only comment."""
    found: list[str] = []
    parts: list[str] = []
    for part in _PART.findall(text):
        if part == ";":
            found.append("".join(parts))
            parts = []
        else:
            parts.append(part)
    found.append("".join(parts))
    return [statement.strip() for statement in found if _says_something(statement)]


def is_complete(text: str) -> bool:
    """Whether the last statement is ended by a semicolon."""
    parts = [part for part in _PART.findall(text) if part.strip() and not part.startswith(("--", "/*"))]
    return bool(parts) and parts[-1] == ";"


def _says_something(statement: str) -> bool:
    return any(part.strip() and not part.startswith(("--", "/*")) for part in _PART.findall(statement))
