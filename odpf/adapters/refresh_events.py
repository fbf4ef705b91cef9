"""Events of refreshed and of drifted tables, on the account's default EventBridge bus."""

from __future__ import annotations

import boto3

from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call
from odpf.errors import TransientError
from odpf.table_drifted import DETAIL_TYPE as DRIFTED
from odpf.table_drifted import TableDrifted
from odpf.table_refreshed import DETAIL_TYPE, SOURCE, TableRefreshed


class EventBridgeRefreshEvents:
    """Puts one event per refreshed table, and one per table that drifted."""

    def __init__(self, session: boto3.Session) -> None:
        self._client = session.client("events", config=CLIENT_CONFIG)

    def put(self, event: TableRefreshed) -> None:
        """Hand the event to the bus; a TransientError when the bus does not take it."""
        advice = "The table is right; start what waits for it by hand, or with its next commit."
        self._put(DETAIL_TYPE, event, advice)

    def put_drift(self, event: TableDrifted) -> None:
        """Hand the event to the bus; a TransientError when the bus does not take it."""
        self._put(DRIFTED, event, f"What was found stands in {event.report}.")

    def _put(self, detail_type: str, event: TableRefreshed | TableDrifted, advice: str) -> None:
        with aws_call(f"Putting the event {detail_type} of {event.raw_database_name}.{event.raw_table_name}"):
            answer = self._client.put_events(
                Entries=[{"Source": SOURCE, "DetailType": detail_type, "Detail": event.model_dump_json()}]
            )
        if answer["FailedEntryCount"]:
            refused = answer["Entries"][0]
            raise TransientError(
                f"EventBridge refused the event {detail_type}: {refused.get('ErrorCode')} {refused.get('ErrorMessage')}. {advice}"
            )
