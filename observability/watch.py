"""The watch: looks where the deployment stands, measures it, and tells people what is new.

It reads the configuration, what waits, the states of configured tables, and what is in quarantine: its cost grows with
these, never with what was done before.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from pydantic import ValidationError

from observability.finding import Finding
from observability.findings import find
from observability.limits import Limits
from observability.measurements import measure, waiting_tables
from observability.messages import Message, messages
from observability.standing import (
    CadenceStanding,
    Standing,
    cadence_standings,
    quarantined_by_table,
    table_standings,
    waiting_by_table,
)
from observability.watch_state import WATCH_STATE_KEY, WATCH_STATE_VERSION, SeenSchedule, WatchState, news, remembered
from odpf.clock import iso
from odpf.configured_table import read_items
from odpf.errors import OdpfError, TransientError
from odpf.last_plan import LastPlan, last_plan_key
from odpf.metrics import Dimension, Metric
from odpf.ports import ConfigStore, FileTracker, Ledger, Metrics, Notices, ObjectStore, Queues
from odpf.set_aside import is_set_aside
from odpf.settings import Settings
from odpf.states import FindingKind
from odpf.summarised import summarised
from odpf.table_config import TableConfig
from odpf.table_state import TableState

_log = logging.getLogger(__name__)

_LOGGED = 100
"""Findings in one line of the log: CloudWatch takes 256 KB an event."""


class Watched(NamedTuple):
    """How many findings there are, and how many of them are news."""

    findings: int
    begun: int
    over: int


class Watch(NamedTuple):
    """Watches a deployment over its ports."""

    settings: Settings
    limits: Limits
    config: ConfigStore
    tracker: FileTracker
    ledger: Ledger
    objects: ObjectStore
    queues: Queues
    metrics: Metrics
    notices: Notices
    region: str = ""

    def watch(self, now: datetime) -> Watched:
        """Look once.

        Raises:
            TransientError: people could not be told everything; the next watch tells what is left.
        """
        known = self._known()
        standing = self._standing(known, now)
        findings = remembered(self._ours(find(standing, self.limits)), known)
        name = self.settings.deployment
        of_tables = self.limits.measures_each_of(len(standing.tables))
        for dimensions, values in measure(standing, findings, known.waiting, name, of_tables=of_tables):
            self.metrics.put(dimensions, values)
        told = news(findings, known)
        failed = self._tell(messages(told, name))
        self._remember(standing, _told(findings, known, failed))
        if failed:
            raise TransientError(f"{len(failed)} notices were not published. The next watch tries again.")
        self.metrics.put({Dimension.DEPLOYMENT: name}, {Metric.WATCHED: 1})
        _log.info("watched", extra={"findings": len(findings), "tables": len(standing.tables)})
        return Watched(len(findings), len(told.begun), len(told.over))

    def _ours(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """What this Region tells: one that stands by leaves all to the other, but for the sign that nobody works there."""
        epoch = self.ledger.epoch()
        if epoch.active_in(self.region, second=self.settings.is_second_region):
            return findings
        return tuple(finding for finding in findings if finding.kind is FindingKind.LAG_OBJECTIVE_MISSED)

    def _standing(self, known: WatchState, now: datetime) -> Standing:
        tables = read_items(self.config.tables())
        waiting = waiting_by_table(self.tracker.all_pending())
        quarantined = quarantined_by_table(self.tracker.quarantined(), now)
        states = self.ledger.states([table.config.raw_table for table in tables if table.config])
        cadences = cadence_standings(self.config.cadences(), tables)
        return Standing(
            now=now,
            cadences=tuple(self._planned(cadence, known, now) for cadence in cadences),
            tables=tuple(table_standings(tables, states, waiting, quarantined, self._given_up)),
            dead_letters=self._dead_letters(),
        )

    def _given_up(self, config: TableConfig, state: TableState) -> bool:
        is_over = summarised(self.objects, self.settings.artifacts_bucket)
        return is_set_aside(config, state, self.settings.most_attempts, is_over)

    def _planned(self, cadence: CadenceStanding, known: WatchState, now: datetime) -> CadenceStanding:
        """Add what is known of a scheduled cadence's runs."""
        if cadence.schedule is None:
            return cadence
        seen = known.schedules.get(cadence.refresh_cadence)
        since = datetime.fromisoformat(seen.since) if seen and seen.expression == cadence.schedule else now
        return cadence._replace(last_plan=self._last_plan(cadence.refresh_cadence), scheduled_since=since)

    def _last_plan(self, refresh_cadence: str) -> LastPlan | None:
        key = last_plan_key(refresh_cadence)
        try:
            return LastPlan.model_validate_json(self.objects.get(self.settings.artifacts_bucket, key))
        except FileNotFoundError:
            return None
        except ValidationError as error:
            _log.warning("%s cannot be read: %s", key, error)
            return None

    def _dead_letters(self) -> dict[str, int]:
        """Messages in the dead-letter queues; a component that is not deployed has none."""
        queues = (f"{queue}_dlq" for queue in (self.settings.staging_queue, self.settings.config_queue))
        return {queue: self.queues.depth(queue) or 0 for queue in queues}

    def _tell(self, all_messages: Iterable[Message]) -> list[Message]:
        """Log and publish each message; those that could not be published come back."""
        failed = []
        for message in all_messages:
            notice = message.notice
            listed = [finding.model_dump(mode="json", exclude_none=True) for finding in message.findings[:_LOGGED]]
            _log.warning("%s: %s", notice.state.value, notice.subject, extra={**notice.attributes, "findings": listed})
            try:
                self.notices.publish(notice)
            except OdpfError as error:
                _log.error("%s", error)
                failed.append(message)
        return failed

    def _known(self) -> WatchState:
        """What the last watch left; nothing readable means that everything is news again."""
        try:
            state = WatchState.model_validate_json(self.objects.get(self.settings.artifacts_bucket, WATCH_STATE_KEY))
        except FileNotFoundError:
            return WatchState()
        except ValidationError as error:
            _log.warning("%s cannot be read, everything is told again: %s", WATCH_STATE_KEY, error)
            return WatchState()
        return state if state.version == WATCH_STATE_VERSION else WatchState()

    def _remember(self, standing: Standing, told: Iterable[Finding]) -> None:
        state = WatchState(
            watched_at=iso(standing.now),
            findings=tuple(told),
            waiting=tuple(sorted(waiting_tables(standing))),
            schedules={
                cadence.refresh_cadence: SeenSchedule(
                    expression=cadence.schedule, since=iso(cadence.scheduled_since or standing.now)
                )
                for cadence in standing.cadences
                if cadence.schedule
            },
        )
        self.objects.put(self.settings.artifacts_bucket, WATCH_STATE_KEY, state.model_dump_json().encode())


def _told(findings: Iterable[Finding], known: WatchState, failed: Iterable[Message]) -> list[Finding]:
    """What people know now: of messages that failed, what they knew before."""
    knows = {finding.subject: finding for finding in findings}
    before = known.by_subject
    for message in failed:
        for finding in message.findings:
            knows.pop(finding.subject, None)
            if finding.subject in before:
                knows[finding.subject] = before[finding.subject]
    return list(knows.values())
