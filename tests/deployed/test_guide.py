"""The guide to an AWS account, typed from top to bottom beside another environment of the same account."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.deployed.account import CHECKOUT, PYTHON
from tests.deployed.guide import blocks, workplace

pytestmark = pytest.mark.soak

GUIDE = CHECKOUT / "docs" / "aws.md"
MARK = "=== block "


@pytest.fixture(scope="module")
def typed(deployment, tmp_path_factory):
    """What the shell printed, block by block."""
    account = deployment.account
    script = "\n".join(f"echo '{MARK}{number}'\n{text}" for number, text in enumerate(to_type()))
    tools = os.pathsep.join([account.environment["PATH"], str(PYTHON.parent)])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=workplace(tmp_path_factory.mktemp("guide") / "odpf", CHECKOUT),
        env={**account.environment, "PATH": tools, "AWS_PAGER": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def to_type():
    """The blocks that an emulator can answer."""
    return [block.text for block in blocks(GUIDE) if not block.only_on_aws]


def test_most_of_the_guide_is_typed():
    found = blocks(GUIDE)
    assert len(found) >= 12
    assert sum(block.only_on_aws for block in found) <= 3


def test_the_guide_leads_to_a_table_that_is_the_replay_of_its_files(typed, deployment):
    """What is typed last removes the stacks; the raw bucket stays, and with it the table."""
    found = deployment.rows_at("s3://acme-odpf-raw/shop_raw/orders", ["id", "item", "price"])
    orders = [(1, "lamp", 10.0), (2, "chair", 25.0), (4, "shelf", 40.0), (5, "bench", 70.0)]
    assert sorted((row["id"], row["item"], row["price"]) for row in found) == orders
    count, price = re.search(r"^(\w+) orders, ([\d.]+) in all", GUIDE.read_text(), re.MULTILINE).groups()
    assert (count, float(price)) == ("Four", sum(price for *_, price in orders))


def test_the_guide_ends_with_an_account_without_its_stacks(typed, deployment):
    listed = deployment.client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])
    left = {summary["StackName"] for summary in listed["StackSummaries"]}
    assert not {name for name in left if name.startswith("odpf-")}
    assert {name for name in left if name.startswith("shop-test-")}, "the other environment stays"


def test_what_the_guide_says_stays_is_there(typed, deployment):
    buckets = {bucket["Name"] for bucket in deployment.client("s3").list_buckets()["Buckets"]}
    assert {"acme-odpf-staging", "acme-odpf-raw", "acme-odpf-artifacts"} <= buckets
    assert "odpf_file_tracker_history" in deployment.client("dynamodb").list_tables()["TableNames"]


def test_the_page_names_every_file_that_it_speaks_of():
    named = set(re.findall(r"examples/[a-z_/.-]+[a-z]", GUIDE.read_text()))
    assert [name for name in named if not (CHECKOUT / name).exists()] == []
    assert Path(CHECKOUT / "examples" / "dms" / "endpoint-settings.json").exists()
