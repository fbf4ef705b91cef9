"""What pages say of the program and of the models is what these say."""

from __future__ import annotations

import pytest

from tests.architecture.source_tree import ROOT
from tests.documentation import commands_page, configuration_tables

AGAIN = "write it again: .venv/bin/python -m tests.documentation"
COMMANDS = dict(commands_page.commands())


def test_the_page_of_commands_is_that_of_the_program():
    assert (ROOT / "docs" / "commands.md").read_text() == commands_page.page(), AGAIN


def test_the_tables_of_the_configuration_are_those_of_the_models():
    page = (ROOT / "docs" / "configuration.md").read_text()
    assert page == configuration_tables.written(page), AGAIN
    assert all(configuration_tables.table(model) in page for model in configuration_tables.TABLES.values())


@pytest.mark.parametrize("model", configuration_tables.TABLES.values(), ids=lambda model: model.__name__)
def test_every_key_says_what_it_means(model):
    assert [name for name, field in model.model_fields.items() if not (field.description or "").endswith(".")] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example(name):
    shown = commands_page.examples(COMMANDS[name])
    assert shown
    assert all(name in line for line in shown)
