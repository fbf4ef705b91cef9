"""Configuration files: a YAML or JSON file, or a folder of them, as entries that are not validated yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from config_manager.document import Document, read_json, read_yaml
from config_manager.problem import Problem
from odpf.config_problems import did_you_mean, key_path
from odpf.errors import InvalidConfiguration

SUFFIXES = (".yaml", ".yml", ".json")
_LISTS = ("cadences", "tables")
_PRUNE = "prune"


class Entry(NamedTuple):
    """One mapping of a list: `path` is `<file>:tables[3]`, `lines` the lines of its keys."""

    path: str
    values: dict[str, Any]
    line: int | None = None
    lines: dict[str, int] = {}  # noqa: RUF012  a NamedTuple default, never changed

    def problem(self, key: str, message: str) -> Problem:
        """A problem of one of its keys, or of the whole entry when the key is empty."""
        first = key.replace("[", ".").split(".")[0]
        path = f"{self.path}.{key}" if key else self.path
        return Problem(path=path, message=message, line=self.lines.get(first, self.line))


class Parsed(NamedTuple):
    """What configuration files say."""

    source: str
    cadences: tuple[Entry, ...] = ()
    tables: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    prune: bool = False


def parse_path(path: Path) -> Parsed:
    """Read a file, or every YAML and JSON file below a folder; all problems of all files at once."""
    try:
        files = configuration_files(path)
        if not files:
            endings = ", ".join(SUFFIXES)
            return _refused(
                path,
                f"there is no file ending in {endings} below this folder"
                if path.is_dir()
                else "there is no such file or folder",
            )
        return join(str(path), [_parse_file(file) for file in files])
    except OSError as error:
        return _refused(path, f"cannot be read: {error.strerror or error}")


def parse_content(name: str, content: bytes, *, manifest: bool = False) -> Parsed:
    """Read the bytes of one file; a manifest may also say `prune: true`."""
    try:
        document = read_json(content) if name.lower().endswith(".json") else read_yaml(content)
    except InvalidConfiguration as error:
        return Parsed(name, problems=(Problem(path=name, message=str(error)),))
    return _entries(name, document, manifest)


def join(source: str, parts: list[Parsed]) -> Parsed:
    """Several files as one configuration."""
    return Parsed(
        source,
        tuple(entry for part in parts for entry in part.cadences),
        tuple(entry for part in parts for entry in part.tables),
        tuple(problem for part in parts for problem in part.problems),
        any(part.prune for part in parts),
    )


def configuration_files(path: Path) -> list[Path]:
    """The file, or every YAML and JSON file below a folder; none when there is nothing."""
    if not path.is_dir():
        return [path] if path.exists() else []
    below = (file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    return sorted(file for file in below if not any(part.startswith(".") for part in file.relative_to(path).parts))


def _parse_file(file: Path) -> Parsed:
    try:
        content = file.read_bytes()
    except OSError as error:
        return _refused(file, f"cannot be read: {error.strerror or error}")
    return parse_content(str(file), content)


def _refused(path: Path, message: str) -> Parsed:
    return Parsed(str(path), problems=(Problem(path=str(path), message=message),))


def _entries(name: str, document: Document, manifest: bool) -> Parsed:
    values = document.values
    if not isinstance(values, dict):
        message = "must be a mapping with the lists `cadences` and `tables`"
        return Parsed(name, problems=(Problem(path=name, message=message),))
    problems = [
        Problem(path=f"{name}:{key_path(path)}", message="stands twice; keep one of them", line=line)
        for path, line in document.repeated
    ]
    problems += [_unknown(name, key, document) for key in values if key not in _known(manifest)]
    lists = {key: _list(name, key, document, problems) for key in _LISTS}
    prune = values.get(_PRUNE, False)
    if manifest and not isinstance(prune, bool):
        problems.append(Problem(path=f"{name}:{_PRUNE}", message="write true or false"))
    if not any(lists.values()) and not problems:
        problems.append(Problem(path=name, message="names neither cadences nor tables"))
    return Parsed(name, lists["cadences"], lists["tables"], tuple(problems), manifest and prune is True)


def _known(manifest: bool) -> tuple[str, ...]:
    return (*_LISTS, _PRUNE) if manifest else _LISTS


def _unknown(name: str, key: object, document: Document) -> Problem:
    if key == _PRUNE:
        message = "is for manifests put on S3 only; give --prune on the command line"
    else:
        message = f"is not a known key{did_you_mean(str(key), _LISTS) or '. Known are ' + ', '.join(_LISTS)}"
    return Problem(path=f"{name}:{key}", message=message, line=document.lines.get((str(key),)))


def _list(name: str, key: str, document: Document, problems: list[Problem]) -> tuple[Entry, ...]:
    values = document.values.get(key)
    if values is None:
        return ()
    if not isinstance(values, list):
        problems.append(Problem(path=f"{name}:{key}", message="must be a list", line=document.lines.get((key,))))
        return ()
    entries = []
    for index, item in enumerate(values):
        path, at = f"{name}:{key}[{index}]", (key, index)
        if isinstance(item, dict):
            lines = {word: document.lines[(*at, word)] for word in item if (*at, word) in document.lines}
            entries.append(Entry(path, item, document.lines.get(at), lines))
        else:
            problems.append(Problem(path=path, message="must be a mapping `key: value`", line=document.lines.get(at)))
    return tuple(entries)
