"""One table's trouble is its own: what a run says and does when some of its tables cannot be refreshed."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.end_to_end.lake import DATABASE, Answer, Lake, results, table
from tests.end_to_end.source import Source, rows

CONFIG_TABLE = "odpf_raw_table_config"
CADENCE, HOPELESS, WAITING = "trouble", "trouble_hopeless", "trouble_waiting"


class Trouble(NamedTuple):
    """A run with tables in trouble, and the one after somebody mended what was wrong."""

    good: Source
    mended: Source
    stopped: Source
    continued: Source
    partial: Answer
    idle: Answer
    mended_run: Answer


@pytest.fixture(scope="module")
def trouble(lake: Lake) -> Trouble:
    """Items put with the SDK: a good one, a broken one, and tables with damaged files under both policies."""
    good, broken, inactive = Source("trouble.good"), Source("trouble.broken"), Source("trouble.inactive")
    stopped, continued = Source("trouble.stopped"), Source("trouble.continued")
    for source, more in (
        (good, {"table_storage_type": "hudi", "hudi_table_type": "copy_on_write", "hudi_partition_key": ""}),
        (broken, {"hudi_table_type": "copy_on_wriet"}),
        (inactive, {"is_active": "N", "hudi_primary_key": ""}),
        (stopped, {"on_bad_file": "stop"}),
        (continued, {}),
    ):
        lake.put_item(CONFIG_TABLE, table(source.name, CADENCE, **more))
        lake.put(*source.load(rows(3)))
    good.update(id=1, note="changed")
    lake.put(*good.changes())
    for source in (stopped, continued):
        source.update(id=1, note="only in a damaged file")
        key, content = source.changes()
        lake.put(key, content[:-20])
        source.update(id=2, note="after it")
        lake.put(*source.changes())
    partial, idle = lake.run(CADENCE), lake.run(CADENCE)

    lake.put_item(CONFIG_TABLE, table(broken.name, CADENCE))
    stopped.update(id=1, note="written again")
    lake.put(stopped.files[1], stopped.changes()[1])
    return Trouble(good, broken, stopped, continued, partial, idle, lake.run(CADENCE))


def notes(lake: Lake, name: str) -> dict[int, str]:
    found = lake.query(f"SELECT id, note FROM {DATABASE}.{name.replace('.', '_')}")
    return {row["id"]: row["note"] for row in found}


def outcomes(answer: Answer) -> dict[str, str]:
    return {name.removeprefix("trouble."): result["outcome"] for name, result in results(answer).items()}


def test_a_run_with_failed_tables_is_partial_and_finishes_the_others(lake: Lake, trouble: Trouble) -> None:
    assert (trouble.partial.status, trouble.partial.document["status"]) == (3, "PARTIAL")
    assert outcomes(trouble.partial) == {
        "good": "completed",
        "broken": "refresh_error",
        "stopped": "refresh_error",
        "continued": "completed",
    }
    assert notes(lake, "trouble.good") == {1: "changed", 2: "row 2", 3: "row 3"}


def test_the_execution_fails_and_names_the_tables(lake: Lake, trouble: Trouble) -> None:
    execution = lake.execution(trouble.partial.document["run_id"])
    assert (execution["status"], execution["error"]) == ("FAILED", "PARTIAL")
    assert "trouble.broken" in execution["cause"]
    assert "trouble.stopped" in execution["cause"]
    assert "trouble.good" not in execution["cause"]


def test_the_job_run_fails_when_a_table_of_it_did(lake: Lake, trouble: Trouble) -> None:
    (run,) = lake.job_runs(trouble.partial.document["run_id"])
    assert run["JobRunState"] == "FAILED"
    assert "1 of 3 tables failed: trouble.stopped" in run["ErrorMessage"]


def test_a_broken_item_fails_its_own_table_with_what_to_correct(lake: Lake, trouble: Trouble) -> None:
    result = results(trouble.partial)["trouble.broken"]
    assert "copy_on_wriet" in result["error"]
    assert "did you mean 'copy_on_write'" in result["error"]
    assert "3 tables failed" not in str(lake.status()["trouble.good"]["last_error"])


def test_a_damaged_file_is_quarantined_with_a_warning_and_its_table_goes_on(lake: Lake, trouble: Trouble) -> None:
    result = results(trouble.partial)["trouble.continued"]
    (damaged,) = lake.files("--table", "trouble.continued", "--state", "quarantined")
    assert damaged["path"].endswith(trouble.continued.files[1])
    assert "parquet" in damaged["reason"]
    assert any(trouble.continued.files[1] in warning for warning in trouble.partial.document["warnings"])
    assert (result["error"], result["files"], result["files_quarantined"]) == (None, 3, 1)
    assert notes(lake, "trouble.continued") == {1: "row 1", 2: "after it", 3: "row 3"}


def test_a_table_that_stops_at_bad_files_keeps_its_files_pending(trouble: Trouble) -> None:
    error = results(trouble.partial)["trouble.stopped"]["error"]
    assert trouble.stopped.files[1] in error
    assert "on_bad_file" in error


def test_failed_tables_are_tried_again_and_only_they(lake: Lake, trouble: Trouble) -> None:
    assert outcomes(trouble.idle) == {"broken": "refresh_error", "stopped": "refresh_error"}
    assert (trouble.idle.status, trouble.idle.document["status"]) == (1, "FAILED")


def test_mended_tables_catch_up(lake: Lake, trouble: Trouble) -> None:
    assert (trouble.mended_run.status, trouble.mended_run.document["status"]) == (0, "SUCCEEDED")
    assert outcomes(trouble.mended_run) == {"broken": "completed", "stopped": "completed"}
    assert notes(lake, "trouble.stopped") == {1: "written again", 2: "after it", 3: "row 3"}
    statuses = lake.status()
    for name in ("trouble.broken", "trouble.stopped"):
        assert (statuses[name]["refresh_status"], statuses[name]["last_error"]) == ("completed", None)
        assert statuses[name]["pending_files"] == 0


def test_an_inactive_table_is_left_alone_whatever_its_item_says(lake: Lake, trouble: Trouble) -> None:
    assert "inactive" not in outcomes(trouble.partial)
    (file,) = lake.files("--table", "trouble.inactive")
    assert file["state"] == "raw_file_landed"


def test_a_run_whose_tables_all_fail_has_failed(lake: Lake) -> None:
    item = table("trouble.hopeless", HOPELESS)
    lake.put_item(CONFIG_TABLE, {name: value for name, value in item.items() if name != "hudi_primary_key"})
    lake.put(*Source("trouble.hopeless").load(rows(1)))
    answer = lake.run(HOPELESS)
    assert (answer.status, answer.document["status"]) == (1, "FAILED")
    assert "hudi_primary_key" in results(answer)["trouble.hopeless"]["error"]
    assert lake.job_runs(answer.document["run_id"]) == []
    assert lake.execution(answer.document["run_id"])["status"] == "FAILED"


def test_changes_wait_for_their_full_load(lake: Lake) -> None:
    source = Source("trouble.waiting")
    lake.put_item(CONFIG_TABLE, table(source.name, WAITING))
    source.insert(id=1)
    lake.put(*source.changes())
    answer = lake.run(WAITING)
    assert (answer.status, answer.document["status"]) == (0, "NOTHING_TO_DO")
    assert outcomes(answer) == {"waiting": "waiting_for_full_load"}
    assert lake.job_runs(answer.document["run_id"]) == []


def test_a_refused_configuration_file_changes_nothing(lake: Lake) -> None:
    wrong: dict[str, Any] = {
        "cadences": [{"refresh_cadence": "trouble_refused"}],
        "tables": [
            table("trouble.one", "trouble_refused"),
            table("trouble.two", "trouble_refused", hudi_primary_kye="id"),
            table("trouble.three", "trouble refused", table_data_versioning_type="X"),
        ],
    }
    answer = lake.apply(wrong)
    assert answer.status == 2
    assert answer.document["deployment_id"] is None
    paths = [problem["path"] for problem in answer.document["problems"]]
    assert len(paths) >= 3
    assert [path for path in paths if "tables[1]" not in path and "tables[2]" not in path] == []
    assert not {"trouble.one", "trouble.two", "trouble.three"} & set(lake.status())
