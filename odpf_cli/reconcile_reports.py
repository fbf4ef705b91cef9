"""Reports of reconciliations that are kept, and the events that tell of drift.

A report is `reconciliations/<id>.json` in the artifacts bucket; ids begin with the moment, so they sort as reports came.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from odpf.errors import TerminalError
from odpf.ports import ObjectStore, RefreshEvents
from odpf.states import Reconciled
from odpf.table_drifted import TableDrifted
from reconciliation.report import Reconciliation

PREFIX = "reconciliations/"


class NoSuchReport(TerminalError):
    """No report has the id that was asked for."""


class Reports(NamedTuple):
    """The reports of a deployment."""

    objects: ObjectStore
    bucket: str

    def keep(self, report: Reconciliation) -> str:
        """Write a report; where it is."""
        self.objects.put(self.bucket, _key(report.reconciliation_id), report.model_dump_json().encode())
        return f"s3://{self.bucket}/{_key(report.reconciliation_id)}"

    def newest(self, most: int) -> Iterator[Reconciliation]:
        """Reports, newest first."""
        keys = [stored.key for stored in self.objects.list(self.bucket, PREFIX) if stored.key.endswith(".json")]
        for key in reversed(keys[-most:]):
            yield Reconciliation.model_validate_json(self.objects.get(self.bucket, key))

    def one(self, reconciliation_id: str) -> Reconciliation:
        """A report by its id.

        Raises:
            NoSuchReport: there is none.
        """
        try:
            return Reconciliation.model_validate_json(self.objects.get(self.bucket, _key(reconciliation_id)))
        except FileNotFoundError:
            raise NoSuchReport(
                f"There is no report {reconciliation_id}. `odpf reconcile --list` shows those that are kept."
            ) from None


def new_id(now: datetime) -> str:
    """The id of a reconciliation that begins now."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


def tell(report: Reconciliation, place: str, events: RefreshEvents) -> None:
    """Send an event for every table that drifted."""
    for table in report.tables:
        if table.outcome is Reconciled.DRIFTED:
            events.put_drift(
                TableDrifted(
                    reconciliation_id=report.reconciliation_id,
                    report=place,
                    refresh_cadence=table.refresh_cadence,
                    source_table_name=table.source_table_name,
                    raw_database_name=table.raw_database_name,
                    raw_table_name=table.raw_table_name,
                    rows_different=table.different,
                    rows_at_source=table.counts.source,
                    rows_in_lake=table.counts.lake,
                )
            )


def _key(reconciliation_id: str) -> str:
    return f"{PREFIX}{reconciliation_id}.json"
