"""Where the end-to-end tests of a session record what the components call; `tests/infra` compares it with the policies."""

from __future__ import annotations

from pathlib import Path

import pytest

RECORDING = pytest.StashKey[Path]()
