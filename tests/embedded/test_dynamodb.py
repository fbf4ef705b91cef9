from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any


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
