"""Configured tables beside staged files, runtimes, permissions."""

from __future__ import annotations

import io
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from odpf.adapters.caller import Place
from odpf.adapters.inventory import Decision, Function, Job
from odpf.configured_table import read_items
from odpf.states import Severity
from odpf_cli.lint.facts import FUNCTIONS, policy_source
from odpf_cli.lint.permission_rules import PERMISSION_RULES, Answered, PermissionFacts, Principal, asked_of
from odpf_cli.lint.rule import Subject, Unknown, findings
from odpf_cli.lint.runtime_rules import PYARROW, PYTHON, RUNTIME_RULES, of_this_program
from odpf_cli.lint.staged import read_tables
from odpf_cli.lint.table_rules import TABLE_RULES
from odpf_local.aws.instance import COMPONENTS
from odpf_local.memory import MemoryAws
from tests.architecture.source_tree import ROOT
from tests.cli.builders import NOW, PLACE, landed
from tests.lint.builders import table

SOURCE = {"id": pa.int64(), "name": pa.string()}
ADDED = {
    "CDC_TIMESTAMP_SEQ": pa.string(),
    "CDC_OPERATION": pa.string(),
    "CDC_COMMIT_TIMESTAMP": pa.string(),
    "BI_id": pa.int64(),
}
CHANGES = "20260131-101530123.parquet"
JOB = Job(
    "5.0",
    "3",
    {"--datalake-formats": "hudi", "--conf": "spark.serializer=org.apache.spark.serializer.KryoSerializer"},
    0,
    "r",
)


class Staging:
    """A deployment in memory with staged files of no rows."""

    def __init__(self):
        self.aws = MemoryAws()

    def put(self, name, columns, *, registered=True, ago=timedelta(), where="shop/orders"):
        content = io.BytesIO()
        pq.write_table(pa.table([pa.array([], kind) for kind in columns.values()], names=list(columns)), content)
        self.aws.objects.put(PLACE.bucket, f"{PLACE.prefix}{where}/{name}", content.getvalue())
        (stored,) = self.aws.objects.list(PLACE.bucket, f"{PLACE.prefix}{where}/{name}")
        if registered:
            file = landed(name.rsplit("/", 1)[-1], where, size=stored.size, last_modified=NOW - ago)
            self.aws.tracker.register(file.model_copy(update={"key": stored.key, "etag": stored.etag}), NOW)

    def faults(self, *items, unchecked=False):
        configured = read_items(items or [table()])
        facts = read_tables(configured, self.aws.settings, self.aws.tracker, self.aws.ledger, self.aws.objects, NOW)
        found = findings(TABLE_RULES, {Subject.TABLES: facts})
        return {
            each.rule.removeprefix("table-"): each
            for each in found
            if unchecked or each.severity is not Severity.UNCHECKED
        }


@pytest.fixture
def staging():
    staging = Staging()
    staging.put("LOAD00000001.parquet", {"Op": pa.string(), **SOURCE, **ADDED})
    return staging


def test_files_as_recommended_have_no_fault(staging):
    staging.put(CHANGES, {"Op": pa.string(), **SOURCE, **ADDED})
    assert staging.faults(table(cdc_commit_timestamp_column="CDC_COMMIT_TIMESTAMP")) == {}


