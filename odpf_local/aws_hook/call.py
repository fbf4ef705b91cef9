"""One call of an AWS API: what is asked, what it is about, and how a service refuses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from odpf_local.aws_hook.keys import key_values

Answer = Mapping[str, Any]
"""Parameters, items and answers in botocore's form."""


class Call(NamedTuple):
    """A call as botocore serialises it.

    Attributes:
        service: botocore's name of it, for example `stepfunctions`.
        operation: in the API's spelling, for example `PutItem`.
        params: of the call, DynamoDB's values typed: {"S": "text"}.
        body_bytes: length of the request's body; 0 before it is made.
    """

    service: str
    operation: str
    params: Answer
    body_bytes: int = 0

    @property
    def tables(self) -> list[str]:
        """DynamoDB tables that the call names."""
        return list(dict.fromkeys(table for table, _ in self.items_and_keys)) or [
            str(self.params[name]) for name in ("TableName",) if self.service == "dynamodb" and name in self.params
        ]

    @property
    def buckets(self) -> list[str]:
        """The S3 bucket that the call names, or none."""
        return [str(self.params["Bucket"])] if self.service == "s3" and "Bucket" in self.params else []

    @property
    def keys(self) -> list[str]:
        """S3 keys and prefixes, or the texts in the primary keys of DynamoDB items."""
        if self.service == "s3":
            deleted = self.params.get("Delete", {}).get("Objects", [])
            named = [self.params[name] for name in ("Key", "Prefix") if name in self.params]
            return [str(key) for key in (*named, *(each["Key"] for each in deleted))]
        return [text for table, item in self.items_and_keys for text in key_values(table, item)]

    @property
    def items_and_keys(self) -> list[tuple[str, Answer]]:
        """(table, item that is put or key that is named) of a DynamoDB call."""
        return [(table, what.get("Item") or what["Key"]) for table, _, what in self.actions]

    @property
    def actions(self) -> list[tuple[str, str, Answer]]:
        """(table, verb, what is asked of it) of a DynamoDB call, one for each item; verbs are those of transactions."""
        return list(self._actions()) if self.service == "dynamodb" else []

    def _actions(self) -> Iterator[tuple[str, str, Answer]]:
        params = self.params
        match self.operation:
            case "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem":
                yield params["TableName"], self.operation.removesuffix("Item"), params
            case "BatchGetItem":
                for table, wanted in params["RequestItems"].items():
                    for key in wanted["Keys"]:
                        yield table, "Get", {"Key": key, "ConsistentRead": wanted.get("ConsistentRead", False)}
            case "BatchWriteItem":
                for table, requests in params["RequestItems"].items():
                    for request in requests:
                        ((verb, what),) = request.items()
                        yield table, verb.removesuffix("Request"), what
            case "TransactWriteItems" | "TransactGetItems":
                for action in params["TransactItems"]:
                    ((verb, what),) = action.items()
                    yield what["TableName"], verb, what


class Outcome(NamedTuple):
    """What came back: the HTTP status and the parsed answer."""

    status: int
    answer: Answer

    @property
    def code(self) -> str:
        """The service's error code, empty when the call succeeded."""
        error_status = 300
        return str(self.answer.get("Error", {}).get("Code", "")) if self.status >= error_status else ""


class ServiceError(NamedTuple):
    """A refusal in a service's own words.

    Attributes:
        code: empty where the service answers without a body; botocore then takes the status.
        message: for people.
        status: of HTTP.
        fields: what else stands in the body, by name.
    """

    code: str
    message: str
    status: int = 400
    fields: Answer = {}  # noqa: RUF012  a NamedTuple default, never changed


def cancelled(call: Call, why: Mapping[int, tuple[str, str]]) -> ServiceError:
    """DynamoDB's answer to a transaction that it cancels (DynamoDB API, TransactWriteItems).

    Args:
        call: the transaction.
        why: (code, message) by the position of the action; the others have nothing to do with it.
    """
    positions = range(len(call.params["TransactItems"]))
    reasons = [
        {"Code": why[position][0], "Message": why[position][1]} if position in why else {"Code": "None"}
        for position in positions
    ]
    codes = ", ".join(reason["Code"] for reason in reasons)
    return ServiceError(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        fields={"CancellationReasons": reasons},
    )
