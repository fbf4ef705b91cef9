"""Write what the pages say of the program and of the models: `.venv/bin/python -m tests.documentation`, part of `make docs`."""

from __future__ import annotations

from tests.architecture.source_tree import ROOT
from tests.documentation import commands_page, configuration_tables

(ROOT / "docs" / "commands.md").write_text(commands_page.page())
CONFIGURATION = ROOT / "docs" / "configuration.md"
CONFIGURATION.write_text(configuration_tables.written(CONFIGURATION.read_text()))
