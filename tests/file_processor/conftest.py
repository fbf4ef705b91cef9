import pytest

from tests.file_processor.workbench import Workbench


@pytest.fixture
def bench() -> Workbench:
    return Workbench()
