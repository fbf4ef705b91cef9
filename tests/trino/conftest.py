"""Only where it is asked for (`make trino`): a server of 821 MB, and a Java of its own."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("ODPF_TEST_TRINO") else ["test_*.py"]
