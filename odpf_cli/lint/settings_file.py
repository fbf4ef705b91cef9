"""A JSON file of DMS, as a person wrote it or as `aws dms describe-...` printed it, with the lines of its settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from config_manager.document import read_json, read_yaml
from odpf.errors import InvalidConfiguration, InvalidSettings
from odpf_cli.lint.finding import Place

Keys = tuple[str | int, ...]


class SettingsFile(NamedTuple):
    """What stands in a file, or below some keys of it.

    Attributes:
        path: as it was given.
        values: plain values of JSON.
        lines: of keys, by their place in the whole file.
        below: the keys to `values`.
        twice: keys that stand twice in one object, with their places.
    """

    path: str
    values: Any
    lines: Mapping[Keys, int]
    below: Keys = ()
    twice: tuple[tuple[str, Place], ...] = ()

    def place(self, *keys: str | int) -> Place:
        """Where a value stands: the line of the nearest key."""
        whole = (*self.below, *keys)
        known = (self.lines[whole[:end]] for end in range(len(whole), 0, -1) if whole[:end] in self.lines)
        return Place(file=self.path, line=next(known, None))

    def within(self, *keys: str | int) -> SettingsFile:
        """What stands below some keys; a text there is read as JSON, as the DMS API has its documents."""
        values = self.values
        for key in keys:
            values = values[key]
        inner = self._replace(values=values, below=(*self.below, *keys))
        if isinstance(values, str):
            try:
                return inner._replace(values=json.loads(values))
            except ValueError as error:
                raise invalid(f"{inner.place()}: {keys[-1]} is a text that is not JSON ({error})") from None
        return inner


def invalid(
    what: str, then: str = "Give the file as DMS has it; examples/dms has one of each kind."
) -> InvalidSettings:
    """The error for a file that is not what it should be."""
    return InvalidSettings(f"{what}. {then}")


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        InvalidSettings: it cannot be read, or is no text.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise invalid(f"{path}: {error.strerror}", "Give the path of a JSON file.") from None
    except UnicodeDecodeError as error:
        raise invalid(f"{path} is not UTF-8 text (byte {error.start})", "Give a JSON file in UTF-8.") from None


def parse(path: Path, text: str) -> SettingsFile:
    """Read JSON.

    Raises:
        InvalidSettings: it is none, or no object; the message says line and column.
    """
    if not text.strip():
        raise invalid(f"{path} is empty")
    try:
        values = read_json(text.encode()).values
    except InvalidConfiguration as error:
        raise invalid(f"{path} {error}", "Correct it there, or export the settings anew.") from None
    if not isinstance(values, dict):
        raise invalid(f"{path}: line 1 begins no object {{...}}")
    lines, twice = _lines(path, text)
    return SettingsFile(str(path), values, lines, (), twice)


def _lines(path: Path, text: str) -> tuple[Mapping[Keys, int], tuple[tuple[str, Place], ...]]:
    """JSON is YAML but for tabs, which in JSON never stand within a text; without lines nothing else is lost."""
    try:
        document = read_yaml(text.replace("\t", " ").encode())
    except InvalidConfiguration:
        return {}, ()
    twice = ((str(keys[-1]), Place(file=str(path), line=line)) for keys, line in document.repeated)
    return document.lines, tuple(twice)
