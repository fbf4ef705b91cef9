"""The packages: what each one starts with. Everything else follows from imports and locks."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple

ZIPPED_BUDGET = 12_000_000
"""Our own limit in bytes: what a cold start loads stays small."""


class Package(NamedTuple):
    """One zip of our own code.

    Args:
        path: where it lies below `build/packages`.
        entries: modules it starts with; it holds them and every module of ours that they import, directly or not.
        lock: name of the lock in `infra/locks` with what it needs from others.
        provided: top-level modules that the runtime brings, so that no package does.
        unpacks: whether what it needs from others lies unpacked in the same zip.
        budget: bytes that the zip may have.
        left_out: patterns of files of others that it never uses.
    """

    path: str
    entries: tuple[str, ...]
    lock: str
    provided: frozenset[str]
    unpacks: bool
    budget: int = ZIPPED_BUDGET
    left_out: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Whether a file of others belongs into it."""
        return not any(fnmatchcase(path, pattern) for pattern in self.left_out)


LAMBDA = frozenset({"boto3", "botocore"})
"""https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-dependencies"""

GLUE = LAMBDA | {"py4j", "pyarrow", "pyspark"}
"""https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html"""

JOB_SCRIPT = "glue_scripts/process_batch.py"

_PYARROW = 40_000_000
"""Bytes that a zip with pyarrow may have: Arrow's core alone is 66 MB unpacked."""
_NEVER_USED = (
    # What compilers need, and the second and third name of a library.
    *("pyarrow/include/*", "pyarrow/includes/*", "pyarrow/src/*"),
    *("pyarrow/*.pyx", "pyarrow/*.pxd", "pyarrow/*.pxi", "pyarrow/*.h"),
    *("pyarrow/*.so.*.*.*", "pyarrow/libarrow_python*.so"),
    # Flight, Substrait's Python side, Gandiva, ORC, CUDA, encryption of Parquet, other file systems. The library of
    # Substrait stays: all others are linked with it.
    *("pyarrow/*flight*", "pyarrow/_substrait*", "pyarrow/substrait.py", "pyarrow/*gandiva*"),
    *("pyarrow/*orc*", "pyarrow/*cuda*", "pyarrow/*parquet_encryption*", "pyarrow/parquet/encryption.py"),
    *("pyarrow/_azurefs*", "pyarrow/_gcsfs*", "pyarrow/_hdfs*", "pyarrow/_s3fs*"),
    *("pyarrow/*cpp_tests*", "pyarrow/conftest.py", "pyarrow/*benchmark*", "pyarrow/jvm.py"),
)
"""Of pyarrow, by the function that processes table batches."""


def _functions(name: str, *components: str, lock: str = "lambda") -> Package:
    entries = tuple(f"lambdas.{component}" for component in components)
    return Package(f"{name}.zip", entries, lock, LAMBDA, unpacks=True)


FILE_MANAGER = _functions("file_manager", "file_manager", "retention")
FILE_PROCESSOR = _functions("file_processor", "batch_manager", "summarise")
PROCESS_BATCH = _functions("process_batch", "process_batch", lock="process-batch")._replace(
    budget=_PYARROW, left_out=_NEVER_USED
)
CONFIG_MANAGER = _functions("config_manager", "config_manager", lock="config-manager")
OBSERVABILITY = _functions("observability", "watch", lock="observability")
_SPARK = ("file_processor.engines.spark.engine", "file_processor.engines.spark.session")
"""Imported by name when the first table needs Spark (`engines/offer.py`), so that no function has it."""
JOB = Package("glue/odpf.zip", ("glue_scripts.process_batch", *_SPARK), "job", GLUE, unpacks=False)

FUNCTIONS = (FILE_MANAGER, FILE_PROCESSOR, PROCESS_BATCH, CONFIG_MANAGER, OBSERVABILITY)
PACKAGES = (*FUNCTIONS, JOB)
