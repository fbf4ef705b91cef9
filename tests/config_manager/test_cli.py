"""`odpf config` as a person or a script uses it, against the AWS API."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from odpf.adapters.aws import Aws
from odpf_cli.main import execute
from odpf_cli.target import refuse_forgotten_endpoint
from tests.behaviours.builders import moto_aws
from tests.cli.builders import embed
from tests.config_manager.builders import cadence, table

MACHINE_ROLE = "arn:aws:iam::123456789012:role/odpf"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.chdir(tmp_path)
    with moto_aws(monkeypatch) as built:
        machines = built.session.client("stepfunctions")
        machines.create_state_machine(name="odpf_refresh_cadence", definition="{}", roleArn=MACHINE_ROLE)
        yield built


@pytest.fixture
def odpf(capsys):
    """Run a command with json output: (exit status, document, stderr)."""

    def run(*arguments: object) -> tuple[int, dict, str]:
        capsys.readouterr()
        status = execute(["config", *map(str, arguments), "--output", "json"])
        printed = capsys.readouterr()
        return status, json.loads(printed.out), printed.err

    return run


def write(*tables: dict, name: str = "c.yaml", **more) -> Path:
    path = Path(name)
    path.write_text(yaml.safe_dump({"cadences": [cadence()], "tables": list(tables), **more}), encoding="utf-8")
    return path


def test_apply_writes_and_tells_where_and_the_same_again_does_nothing(aws, odpf):
    path = write(table(), table("b"))
    status, document, told = odpf("apply", path)
    assert (status, document["added"], document["problems"]) == (0, ["shop.orders", "shop.b"], [])
    assert "account 123456789012 at https://dynamodb.eu-west-1.amazonaws.com" in " ".join(told.split())
    (record,) = aws.config.deployments()
    assert (record["deployment_id"], record["deployed_by"][:12]) == (document["deployment_id"], "arn:aws:sts:")
    assert aws.schedules.current() == {"hourly": "rate(1 hour)"}
    status, document, _ = odpf("apply", path)
    assert (status, document["deployment_id"], document["added"]) == (0, None, [])
    assert document["unchanged"] == ["shop.orders", "shop.b"]


def test_a_file_with_problems_exits_2_with_all_of_them_and_writes_nothing(aws, odpf):
    status, document, told = odpf("apply", write(table(engine="flink"), table("b", refresh_cadence="other")))
    assert status == 2
    assert document["deployment_id"] is None
    paths = [problem["path"] for problem in document["problems"]]
    assert paths == ["c.yaml:tables[0].engine", "c.yaml:tables[1].refresh_cadence"]
    assert "2 problems" in told
    assert (aws.config.tables(), aws.config.cadences(), aws.config.deployments()) == ([], [], [])


def test_a_path_that_is_not_there_exits_2_without_asking_aws(odpf, tmp_path):
    status, document, _ = odpf("apply", tmp_path / "none.yaml")
    assert (status, document["problems"][0]["message"]) == (2, "there is no such file or folder")


def test_plan_shows_and_writes_nothing(aws, odpf, capsys):
    path = write(table())
    status, document, _ = odpf("plan", path)
    assert (status, document["added"], aws.config.tables()) == (0, ["shop.orders"], [])
    assert [change["kind"] for change in document["changes"]] == ["cadence", "table"]
    assert execute(["config", "plan", str(path)]) == 0
    assert "+ table shop.orders -> shop_raw.orders (hourly)" in capsys.readouterr().out
    assert odpf("plan", write(table(is_active="?")))[0] == 2


def test_a_plan_marks_what_is_dangerous(aws, odpf, capsys):
    odpf("apply", write(table(), table("b")))
    execute(["config", "plan", str(write(table(is_active="N"))), "--prune"])
    text = " ".join(capsys.readouterr().out.split())
    assert "~ table shop.orders ! the table is not refreshed any more" in text
    assert "is_active: Y -> N" in text
    assert "- table shop.b of cadence hourly ! not refreshed any more" in text


def test_only_prune_removes(aws, odpf):
    odpf("apply", write(table(), table("b")))
    path = write(table())
    assert odpf("apply", path)[1]["removed"] == []
    assert odpf("apply", path, "--prune", "--yes")[1]["removed"] == ["shop.b"]
    assert [item["source_table_name"] for item in aws.config.tables()] == ["shop.orders"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "status", "tables"), [("n\n", 1, 0), ("y\n", 0, 1)])
def test_a_terminal_is_asked(aws, odpf, monkeypatch, answer, status, tables):
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    found, document, _ = odpf("apply", write(table()))
    assert (found, len(aws.config.tables())) == (status, tables)
    assert (document["deployment_id"] is not None) is (tables == 1)


def test_yes_asks_nobody_and_nothing_to_do_asks_nobody(aws, odpf, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    path = write(table())
    assert odpf("apply", path, "--yes")[0] == 0
    assert odpf("apply", path)[0] == 0


def test_show_prints_what_apply_reads(aws, odpf, capsys):
    odpf("apply", write(table(), table("b", refresh_cadence="daily"), cadences=[cadence(), cadence("daily")]))
    capsys.readouterr()
    assert execute(["config", "show", "--yaml"]) == 0
    Path("shown.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert odpf("apply", "shown.yaml")[1]["deployment_id"] is None
    _, document, _ = odpf("show", "--cadence", "daily")
    assert [item["source_table_name"] for item in document["tables"]] == ["shop.b"]
    _, document, _ = odpf("show", "--table", "shop.orders")
    assert [item["refresh_cadence"] for item in document["cadences"]] == ["hourly"]
    assert execute(["config", "show"]) == 0
    assert "shop.orders" in capsys.readouterr().out


def test_show_says_which_items_are_broken(aws, odpf):
    aws.config.put_tables([table(hudi_primary_key="")])
    status, document, told = odpf("show")
    assert (status, len(document["tables"])) == (0, 1)
    assert "hudi_primary_key: is missing or empty" in " ".join(told.split())


ORIGINAL = {
    "refresh_cadence": {"S": "hourly"},
    "source_table_name": {"S": "shop_orders"},
    "raw_database_name": {"S": "shop_raw"},
    "raw_table_name": {"S": "orders"},
    "hudi_primary_key": {"S": "ID"},
    "hudi_precombine_field": {"S": "CDC_TIMESTAMP_SEQ"},
    "table_storage_type": {"S": "hudi"},
}
ORIGINAL_CADENCE = {"refresh_cadence": "hourly", "glue_job_worker_type": "G.1X", "refresh_tables_batch_size": "5"}


def originals() -> Path:
    path = Path("items.json")
    path.write_text(json.dumps([ORIGINAL, ORIGINAL_CADENCE]), encoding="utf-8")
    return path


def test_import_writes_a_file_that_can_be_applied(aws, odpf, capsys):
    assert execute(["config", "import", str(originals()), "--output-file", "new.yaml"]) == 0
    assert capsys.readouterr().out == ""
    assert odpf("apply", "new.yaml")[1]["added"] == ["shop.orders"]


def test_import_prints_the_file_without_asking_aws(odpf, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert execute(["config", "import", str(originals())]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["tables"][0]["source_table_name"] == "shop.orders"
    status, document, _ = odpf("import", originals())
    assert (status, document["problems"], len(document["warnings"])) == (0, [], 2)


def test_import_applies(aws, odpf):
    status, document, _ = odpf("import", originals(), "--apply", "--yes")
    assert (status, document["added"], document["cadences_added"]) == (0, ["shop.orders"], ["hourly"])
    assert [item["source_table_name"] for item in aws.config.tables()] == ["shop.orders"]


def test_import_of_bad_items_exits_2(odpf, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text('{"refresh_cadence": "x y"}', encoding="utf-8")
    assert odpf("import", "bad.json")[0] == 2
    status, document, _ = odpf("import", "none.json")
    assert (status, document["kind"]) == (2, "InvalidConfiguration")


def test_with_an_embedded_aws_in_the_folder_and_no_endpoint_nothing_is_written(aws, odpf, tmp_path):
    path = write(table())
    embed(tmp_path)
    status, document, _ = odpf("apply", path)
    assert status == 2
    assert 'eval "$(odpf local env)"' in document["error"]
    assert aws.config.tables() == []
    assert odpf("plan", path)[0] == 0
    refuse_forgotten_endpoint(tmp_path, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})


def test_history_lists_deployments_and_rollback_undoes_one(aws, odpf, capsys):
    odpf("apply", write(table()))
    number = odpf("apply", write(table(is_active="N"), table("b")))[1]["deployment_id"]
    status, deployments, _ = odpf("history")
    assert (status, deployments[0]["deployment_id"], deployments[0]["tables_changed"]) == (0, number, ["shop.orders"])
    _, one, _ = odpf("history", number)
    assert [(each["kind"], each["name"]) for each in one["changes"]] == [("table", "shop.b"), ("table", "shop.orders")]
    assert execute(["config", "history", number]) == 0
    assert "is_active: Y -> N" in capsys.readouterr().out
    status, undone, told = odpf("rollback", number, "--yes")
    assert (status, undone["changed"], undone["removed"]) == (0, ["shop.orders"], ["shop.b"])
    assert "account 123456789012" in told
    assert [item["is_active"] for item in aws.config.tables()] == ["Y"]
    assert execute(["config", "history"]) == 0
    assert f"{number} was undone by {undone['deployment_id']}" in " ".join(capsys.readouterr().out.split())
    assert odpf("rollback", number)[0] == 2
    assert odpf("history", "never")[0] == 2


@pytest.mark.parametrize(("answer", "status", "active"), [("n\n", 1, "N"), ("y\n", 0, "Y")])
def test_rollback_shows_the_plan_and_asks(aws, odpf, monkeypatch, answer, status, active):
    odpf("apply", write(table()))
    number = odpf("apply", write(table(is_active="N")))[1]["deployment_id"]
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    found, _, told = odpf("rollback", number)
    assert (found, aws.config.tables()[0]["is_active"]) == (status, active)
    assert "is_active: N -> Y" in told
