"""What can be asked for on the command line of the benchmarks."""

from __future__ import annotations

import pytest

from benchmarks.arguments import arguments
from benchmarks.cycles import Sizes, run_cycles
from benchmarks.systems import LOCAL, PRICED


@pytest.mark.parametrize("system", sorted({spec.id for spec in (*LOCAL, *PRICED)}))
def test_every_system_can_be_asked_for(system, capsys):
    assert arguments(["--systems", f"S6,{system}"]).systems == ("S6", system)
    with pytest.raises(SystemExit):
        arguments(["--help"])
    assert system in capsys.readouterr().out


def test_a_system_that_nobody_knows_is_wrong_usage(capsys):
    with pytest.raises(SystemExit, match="2"):
        arguments(["--systems", "S6,S9"])
    assert "S9 is none of S6,S6m" in capsys.readouterr().err


def test_a_part_that_none_of_the_systems_belongs_to_has_no_figures():
    assert run_cycles([], None, Sizes((10,), (1,), 1, 1, 1), print) == []