@pytest.mark.parametrize(
    ("columns", "config", "fault", "says"),
    [
        ({"ID2": pa.int64(), **ADDED}, {}, "staged-file", "key column id"),
        ({**SOURCE, "NAME": pa.string(), **ADDED}, {}, "staged-file", "called name"),
        ({**SOURCE, **ADDED, "CDC_TIMESTAMP_SEQ": pa.int64()}, {}, "staged-file", "bigint"),
        ({**SOURCE, **ADDED}, {"hudi_partition_key": "region"}, "staged-file", "region"),
        ({**SOURCE, **ADDED}, {"hudi_precombine_field": "seq"}, "staged-file", "seq is missing"),
        ({**SOURCE, **ADDED}, {"cdc_operation_column": "op_word"}, "operation", "neither Op nor op_word"),
        ({**SOURCE, **ADDED, "CDC_OPERATION": pa.int32()}, {}, "operation", "is int"),
        ({**SOURCE, **ADDED}, {"cdc_commit_timestamp_column": "at"}, "commit-timestamp", "at is not there"),
        ({**SOURCE, **ADDED, "at": pa.int64()}, {"cdc_commit_timestamp_column": "at"}, "commit-timestamp", "bigint"),
        ({**SOURCE, **{name: ADDED[name] for name in ADDED if name != "BI_id"}}, {}, "before-images", "no bi_id"),
        ({**SOURCE, **ADDED, "added": pa.string()}, {}, "extra-columns", "added"),
        ({**SOURCE, **ADDED, "id": pa.uint64()}, {}, "key-type", "unsigned"),
        ({**SOURCE, **ADDED, "id": pa.float64()}, {}, "key-type", "double"),
        ({**SOURCE, **ADDED, "at": pa.timestamp("us")}, {"hudi_primary_key": "id,at"}, "key-type", "milliseconds"),
        ({**SOURCE, **ADDED, "n": pa.decimal128(38, 10)}, {}, "rounded-numbers", "Oracle"),
        ({**SOURCE, **ADDED, "n": pa.decimal128(28, 6)}, {}, "rounded-numbers", "PostgreSQL"),
        ({**SOURCE, **ADDED}, {"table_data_versioning_type": "H"}, "history-position", None),
    ],
)
def test_a_file_and_a_configuration_that_do_not_meet_are_told(staging, columns, config, fault, says):
    staging.put(CHANGES, columns)
    found = staging.faults(table(**config))[fault]
    assert found.setting.startswith("shop.orders")
    assert says is None or says in found.found


def test_a_history_needs_no_before_images(staging):
    staging.put(CHANGES, {**SOURCE, **{name: ADDED[name] for name in ADDED if name != "BI_id"}})
    assert "before-images" not in staging.faults(table(table_data_versioning_type="H"))


def test_files_that_were_applied_already_are_looked_at_too(staging):
    staging = Staging()
    staging.put("LOAD00000001.parquet", {"key": pa.int64()}, registered=False)
    staging.put(f"2026/01/31/{CHANGES}", {**SOURCE}, registered=False)
    assert "cdc_timestamp_seq is missing" in staging.faults()["staged-file"].found


def test_changes_without_a_load_are_told_when_they_have_waited_long():
    def waiting(ago, **config):
        staging = Staging()
        staging.put(CHANGES, {**SOURCE, **ADDED}, ago=ago)
        return "load-missing" in staging.faults(table(**config))

    assert waiting(timedelta(hours=3))
    assert not waiting(timedelta(minutes=5))
    assert not waiting(timedelta(hours=3), full_load="none")


def test_tables_that_cannot_be_looked_at_are_told(staging):
    found = staging.faults(table("shop.lines"), {**table(), "hudi_primary_key": ""}, unchecked=True)
    assert "hudi_primary_key" in found["configuration"].found
    assert (found["looked-at"].severity, found["looked-at"].found) == (
        Severity.UNCHECKED,
        "no staged file of shop.lines",
    )


def runtime(**known):
    facts = of_this_program()._replace(python=PYTHON, job=JOB, functions={}, **{})._replace(**known)
    return {
        each.rule.removeprefix("runtime-"): each.severity for each in findings(RUNTIME_RULES, {Subject.RUNTIME: facts})
    }


