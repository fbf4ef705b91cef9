"""Stores in memory, empty."""

from __future__ import annotations

import pytest

from odpf_local.memory import MemoryAws


@pytest.fixture
def stores() -> MemoryAws:
    return MemoryAws()
