"""A person's terminal: what is typed, one command after the other, in one folder with one environment.

Plain `odpf` commands run in processes forked off one that has imported the program already, which spares each of them a second.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["odpf_cli.main"])
_SHELLS_OWN = re.compile(r"[$`|&;<>\n]")
_MOST_SECONDS = 120


class Typed(NamedTuple):
    """Exit status and all that was printed, as it came."""

    status: int
    output: str


class Terminal:
    """One terminal; what a command exports, the next one has."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment

    def type(self, text: str) -> Typed:
        """Type a command, or a script, and wait for its end."""
        words = shlex.split(text, comments=True)
        if words[0] == "odpf" and not _SHELLS_OWN.search(re.sub(r"#.*", "", text).strip()):
            return self._forked(words[1:])
        return self._shell(text)

    def _forked(self, arguments: list[str]) -> Typed:
        output = self.folder / ".output"
        process = _FORKED.Process(target=_program, args=(arguments, str(self.folder), self.environment, str(output)))
        process.start()
        process.join(_MOST_SECONDS)
        assert process.exitcode is not None, f"odpf {shlex.join(arguments)} does not end"
        return Typed(process.exitcode, output.read_text())

    def _shell(self, text: str) -> Typed:
        kept = self.folder / ".environment"
        strict = "set -eo pipefail" if "\n" in text.strip() else "set -o pipefail"
        script = f"{strict}\ntrap 'env -0 > {shlex.quote(str(kept))}' EXIT\n{text}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_MOST_SECONDS,
            check=False,
        )
        self.environment = dict(entry.split("=", 1) for entry in kept.read_text().split("\0") if entry)
        return Typed(done.returncode, done.stdout)


def _program(arguments: list[str], folder: str, environment: dict[str, str], output: str) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    with Path(output).open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    from odpf_cli.main import execute  # noqa: PLC0415  the forked process has it; the tests' own shall not
    from odpf_cli.output import stdout  # noqa: PLC0415

    stdout.width = int(environment["COLUMNS"])  # it was made where the program was imported
    status = execute(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
