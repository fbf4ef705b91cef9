"""The meter bills as the services' documentation says."""

from __future__ import annotations

from odpf_local.aws_hook import Hook, Meter
from odpf_local.aws_hook.item_size import bytes_of
from tests.behaviours.builders import moto_aws


def test_the_meter_counts_kilobytes_and_transactions_twice(monkeypatch):
    with moto_aws(monkeypatch) as aws:
        meter, client = Meter(), aws.session.client("dynamodb")
        Hook(meter).attach(client)
        table, key = "odpf_batch_config", {"refresh_cadence": {"S": "a"}}
        item = {**key, "text": {"S": "x" * 1500}}
        for ask, units in (
            (lambda: client.put_item(TableName=table, Item=item), {"dynamodb_write": 2}),
            (lambda: client.get_item(TableName=table, Key=key), {"dynamodb_read": 0.5}),
            (lambda: client.get_item(TableName=table, Key=key, ConsistentRead=True), {"dynamodb_read": 1}),
            (
                lambda: client.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": item}}]),
                {"dynamodb_write": 4},
            ),
        ):
            ask()
            assert meter.take() == units


def test_an_item_is_as_big_as_its_names_and_values():
    assert bytes_of({"ab": {"S": "cde"}, "n": {"N": "1234"}, "m": {"M": {"k": {"S": "v"}}}}) == 5 + 1 + 4 + 1 + 3 + 3
