"""`odpf lint` as typed: forms of output, exit statuses, choice of rules, and its page."""

from __future__ import annotations

import json

import pytest

from odpf_cli.lint.rules import RULES
from odpf_cli.main import execute
from tests.lint.builders import ENDPOINT, EXAMPLES, MAPPINGS, changed
from tests.lint.lint_page import PAGE, written

FILES = [
    *("--endpoint-settings", str(EXAMPLES / "endpoint-settings.json")),
    *("--task-settings", str(EXAMPLES / "task-settings.json")),
    *("--table-mappings", str(EXAMPLES / "table-mappings.json")),
]


@pytest.fixture
def lint(capsys):
    """Exit status and stdout."""

    def run(*arguments):
        status = execute(["lint", "--no-deployment", *map(str, arguments)])
        return status, capsys.readouterr().out

    return run


@pytest.fixture
def csv(linted):
    return linted.write("endpoint.json", {"S3Settings": {**ENDPOINT, "DataFormat": "csv"}})


def test_the_examples_pass(lint):
    status, out = lint(*FILES, "--output", "json")
    assert status == 0
    assert {each["severity"] for each in json.loads(out)["findings"]} == {"unchecked"}


def test_a_finding_has_the_keys_of_the_contract(lint, csv):
    status, out = lint("--endpoint-settings", csv, "--output", "json")
    (found,) = [each for each in json.loads(out)["findings"] if each["severity"] == "error"]
    assert status == 1
    assert set(found) >= {"rule", "setting", "severity", "found", "expected", "reason", "fix"}
    assert (found["setting"], found["found"], found["expected"]) == ("DataFormat", "csv", "parquet")


def test_what_was_not_given_is_unchecked(lint):
    status, out = lint("--output", "json")
    unchecked = {each["setting"] for each in json.loads(out)["findings"] if each["severity"] == "unchecked"}
    assert status == 0
    assert {"DataFormat", "TargetMetadata.LobMaxSize", "AR_H_CHANGE_SEQ"} <= unchecked


def test_a_person_reads_what_is_wrong_why_and_what_to_do(lint, csv):
    _, out = lint("--endpoint-settings", csv)
    text = " ".join(out.split())
    assert "DataFormat: found csv, expected parquet" in text
    assert "why DMS writes CSV unless" in text
    assert "fix Set DataFormat to parquet." in text
    assert "1 error, 0 warnings" in text


def test_rules_are_chosen_by_name(lint, csv):
    def asked(*options):
        return {
            each["rule"]
            for each in json.loads(lint("--endpoint-settings", csv, "--output", "json", *options)[1])["findings"]
        }

    assert asked("--rule", "endpoint-data-format") == {"endpoint-data-format"}
    assert "endpoint-data-format" not in asked("--ignore", "endpoint-data-format")
    assert lint("--rule", "endpoint-data-fromat")[0] == 2


@pytest.mark.parametrize(
    ("option", "content"),
    [
        ("--endpoint-settings", '{"a": 1,}'),
        ("--task-settings", "[]"),
        ("--table-mappings", '{"rules": 1}'),
        ("--table-mappings", None),
    ],
)
def test_a_file_that_cannot_be_read_is_status_2_and_one_document(lint, linted, option, content):
    path = linted.folder / "f.json"
    if content is not None:
        path.write_text(content)
    status, out = lint(option, path, "--output", "json")
    assert status == 2
    assert str(path) in json.loads(out)["error"]


def test_sarif_has_rules_results_and_lines(lint, linted, csv):
    mappings = linted.write("mappings.json", changed("CDC_OPERATION", gone=True))
    status, out = lint("--endpoint-settings", csv, "--table-mappings", mappings, "--output", "sarif")
    document = json.loads(out)
    (run,) = document["runs"]
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    assert status == 1
    assert document["version"] == "2.1.0"
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note", "none")
    for result in results:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["level"] == "none") is (result["kind"] != "fail")
        assert result["message"]["text"]
    places = {each["ruleId"]: each["locations"][0]["physicalLocation"] for each in results if each["kind"] == "fail"}
    assert places["endpoint-data-format"]["region"] == {"startLine": 6}
    assert places["endpoint-data-format"]["artifactLocation"]["uri"] == csv.as_uri()
    assert places["mapping-operation"]["region"] == {"startLine": 1}


def test_sarif_names_files_as_they_were_given(lint, csv, monkeypatch):
    monkeypatch.chdir(csv.parent)
    _, out = lint("--endpoint-settings", csv.name, "--output", "sarif")
    found = [each for each in json.loads(out)["runs"][0]["results"] if each["kind"] == "fail"]
    assert found[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "endpoint.json"


def test_all_rules_are_listed_with_reasons(lint):
    _, out = lint("--rules", "--output", "json")
    listed = json.loads(out)
    assert [each["rule"] for each in listed] == [rule.name for rule in RULES]
    assert all(each["reason"] and each["fix"] and each["expected"] for each in listed)
    assert "endpoint-data-format" in lint("--rules")[1]


def test_every_rule_has_a_name_of_its_own():
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_the_page_lists_the_rules_of_the_program():
    assert PAGE.read_text() == written()


def test_the_same_mappings_twice_are_one_task(lint, linted):
    path = linted.write("mappings.json", MAPPINGS)
    assert lint("--table-mappings", path, "--table-mappings", path)[0] == 0
    assert lint("--table-mappings", path, "--table-mappings", linted.write("copy.json", MAPPINGS))[0] == 1
