"""The settings of a DMS task as they were written, bare or as `aws dms describe-replication-tasks` prints them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from odpf_cli.lint.finding import Place
from odpf_cli.lint.settings_file import SettingsFile, invalid, parse, read_text

_SETTINGS = ("ReplicationTaskSettings", "ReplicationSettings", "TaskSettings")
_WRAPPED = ("ReplicationTask", "ReplicationTasks", "ReplicationConfig", "ReplicationConfigs")
SECTIONS = frozenset(
    [
        "BeforeImageSettings",
        "ChangeProcessingDdlHandlingPolicy",
        "ChangeProcessingTuning",
        "CharacterSetSettings",
        "ControlTablesSettings",
        "DataMaskingSettings",
        "ErrorBehavior",
        "FailTaskWhenCleanTaskResourceFailed",
        "FullLoadSettings",
        "LoopbackPreventionSettings",
        "Logging",
        "PostProcessingRules",
        "ResyncSettings",
        "StreamBufferSettings",
        "TTSettings",
        "TargetMetadata",
        "ValidationSettings",
    ]
)
"""Sections of task settings (AWS DMS user guide, "Specifying task settings")."""


class Task(NamedTuple):
    """What is said of a task."""

    file: SettingsFile

    @property
    def whole(self) -> Place:
        """The file."""
        return Place(file=self.file.path)

    def value(self, section: str, name: str) -> Any:
        """A setting's value; None where its default counts."""
        settings = self.file.values.get(section)
        return settings.get(name) if isinstance(settings, dict) else None

    def place(self, section: str, name: str) -> Place:
        """Where a setting stands, or should."""
        return self.file.place(section, name)


def read_task(path: Path) -> Task:
    """Read task settings.

    Raises:
        InvalidSettings: there are none in it; the message says what is.
    """
    file = only_task(parse(path, read_text(path)))
    for key in _SETTINGS:
        if key in file.values:
            file = file.within(key)
            break
    if not isinstance(file.values, dict):
        raise invalid(f"{file.place()}: the task settings are no object {{...}}")
    _refuse_others(file)
    return Task(file)


def only_task(file: SettingsFile) -> SettingsFile:
    """The one task of a description; the file itself when it is none.

    Raises:
        InvalidSettings: it describes several, or none.
    """
    for key in _WRAPPED:
        if key in file.values:
            inner = file.within(key)
            if isinstance(inner.values, dict):
                return inner
            if not isinstance(inner.values, list) or len(inner.values) != 1 or not isinstance(inner.values[0], dict):
                raise invalid(
                    f"{inner.place()}: {key} holds not exactly one task, and each is linted as a file of its own",
                    "Give files with one: aws dms describe-replication-tasks --filters Name=replication-task-id,Values=...",
                )
            return inner.within(0)
    return file


def _refuse_others(file: SettingsFile) -> None:
    values = file.values
    if "rules" in values:
        raise invalid(f"{file.place('rules')}: these are table mappings", "Give them as --table-mappings.")
    if "S3Settings" in values or "DataFormat" in values:
        raise invalid(f"{file.path}: line 1: these are endpoint settings", "Give them as --endpoint-settings.")
    if wrong := next(
        (name for name in SECTIONS & set(values) if name in _OBJECTS and not _is_section(values[name])), None
    ):
        raise invalid(f"{file.place(wrong)}: {wrong} is no object {{...}}")
    if values and not SECTIONS & set(values):
        raise invalid(f"{file.path}: line 1: no section of DMS task settings in it ({', '.join(list(values)[:3])} ...)")


def _is_section(value: Any) -> bool:
    return value is None or isinstance(value, dict)


_OBJECTS = frozenset({"BeforeImageSettings", "ChangeProcessingDdlHandlingPolicy", "FullLoadSettings", "TargetMetadata"})
