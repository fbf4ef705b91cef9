"""News as notices: one per kind and cadence, however many tables it is about. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from observability.finding import Finding
from observability.watch_state import News
from odpf.notice import LONGEST_SUBJECT, LONGEST_TEXT, Notice
from odpf.states import FindingKind, NoticeState

_TITLES = {
    FindingKind.LAG_OBJECTIVE_MISSED: ("misses its lag objective", "tables miss their lag objective"),
    FindingKind.TABLE_FAILED: ("failed", "tables failed"),
    FindingKind.TABLE_SET_ASIDE: ("was set aside", "tables were set aside"),
    FindingKind.OLDEST_PENDING: ("has files that wait too long", "tables have files that wait too long"),
    FindingKind.FILES_QUARANTINED: ("has files in quarantine", "tables have files in quarantine"),
    FindingKind.NO_RUN: ("was not run when it was due", "cadences were not run when they were due"),
    FindingKind.DEAD_LETTERS: ("has dead letters", "queues have dead letters"),
}
_ROOM = 1_000
"""Bytes kept for the first and the last lines."""


class Message(NamedTuple):
    """A notice, and the findings that are told with it."""

    notice: Notice
    findings: tuple[Finding, ...]


def messages(told: News, deployment: str) -> Iterator[Message]:
    """The notices of what is new, then of what is over."""
    for state, findings in ((NoticeState.BEGUN, told.begun), (NoticeState.OVER, told.over)):
        ordered = sorted(findings, key=_group)
        for (kind, cadence), group in groupby(ordered, key=_group):
            together = tuple(group)
            notice = Notice(
                kind=FindingKind(kind),
                state=state,
                refresh_cadence=cadence or None,
                subject=_subject(together, state, deployment),
                text=_text(together, state, deployment),
            )
            yield Message(notice, together)


def _group(finding: Finding) -> tuple[str, str]:
    return finding.kind.value, finding.refresh_cadence or ""


def _subject(findings: Sequence[Finding], state: NoticeState, deployment: str) -> str:
    """One line of ASCII, cut where SNS would refuse it."""
    first = findings[0]
    one, many = _TITLES[first.kind]
    cadence = f" ({first.refresh_cadence})" if first.refresh_cadence else ""
    what = f"{first.name} {one}" if len(findings) == 1 else f"{len(findings)} {many}{cadence}"
    prefix = "Over: " if state is NoticeState.OVER else ""
    line = f"ODPF {deployment}: {prefix}{what}"
    plain = "".join(c if c.isascii() and c.isprintable() else "?" for c in line)
    return plain if len(plain) <= LONGEST_SUBJECT else f"{plain[: LONGEST_SUBJECT - 3]}..."


def _text(findings: Sequence[Finding], state: NoticeState, deployment: str) -> str:
    """As many findings as fit in one message, and how many are left out."""
    paragraphs, size = [], 0
    for finding in findings:
        paragraph = _paragraph(finding, state)
        size += len(paragraph.encode()) + 2
        if size > LONGEST_TEXT - _ROOM:
            break
        paragraphs.append(paragraph)
    left_out = len(findings) - len(paragraphs)
    kind = findings[0].kind.value
    more = [f"... and {left_out} more; `odpf status` shows every table."] if left_out else []
    begins = f"Deployment {deployment}, {kind}: {len(findings)} {state.value if state is NoticeState.OVER else 'new'}."
    return "\n\n".join([begins, *paragraphs, *more, f"What it means: docs/observability.md#{kind}"])


def _paragraph(finding: Finding, state: NoticeState) -> str:
    if state is NoticeState.OVER:
        return f"{finding.name}: over. Since {finding.since} it was so: {finding.reason}"
    return f"{finding.name}: {finding.reason}\nSince: {finding.since}\nNext: {finding.next_step}"