@pytest.mark.parametrize(
    ("known", "fault"),
    [
        ({"job": JOB._replace(glue_version="5.1")}, None),
        ({"job": JOB._replace(glue_version="4.0")}, "glue-version"),
        ({"job": JOB._replace(glue_version="6.0")}, "glue-version"),
        ({"job": JOB._replace(arguments={**JOB.arguments, "--datalake-formats": "iceberg"})}, "datalake-formats"),
        ({"job": JOB._replace(arguments={"--datalake-formats": "delta,hudi"})}, "serializer"),
        ({"job": JOB._replace(arguments={**JOB.arguments, "--extra-jars": "s3://x/hudi-1.1.jar"})}, "other-hudi"),
        ({"job": JOB._replace(max_retries=1)}, "retries"),
        ({"functions": {"watch": Function("odpf_watch", "python3.12", "r"), "summarise": None}}, "lambda-python"),
        ({"python": "3.12"}, "python"),
        ({"pyarrow": "21.0.0"}, "pyarrow"),
        ({"pyarrow": ""}, "pyarrow"),
        ({"wrote": "0.0.9+abc", "program": "0.1.0+source"}, "one-release"),
        ({"wrote": "0.1.0+abc", "program": "0.1.0+source"}, None),
        ({"job": Unknown("away", "try")}, "glue-version"),
    ],
)
def test_versions_are_those_that_were_tried(known, fault):
    assert set(runtime(**known)) == ({fault} if fault else set())


def test_pyarrow_may_be_what_the_project_allows():
    assert f'"pyarrow>={PYARROW.start},<{PYARROW.stop}"' in (ROOT / "pyproject.toml").read_text()


def test_the_functions_have_the_python_that_is_demanded():
    assert f'runtime="python{PYTHON}"' in (ROOT / "infra" / "functions.py").read_text()


def test_every_function_of_the_embedded_aws_is_looked_for():
    assert set(FUNCTIONS) == set(COMPONENTS)


def permissions(*changed, unknown=False):
    asked = asked_of(MemoryAws().settings, Place("aws", "eu-west-1", "123456789012"))
    answers = []
    for principal in Principal:
        decisions = [
            Decision(e.action, e.resource, e.needed is not ((principal, e.action) in changed))
            for e in asked
            if e.principal is principal
        ]
        answers.append(
            Answered(principal, f"arn:{principal}", Unknown("not offered", "ask") if unknown else tuple(decisions))
        )
    found = findings(PERMISSION_RULES, {Subject.PERMISSIONS: PermissionFacts(asked, tuple(answers))})
    return {(each.rule, each.setting, each.severity) for each in found}


def test_what_is_needed_and_what_is_forbidden_is_told():
    assert permissions() == set()
    denied, allowed = (Principal.JOB, "dynamodb:UpdateItem"), (Principal.JOB, "glue:DeleteDatabase")
    assert permissions(denied, allowed) == {
        ("permission-needed", "file_processor: dynamodb:UpdateItem", Severity.ERROR),
        ("permission-forbidden", "file_processor: glue:DeleteDatabase", Severity.WARNING),
    }


def test_where_there_is_no_simulation_it_is_said():
    assert {severity for _, _, severity in permissions(unknown=True)} == {Severity.UNCHECKED}


def test_what_is_asked_of_iam_is_what_the_templates_give():
    page = (ROOT / "docs" / "permissions.md").read_text()
    sections = {part.split("\n", 1)[0]: part for part in page.split("\n### ")}
    for asked in asked_of(MemoryAws().settings, Place("aws", "eu-west-1", "1")):
        rows = [
            line
            for line in sections[asked.principal].splitlines()
            if f"`{asked.action}`" in line and line.startswith("|")
        ]
        name = asked.resource.rsplit("/", 1)[-1] if "dynamodb" in asked.resource else ""
        given = any(f"table/{name}`" in row for row in rows) if name else bool(rows)
        if asked.resource.startswith("arn:aws:s3"):
            place = "<staging>" if "odpf-staging" in asked.resource else "<artifacts>/runs/*"
            given = any(place in row for row in rows)
        assert given is asked.needed, asked


@pytest.mark.parametrize(
    ("arn", "source"),
    [
        ("arn:aws:sts::1:assumed-role/People/me", "arn:aws:iam::1:role/People"),
        ("arn:aws:iam::1:user/me", "arn:aws:iam::1:user/me"),
    ],
)
def test_policies_of_a_session_are_those_of_its_role(arn, source):
    assert policy_source(arn) == source
