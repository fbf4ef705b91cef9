"""What can be asked for on the command line of the benchmarks."""

from __future__ import annotations

import pytest

from benchmarks.arguments import arguments
from benchmarks.cycles import Sizes, run_cycles
from benchmarks.systems import IN_S3, LOCAL, PRICED, Stores


@pytest.mark.parametrize("system", sorted({spec.id for spec in (*LOCAL, *PRICED)}))
def test_every_system_can_be_asked_for(system, capsys):
    assert arguments(["--systems", f"S6,{system}"]).systems == ("S6", system)
    with pytest.raises(SystemExit):
        arguments(["--help"])
    assert system in capsys.readouterr().out


def test_no_part_makes_a_table_that_the_ledger_knows_of_another():
    """One embedded AWS lives through all parts; files of tables are removed behind each, the ledger is not."""
    tables = [spec.table(10) for spec in (*LOCAL, *PRICED, *IN_S3) if spec.stores is Stores.HTTP]
    assert len(tables) == len(set(tables))


def test_a_system_that_nobody_knows_is_wrong_usage(capsys):
    with pytest.raises(SystemExit, match="2"):
        arguments(["--systems", "S6,S9"])
    assert "S9 is none of S6,S6m" in capsys.readouterr().err


def test_a_part_that_none_of_the_systems_belongs_to_has_no_figures():
    assert run_cycles([], None, Sizes((10,), (1,), 1, 1, 1), print) == []


def test_changes_that_are_asked_for_are_those_of_every_table_and_by_default_large_ones_have_fewer():
    asked, usual = arguments(["--changes", "10,500"]), arguments([])
    assert asked.changes == asked.large_changes == (10, 500)
    assert set(usual.large_changes) < set(usual.changes)
