from __future__ import annotations

from pathlib import Path

import pytest

from tests.arrow.arrow_bench import ArrowBench


@pytest.fixture
def bench(tmp_path: Path) -> ArrowBench:
    """A lake in a folder, its engine Arrow alone."""
    return ArrowBench(tmp_path)
