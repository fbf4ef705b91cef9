"""What must be true of a package before anybody gets it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from infra.packaging.archive import unzipped_bytes
from infra.packaging.package import ZIPPED_BUDGET, Package
from odpf.errors import TerminalError

UNZIPPED_LIMIT = 250 * 1024 * 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def check_needed(package: Package, needed: frozenset[str], packed: Iterable[str]) -> None:
    """Every module that is imported is there.

    Args:
        package: the package.
        needed: top-level modules that our code in it imports, without ours and Python's.
        packed: top-level modules of the wheels that come with it.

    Raises:
        TerminalError: neither the runtime nor the lock brings one.
    """
    if missing := needed - package.provided - set(packed):
        raise TerminalError(
            f"{package.path} imports {', '.join(sorted(missing))}, which neither its runtime nor {package.lock}.lock has. "
            f"Add it to the dependency group {package.lock} in pyproject.toml, then: make lock"
        )


def check_size(path: Path, budget: int = ZIPPED_BUDGET) -> None:
    """A zip is within `budget` bytes, and within Lambda's limit when it is unpacked.

    Raises:
        TerminalError: it is not.
    """
    zipped, unzipped = path.stat().st_size, unzipped_bytes(path)
    if zipped > budget or unzipped > UNZIPPED_LIMIT:
        raise TerminalError(
            f"{path.name} has {zipped:,} bytes, {unzipped:,} unzipped; its limits are {budget:,} and {UNZIPPED_LIMIT:,}. "
            "Leave out what it does not need."
        )
