"""Names as DMS rules write them: `%` any text, `_` any character, `[ab]` and `[a-d]` one of a set; case counts.

Source: AWS DMS user guide, "Wildcards in table mapping".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

_SEPARATOR = "\0"
"""Between schema and table where both are looked at as one text."""
_MOST_STATES = 20_000
_FRESH = "xyzabcdefghijklmnopqrstuvwuvXYZ0123456789"


class TooManyRules(Exception):
    """What two selections have in common cannot be told within reasonable time."""


class _Token(NamedTuple):
    """One element of a pattern: `chars` None is any character, `many` any number of them."""

    chars: frozenset[str] | None
    many: bool = False


class TablePattern(NamedTuple):
    """Patterns of schema and table."""

    schema: str
    table: str


class TableName(NamedTuple):
    """A table of a source."""

    schema: str
    table: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}"

    @property
    def pattern(self) -> TablePattern:
        """What matches this table alone."""
        return TablePattern(*(re.sub(r"([%_\[])", r"[\1]", part) for part in self))


EVERYTHING = TablePattern("%", "%")
EVERY_TABLE = TablePattern("_%", "_%")


def name_of(pattern: str) -> str | None:
    """The one name that people mean by a pattern, None for one with wildcards.

    An underscore is a wildcard, and part of most names; `[_]` is how DMS has it written where it is none.
    """
    tokens = _tokens(pattern)
    if any(token.many or (token.chars is not None and len(token.chars) != 1) for token in tokens):
        return None
    return "".join("_" if token.chars is None else next(iter(token.chars)) for token in tokens)


def is_name(pattern: str) -> bool:
    """Whether people mean one name by it."""
    return name_of(pattern) is not None


def like(pattern: str, name: str) -> bool:
    """Whether the pattern of a schema or a table matches a name."""
    return _compiled(pattern).fullmatch(name) is not None


def matcher(patterns: Iterable[TablePattern]) -> Callable[[str, str], bool]:
    """Whether one of many patterns matches schema and table, in one look: tasks select thousands of tables by name."""
    sources = [f"{_compiled(each.schema).pattern}{_SEPARATOR}{_compiled(each.table).pattern}" for each in patterns]
    found = re.compile("|".join(f"(?:{each})" for each in sources) or "(?!)", re.DOTALL)
    return lambda schema, table: found.fullmatch(f"{schema}{_SEPARATOR}{table}") is not None


def like_column(pattern: str, name: str) -> bool:
    """Whether the pattern of a column matches a name; `%` is its only wildcard."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("%"))), name, flags=re.DOTALL) is not None


def table_of_all(groups: Sequence[Sequence[TablePattern]], without: Sequence[TablePattern] = ()) -> TableName | None:
    """A table that some pattern of every group matches and no pattern of `without`; None when there is none.

    All strings are looked at at once, as automata: what is not found does not exist.

    Raises:
        TooManyRules: the patterns are too many, and too much alike, to tell.
    """
    patterns = [pattern for group in (*groups, [EVERY_TABLE]) for pattern in group]
    sides = [side for side, group in enumerate((*groups, [EVERY_TABLE])) for _ in group]
    search = _Search([_of_table(p) for p in (*patterns, *without)], sides, len(groups) + 1)
    found = search.shortest()
    return TableName(*found.split(_SEPARATOR)) if found is not None else None


class _Search:
    """Breadth first over the states of all patterns; a state is the set of (pattern, place in it) that are alive."""

    def __init__(self, patterns: list[tuple[_Token, ...]], sides: list[int], groups: int) -> None:
        self._patterns = patterns
        self._sides = sides
        self._groups = groups
        named = {char for tokens in patterns for token in tokens for char in token.chars or ()}
        self._fresh = next((char for char in _FRESH if char not in named), "\1")

    def shortest(self) -> str | None:
        start = self._closed((number, 0) for number in range(len(self._patterns)))
        seen, level = {start}, [(start, "")]
        while level:
            following = []
            for state, text in level:
                if self._accepts(state):
                    return text
                for char in self._characters(state):
                    reached = self._step(state, char)
                    if reached not in seen and self._alive(reached):
                        seen.add(reached)
                        following.append((reached, text + char))
            if len(seen) > _MOST_STATES:
                raise TooManyRules
            level = following
        return None

    def _characters(self, state: frozenset[tuple[int, int]]) -> Iterator[str]:
        named = {
            char
            for number, place in state
            if place < len(self._patterns[number])
            for char in self._patterns[number][place].chars or ()
        }
        yield from sorted(named - {_SEPARATOR})
        yield self._fresh
        yield _SEPARATOR

    def _step(self, state: frozenset[tuple[int, int]], char: str) -> frozenset[tuple[int, int]]:
        reached = []
        for number, place in state:
            tokens = self._patterns[number]
            if place < len(tokens) and _takes(tokens[place], char):
                reached.append((number, place if tokens[place].many else place + 1))
        return self._closed(reached)

    def _closed(self, places: Iterable[tuple[int, int]]) -> frozenset[tuple[int, int]]:
        """With what is reached without a character: `%` may stand for nothing."""
        found, left = set[tuple[int, int]](), list(places)
        while left:
            number, place = left.pop()
            found.add((number, place))
            tokens = self._patterns[number]
            if place < len(tokens) and tokens[place].many and (number, place + 1) not in found:
                left.append((number, place + 1))
        return frozenset(found)

    def _alive(self, state: frozenset[tuple[int, int]]) -> bool:
        return len({self._sides[number] for number, _ in state if number < len(self._sides)}) == self._groups

    def _accepts(self, state: frozenset[tuple[int, int]]) -> bool:
        ended = {number for number, place in state if place == len(self._patterns[number])}
        if any(number >= len(self._sides) for number in ended):
            return False
        return len({self._sides[number] for number in ended}) == self._groups


def _takes(token: _Token, char: str) -> bool:
    return char != _SEPARATOR if token.chars is None else char in token.chars


def _of_table(pattern: TablePattern) -> tuple[_Token, ...]:
    return (*_tokens(pattern.schema), _Token(frozenset(_SEPARATOR)), *_tokens(pattern.table))


@lru_cache(maxsize=4096)
def _tokens(pattern: str) -> tuple[_Token, ...]:
    tokens, place = [], 0
    while place < len(pattern):
        char, end = pattern[place], pattern.find("]", place + 2)
        if char == "[" and end > 0:
            tokens.append(_Token(_set_of(pattern[place + 1 : end])))
            place = end
        elif char == "%":
            tokens.append(_Token(None, many=True))
        else:
            tokens.append(_Token(None if char == "_" else frozenset(char)))
        place += 1
    return tuple(tokens)


def _set_of(text: str) -> frozenset[str]:
    ranges = re.findall(r"(.)-(.)|(.)", text, re.DOTALL)
    spans = [(first or single, last or single) for first, last, single in ranges]
    return frozenset(chr(code) for first, last in spans for code in range(ord(first), ord(last) + 1))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = []
    for token in _tokens(pattern):
        one = "." if token.chars is None else f"[{''.join(map(re.escape, sorted(token.chars)))}]"
        # an empty set, as of `[b-a]`, matches nothing
        parts.append((one if token.chars is None or token.chars else "(?!)") + ("*" if token.many else ""))
    return re.compile("".join(parts), re.DOTALL)
