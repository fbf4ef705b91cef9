from __future__ import annotations

import pytest

from tests.lint.builders import Linted


@pytest.fixture
def linted(tmp_path):
    return Linted(tmp_path)
