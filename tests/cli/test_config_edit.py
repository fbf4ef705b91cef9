"""Many tables are changed in their files, and the rest of the files stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from odpf_cli.main import execute

TEXT = """\
# Ours.
cadences:
  - refresh_cadence: hourly  # by the hour
    schedule: rate(1 hour)

tables:
  # the orders
  - source_table_name: shop.orders
    refresh_cadence: hourly
    raw_database_name: shop_raw
    raw_table_name: orders
    hudi_primary_key: [id, "line"]   # both
    hudi_precombine_field: seq
    is_active: Y
  - {source_table_name: erp.items, refresh_cadence: hourly, raw_database_name: erp_raw, raw_table_name: items, hudi_primary_key: id, hudi_precombine_field: seq}
"""


@pytest.fixture
def edit(tmp_path, monkeypatch, capsys):
    """Edit a file: (exit status, document)."""
    monkeypatch.chdir(tmp_path)
    Path("t.yaml").write_text(TEXT, encoding="utf-8")

    def run(*arguments: str, path: str = "t.yaml") -> tuple[int, dict]:
        capsys.readouterr()
        status = execute(["config", "edit", path, *arguments, "--output", "json"])
        return status, json.loads(capsys.readouterr().out)

    return run


def lines_of_difference(new: str, old: str = TEXT) -> tuple[list[str], list[str]]:
    before, after = old.splitlines(), new.splitlines()
    return [line for line in after if line not in before], [line for line in before if line not in after]


def test_a_key_is_set_where_the_pattern_matches_and_nothing_else_changes(edit):
    status, document = edit("--match", "shop.*", "--set", "engine=arrow")
    assert (status, document["changed"], document["written"]) == (0, ["shop.orders"], True)
    assert lines_of_difference(Path("t.yaml").read_text()) == (["    engine: arrow"], [])
    assert edit("--match", "shop.*", "--set", "engine=arrow")[1]["changed"] == []


def test_keys_are_taken_out_and_mappings_and_lists_are_read(edit):
    edit("--match", "shop.*", "--unset", "is_active", "--set", "schema_policy={added: quarantine}")
    added, gone = lines_of_difference(Path("t.yaml").read_text())
    assert added == ["    schema_policy:", "      added: quarantine"]
    assert gone == ["    is_active: Y"]


def test_tables_are_chosen_by_cadence(edit):
    assert edit("--cadence", "hourly", "--set", "on_bad_file=stop")[1]["changed"] == ["shop.orders", "erp.items"]
    assert edit("--cadence", "daily", "--set", "on_bad_file=continue")[1]["selected"] == []


def test_a_dry_run_shows_the_difference_and_writes_nothing(edit, capsys):
    status, document = edit("--match", "*", "--set", "engine=arrow", "--dry-run")
    assert (status, document["written"], Path("t.yaml").read_text()) == (0, False, TEXT)
    assert "+    engine: arrow" in document["files"][0]["diff"]
    execute(["config", "edit", "t.yaml", "--match", "*", "--set", "engine=arrow", "--dry-run"])
    assert "2 tables selected, 2 changed in 1 file; nothing written" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("engin=arrow", "did you mean 'engine'"),
        ("engine=flink", "is not allowed"),
        ("raw_table_name=Orders", "lower-case letters"),
        ("hudi_primary_key=id,id", "names a column twice"),
    ],
)
def test_what_the_models_refuse_is_not_written(edit, change, told):
    status, document = edit("--match", "shop.*", "--set", change)
    assert (status, Path("t.yaml").read_text()) == (2, TEXT)
    assert told in document["problems"][0]["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--set", "engine=arrow"),
        ("--match", "*"),
        ("--match", "*", "--set", "engine"),
        ("--match", "*", "--set", "engine={"),
        ("--match", "*", "--set", "engine=arrow", "--unset", "engine"),
    ],
)
def test_a_command_that_names_no_tables_or_no_change_exits_2(edit, arguments):
    assert edit(*arguments)[0] == 2
    assert Path("t.yaml").read_text() == TEXT


def test_files_of_a_folder_are_edited_whatever_their_form_and_indentation(edit):
    folder = Path("many")
    folder.mkdir()
    (folder / "a.yaml").write_text(
        "tables:\n" + TEXT.partition("tables:\n")[2].replace("\n  ", "\n").replace("  #", "#", 1)
    )
    entry = {
        "source_table_name": "hr.staff",
        "refresh_cadence": "hourly",
        "raw_database_name": "hr",
        "raw_table_name": "staff",
    }
    (folder / "b.json").write_text(
        json.dumps({"tables": [entry | {"hudi_primary_key": "id", "hudi_precombine_field": "seq"}]})
    )
    before = (folder / "a.yaml").read_text()
    status, document = edit("--match", "*.??????", "--set", "engine=spark", path="many")
    assert (status, document["changed"]) == (0, ["shop.orders"])
    assert lines_of_difference((folder / "a.yaml").read_text(), before) == (["  engine: spark"], [])
    assert edit("--match", "hr.*", "--set", "engine=spark", path="many")[1]["changed"] == ["hr.staff"]
    assert json.loads((folder / "b.json").read_text())["tables"][0]["engine"] == "spark"


def test_broken_files_and_places_without_any_are_told(edit, capsys):
    assert edit("--match", "*", "--set", "engine=arrow", path="none.yaml")[0] == 2
    Path("t.yaml").write_text("tables: [")
    assert edit("--match", "*", "--set", "engine=arrow")[0] == 2
