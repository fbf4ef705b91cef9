"""One suite, several implementations of every port."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from odpf.adapters.aws import Aws
from odpf_local.dynamodb_local import prefetch, running
from odpf_local.memory import MemoryAws
from tests.behaviours.builders import SETTINGS, local_aws, moto_aws

MEMORY, MOTO = "memory", "moto"  # the services' implementations are called as the fixtures that build them
LOCAL = pytest.param("dynamodb_local", marks=pytest.mark.more)
KEPT_IN_DYNAMODB = (
    "test_audit_log_behaviour",
    "test_aws_stores",
    "test_config_store_behaviour",
    "test_epoch_behaviour",
    "test_file_tracker_behaviour",
    "test_ledger_behaviour",
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What is kept in DynamoDB is asked of DynamoDB Local, too: a second opinion of what DynamoDB does."""
    local = [LOCAL] if metafunc.definition.path.stem in KEPT_IN_DYNAMODB else []
    if "stores" in metafunc.fixturenames:
        metafunc.parametrize("stores", [MEMORY, MOTO, *local], indirect=True)
    elif "aws" in metafunc.fixturenames and local:
        metafunc.parametrize("aws", [MOTO, *local], indirect=True)


@pytest.fixture
def stores(request: pytest.FixtureRequest) -> MemoryAws | Aws:
    """Every port, empty; buckets and tables are there. With DynamoDB Local only what is kept in DynamoDB."""
    if request.param == MEMORY:
        return MemoryAws(SETTINGS)
    built: Aws = request.getfixturevalue(request.param)
    return built


@pytest.fixture
def aws(request: pytest.FixtureRequest) -> Aws:
    """The AWS implementation alone, for what only a service does: answers that get lost, pages, throttling."""
    built: Aws = request.getfixturevalue(getattr(request, "param", MOTO))
    return built


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """On an emulator of all of AWS, in this process."""
    with moto_aws(monkeypatch) as built:
        yield built


@pytest.fixture(scope="session")
def dynamodb_local_url() -> Iterator[str]:
    """A server for the whole session, started by the first test that needs it."""
    with running(prefetch()) as url:
        yield url


@pytest.fixture
def dynamodb_local(dynamodb_local_url: str, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """On AWS's own emulator of DynamoDB, with tables that are this test's alone."""
    return local_aws(monkeypatch, dynamodb_local_url)
