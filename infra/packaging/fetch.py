"""Get the wheels that locks name, for the platform of Lambda and Glue, whatever the builder's own is."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from infra.packaging.lock import Pin
from infra.packaging.wheel import PLATFORMS, PYTHON, Wheel
from odpf.errors import TransientError


def fetch(locks: list[Path], pins: set[Pin], folder: Path) -> dict[Pin, Wheel]:
    """One wheel for each pin; pip is asked only when one is not in `folder` yet.

    Args:
        locks: files with the pins, as pip reads them.
        pins: what the locks hold.
        folder: keeps wheels from build to build; each is checked against its hash whenever it is used.

    Raises:
        TransientError: pip cannot get them.
    """
    found = _in(folder, pins)
    if pins - found.keys():
        _download(locks, folder)
        found = _in(folder, pins)
    if missing := pins - found.keys():
        names = ", ".join(sorted(f"{pin.name} {pin.version}" for pin in missing))
        raise TransientError(f"No wheel for Python 3.11 on Lambda and Glue: {names}. Choose a version that has one.")
    return found


def _in(folder: Path, pins: set[Pin]) -> dict[Pin, Wheel]:
    wheels = [wheel for path in sorted(folder.glob("*.whl")) if (wheel := Wheel(path)).runs_on()]
    return {pin: wheel for pin in pins for wheel in wheels if wheel.name == pin.name and wheel.sha256 in pin.hashes}


def _download(locks: list[Path], folder: Path) -> None:
    """Wheels only, exactly those of the locks, and none that pip would add by itself."""
    platforms = [option for platform in PLATFORMS for option in ("--platform", platform)]
    python = ".".join(map(str, PYTHON))
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--no-deps", "--only-binary=:all:", *platforms, "--python-version", python]
    command += ["--implementation", "cp", *(option for lock in locks for option in ("--requirement", str(lock)))]
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        done = subprocess.run([*command, "--dest", fresh], capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise TransientError(f"pip cannot get the wheels that the locks name: {done.stderr.strip()}")
        for wheel in Path(fresh).glob("*.whl"):
            wheel.replace(folder / wheel.name)  # whole or not at all: another build may be reading
