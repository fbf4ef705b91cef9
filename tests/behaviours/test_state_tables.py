"""Items of a table in DynamoDB's own values: nothing is lost, in requests that fail halfway, and page by page."""

from __future__ import annotations

from typing import Any

import pytest

from odpf.adapters.aws import Aws
from odpf.adapters.clients import Dynamo
from odpf.adapters.state_tables import StateTable, state_tables
from odpf.errors import TransientError
from odpf.tables import FILE_TRACKER_HISTORY, TABLES
from odpf_cli.state_folder import line_of
from tests.behaviours.builders import SETTINGS
from tests.behaviours.wire import Wire

EVERY_TYPE: dict[str, Any] = {
    "text": {"S": "ü\n\u2028 \U0001f600"},
    "empty": {"S": ""},
    "number": {"N": "12345678901234567890.123456789"},
    "negative": {"N": "-1E-120"},
    "bytes": {"B": b"\x00\xff"},
    "texts": {"SS": ["b", "a"]},
    "numbers": {"NS": ["10", "9"]},
    "many_bytes": {"BS": [b"\x02", b"\x01"]},
    "nothing": {"NULL": True},
    "truth": {"BOOL": False},
    "list": {"L": [{"N": "1"}, {"M": {"B": {"B": b"\x01"}, "S": {"L": []}}}]},
    "map": {"M": {}},
}


def item(number: int, /, **more: Any) -> dict[str, Any]:
    return {"source_table_name": {"S": "shop.orders"}, "file_id": {"S": f"{number:032d}"}, **more}


@pytest.fixture
def dynamo(aws: Aws) -> Dynamo:
    return Dynamo(aws.session)


@pytest.fixture
def history(dynamo: Dynamo) -> StateTable:
    return state_tables(dynamo, SETTINGS, retry_seconds=1)[FILE_TRACKER_HISTORY.name]


def test_there_is_one_for_every_table_of_a_deployment(dynamo):
    found = state_tables(dynamo, SETTINGS)
    assert {name: table.name for name, table in found.items()} == {t.name: f"odpf_{t.name}" for t in TABLES}


def test_an_item_comes_back_in_the_values_it_was_written_in(history):
    written = item(1, **EVERY_TYPE)
    history.write([written])
    (found,) = history.scan()
    assert line_of(found) == line_of(written)


def test_a_scan_goes_on_from_page_to_page(dynamo, history):
    history.write([item(number) for number in range(7)])
    dynamo.client.meta.events.register(
        "provide-client-params.dynamodb.Scan", lambda params, **_: {**params, "Limit": 2}
    )
    wire = Wire(dynamo.client)
    assert sorted(history.key(found)[1] for found in history.scan()) == [f"{number:032d}" for number in range(7)]
    assert wire.requests["Scan"] == 4


def test_those_that_are_there_are_found_by_their_keys_a_hundred_a_request(dynamo, history):
    history.write([item(number) for number in range(150)])
    wire = Wire(dynamo.client)
    keys = [("shop.orders", f"{number:032d}") for number in range(140, 260)]
    assert sorted(history.stored(keys)) == keys[:10]
    assert wire.requests["BatchGetItem"] == 2


@pytest.mark.parametrize(
    ("operation", "left_out"), [("BatchWriteItem", "UnprocessedItems"), ("BatchGetItem", "UnprocessedKeys")]
)
def test_what_is_left_unprocessed_is_asked_for_again(dynamo, history, operation, left_out):
    Wire(dynamo.client).leave_out_once(operation, left_out)
    history.write([item(1)])
    assert len(history.stored([("shop.orders", f"{1:032d}")])) == 1


def test_a_table_that_takes_nothing_is_an_error_that_names_it(dynamo, history):
    asked = {history.name: [{"PutRequest": {"Item": item(1)}}]}
    Wire(dynamo.client).answer("BatchWriteItem", {"UnprocessedItems": asked}, 200, times=1000)
    with pytest.raises(TransientError, match="odpf_file_tracker_history left requests unprocessed"):
        history.write([item(1)])
