"""One instance for all end-to-end tests; each scenario has cadences and schemas of its own in it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.end_to_end import unattended
from tests.end_to_end.lake import FOLDER, STAGING, Lake
from tests.recording import RECORDING

CRM = {"name": "crm", "bucket": "crm-exports", "folder": "a/b"}


@pytest.fixture(scope="session")
def lake(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A running instance with a second staging place, `crm`, which records what its components call."""
    places = [{"name": "", "bucket": STAGING, "folder": FOLDER}, CRM]
    folder = tmp_path_factory.mktemp("lake")
    request.config.stash[RECORDING] = recording = folder / "calls.jsonl"
    instance = Lake(folder, ODPF_STAGING_PLACES=json.dumps(places), ODPF_RECORD_CALLS=str(recording))
    try:
        instance.up()
        if any(item.path.name == "test_unattended.py" for item in request.session.items):
            unattended.begin(instance)
        yield instance
    finally:
        instance.down()
