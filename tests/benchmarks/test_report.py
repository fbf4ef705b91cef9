"""The tables of the benchmarks' results."""

from __future__ import annotations

from benchmarks.freshness import Freshness
from benchmarks.measuring import Measured
from benchmarks.report import as_document, as_markdown

MACHINE = {"cores": 2, "load_average": (0.5, 0, 0), "kernel": "6", "python": "3.11", "pyarrow": "21", "deltalake": None}


def series(system, cpu, error=None, **more):
    measured = [Measured(seconds, 2 * seconds, 0.0, {"s3 GetObject": 3}, {"s3 GET raw/": 4}) for seconds in cpu]
    return {
        "system": system,
        "rows": 10_000,
        "changes": 10,
        "file_bytes": 5,
        "size": None,
        "measured": measured,
        "error": error,
        **more,
    }


def told(**parts):
    return as_markdown(as_document({"machine": MACHINE, "load_average_at_end": (1.5, 0, 0), **parts}))


def test_a_cell_is_the_median_with_its_range_and_a_line_ends_with_the_ratio():
    text = told(cycles=[series("S6", [0.03, 0.01, 0.02]), series("S1", [0.4, 0.5, 0.6])])
    assert "| 10,000 | 10 | 0.020 (0.010 - 0.030) | 0.500 (0.400 - 0.600) | 25.0 |" in text


def test_a_wrong_result_has_no_time():
    text = told(cycles=[series("S6", [], error="differs"), series("S1", [0.4])])
    assert "| 10,000 | 10 | wrong | 0.400 | - |" in text


def test_requests_are_told_by_service_and_kind():
    assert "| S6 s3 | 10,000 | 10 | 4 | 4 s3 GET raw/ |" in told(requests=[series("S6 s3", [0.1])])


def test_the_machine_and_its_load_are_told():
    assert "2 cores, load average (1 min) at start and end: 0.5, 1.5" in told()


def test_a_part_that_failed_says_so_among_those_that_did_not():
    run = Measured(2.0, 1.0, 0.5, {}, {})
    found = [{"stores": "memory", "threads": 4, "tables": 50, "measured": [run]}, {"error": "tables HTTP: no"}]
    text = told(tables=found, memory=[{"error": "memory: differs"}])
    assert "| memory, 50 tables | 4 | 50.0 | 0.0400 | 0.0100 |" in text
    assert "| tables HTTP: no | wrong |" in text
    assert "| memory: differs | wrong |" in text


def test_price_and_knobs_have_a_line_a_system_and_none_for_loads():
    parts = {"price": [series("S6n", [0.1]), {**series("S6", [9.0]), "changes": 0}], "knobs": [series("S3 lock", [])]}
    text = told(**parts)
    assert "## Seconds per table-cycle, the price of correctness" in text
    assert "| ours, Arrow, ports that do nothing | 0.200 | 0.100 |" in text
    assert "| bare upsert, Hudi's own lock | - | - |" in text
    assert "18.0" not in text


def test_freshness_has_a_line_a_step_and_a_column_an_engine():
    runs = [
        Freshness(engine, {"commit": seconds}, {"end": 1.0}) for engine, seconds in (("arrow", 0.5), ("spark", 4.0))
    ]
    text = told(freshness=[*runs, {"error": "freshness: no"}])
    assert "| seconds | arrow | spark |" in text
    assert "| commit | 0.50 | 4.00 |" in text
    assert "| end | 1.00 | 1.00 |" in text
    assert told(freshness=[{"error": "freshness: no"}]).rstrip().endswith("wrong")


def test_parts_for_which_there_was_no_time_are_named():
    document = as_document({"machine": MACHINE, "load_average_at_end": (1.5, 0, 0)})
    assert "--parts memory,heap" in as_markdown({**document, "left_out": ["memory", "heap"]})
    assert "--parts" not in as_markdown(document)
