"""`python -m infra.packaging [--to FOLDER]`: build the packages of this checkout and tell what they are."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from infra.packaging.archive import unzipped_bytes
from infra.packaging.builder import Builder
from odpf.errors import OdpfError

ROOT = Path(__file__).parents[2]


def main(argv: list[str]) -> int:
    """Build; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.packaging", description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "packages", help="folder that is made anew")
    parser.add_argument("--wheels", type=Path, default=ROOT / "build" / "wheels", help="folder that keeps wheels")
    options = parser.parse_args(argv)
    try:
        inventory = Builder(ROOT, options.wheels).build(options.to)
    except OdpfError as error:
        print(error, file=sys.stderr)
        return 1
    for path, artifact in inventory.artifacts.items():
        unzipped = f"{unzipped_bytes(options.to / path):>12,}" if path.endswith(".zip") else f"{'':12}"
        print(f"{artifact.bytes:>12,} {unzipped}  {artifact.sha256[:12]}  {path}")
    print(f"ODPF {inventory.version}, release {inventory.release}: {options.to}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
