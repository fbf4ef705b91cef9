"""What it costs to leave the console open, in read units as DynamoDB bills them (docs/console.md has the sums)."""

from __future__ import annotations

import pytest

from odpf.clock import utc_now
from odpf.states import RefreshStatus
from odpf.table_state import TableState
from odpf_cli.console.overview import OverviewReader
from odpf_local.aws_hook import Hook, Meter
from tests.behaviours.builders import moto_aws
from tests.console.builders import change_name, landed, name_of, table_item

TABLES, WAITING = 60, 6


@pytest.fixture
def deployed(monkeypatch):
    """Tables that ran once; files of some wait; and the meter of their requests."""
    with moto_aws(monkeypatch) as aws:
        aws.config.put_tables(table_item(number) for number in range(TABLES))
        for number in range(TABLES):
            raw = f"shop_raw.{name_of(number).split('.')[1]}"
            seen = TableState(raw_table=raw, source_table_name=name_of(number))
            lease = aws.ledger.acquire(seen, "jr_1", "run-1", utc_now())
            aws.ledger.release(lease, RefreshStatus.COMPLETED, None, utc_now())
        for number in range(WAITING):
            now = utc_now()
            aws.tracker.register(landed(aws, name_of(number), change_name(now), now), now)
        meter = Meter()
        Hook(meter).attach(aws.ledger._table._client)
        yield aws, meter


def test_a_look_again_costs_what_waits_and_not_what_is_configured(deployed):
    aws, meter = deployed
    reader = OverviewReader(aws)
    first = reader.read(None)
    assert meter.take()["dynamodb_read"] >= TABLES  # the states, one unit each
    reader.read(first)
    again = meter.take()["dynamodb_read"]
    print("read units of a look again:", again)
    assert again <= WAITING + 3  # a state each, and two scans of little
