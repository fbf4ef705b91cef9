"""One emulated account for all tests of this folder, with policies enforced, and ODPF deployed in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.deployed.account import PYTHON, Account
from tests.deployed.deployment import Deployment
from tests.deployed.scenario import Scenario

_deployment = pytest.StashKey[Deployment]()


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An empty account."""
    if not PYTHON.exists():
        pytest.skip("There is no .venv-ministack: `make test-more` makes it.")
    emulated = Account(tmp_path_factory.mktemp("account"), enforce_policies=True)
    try:
        emulated.open()
        yield emulated
    finally:
        emulated.close()


@pytest.fixture(scope="session")
def deployment(account: Account, request: pytest.FixtureRequest) -> Deployment:
    """ODPF built from this checkout and deployed by the documented commands."""
    deployed = request.config.stash[_deployment] = Deployment(account)
    deployed.build()
    deployed.deploy()
    return deployed


@pytest.fixture(scope="session")
def scenario(deployment: Deployment) -> Scenario:
    """Files have landed, two tables are configured, and the cadence that nobody starts has its schedule."""
    return Scenario.begun(deployment)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Say with a failure what happened in the account."""
    report = yield
    if report.failed and (deployed := item.config.stash.get(_deployment, None)) is not None:
        try:
            story = deployed.story()
        except (BotoCoreError, ClientError, OSError) as error:  # the account may be what failed
            story = repr(error)
        report.sections.append(("the account", story))
    return report
