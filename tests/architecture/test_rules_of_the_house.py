"""The rules of the house that are about text: sizes, words that stand in one place, imports of the contracts."""

from __future__ import annotations

import ast
import enum
import inspect
import json
import re
import sys

import pytest

from odpf import states
from tests.architecture.source_tree import ROOT, imports, lines_of_code, modules, name_of, texts

MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_AN_ENTRY_POINT = 40
HUDI_OPTIONS = "file_processor/engines/spark/hudi.py"
HUDI_WORDS_ELSEWHERE = {
    "odpf/config_problems.py": "refuses options that configurations try to set",
    "odpf/adapters/catalog_table.py": "a property of Glue tables, read by query engines",
    "file_processor/table_properties.py": "what a table says of itself, which is asked before any engine",
    "file_processor/engines/arrow/types.py": "the namespace of Hudi's Avro schemas",
}
STATUS_WORDS_ELSEWHERE = {
    "odpf_local/aws": "answers as the services of AWS do, in their words",
}
ORDINARY_WORDS = {"Full", "active", "registered"}
ORDINARY_WORDS |= {"arrow", "glue", "lambda", "spark"}  # also names of services, folders and configured values
ORDINARY_WORDS |= {"error", "ok", "warning"}  # also keys of documents, levels of SARIF
ORDINARY_WORDS |= {"files_quarantined"}  # also a count of a table's result
ORDINARY_WORDS |= {
    "failed",
    "different",
    "agrees",
    "explained",
}  # also plain English, in sentences and sides of a comparison


def test_no_module_outgrows_its_noun():
    long = {name_of(path): len(path.read_text().splitlines()) for path in modules()}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES_OF_A_MODULE} == {}


def test_entry_points_decode_call_and_encode():
    sizes = {name_of(path): lines_of_code(path) for path in modules("lambdas", "glue_scripts")}
    assert sizes, "there are entry points"
    assert {name: lines for name, lines in sizes.items() if lines > MOST_LINES_OF_AN_ENTRY_POINT} == {}


def test_status_words_stand_in_one_place():
    enums = [kind for _, kind in inspect.getmembers(states, inspect.isclass) if issubclass(kind, enum.StrEnum)]
    words = {member.value for kind in enums for member in kind} - ORDINARY_WORDS
    found = [
        f"{name_of(path)}:{line} {text!r}"
        for path in modules()
        if name_of(path) != "odpf/states.py" and not name_of(path).startswith(tuple(STATUS_WORDS_ELSEWHERE))
        for line, text in texts(path)
        if text in words
    ]
    assert found == []


def test_hudi_options_stand_in_one_module():
    found = {
        name_of(path)
        for path in modules()
        if not name_of(path).startswith("odpf_local/") and any("hoodie." in text for _, text in texts(path))
    }
    assert found - set(HUDI_WORDS_ELSEWHERE) == {HUDI_OPTIONS}


@pytest.mark.parametrize("path", modules("odpf"), ids=name_of)
def test_contracts_import_neither_adapters_nor_aws_nor_spark(path):
    if path.parent.name == "adapters":
        allowed = {"aws_lambda_powertools", "boto3", "botocore", "odpf", "pydantic", "tenacity"}
    else:
        allowed = {"odpf", "pydantic"}
        assert not any(name.startswith("odpf.adapters") for name in imports(path))
    roots = {name.split(".")[0] for name in imports(path)}
    assert roots - set(sys.stdlib_module_names) <= allowed


def test_whoever_talks_to_aws_says_which_component_it_is():
    nameless = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules("lambdas", "glue_scripts", "odpf_cli")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id == "Aws" and not (node.args[1:] or any(word.arg == "component" for word in node.keywords))
    ]
    assert nameless == []


def test_there_are_no_modules_for_everything():
    assert [name_of(path) for path in modules() if path.stem in {"utils", "common", "helpers", "misc"}] == []


def test_nothing_is_left_for_later():
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert [name_of(path) for path in modules() if marks.search(path.read_text())] == []


def test_the_state_machine_is_one_file_whose_transitions_lead_somewhere():
    machine = json.loads((ROOT / "infra" / "state_machine.asl.json").read_text())
    _check_transitions(machine)
    assert [path.name for path in ROOT.rglob("*.asl.json") if ".venv" not in path.parts] == ["state_machine.asl.json"]


def _check_transitions(machine):
    names, reached = set(machine["States"]), {machine["StartAt"]}
    for state in machine["States"].values():
        choices = [*state.get("Choices", []), *state.get("Catch", [])]
        reached |= {choice["Next"] for choice in choices} | {state[key] for key in ("Next", "Default") if key in state}
        if "ItemProcessor" in state:
            _check_transitions(state["ItemProcessor"])
    assert reached == names
