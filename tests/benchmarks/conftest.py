from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("matplotlib") else ["test_page.py"]
