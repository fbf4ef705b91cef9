"""The templates offer exactly the Glue versions whose Hudi releases the job's guard lets write."""

from file_processor.runtime_guard import SUPPORTED
from infra.parameters import _PARAMETERS


def test_what_can_be_deployed_is_what_may_write():
    assert list(_PARAMETERS["GlueVersion"].values) == [runtime.glue for runtime in SUPPORTED]
