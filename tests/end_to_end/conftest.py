"""One instance for all end-to-end tests; each scenario has cadences and schemas of its own in it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.end_to_end import unattended
from tests.end_to_end.lake import FOLDER, STAGING, Lake

CRM = {"name": "crm", "bucket": "crm-exports", "folder": "a/b"}


@pytest.fixture(scope="session")
def lake(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A running instance with a second staging place, `crm`."""
    places = [{"name": "", "bucket": STAGING, "folder": FOLDER}, CRM]
    instance = Lake(tmp_path_factory.mktemp("lake"), ODPF_STAGING_PLACES=json.dumps(places))
    try:
        instance.up()
        if any(item.path.name == "test_unattended.py" for item in request.session.items):
            unattended.begin(instance)
        yield instance
    finally:
        instance.down()
