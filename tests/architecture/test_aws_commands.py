"""Commands of the AWS command line that no emulator here runs: they exist, with the options they are given."""

from __future__ import annotations

import re
import shlex

import botocore.session
import pytest
from botocore import xform_name

from tests.architecture.source_tree import ROOT

PAGES = [ROOT / "docs" / "regions.md"]
BLOCK = re.compile(r"^```(?:bash|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
GLOBAL = {"--region", "--query", "--output", "--profile"}
OWN = {"s3"}
"""Commands of the command line itself, without an operation of the API behind them."""


def commands():
    for page in PAGES:
        for block in BLOCK.findall(page.read_text()):
            for line in block.splitlines():
                words = shlex.split(line, comments=True)
                if words and words[0] == "aws" and words[1] not in OWN:
                    yield words[1:]


@pytest.mark.parametrize("words", list(commands()), ids=lambda words: " ".join(words[:2]))
def test_the_operation_exists_with_its_options(words):
    service, operation, *rest = words
    name = {"s3api": "s3"}.get(service, service)
    model = botocore.session.get_session().get_service_model(name)
    by_command = {xform_name(each, "-"): each for each in model.operation_names}
    assert operation in by_command
    members = model.operation_model(by_command[operation]).input_shape
    options = {f"--{xform_name(member, '-')}" for member in members.members} | GLOBAL
    given = [word.split("=")[0] for word in rest if word.startswith("--")]
    assert set(given) <= options
    required = {f"--{xform_name(member, '-')}" for member in members.required_members}
    assert required <= set(given)
