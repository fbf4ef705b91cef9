"""What a hook in some process does, as a file that a harness changes while the process runs."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from pydantic import ValidationError

from odpf.errors import TerminalError
from odpf_local.aws_hook.faults import FaultPlan, Faults


class BrokenConfiguration(TerminalError):
    """The hook's configuration cannot be used; nothing is sent to AWS until it can."""


class HookConfiguration(FaultPlan):
    """The file: `{"limits": bool, "faults": [rules], "log": path}`, all optional.

    Attributes:
        limits: whether calls above a service's limits are refused.
    """

    limits: bool = False

    def write(self, path: Path) -> None:
        """Write the file in one step, so that no running process reads half of it."""
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        part.write_text(self.model_dump_json(exclude_defaults=True))
        part.replace(path)


class Rules(NamedTuple):
    """What counts now."""

    limits: bool
    faults: Faults

    @classmethod
    def of(cls, configuration: HookConfiguration) -> Rules:
        """Rules with dice that nobody has thrown."""
        return cls(configuration.limits, Faults(configuration))


class ConfigurationFile:
    """The rules of a file, read anew when it has changed; dice and counts begin anew only with other content.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._stamp: tuple[int, ...] = ()
        self._read: HookConfiguration | None = None
        self._rules = Rules.of(HookConfiguration())

    def current(self) -> Rules:
        """The rules as the file has them now.

        Raises:
            BrokenConfiguration: there is no such file, or it is not a configuration.
        """
        with self._lock:
            try:
                found = self._path.stat()
                stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
                if stamp != self._stamp:
                    self._use(HookConfiguration.model_validate_json(self._path.read_bytes()))
                    self._stamp = stamp
            except (OSError, ValidationError) as error:
                self._stamp = ()
                raise BrokenConfiguration(
                    f"The AWS hook cannot use {self._path}: {error}. Correct the file, or unset ODPF_AWS_HOOK."
                ) from error
            return self._rules

    def _use(self, read: HookConfiguration) -> None:
        if read != self._read:
            self._read, self._rules = read, Rules.of(read)
