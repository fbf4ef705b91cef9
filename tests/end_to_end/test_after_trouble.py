"""What an operator does after trouble, as typed: look into quarantine, put files back, begin a generation.

The commands call AWS here as in no other test, so that the recording shows why operators have their permissions
(tests/infra/test_least_privilege.py).
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.end_to_end.lake import ARTIFACTS, Lake, results, table
from tests.end_to_end.source import Source, rows

pytestmark = pytest.mark.soak

CADENCE, TABLE = "trouble", "trouble.orders"
BAD = "20990101-000000001.parquet"


@pytest.fixture(scope="module")
def bad(lake: Lake) -> dict[str, Any]:
    """A load with a row that has no key, a change, and a file in quarantine that is no parquet."""
    source = Source(TABLE)
    configured = lake.apply({"cadences": [{"refresh_cadence": CADENCE}], "tables": [table(TABLE, CADENCE)]})
    assert configured.status == 0
    lake.put(*source.load([*rows(3), {"id": None, "value": 0, "note": "row 0"}]))
    source.update(id=1, value=11)
    lake.put(*source.changes())
    lake.put(f"{source.folder}/{BAD}", b"PAR1 no more")
    result = results(lake.run(CADENCE))[TABLE]
    assert (result["outcome"], result["files_quarantined"], result["rows_quarantined"]) == ("completed", 1, 1)
    (file,) = quarantined(lake)["files"]
    return dict(file)


def quarantined(lake: Lake) -> dict[str, Any]:
    return dict(lake.odpf("quarantine", "list", "--table", TABLE).document)


def test_a_file_is_shown_with_its_reason(lake: Lake, bad: dict[str, Any]) -> None:
    shown = lake.odpf("quarantine", "show", bad["file_id"]).document
    assert (shown["file"], bad["path"].endswith(BAD)) == (bad, True)
    assert "Not a readable parquet file" in bad["reason"]


def test_rows_are_shown_with_their_values_and_a_load_is_not_forgotten(lake: Lake, bad: dict[str, Any]) -> None:
    (batch,) = quarantined(lake)["batches"]
    (row,) = lake.odpf("quarantine", "show", batch["batch_id"]).document["batch"]["shown"]
    assert (row["reason"], row["values"]["note"]) == ("The key part id is null", "row 0")
    refused = lake.odpf("quarantine", "release", batch["batch_id"], "--yes")
    assert (refused.status, "have DMS reload the table" in refused.document["files"][0]["why"]) == (1, True)


def test_a_released_file_waits_holds_a_bump_up_and_is_set_aside_again(lake: Lake, bad: dict[str, Any]) -> None:
    for result in ("put_back", "waits_already"):
        released = lake.odpf("quarantine", "release", bad["file_id"], "--yes")
        assert (released.status, released.document["files"][0]["result"]) == (0, result)
    early = lake.odpf("generation", "bump", "--table", TABLE, "--yes")
    assert (early.status, "still wait" in early.document["error"]) == (1, True)
    assert results(lake.run(CADENCE))[TABLE]["files_quarantined"] == 1
    assert [file["file_id"] for file in quarantined(lake)["files"]] == [bad["file_id"]]
    bumped = lake.odpf("generation", "bump", "--table", TABLE, "--yes")
    assert (bumped.status, bumped.document["former_generation"], bumped.document["generation"]) == (0, 1, 2)
    assert lake.status()[TABLE]["refresh_status"] == "completed"
    assert lake.objects(ARTIFACTS, "generations/")
