from __future__ import annotations

import pytest

from infra.packaging.cold_start import Runtime
from tests.infra.packages import checkout, ended_well, start_build


@pytest.fixture(scope="session")
def two_builds(tmp_path_factory):
    """Packages built from two copies of this checkout, with other permissions."""
    here, there = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there")
    source = checkout(here / "checkout")
    first = start_build(source, here / "packages", umask=0o022)
    second = start_build(checkout(there / "elsewhere", source), there / "packages", umask=0o077)
    ended_well(first)
    ended_well(second)
    return here / "packages", there / "packages"


@pytest.fixture(scope="session")
def packages(two_builds):
    """The folder with this checkout's packages."""
    return two_builds[0]


@pytest.fixture(scope="session")
def runtime(tmp_path_factory):
    """Lambda's import path."""
    return Runtime(tmp_path_factory.mktemp("lambda"))
