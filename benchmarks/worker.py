"""A process per system: the others neither warm it nor add to its CPU time, and all can wait while one works."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

import pyarrow as pa

from benchmarks.measuring import Measured, Meter
from benchmarks.places import Place
from benchmarks.systems import SystemSpec, WrongResult, open_system
from benchmarks.workload import ChangeFile

Result = TypeVar("Result")

_ANSWER_SECONDS = 3600.0
_STOP_SECONDS = 30.0


class Failed(NamedTuple):
    """What went wrong in the worker."""

    error: str


class Load(NamedTuple):
    """Make a table."""

    table: str
    paths: tuple[Path, ...]


class Change(NamedTuple):
    """Apply a file of changes to a table."""

    table: str
    file: ChangeFile


Answer = Measured | Failed


class Worker:
    """One system in a process of its own; asks it one thing at a time."""

    def __init__(self, spec: SystemSpec, place: Place) -> None:
        self.spec = spec
        self._connection, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_work, args=(theirs, spec, place), name=spec.name)
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.join(_STOP_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def load(self, table: str, paths: Sequence[Path]) -> Answer:
        """Make a table from the files of a full load."""
        return self._ask(Load(table, tuple(paths)))

    def change(self, table: str, file: ChangeFile) -> Answer:
        """Apply a file of changes."""
        return self._ask(Change(table, file))

    def _ask(self, question: Load | Change) -> Answer:
        try:
            self._connection.send(question)
            if not self._connection.poll(_ANSWER_SECONDS):
                return Failed(f"no answer in {_ANSWER_SECONDS:.0f} s")
            answer: Answer = self._connection.recv()
            return answer
        except (EOFError, OSError) as error:
            return Failed(f"the process of {self.spec.id} has ended: {error!r}")


def in_process(place: Place, work: Callable[..., Result], *arguments: Any) -> Result:
    """Do work in a fresh process, which gets the place and the arguments, and return what it returns.

    Raises:
        WrongResult: it failed; the text is its traceback.
    """
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_once, args=(theirs, place, work, arguments))
    process.start()
    theirs.close()
    try:
        done, result = ours.recv()
    except EOFError:
        done, result = False, f"the process of {work.__name__} has ended"
    process.join()
    if not done:
        raise WrongResult(result)
    answer: Result = result
    return answer


def _once(connection: Connection[Any, Any], place: Place, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    prepare(place)
    try:
        connection.send((True, work(place, *arguments)))
    except Exception:  # noqa: BLE001  whatever it is, it is told where it is asked
        connection.send((False, traceback.format_exc()))


def prepare(place: Place) -> None:
    """What every process of a benchmark needs: the environment of the embedded AWS, and quiet."""
    os.environ.update(place.emulator.environment)
    os.environ.pop("AWS_PROFILE", None)
    place.root.mkdir(parents=True, exist_ok=True)
    logging.getLogger().setLevel(logging.ERROR)


def _work(connection: Connection[Any, Any], spec: SystemSpec, place: Place) -> None:
    os.dup2(2, 1)  # Java talks on stdout, which is for the result
    prepare(place)
    try:
        system = open_system(spec, place)
        meter = Meter(place.emulator.pid, place.request_log, system.requests)
    except Exception:  # noqa: BLE001  whatever it is, it is told where it is asked
        failure = Failed(traceback.format_exc())
        _serve(connection, lambda _: failure)
        return

    def answer(question: Load | Change) -> Answer:
        try:
            match question:
                case Load(table, paths):
                    return meter.measure(system.load(table, paths))
                case Change(table, file):
                    return meter.measure(system.change(table, file))
        except Exception:  # noqa: BLE001  a failed system has no time; the others go on
            return Failed(traceback.format_exc())

    _serve(connection, answer)


def _serve(connection: Connection[Any, Any], answer: Callable[[Load | Change], Answer]) -> None:
    """Answer questions until the other end is closed."""
    while True:
        try:
            question = connection.recv()
        except EOFError:
            return
        connection.send(answer(question))
        gc.collect()
        pa.default_memory_pool().release_unused()  # the others need it while this one waits
