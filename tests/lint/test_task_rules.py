"""Faults of task settings."""

from __future__ import annotations

import json

import pytest

from odpf.errors import InvalidSettings
from odpf.states import Severity
from tests.lint.builders import ENDPOINT, MAPPINGS, TASK, task

DDL, TARGET = "ChangeProcessingDdlHandlingPolicy", "TargetMetadata"


def test_the_example_has_no_fault(linted):
    assert linted.faults(task=TASK) == set()


@pytest.mark.parametrize(
    ("section", "changed", "rule"),
    [
        (DDL, {"HandleSourceTableTruncated": True}, "task-truncated"),
        (DDL, {"HandleSourceTableTruncated": "True"}, "task-truncated"),
        (DDL, {"HandleSourceTableTruncated": None}, "task-truncated"),
        (DDL, {"HandleSourceTableDropped": 1}, "task-dropped"),
        (DDL, {"HandleSourceTableDropped": None}, "task-dropped"),
        (TARGET, {"BatchApplyEnabled": "true"}, "task-batch-apply"),
        (TARGET, {"LobMaxSize": None}, "task-lob-max-size"),
        (TARGET, {"LobMaxSize": 0}, "task-lob-max-size"),
        (TARGET, {"LobMaxSize": "big"}, "task-lob-max-size"),
        (TARGET, {"FullLobMode": True}, "task-full-lob"),
        (TARGET, {"InlineLobMaxSize": 32}, "task-inline-lob"),
    ],
)
def test_what_can_cost_data_is_an_error(linted, section, changed, rule):
    assert linted.errors(task=task(**{section: changed})) == {rule}


@pytest.mark.parametrize(
    ("section", "changed", "rule"),
    [
        (TARGET, {"LobMaxSize": 200_000}, "task-lob-max-size-limit"),
        (TARGET, {"LimitedSizeLobMode": False}, "task-limited-lob"),
        (TARGET, {"SupportLobs": False}, "task-support-lobs"),
        (TARGET, {"TargetSchema": "all"}, "task-target-schema"),
        (TARGET, {"BatchAplyEnabled": True}, "task-unknown-setting"),
        (DDL, {"HandleSourceTableAltered": "false"}, "task-altered"),
        ("FullLoadSettings", {"TargetTablePrepMode": "DROP_AND_CREATE"}, "task-table-prep-mode"),
        ("BeforeImageSettings", {"EnableBeforeImage": True}, "task-before-image-settings"),
    ],
)
def test_what_costs_less_is_a_warning(linted, section, changed, rule):
    assert linted.faults(task=task(**{section: changed})) == {(rule, Severity.WARNING)}


@pytest.mark.parametrize("changed", [{"BatchApplyEnabled": None}, {"LobMaxSize": "64"}, {"FullLobMode": "false"}])
def test_defaults_of_dms_and_texts_are_no_fault(linted, changed):
    assert linted.faults(task=task(TargetMetadata=changed)) == set()


def test_a_section_that_is_missing_has_the_defaults_of_dms(linted):
    only = {name: value for name, value in TASK.items() if name != DDL}
    assert linted.errors(task=only) == {"task-truncated", "task-dropped"}
    assert linted.errors(task={}) == {"task-truncated", "task-dropped", "task-lob-max-size"}


@pytest.mark.parametrize(
    "form",
    [
        {
            "ReplicationTasks": [
                {"ReplicationTaskSettings": json.dumps(task(TargetMetadata={"BatchApplyEnabled": True}))}
            ]
        },
        {"ReplicationTask": {"ReplicationTaskSettings": task(TargetMetadata={"BatchApplyEnabled": True})}},
        {"ReplicationSettings": json.dumps(task(TargetMetadata={"BatchApplyEnabled": True}))},
    ],
)
def test_descriptions_of_tasks_are_read(linted, form):
    assert linted.errors(task=form) == {"task-batch-apply"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"rules": []}', "--table-mappings"),
        (json.dumps(ENDPOINT), "--endpoint-settings"),
        (json.dumps(MAPPINGS), "--table-mappings"),
        ('{"x": 1}', "no section of DMS task settings"),
        ('{"TargetMetadata": []}', "TargetMetadata is no object"),
        ('{"ReplicationTasks": []}', "not exactly one task"),
        ('{"ReplicationTaskSettings": "{"}', "not JSON"),
        ("{\n'a'}", "line 2"),
    ],
)
def test_a_file_that_is_something_else_is_refused_with_what_to_do(linted, content, says):
    with pytest.raises(InvalidSettings, match=says):
        linted(task=content)


def test_a_fault_stands_at_its_line_or_at_its_section(linted):
    lines = {
        each.rule: each.place.line
        for each in linted(task=task(**{DDL: {"HandleSourceTableDropped": True, "HandleSourceTableTruncated": None}}))
        if each.severity is Severity.ERROR
    }
    assert lines == {"task-truncated": 14, "task-dropped": 15}
