"""The packages: what each one starts with. Everything else follows from imports and locks."""

from __future__ import annotations

from typing import NamedTuple


class Package(NamedTuple):
    """One zip of our own code.

    Args:
        path: where it lies below `build/packages`.
        entries: modules it starts with; it holds them and every module of ours that they import, directly or not.
        lock: name of the lock in `infra/locks` with what it needs from others.
        provided: top-level modules that the runtime brings, so that no package does.
        unpacks: whether what it needs from others lies unpacked in the same zip.
    """

    path: str
    entries: tuple[str, ...]
    lock: str
    provided: frozenset[str]
    unpacks: bool


LAMBDA = frozenset({"boto3", "botocore"})
"""https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-dependencies"""

GLUE = LAMBDA | {"py4j", "pyarrow", "pyspark"}
"""https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html"""

JOB_SCRIPT = "glue_scripts/process_batch.py"


def _functions(name: str, *components: str, lock: str = "lambda") -> Package:
    entries = tuple(f"lambdas.{component}" for component in components)
    return Package(f"{name}.zip", entries, lock, LAMBDA, unpacks=True)


FILE_MANAGER = _functions("file_manager", "file_manager", "retention")
FILE_PROCESSOR = _functions("file_processor", "batch_manager", "summarise")
CONFIG_MANAGER = _functions("config_manager", "config_manager", lock="config-manager")
OBSERVABILITY = _functions("observability", "watch", lock="observability")
JOB = Package("glue/odpf.zip", ("glue_scripts.process_batch",), "job", GLUE, unpacks=False)

FUNCTIONS = (FILE_MANAGER, FILE_PROCESSOR, CONFIG_MANAGER, OBSERVABILITY)
PACKAGES = (*FUNCTIONS, JOB)
