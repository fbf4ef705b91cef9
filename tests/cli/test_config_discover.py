"""Table configuration from the rules of a DMS task alone; tests/more has real servers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config_manager.parse import parse_path
from config_manager.validate import check_files
from odpf_cli.discovery.cadences import OF_OUR_OWN, offered
from odpf_cli.main import execute


def locator(table: str, **more: str) -> dict:
    return {"schema-name": "shop", "table-name": table, **more}


def rule(number: int, action: str, table: str = "%", **more) -> dict:
    kind = {"rule-type": "transformation", "rule-target": "column"} if "value" in more else {"rule-type": "selection"}
    return {**kind, "rule-id": number, "rule-action": action, "object-locator": locator(table), **more}


KEY = {
    "rule-type": "transformation",
    "rule-id": 9,
    "rule-target": "table",
    "rule-action": "define-primary-key",
    "object-locator": locator("orders"),
    "primary-key-def": {"name": "pk", "columns": ["id"]},
}
SEQUENCE = rule(5, "add-column", value="SEQ", expression="$AR_H_CHANGE_SEQ")
SEQUENCE["object-locator"]["column-name"] = "%"
FILTERED = {"filters": [{"filter-type": "source", "column-name": "id", "filter-conditions": []}]}
RULES = [
    rule(1, "include", "orders", **FILTERED),
    rule(2, "include", "items"),
    rule(4, "include", "order[_]lines"),
    rule(3, "include", "log_%"),
    SEQUENCE,
    KEY,
]


@pytest.fixture
def discover(tmp_path, monkeypatch, capsys):
    """Run it offline with the rules: (exit status, document)."""
    monkeypatch.chdir(tmp_path)
    Path("task.json").write_text(json.dumps({"rules": RULES}))

    def run(*arguments: str) -> tuple[int, dict]:
        capsys.readouterr()
        status = execute(["config", "discover", "--offline", *arguments, "--output", "json"])
        return status, json.loads(capsys.readouterr().out)

    return run


def test_the_rules_name_tables_sequence_and_key(discover):
    status, document = discover("--table-mappings", "task.json")
    assert status == 0
    (entry,) = document["tables"]
    assert (entry["source_table_name"], entry["hudi_primary_key"]) == ("shop.orders", ["id"])
    assert entry["hudi_precombine_field"] == "SEQ"
    assert [each["source_table_name"] for each in document["incomplete"]] == ["shop.items", "shop.order_lines"]
    told = " ".join(document["warnings"])
    assert "shop.log_%" in told
    assert "rule 1: its filters choose rows" in told


def test_files_are_written_per_schema_can_be_planned_and_are_never_written_over(discover):
    status, document = discover("--table-mappings", "task.json", "--into", "tables")
    assert (status, document["files"]) == (0, ["tables/shop.yaml", "tables/cadences.yaml"])
    checked = check_files(parse_path(Path("tables")))
    assert (checked.problems, len(checked.tables), len(checked.cadences)) == ((), 1, 1)
    text = Path("tables/shop.yaml").read_text()
    assert "  # - source_table_name: shop.items" in text
    Path("tables/shop.yaml").write_text("mine")
    assert discover("--table-mappings", "task.json", "--into", "tables")[0] == 2
    assert Path("tables/shop.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--source", "oracle://db"),
        ("--source", "nonsense"),
        ("--table-mappings", "none.json"),
        ("--table-mappings", "task.json", "--cadence", "hourly"),
        ("--table-mappings", "task.json", "--cadence", "hourly=now and then"),
    ],
)
def test_what_tells_of_no_tables_or_no_cadence_exits_2(discover, arguments):
    assert discover(*arguments)[0] == 2


def test_cadences_are_those_given_else_those_deployed_else_our_own():
    deployed = {"often": "rate(5 minutes)", "by_hand": None}
    assert [each.refresh_cadence for each in offered(("often", "daily=cron(0 3 * * ? *)"), deployed)] == [
        "often",
        "daily",
    ]
    assert [each.seconds for each in offered((), deployed)] == [300]
    assert [each.seconds for each in offered((), {})] == [600, 3600, 86400]
    assert len(OF_OUR_OWN) == 3
