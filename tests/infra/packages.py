"""Packages for tests: builds of this checkout, and wheels made up for one rule."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile

from infra.packaging.wheel import Wheel
from tests.architecture.source_tree import ROOT

WHEELS = ROOT / "build" / "wheels"
NOT_COPIED = shutil.ignore_patterns(".*", "build", "dist", "tests", "docs", "__pycache__", "*.egg-info")


def checkout(folder, source=ROOT):
    """The same source in another folder, all files new."""
    return shutil.copytree(source, folder, ignore=NOT_COPIED, copy_function=shutil.copyfile)


def start_build(source, folder, umask):
    command = [sys.executable, "-m", "infra.packaging", "--to", folder, "--wheels", WHEELS]
    return subprocess.Popen(command, cwd=source, umask=umask, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended_well(build):
    _, told = build.communicate(timeout=120)
    assert build.returncode == 0, told


def files_below(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names_in(package):
    with zipfile.ZipFile(package) as archive:
        return archive.namelist()


def fake_wheel(folder, *metadata, name="fake", version="1.0"):
    path = folder / f"{name}-{version}-py3-none-any.whl"
    head = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join([*head, *metadata, ""]))
    return Wheel(path)
