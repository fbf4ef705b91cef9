"""The settings of a DMS S3 endpoint as they were written: JSON in the forms that people have, or attributes as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from odpf.settings import StagingPlace
from odpf_cli.lint.finding import Place
from odpf_cli.lint.settings_file import SettingsFile, invalid, parse, read_text
from odpf_local.dms.endpoint import SETTING_NAMES

_ATTRIBUTES = "ExtraConnectionAttributes"
_SETTINGS = "S3Settings"
_WRAPPED = ("Endpoint", "Endpoints")
_OTHERS_SETTINGS = re.compile(r"^(?!S3)\w+Settings$")
_ATTRIBUTE_TEXT = re.compile(r"\s*[A-Za-z][A-Za-z0-9]*\s*=")
_DESCRIPTION = frozenset({_ATTRIBUTES, "EndpointIdentifier", "EndpointArn", "EndpointType", "EngineName"})


class Said(NamedTuple):
    """A value that a setting is given somewhere."""

    value: Any
    place: Place


class Endpoint(NamedTuple):
    """What is said of an endpoint.

    Attributes:
        said: values by the name of the setting in the DMS API; several where it is said more than once.
        strangers: names that are no setting, with their places.
        twice: names that stand twice in one object.
        places: where the deployment takes files from; nothing when it is not known.
    """

    said: Mapping[str, tuple[Said, ...]]
    strangers: tuple[tuple[str, Place], ...]
    twice: tuple[tuple[str, Place], ...]
    whole: Place
    places: tuple[StagingPlace, ...] = ()

    def of(self, name: str) -> tuple[Said, ...]:
        """What is said of a setting; nothing where its default counts."""
        return tuple(each for each in self.said.get(name, ()) if each.value is not None and each.value != "")


def read_endpoint(path: Path) -> Endpoint:
    """Read endpoint settings: bare, below S3Settings, as `describe-endpoints` prints them, or `key=value;...`.

    Raises:
        InvalidSettings: it is none of that; the message says where.
    """
    text = read_text(path)
    if _ATTRIBUTE_TEXT.match(text):
        return _endpoint([*_attributes(text, Place(file=str(path), line=1))], (), Place(file=str(path)))
    file = _endpoint_of(parse(path, text))
    pairs = [*_bare(file)]
    attributes = file.values.get(_ATTRIBUTES)
    if isinstance(attributes, str):
        pairs += _attributes(attributes, file.place(_ATTRIBUTES))
    return _endpoint(pairs, file.twice, Place(file=str(path)))


def _endpoint_of(file: SettingsFile) -> SettingsFile:
    """The one S3 endpoint in it."""
    for key in _WRAPPED:
        if key in file.values:
            inner = file.within(key)
            if isinstance(inner.values, dict):
                return _endpoint_of(inner)
            ours = [n for n, each in enumerate(inner.values or ()) if isinstance(each, dict) and _SETTINGS in each]
            if len(ours) != 1:
                raise invalid(
                    f"{inner.place()}: {len(ours)} S3 endpoints stand in {key}, and one is linted at a time",
                    "Give a file with one: aws dms describe-endpoints --filters Name=endpoint-id,Values=...",
                )
            return inner.within(ours[0])
    return file


def _bare(file: SettingsFile) -> Iterator[tuple[str, Said]]:
    """Name and value of every setting, wherever they stand."""
    wrapped = _SETTINGS in file.values
    inner = file.within(_SETTINGS) if wrapped else file
    if not isinstance(inner.values, dict):
        raise invalid(f"{inner.place()}: {_SETTINGS} is no object {{...}}")
    if not wrapped:
        _refuse_others(file)
    for name, value in inner.values.items():
        if not (wrapped and name == _ATTRIBUTES) and (wrapped or name not in _DESCRIPTION):
            yield name, Said(value, inner.place(name))


def _refuse_others(file: SettingsFile) -> None:
    """A file of another kind is told as such, not setting by setting."""
    values = file.values
    if "rules" in values:
        raise invalid(f"{file.place('rules')}: these are table mappings", "Give them as --table-mappings.")
    if "TargetMetadata" in values or "ChangeProcessingDdlHandlingPolicy" in values:
        raise invalid(f"{file.path}: these are task settings", "Give them as --task-settings.")
    if others := [name for name in values if _OTHERS_SETTINGS.match(name)]:
        raise invalid(f"{file.place(others[0])}: {others[0]} are settings of another kind of endpoint than S3")
    known = [name for name in values if _canonical(name) or name in _DESCRIPTION]
    if values and not known:
        raise invalid(f"{file.path}: line 1: no setting of a DMS S3 endpoint in it ({', '.join(list(values)[:3])} ...)")


def _attributes(text: str, place: Place) -> Iterator[tuple[str, Said]]:
    """Extra connection attributes, `name=value` with semicolons between them; line breaks are allowed in a file."""
    for number, line in enumerate(text.split("\n")):
        here = place.model_copy(update={"line": place.line + number if place.line else None})
        for part in filter(str.strip, line.split(";")):
            name, _, value = part.partition("=")
            yield name.strip(), Said(value.strip(), here)


def _endpoint(pairs: list[tuple[str, Said]], twice: tuple[tuple[str, Place], ...], whole: Place) -> Endpoint:
    said: dict[str, tuple[Said, ...]] = {}
    strangers = []
    for name, each in pairs:
        if known := _canonical(name):
            said[known] = (*said.get(known, ()), each)
        else:
            strangers.append((name, each.place))
    return Endpoint(said, tuple(strangers), twice, whole)


def _canonical(name: str) -> str | None:
    """The API's name: attributes have it in camel case, Terraform with underscores."""
    return _NAMES.get(_plain(name))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_NAMES = {_plain(name): name for name in SETTING_NAMES}
