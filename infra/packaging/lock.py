"""Locks: the one version of each package, and the hashes of the files that may be it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from odpf.errors import TerminalError

_HASH = re.compile(r"\s--hash=sha256:([0-9a-f]{64})")


class Pin(NamedTuple):
    """One package at one version."""

    name: NormalizedName
    version: str
    hashes: frozenset[str]


def read_lock(path: Path) -> dict[NormalizedName, Pin]:
    """Pins of a lock by name.

    Raises:
        TerminalError: a line is not `name==version` with its hashes.
    """
    lines = [line for line in path.read_text().replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    pins = [_pin(line, path) for line in lines]
    return {pin.name: pin for pin in pins}


def _pin(line: str, path: Path) -> Pin:
    requirement = Requirement(_HASH.sub("", line).strip())
    hashes, versions = frozenset(_HASH.findall(line)), list(requirement.specifier)
    if [version.operator for version in versions] != ["=="] or not hashes:
        raise TerminalError(f"{path.name}: {requirement} is no version with its hashes. Make the lock again: make lock")
    return Pin(canonicalize_name(requirement.name), versions[0].version, hashes)
