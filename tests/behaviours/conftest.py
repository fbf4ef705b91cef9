"""One suite, two implementations of every port."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from odpf.adapters.aws import Aws
from odpf_local.memory import MemoryAws
from tests.behaviours.builders import SETTINGS, moto_aws


@pytest.fixture(params=["memory", "aws"])
def stores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryAws | Aws]:
    """Every port, empty; buckets and tables are there."""
    if request.param == "memory":
        yield MemoryAws(SETTINGS)
        return
    with moto_aws(monkeypatch) as aws:
        yield aws


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """The AWS implementation alone, for what only a service does: answers that get lost, pages, throttling."""
    with moto_aws(monkeypatch) as built:
        yield built
