"""The list of what was built: what a deployment uploads, and checks against its hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

FILE = "packages.json"


class Artifact(BaseModel):
    """One file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    bytes: int


class Inventory(BaseModel):
    """All files of one build, by path below its folder.

    Args:
        version: the project's version.
        release: twelve hex digits that name the state of the source, see `infra.packaging.sources`.
        artifacts: every file but this list itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    release: str
    artifacts: dict[str, Artifact]

    @property
    def code_prefix(self) -> str:
        """Where the artifacts lie in the code bucket."""
        return f"code/{self.version}-{self.release}"


def take_inventory(folder: Path, version: str, release: str) -> Inventory:
    """List and hash everything in a folder."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    artifacts = {
        name: Artifact(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
        for name, content in sorted(files.items())
        if name != FILE
    }
    return Inventory(version=version, release=release, artifacts=artifacts)


def write_inventory(folder: Path, inventory: Inventory) -> None:
    """Put the list beside what it lists."""
    (folder / FILE).write_text(inventory.model_dump_json(indent=2) + "\n")


def read_inventory(folder: Path) -> Inventory:
    """The list of a build."""
    return Inventory.model_validate_json((folder / FILE).read_text())
