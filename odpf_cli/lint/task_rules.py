"""Rules of the task settings (AWS DMS user guide, "Specifying task settings")."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from odpf.config_problems import did_you_mean
from odpf.states import Severity
from odpf_cli.lint.rule import Check, Fault, Rule, Subject
from odpf_cli.lint.switch import shown, switched, whole_number
from odpf_cli.lint.task import SECTIONS, Task

_TARGET, _DDL = "TargetMetadata", "ChangeProcessingDdlHandlingPolicy"
_LARGEST_LOB_KB = 102_400
"""The greatest LobMaxSize that the DMS user guide recommends ("Target metadata task settings")."""
_SETTINGS = {
    _TARGET: (
        "BatchApplyEnabled",
        "FullLobMode",
        "InlineLobMaxSize",
        "LimitedSizeLobMode",
        "LoadMaxFileSize",
        "LobChunkSize",
        "LobMaxSize",
        "ParallelApplyBufferSize",
        "ParallelApplyQueuesPerThread",
        "ParallelApplyThreads",
        "ParallelLoadBufferSize",
        "ParallelLoadQueuesPerThread",
        "ParallelLoadThreads",
        "SupportLobs",
        "TargetSchema",
        "TaskRecoveryTableEnabled",
    ),
    _DDL: ("HandleSourceTableAltered", "HandleSourceTableDropped", "HandleSourceTableTruncated"),
}


def _must_be_false(section: str, name: str, *, default: bool) -> Check:
    def check(task: Task) -> Iterator[Fault]:
        value = task.value(section, name)
        if value is None and default:
            yield Fault(None, task.place(section, name))
        elif value is not None and switched(value) is not False:
            yield Fault(shown(value), task.place(section, name))

    return check


def _lob_size(task: Task) -> Iterator[Fault]:
    value, place = task.value(_TARGET, "LobMaxSize"), task.place(_TARGET, "LobMaxSize")
    size = whole_number(value)
    if value is None or size is None or size <= 0:
        yield Fault(shown(value), place)


def _lob_size_is_sane(task: Task) -> Iterator[Fault]:
    size = whole_number(task.value(_TARGET, "LobMaxSize"))
    if size is not None and size > _LARGEST_LOB_KB:
        yield Fault(str(size), task.place(_TARGET, "LobMaxSize"))


def _limited_lobs(task: Task) -> Iterator[Fault]:
    limited = task.value(_TARGET, "LimitedSizeLobMode")
    if limited is not None and not switched(limited) and switched(task.value(_TARGET, "SupportLobs")) is not False:
        yield Fault(shown(limited), task.place(_TARGET, "LimitedSizeLobMode"))


def _lobs(task: Task) -> Iterator[Fault]:
    value = task.value(_TARGET, "SupportLobs")
    if value is not None and switched(value) is not True:
        yield Fault(shown(value), task.place(_TARGET, "SupportLobs"))


def _no_inline_lobs(task: Task) -> Iterator[Fault]:
    value = task.value(_TARGET, "InlineLobMaxSize")
    if value is not None and whole_number(value) != 0:
        yield Fault(shown(value), task.place(_TARGET, "InlineLobMaxSize"))


def _before_images(task: Task) -> Iterator[Fault]:
    if switched(task.value("BeforeImageSettings", "EnableBeforeImage")):
        yield Fault("true", task.place("BeforeImageSettings", "EnableBeforeImage"))


def _altered(task: Task) -> Iterator[Fault]:
    value = task.value(_DDL, "HandleSourceTableAltered")
    if value is not None and switched(value) is not True:
        yield Fault(shown(value), task.place(_DDL, "HandleSourceTableAltered"))


def _keeps_files(task: Task) -> Iterator[Fault]:
    value = task.value("FullLoadSettings", "TargetTablePrepMode")
    if value is not None and str(value).strip().upper() != "DO_NOTHING":
        yield Fault(shown(value), task.place("FullLoadSettings", "TargetTablePrepMode"))


def _target_schema(task: Task) -> Iterator[Fault]:
    value = task.value(_TARGET, "TargetSchema")
    if value:
        yield Fault(shown(value), task.place(_TARGET, "TargetSchema"))


def _said_once(task: Task) -> Iterator[Fault]:
    yield from (Fault("twice", place, name) for name, place in task.file.twice)


def _known(task: Task) -> Iterator[Fault]:
    """Names that are nearly one that is known; DMS has more settings than are known here."""
    values = task.file.values
    known: list[tuple[str, tuple[str, ...], Collection[str]]] = [
        (name, (name,), SECTIONS) for name in values if name not in SECTIONS
    ]
    for section, names in _SETTINGS.items():
        inner = values.get(section)
        known += [(name, (section, name), names) for name in inner or () if name not in names]
    for name, keys, expected in known:
        if meant := did_you_mean(name, expected):
            yield Fault(name, task.file.place(*keys), ".".join(keys), fix=f"Correct or remove it{meant}")


def _rule(name: str, setting: str, expected: str, check: Check, reason: str, fix: str, **more: Any) -> Rule:
    return Rule(f"task-{name}", Subject.TASK, setting, expected, reason, fix, check, **more)


TASK_RULES = (
    _rule(
        "truncated",
        f"{_DDL}.HandleSourceTableTruncated",
        "false",
        _must_be_false(_DDL, "HandleSourceTableTruncated", default=True),
        "A TRUNCATE at the source removes the table's files from S3, applied or not; that is the default.",
        "Set HandleSourceTableTruncated to false.",
        demanded=True,
    ),
    _rule(
        "dropped",
        f"{_DDL}.HandleSourceTableDropped",
        "false",
        _must_be_false(_DDL, "HandleSourceTableDropped", default=True),
        "A DROP at the source removes the table's files from S3, applied or not; that is the default.",
        "Set HandleSourceTableDropped to false.",
        demanded=True,
    ),
    _rule(
        "batch-apply",
        f"{_TARGET}.BatchApplyEnabled",
        "false",
        _must_be_false(_TARGET, "BatchApplyEnabled", default=False),
        "With S3 as the target it might result in loss of data (DMS user guide).",
        "Set BatchApplyEnabled to false.",
        demanded=True,
    ),
    _rule(
        "lob-max-size",
        f"{_TARGET}.LobMaxSize",
        "kilobytes, greater than 0",
        _lob_size,
        "Larger values are cut off at LobMaxSize without an error, and its default is small.",
        "Set LobMaxSize to the largest LOB of the source, in kilobytes.",
        demanded=True,
    ),
    _rule(
        "lob-max-size-limit",
        f"{_TARGET}.LobMaxSize",
        "at most 102400 kilobytes",
        _lob_size_is_sane,
        "DMS sets aside that much memory for every LOB of every row under way; its guide recommends at most 100 MB.",
        "Set LobMaxSize to the largest LOB of the source.",
        severity=Severity.WARNING,
    ),
    _rule(
        "full-lob",
        f"{_TARGET}.FullLobMode",
        "false",
        _must_be_false(_TARGET, "FullLobMode", default=False),
        "S3 targets do not support full LOB mode.",
        "Set FullLobMode to false, LimitedSizeLobMode to true and LobMaxSize to the largest LOB.",
    ),
    _rule(
        "inline-lob",
        f"{_TARGET}.InlineLobMaxSize",
        "0",
        _no_inline_lobs,
        "S3 targets do not support inline LOB mode.",
        "Set InlineLobMaxSize to 0.",
    ),
    _rule(
        "limited-lob",
        f"{_TARGET}.LimitedSizeLobMode",
        "true",
        _limited_lobs,
        "It is the only LOB mode that S3 targets support.",
        "Set LimitedSizeLobMode to true.",
        severity=Severity.WARNING,
    ),
    _rule(
        "support-lobs",
        f"{_TARGET}.SupportLobs",
        "true",
        _lobs,
        "DMS leaves LOB columns out, and the raw tables do not have them.",
        "Set SupportLobs to true, unless LOB columns are not wanted.",
        severity=Severity.WARNING,
    ),
    _rule(
        "before-image-settings",
        "BeforeImageSettings.EnableBeforeImage",
        "false",
        _before_images,
        "BeforeImageSettings have no effect on S3 targets: old keys are still missing, and changed keys leave their old rows behind.",
        "Use the mapping rule add-before-image-columns instead (examples/dms/table-mappings.json).",
        severity=Severity.WARNING,
    ),
    _rule(
        "altered",
        f"{_DDL}.HandleSourceTableAltered",
        "true",
        _altered,
        "New columns of the source do not come to the files, and so not to the lake.",
        "Set HandleSourceTableAltered to true.",
        severity=Severity.WARNING,
    ),
    _rule(
        "table-prep-mode",
        "FullLoadSettings.TargetTablePrepMode",
        "DO_NOTHING",
        _keeps_files,
        "A task that starts anew, or reloads a table, may remove what lies in the table's folder, applied or not.",
        "Set TargetTablePrepMode to DO_NOTHING.",
        severity=Severity.WARNING,
    ),
    _rule(
        "target-schema",
        f"{_TARGET}.TargetSchema",
        "empty",
        _target_schema,
        "Tables of all schemas lie in one folder, and those of one name in each other's.",
        "Leave TargetSchema empty; rename schemas by mapping rules where they must be.",
        severity=Severity.WARNING,
    ),
    _rule(
        "said-once",
        "task settings",
        "one value",
        _said_once,
        "The key stands twice in one object; the last one counts for most readers, and nobody sees that.",
        "Remove one of the two.",
        severity=Severity.WARNING,
    ),
    _rule(
        "unknown-setting",
        "task settings",
        "a setting of a DMS task",
        _known,
        "No such setting of a DMS task is known: what it was meant to change has its default.",
        "Correct or remove it.",
        severity=Severity.WARNING,
    ),
)
"""A new rule is one more entry, its function above."""
