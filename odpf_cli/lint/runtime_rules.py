"""Rules of runtimes and versions: the Glue job, the Lambda functions, this program (docs/hudi.md, infra)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

from file_processor.runtime_guard import SUPPORTED
from odpf.adapters.inventory import Function, Job
from odpf.release import CODE_VERSION
from odpf.states import Severity
from odpf_cli.lint.rule import Check, Fault, Rule, Subject, Unknown

PYTHON = "3.11"
"""Of Glue 5.0 and 5.1, and of the Lambda functions (infra/functions.py)."""
PYARROW = range(17, 21)
"""Major releases that the extra `job` of pyproject.toml allows."""
_KRYO = "spark.serializer=org.apache.spark.serializer.KryoSerializer"
_GLUE_VERSIONS = tuple(runtime.glue for runtime in SUPPORTED)


class RuntimeFacts(NamedTuple):
    """What the rules of the runtime look at.

    Attributes:
        job: the Glue job; None when there is none.
        functions: Lambda functions by component, None for one that is not there.
        wrote: the version of ODPF that the newest audit row names; None without one.
    """

    python: str
    pyarrow: str
    program: str
    job: Job | Unknown | None
    functions: Mapping[str, Function | None] | Unknown
    wrote: str | None = None


def of_this_program() -> RuntimeFacts:
    """What is known without any deployment."""
    try:
        pyarrow = version("pyarrow")
    except PackageNotFoundError:
        pyarrow = ""
    unknown = Unknown("No deployment was looked at.", "Set AWS_ENDPOINT_URL or AWS_PROFILE and lint again.")
    return RuntimeFacts(".".join(map(str, sys.version_info[:2])), pyarrow, CODE_VERSION, unknown, unknown)


def _of_job(check: Any) -> Check:
    """Ask a rule of the job, where there is one."""

    def asked(facts: RuntimeFacts) -> Iterator[Fault]:
        if isinstance(facts.job, Job):
            yield from check(facts.job)

    return asked


def _glue_version(facts: RuntimeFacts) -> Iterator[Fault]:
    job = facts.job or Unknown(
        "The Glue job is not there.", "Deploy it (docs/aws.md); odpf doctor shows what else is missing."
    )
    if isinstance(job, Unknown):
        yield Fault(None, severity=Severity.UNCHECKED, reason=job.why, fix=job.fix)
    elif job.glue_version not in _GLUE_VERSIONS:
        yield Fault(job.glue_version or None)


def _formats(job: Job) -> Iterator[Fault]:
    if "hudi" not in job.arguments.get("--datalake-formats", "").split(","):
        yield Fault(job.arguments.get("--datalake-formats"))


def _serializer(job: Job) -> Iterator[Fault]:
    if _KRYO not in job.arguments.get("--conf", "").split():
        yield Fault(job.arguments.get("--conf"))


def _other_jars(job: Job) -> Iterator[Fault]:
    if "hudi" in job.arguments.get("--extra-jars", "").lower():
        yield Fault(job.arguments["--extra-jars"])


def _retries(job: Job) -> Iterator[Fault]:
    if job.max_retries:
        yield Fault(str(job.max_retries))


def _lambdas(facts: RuntimeFacts) -> Iterator[Fault]:
    for found in facts.functions.values() if not isinstance(facts.functions, Unknown) else ():
        if found is not None and found.runtime != f"python{PYTHON}":
            yield Fault(found.runtime, setting=f"{found.name}.Runtime")


def _python(facts: RuntimeFacts) -> Iterator[Fault]:
    if facts.python != PYTHON:
        yield Fault(facts.python)


def _pyarrow(facts: RuntimeFacts) -> Iterator[Fault]:
    major = facts.pyarrow.split(".")[0]
    if not major.isdecimal() or int(major) not in PYARROW:
        yield Fault(facts.pyarrow or None)


def _one_release(facts: RuntimeFacts) -> Iterator[Fault]:
    if facts.wrote is not None and facts.wrote.split("+")[0] != facts.program.split("+")[0]:
        yield Fault(f"{facts.wrote} wrote last, this program is {facts.program}")


def _rule(name: str, setting: str, expected: str, check: Check, reason: str, fix: str, **more: Any) -> Rule:
    return Rule(f"runtime-{name}", Subject.RUNTIME, setting, expected, reason, fix, check, **more)


RUNTIME_RULES = (
    _rule(
        "glue-version",
        "GlueVersion",
        " or ".join(f"{runtime.glue} (Hudi {runtime.hudi})" for runtime in SUPPORTED),
        _glue_version,
        "Hudi moves tables to the newest version its release knows, for good, and Athena reads version 6: the job refuses releases nobody tried.",
        "Set the stack's parameter GlueVersion to 5.0 or 5.1.",
    ),
    _rule(
        "datalake-formats",
        "--datalake-formats",
        "hudi",
        _of_job(_formats),
        "Without it Glue brings no Hudi, and tables that need Spark fail.",
        "Deploy the job from the templates (make synth).",
    ),
    _rule(
        "serializer",
        "--conf",
        _KRYO,
        _of_job(_serializer),
        "Hudi on Glue needs Kryo, set as a parameter of the job.",
        "Deploy the job from the templates (make synth).",
    ),
    _rule(
        "other-hudi",
        "--extra-jars",
        "no Hudi jars",
        _of_job(_other_jars),
        "Two releases of Hudi on one class path: which one writes is chance.",
        "Take Hudi jars out of --extra-jars.",
    ),
    _rule(
        "retries",
        "MaxRetries",
        "0",
        _of_job(_retries),
        "A retry of Glue meets the lease of the run it repeats, and waits for it; the next run of the cadence goes on by itself.",
        "Set MaxRetries to 0.",
        severity=Severity.WARNING,
    ),
    _rule(
        "lambda-python",
        "Runtime",
        f"python{PYTHON}",
        _lambdas,
        "Packages hold wheels of one Python version; another one cannot load them.",
        "Deploy the functions from the templates (make synth).",
    ),
    _rule(
        "python",
        "Python of this program",
        PYTHON,
        _python,
        "It is the version of Glue 5.0 and 5.1; values and errors of another one differ.",
        "Set the environment up with Python 3.11: make setup.",
    ),
    _rule(
        "pyarrow",
        "pyarrow of this program",
        f"{PYARROW.start} to {PYARROW.stop - 1}",
        _pyarrow,
        "Staged files are read with it; other releases were not tried.",
        "Install what requirements.lock has: make setup.",
    ),
    _rule(
        "one-release",
        "ODPF release",
        "one release of program and deployment",
        _one_release,
        "Program and deployment may read each other's manifests and items otherwise than they were meant.",
        "Deploy this release, or use the program of the deployed one.",
        severity=Severity.WARNING,
    ),
)
"""A new rule is one more entry, its function above."""
