"""What the pages show and nobody types: the program's own parser, the AWS API's models, the product's models read it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import botocore.session
import pytest
import sqlglot
import typer.main
import yaml
from botocore import xform_name

from config_manager.importer import import_items
from config_manager.parse import parse_content
from config_manager.validate import check_files
from odpf.table_config import CadenceConfig, TableConfig
from odpf.table_refreshed import DETAIL_TYPE, SOURCE, TableRefreshed
from odpf_cli.main import program
from tests.architecture.source_tree import ROOT, name_of
from tests.documentation import commands_page
from tests.documentation.blocks import PAGES, SHELLS, TYPED_ELSEWHERE, blocks

EVERYWHERE = {"--region", "--query", "--output", "--profile"}
NO_OPERATION = {"s3", "logs tail", "cloudformation deploy", "cloudformation wait"}
"""Commands of the AWS command line itself, without an operation of the API behind them."""
RENAMED = {("sns", "subscribe"): {"--notification-endpoint"}}
"""Options that the command line calls otherwise than the API."""
AWS = botocore.session.get_session()
FRAGMENT = {
    "cadence": {"refresh_cadence": "c"},
    "table": {
        "source_table_name": "a.b",
        "refresh_cadence": "c",
        "raw_database_name": "a_raw",
        "raw_table_name": "b",
        "hudi_primary_key": "id",
        "hudi_precombine_field": "seq",
    },
}
SHELL_BLOCKS = [block for page in PAGES for block in blocks(page) if block.language in SHELLS]
DATA_BLOCKS = [block for page in PAGES for block in blocks(page) if block.language in {"yaml", "json", "sql"}]


def of_program(words):
    """The arguments of every `odpf` of a command line, also inside `$(...)`."""
    ends = [index for index, word in enumerate(words) if set(word) <= set("|&;<>")] + [len(words)]
    if words[0].endswith("odpf"):
        yield words[1 : ends[0]]
    for word in words:
        if inner := re.search(r"\$\(odpf ([^)]*)\)", word):
            yield shlex.split(inner[1])


PROGRAM = typer.main.get_command(program())


def is_alone(rest):
    """Whether a group is typed by itself, as `odpf runs`."""
    return not rest or rest[0].startswith("-")


def parse(arguments):
    """Read arguments as the program does, without doing anything."""
    command, rest, name = PROGRAM, list(arguments), "odpf"
    while hasattr(command, "commands") and not (command.invoke_without_command and is_alone(rest)):
        assert rest[0] in command.commands, f"odpf {shlex.join(arguments)}"
        command, name = command.commands[rest[0]], f"{name} {rest[0]}"
        rest = rest[1:]
    command.make_context(name, [word for word in rest if word != "--help"], resilient_parsing="--help" in rest)


@pytest.mark.parametrize("block", SHELL_BLOCKS, ids=lambda block: block.name)
def test_the_program_takes_every_command_of_a_page(block):
    for words in block.lines():
        for arguments in of_program(words):
            parse(arguments)


@pytest.mark.parametrize("name", dict(commands_page.commands()))
def test_the_program_takes_the_examples_of_its_help(name):
    for line in commands_page.examples(dict(commands_page.commands())[name]):
        for arguments in of_program(shlex.split(line)):
            parse(arguments)


@pytest.mark.parametrize("block", SHELL_BLOCKS, ids=lambda block: block.name)
def test_operations_of_aws_exist_with_their_options(block):
    for words in block.lines():
        if words[0] == "aws" and not {words[1], " ".join(words[1:3])} & NO_OPERATION:
            check_operation(*words[1:])


def check_operation(service, operation, *rest):
    model = AWS.get_service_model({"s3api": "s3"}.get(service, service))
    by_command = {xform_name(each, "-"): each for each in model.operation_names}
    assert operation in by_command
    shape = model.operation_model(by_command[operation]).input_shape
    options = {f"--{xform_name(member, '-')}" for member in shape.members}
    required = {f"--{xform_name(member, '-')}" for member in shape.required_members}
    given = {re.sub("^--no-", "--", word.split("=")[0]) for word in rest if word.startswith("--")}
    assert given <= options | EVERYWHERE | RENAMED.get((service, operation), set())
    assert required <= given


@pytest.mark.parametrize("block", DATA_BLOCKS, ids=lambda block: block.name)
def test_a_model_takes_what_a_page_shows(block):
    assert block.mark or (sql if block.language == "sql" else document)(block)


def sql(block):
    return all(sqlglot.parse(block.text, dialect="athena"))


def document(block):
    """True when the model of what it is takes it; a block that is nothing known has to be marked."""
    found = json.loads(block.text) if block.language == "json" else yaml.safe_load(block.text)
    if isinstance(found, list):
        imported = import_items([("items.json", block.text.encode())], glue_job_name="odpf_file_processor")
        return imported.parsed.tables and not imported.parsed.problems
    if {"cadences", "tables"} & set(found):
        name = f"page.{block.language}"
        return not check_files(parse_content(name, block.text.encode())).problems
    if set(found) <= set(TableConfig.model_fields):
        return TableConfig.model_validate(FRAGMENT["table"] | found)
    if set(found) <= set(CadenceConfig.model_fields):
        return CadenceConfig.model_validate(FRAGMENT["cadence"] | found)
    if found.get("source") == [SOURCE]:
        return found["detail-type"] == [DETAIL_TYPE] and set(found["detail"]) <= set(TableRefreshed.model_fields)
    raise AssertionError(f"{block.name}: of no known kind")


@pytest.mark.parametrize("page", TYPED_ELSEWHERE)
def test_pages_that_are_typed_elsewhere_are(page):
    assert Path(page).name in (ROOT / TYPED_ELSEWHERE[page]).read_text()


def test_what_is_not_run_says_why():
    marked = [block for page in PAGES for block in blocks(page) if block.mark]
    assert [block.name for block in marked if len(block.mark) < len("only on AWS")] == []
    named = {word for block in marked for word in re.findall(r"tests/\S+\.py", block.mark)}
    assert [word for word in named if not (ROOT / word).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_addresses_are_addresses(page):
    found = re.findall(r"\]\((https?:[^)\s]*)\)?", page.read_text())
    assert [each for each in found if not re.fullmatch(r"https://[a-z0-9.-]+\.[a-z]+(/[\w./#~%-]*)?", each)] == []
