"""The control plane's counts stay within their goals (benchmarks.md, C1 to C4, C7, C8), on small sizes here."""

from __future__ import annotations

import pytest

from benchmarks.control_plane import Sizes, run_control_plane
from benchmarks.places import Place, make_buckets
from odpf_local.aws import running

SIZES = Sizes(events=(1, 20), history=(0, 60), finished=(1, 50), tables=(12, 40), audit_rows=60, staged=2_000)


@pytest.fixture(scope="module")
def measures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("control")
    emulator = running.launch(folder / "aws")
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in emulator.environment.items():
            monkeypatch.setenv(name, value)
        place = Place(folder, emulator, folder / "requests.log")
        make_buckets(place)
        yield run_control_plane(place, SIZES, lambda _: None)
    running.stop(folder / "aws")


@pytest.mark.parametrize("number", ["C1", "C2", "C3", "C4", "C7", "C8"])
def test_no_count_is_beyond_its_goal(measures, number):
    of = [measure for measure in measures if measure.id == number]
    assert any(measure.goal is not None for measure in of)
    assert [measure for measure in of if not measure.is_met] == []


def test_a_plan_costs_and_weighs_the_same_for_more_tables(measures):
    for words in ("characters of the plan", "read units of a plan with ten tables"):
        few, more = (measure.value for measure in measures if measure.what.startswith(words))
        assert more - few <= 3, words
