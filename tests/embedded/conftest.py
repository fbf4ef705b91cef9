from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from odpf_local.aws.instance import COMPONENTS, EmbeddedAws, Options
from tests.embedded import handlers


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    folder = tmp_path_factory.mktemp("embedded")
    options = Options(
        handlers={name: f"tests.embedded.handlers.{name}" for name in COMPONENTS},
        apart=frozenset(),
        job_script=Path(__file__).with_name("job_script.py"),
        queue_visibility_seconds=1,
        spark=False,
        record=folder / "calls.jsonl",
    )
    with EmbeddedAws(folder, options=options) as instance:
        yield instance


@pytest.fixture(autouse=True)
def forgetful_handlers() -> None:
    handlers.forget()


@pytest.fixture
def client(embedded: EmbeddedAws) -> Callable[[str], Any]:
    return lambda service: boto3.client(service, endpoint_url=embedded.endpoint_url)
