"""One YAML or JSON text as plain values, with the lines on which mappings and their keys begin.

YAML is read from libyaml's events, not with `yaml.safe_load`: that one lets the second of two equal keys win, turns
dates into objects, and its C composer crashes the process on text nested deep enough.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import yaml

from odpf.errors import InvalidConfiguration

MOST_BYTES = 20_000_000
MOST_VALUES = 500_000
DEEPEST = 20

Path = tuple[str | int, ...]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")
_READ_TAGS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float"))
_COLLECTION_TAGS = ("tag:yaml.org,2002:seq", "tag:yaml.org,2002:map")
_MERGE = "<<"


class Document(NamedTuple):
    """The values of a file, the lines where they begin, and keys that stand twice as (path, line)."""

    values: Any
    lines: dict[Path, int]
    repeated: tuple[tuple[Path, int | None], ...]


def read_yaml(content: bytes) -> Document:
    """Read YAML.

    Raises:
        InvalidConfiguration: not one YAML document of plain values; the message names line and column.
    """
    text = _text(content)
    try:
        _refuse_deep(text)
        node = _LOADER(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        where = (
            f" (line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1})"
            if error.problem_mark
            else ""
        )
        raise InvalidConfiguration(f"is not valid YAML: {error.problem or error.context}{where}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidConfiguration(f"is not valid YAML: {' '.join(str(error).split())[:200]}") from None
    reader = _Values()
    return Document(None if node is None else reader.value(node, ()), reader.lines, tuple(reader.repeated))


def read_json(content: bytes) -> Document:
    """Read JSON.

    Raises:
        InvalidConfiguration: not one JSON document; the message names line and column.
    """
    repeated: list[tuple[Path, int | None]] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in items:
            if key in seen:
                repeated.append(((key,), None))
            seen[key] = value
        return seen

    try:
        values = json.loads(_text(content), object_pairs_hook=pairs, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise InvalidConfiguration(
            f"is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from None
    except (ValueError, RecursionError) as error:
        raise InvalidConfiguration(f"is not valid JSON: {str(error)[:200]}") from None
    if _depth_of(values) > DEEPEST:
        raise InvalidConfiguration(f"is nested deeper than {DEEPEST} levels")
    return Document(values, {}, tuple(repeated))


def _text(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise InvalidConfiguration(f"is larger than {MOST_BYTES:,} bytes; split it into several files of one folder")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidConfiguration(f"is not UTF-8 text (byte {error.start}): is it a configuration file?") from None
    if "\x00" in text:
        raise InvalidConfiguration("holds NUL characters: is it a configuration file?")
    if not text.strip():
        raise InvalidConfiguration("is empty; write the lists `cadences` and `tables`")
    return text


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _depth_of(values: Any) -> int:
    depth, level = 0, [values]
    while level := [
        inner
        for value in level
        for inner in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
    ]:
        depth += 1
    return depth


def _refuse_deep(text: str) -> None:
    """Count nesting before anything recursive looks at the text."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise InvalidConfiguration(f"is nested deeper than {DEEPEST} levels (line {_line(event)})")


class _Values:
    """Builds plain values from YAML nodes; remembers lines and repeated keys."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.repeated: list[tuple[Path, int | None]] = []
        self._built = 0
        self._scalar: Callable[[yaml.Node], Any] = yaml.SafeLoader("").construct_object

    def value(self, node: yaml.Node, path: Path) -> Any:
        self._built += 1
        if self._built > MOST_VALUES:
            raise InvalidConfiguration(f"holds more than {MOST_VALUES:,} values once its anchors are followed")
        if len(path) > DEEPEST:
            raise InvalidConfiguration(f"is nested deeper than {DEEPEST} levels once its anchors are followed")
        if not isinstance(node, yaml.ScalarNode) and node.tag not in _COLLECTION_TAGS:
            raise _unread_tag(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            self.lines[path] = _line(node)
            return self._mapping(node, path)
        return self._plain(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key == _MERGE:
                merged = {**self._merged(value_node, path), **merged}
                continue
            if key in own:
                self.repeated.append(((*path, key), _line(key_node)))
            self.lines[(*path, key)] = _line(key_node)
            own[key] = self.value(value_node, (*path, key))
        return {**merged, **own}

    def _merged(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            value = self.value(source, (*path, _MERGE))
            if not isinstance(value, dict):
                raise InvalidConfiguration(f"`<<` needs a mapping to merge (line {_line(node)})")
            merged = {**value, **merged}
        return merged

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise InvalidConfiguration(f"has a key that is no plain text (line {_line(node)})")
        return str(node.value)

    def _plain(self, node: yaml.Node) -> Any:
        if node.tag in _TEXT_TAGS:
            return node.value
        if node.tag not in _READ_TAGS:
            raise _unread_tag(node)
        try:
            return self._scalar(node)
        except (yaml.YAMLError, ValueError, LookupError, OverflowError):
            kind = node.tag.rpartition(":")[2]
            raise InvalidConfiguration(f"has a value that cannot be read as {kind} (line {_line(node)})") from None


def _unread_tag(node: yaml.Node) -> InvalidConfiguration:
    return InvalidConfiguration(f"has a value with the tag {node.tag}, which is not read (line {_line(node)})")


def _line(place: yaml.Node | yaml.Event) -> int:
    mark: Any = place.start_mark
    return int(mark.line) + 1
