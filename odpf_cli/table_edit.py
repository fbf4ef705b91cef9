"""Changes keys of many tables in a configuration file; comments, order and spelling of everything else stay."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from config_manager.document import read_yaml
from odpf.errors import InvalidConfiguration

_WIDTH = 10_000
_INDENT = 2


class Edit(NamedTuple):
    """Which tables, and what of them.

    Attributes:
        match: a pattern of source tables, `shop.*`; None for all.
        cadence: only tables of this cadence.
        put: values by key.
        unset: keys to take out, so that their defaults hold.
    """

    match: str | None = None
    cadence: str | None = None
    put: Mapping[str, Any] = {}
    unset: tuple[str, ...] = ()

    def selects(self, entry: Mapping[str, Any]) -> bool:
        """Whether it is about a table, by its entry; case counts."""
        named = self.match is None or fnmatchcase(str(entry.get("source_table_name")), self.match)
        return named and self.cadence in (None, entry.get("refresh_cadence"))


class Edited(NamedTuple):
    """The new content of a file, source tables that are selected, and those of them that change."""

    content: bytes
    selected: tuple[str, ...]
    changed: tuple[str, ...]


def read_values(texts: Sequence[str]) -> dict[str, Any]:
    """Read `key=value` texts; `{...}` and `[...]` are mappings and lists, everything else is text that the models read.

    Raises:
        InvalidConfiguration: one is not of that form.
    """
    values: dict[str, Any] = {}
    for text in texts:
        key, found, value = text.partition("=")
        if not found or not key.strip():
            raise InvalidConfiguration(
                f"--set {text!r} is not understood; write --set key=value, engine=arrow for example."
            )
        try:
            values[key.strip()] = read_yaml(value.encode()).values if value.strip()[:1] in ("{", "[") else value.strip()
        except InvalidConfiguration as error:
            raise InvalidConfiguration(f"--set {text!r}: the value {error}") from None
    return values


def edited(name: str, content: bytes, edit: Edit) -> Edited:
    """Edit one file; without a change its content is what it was, byte for byte.

    Args:
        name: of the file; its ending tells JSON from YAML.
        content: a configuration file that is valid.
        edit: what to change.
    """
    is_json = name.lower().endswith(".json")
    text = content.decode("utf-8-sig")
    document, written = _read_json(text) if is_json else _read_yaml(text)
    entries = [entry for entry in document.get("tables") or [] if edit.selects(entry)]
    changed = [entry for entry in entries if _change(entry, edit)]
    names = (tuple(str(entry["source_table_name"]) for entry in each) for each in (entries, changed))
    return Edited(written(document).encode() if changed else content, *names)


def _change(entry: Any, edit: Edit) -> bool:
    before = dict(entry)
    for key, value in edit.put.items():
        if entry.get(key) != value:
            entry[key] = value
    for key in edit.unset:
        entry.pop(key, None)
    return dict(entry) != before


def _read_json(text: str) -> tuple[Any, Callable[[Any], str]]:
    return json.loads(text), lambda document: json.dumps(document, indent=_INDENT, ensure_ascii=False) + "\n"


def _read_yaml(text: str) -> tuple[Any, Callable[[Any], str]]:
    """By a reader that keeps comments; the indentation of lists is that of the file."""
    from ruamel.yaml import YAML  # noqa: PLC0415  which no other command needs
    from ruamel.yaml.util import load_yaml_guess_indent  # noqa: PLC0415

    _, sequence, offset = load_yaml_guess_indent(text)
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    yaml.indent(mapping=_INDENT, sequence=sequence or _INDENT, offset=offset or 0)

    def written(document: Any) -> str:
        stream = io.StringIO()
        yaml.dump(document, stream)
        return stream.getvalue()

    return yaml.load(text) or {}, written
