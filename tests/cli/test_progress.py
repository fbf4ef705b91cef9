"""Progress is for whoever waits at a terminal, and for nobody else."""

from __future__ import annotations

import io

from rich.console import Console

from config_manager.parse import Entry, Parsed
from config_manager.prepare import prepare
from config_manager.publish import publish
from odpf_cli.progress import steps
from odpf_local.memory import MemoryAws
from tests.cli.builders import NOW, table_item


def shown(*, terminal):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
    with steps("writing tables", 300, console) as done:
        done(100)
        done(200)
    return console.file.getvalue()


def test_a_terminal_shows_how_many_are_done():
    assert "300/300" in shown(terminal=True)


def test_elsewhere_there_is_not_one_character():
    assert shown(terminal=False) == ""


def test_publishing_many_tables_tells_how_far_it_is_and_writes_all_of_them():
    aws, told = MemoryAws(), []
    aws.config.put_cadence({"refresh_cadence": "hourly"})
    entries = tuple(Entry(f"t[{number}]", table_item(f"shop.t{number}")) for number in range(250))
    publish(prepare(Parsed("tables", tables=entries), aws), aws, who="me", now=NOW, told=told.append)
    assert told == [100, 100, 50]
    assert len(aws.config.tables()) == 250
