"""What a watch leaves for the next one, so that people are told once: an object in the artifacts bucket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict, Field

from observability.finding import Finding, Subject

WATCH_STATE_KEY = "health/findings.json"
WATCH_STATE_VERSION = 1


class SeenSchedule(BaseModel):
    """A cadence's schedule, and since when the watch knows it; a changed one counts anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    expression: str
    since: str


class WatchState(BaseModel):
    """The end of a watch.

    Attributes:
        watched_at: UTC, ISO 8601.
        findings: those that people know of.
        waiting: (cadence, source table) of the tables that had something waiting.
        schedules: by cadence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = WATCH_STATE_VERSION
    watched_at: str = ""
    findings: tuple[Finding, ...] = ()
    waiting: tuple[tuple[str, str], ...] = ()
    schedules: Mapping[str, SeenSchedule] = Field(default_factory=dict)

    @property
    def by_subject(self) -> dict[Subject, Finding]:
        """The known findings by what they are about."""
        return {finding.subject: finding for finding in self.findings}


class News(BaseModel):
    """What changed between two watches."""

    model_config = ConfigDict(frozen=True)

    begun: tuple[Finding, ...]
    over: tuple[Finding, ...]


def remembered(found: Iterable[Finding], known: WatchState) -> tuple[Finding, ...]:
    """The findings of now; one that lasts keeps the time at which it was first seen."""
    before = known.by_subject
    return tuple(
        finding.model_copy(update={"since": before[finding.subject].since}) if finding.subject in before else finding
        for finding in found
    )


def news(findings: Iterable[Finding], known: WatchState) -> News:
    """What began, or grew, since people were told; and what they were told of that is over."""
    now, before = {finding.subject: finding for finding in findings}, known.by_subject
    return News(
        begun=tuple(f for subject, f in now.items() if subject not in before or f.mark > before[subject].mark),
        over=tuple(f for subject, f in before.items() if subject not in now),
    )
