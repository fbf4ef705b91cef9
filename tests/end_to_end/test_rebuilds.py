"""A raw table is looked at as it was, rebuilt and replayed, as typed; readers and refreshes go on behind it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from tests.end_to_end.lake import RAW, Lake, results, table
from tests.end_to_end.source import Source, rows

pytestmark = pytest.mark.soak  # two minutes of runs; tests/engines/test_rebuild.py has every mode

CADENCE, TABLE, RAW_TABLE = "rebuilds", "rebuilds.orders", "e2e_raw.rebuilds_orders"
SQL = f"select id, value, note from {RAW_TABLE} order by id"


class Seen(NamedTuple):
    """A table with two cycles of changes, and what it was after the first."""

    source: Source
    first: list[dict[str, Any]]
    moment: datetime


@pytest.fixture(scope="module")
def seen(lake: Lake) -> Seen:
    source = Source(TABLE)
    configured = lake.apply({"cadences": [{"refresh_cadence": CADENCE}], "tables": [table(TABLE, CADENCE)]})
    assert configured.status == 0
    lake.put(*source.load(rows(3)))
    assert lake.run(CADENCE).status == 0
    first, moment = source.expected(), datetime.now(UTC)
    source.update(id=1, value=11)
    source.delete(id=2)
    lake.put(*source.changes())
    assert lake.run(CADENCE).status == 0
    return Seen(source, first, moment)


def test_the_table_is_read_as_it_was(lake: Lake, seen: Seen) -> None:
    assert lake.odpf("query", "--as-of", seen.moment.isoformat(), SQL).document == seen.first
    assert lake.query(SQL) == seen.source.expected()
    shown = lake.odpf(
        "query", "--as-of", seen.moment.isoformat(), f"show tables in {RAW_TABLE.split('.', maxsplit=1)[0]}"
    )
    assert {"tab_name": RAW_TABLE.split(".")[1]} in shown.document
    early = lake.odpf("query", "--as-of", "2020-01-01T00:00:00Z", SQL)
    assert (early.status, "has no commit of 2020" in early.document["error"]) == (1, True)


def test_it_is_compared_rebuilt_replayed_and_goes_on(lake: Lake, seen: Seen) -> None:
    compared = lake.odpf("resnapshot", "--table", TABLE, "--compare-only")
    assert (compared.status, compared.document["differences"]["same"]) == (0, 2), compared
    former = compared.document["location"]
    # The position is told by status; what came at or after it is the last change file.
    mark = lake.status()[TABLE]["high_water_mark"]
    replayed = lake.odpf("replay", "--table", RAW_TABLE, "--from", f"{mark['generation']}:{mark['sequence']}", "--yes")
    assert (replayed.status, replayed.document["files"]) == (0, 1), replayed
    rebuilt = lake.odpf("resnapshot", "--table", TABLE, "--yes")
    assert (rebuilt.status, rebuilt.document["files"]) == (0, 2), rebuilt
    assert len({former, replayed.document["location"], rebuilt.document["location"]}) == 3
    assert rebuilt.document["former_location"] == replayed.document["location"]
    assert lake.objects(RAW, former.removeprefix(f"s3://{RAW}/"))
    assert lake.query(SQL) == seen.source.expected()
    seen.source.insert(id=9, value=9, note="behind it")
    lake.put(*seen.source.changes())
    assert results(lake.run(CADENCE))[TABLE]["rows_inserted"] == 1
    assert lake.query(SQL) == seen.source.expected()


def test_partition_and_mode_change_by_a_rebuild(lake: Lake, seen: Seen) -> None:
    """S25: refused where it would be in place, with the way to do it."""
    wanted = {"tables": [table(TABLE, CADENCE, hudi_partition_key="note", table_data_versioning_type="V")]}
    refused = lake.apply(wanted, "other.yaml")
    assert (refused.status, "odpf resnapshot" in refused.document["problems"][0]["message"]) == (2, True)
    path = str(lake.folder / "other.yaml")
    rebuilt = lake.odpf("resnapshot", "--table", TABLE, "--with", path, "--yes")
    assert rebuilt.status == 0, rebuilt.told
    assert lake.query(f"{SQL[: SQL.index(' order')]} where _odpf_is_current order by id") == seen.source.expected()
    (versions,) = lake.query(f"select count(*) n from {RAW_TABLE}")
    assert versions["n"] > len(seen.source.expected())
    assert lake.odpf("config", "apply", path, "--yes").document["unchanged"] == [TABLE]
    seen.source.update(id=9, note="elsewhere")
    lake.put(*seen.source.changes())
    assert results(lake.run(CADENCE))[TABLE]["outcome"] == "completed"
    assert lake.query(f"{SQL[: SQL.index(' order')]} where _odpf_is_current order by id") == seen.source.expected()


def test_a_table_without_rows_has_nothing_to_rebuild(lake: Lake) -> None:
    lake.apply({"tables": [table("rebuilds.empty", CADENCE)]}, "empty.yaml")
    refused = lake.odpf("resnapshot", "--table", "rebuilds.empty", "--yes")
    assert (refused.status, "no commit yet" in refused.document["error"]) == (1, True)


def test_a_position_that_is_none_is_refused(lake: Lake, seen: Seen) -> None:
    refused = lake.odpf("replay", "--table", TABLE, "--from", "yesterday", "--yes")
    assert (refused.status, "change sequence" in refused.document["error"]) == (2, True)
