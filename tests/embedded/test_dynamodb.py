from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest


def test_of_many_transactions_on_one_condition_exactly_one_wins(client: Any) -> None:
    dynamodb = client("dynamodb")

    def claim(item: str) -> bool:
        put = {
            "TableName": "odpf_config_deploy_tracker",
            "Item": {"deployment_id": {"S": item}},
            "ConditionExpression": "attribute_not_exists(deployment_id)",
        }
        try:
            dynamodb.transact_write_items(TransactItems=[{"Put": put}])
        except dynamodb.exceptions.TransactionCanceledException:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        for round_ in range(10):
            assert sum(pool.map(claim, [f"round {round_}"] * 8)) == 1


def test_a_cancelled_transaction_leaves_every_item_as_it_was(client: Any) -> None:
    dynamodb, table = client("dynamodb"), "odpf_file_tracker"

    def key(name: str) -> dict[str, Any]:
        return {"source_table_name": {"S": "s.t"}, "file_id": {"S": name}}

    for name in ("changed", "deleted", "replaced"):
        dynamodb.put_item(TableName=table, Item={**key(name), "size": {"N": "1"}})
    before = dynamodb.scan(TableName=table)["Items"]
    increase = {"UpdateExpression": "SET #s = #s + :one", "ExpressionAttributeNames": {"#s": "size"}}
    never = {"ConditionExpression": "attribute_exists(file_id)"}
    actions = [
        {
            "Update": {
                "TableName": table,
                "Key": key("changed"),
                **increase,
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            }
        },
        {"Delete": {"TableName": table, "Key": key("deleted")}},
        {"Put": {"TableName": table, "Item": {**key("replaced"), "size": {"N": "2"}}}},
        {"Put": {"TableName": table, "Item": key("new")}},
        {"ConditionCheck": {"TableName": table, "Key": key("absent"), **never}},
    ]
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=actions)
    assert dynamodb.scan(TableName=table)["Items"] == before
    dynamodb.transact_write_items(TransactItems=actions[:4])
    after = {item["file_id"]["S"]: item.get("size", {}).get("N") for item in dynamodb.scan(TableName=table)["Items"]}
    assert after == {"changed": "2", "replaced": "2", "new": None}
