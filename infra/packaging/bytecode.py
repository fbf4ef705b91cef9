"""Compiled modules beside their source: a function's folder is read-only, so without them it compiles at every cold start."""

from __future__ import annotations

import importlib.util
import marshal
import sys
import warnings
from functools import cache
from pathlib import PurePosixPath

from infra.packaging.wheel import PYTHON
from odpf.errors import TerminalError

_TASK = "/var/task"
_TRUSTED = (0b01).to_bytes(4, "little")  # by hash, unchecked, https://peps.python.org/pep-0552/
_WITHOUT_REFERENCES = 2  # later formats point back to equal objects as they happen to lie in memory: other bytes


def with_bytecode(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files, and each module compiled; what another version of Python finds there, it does without.

    Raises:
        TerminalError: this Python is not the version that Lambda runs.
    """
    if sys.version_info[:2] != PYTHON:
        raise TerminalError(f"Packages are for Python {PYTHON[0]}.{PYTHON[1]}. Build them with it.")
    modules = {path: content for path, content in files.items() if path.endswith(".py")}
    compiled = {_cached(path): _compiled(path, content) for path, content in modules.items()}
    return files | {path: content for path, content in compiled.items() if content is not None}


def _cached(path: str) -> str:
    source = PurePosixPath(path)
    return str(source.parent / "__pycache__" / f"{source.stem}.cpython-{PYTHON[0]}{PYTHON[1]}.pyc")


@cache
def _compiled(path: str, source: bytes) -> bytes | None:
    """The module as Python would keep it; None for what is no Python 3, such as templates."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old escapes in others' code
        try:
            code = compile(source, f"{_TASK}/{path}", "exec", dont_inherit=True, optimize=0)
        except SyntaxError:
            return None
    head = importlib.util.MAGIC_NUMBER + _TRUSTED + importlib.util.source_hash(source)
    return head + marshal.dumps(code, _WITHOUT_REFERENCES)
