"""Sizes as DynamoDB reckons them (developer guide, "DynamoDB item sizes and formats").

An attribute is its name and its value in UTF-8; a number is a byte for two digits and one more; lists and maps are three
bytes and one for each element. How a number is kept exactly is not told, so items of many numbers are a little smaller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SET = re.compile(r"\bSET\b(.*?)(?=\b(?:REMOVE|ADD|DELETE)\b|$)", re.DOTALL)
_ASSIGNED = re.compile(r"^\s*(#?\w+)\s*=\s*(:\w+)\s*$")


def bytes_of(item: Mapping[str, Any]) -> int:
    """Size of an item, or of some of its attributes."""
    return sum(len(name.encode()) + bytes_of_value(value) for name, value in item.items())


def bytes_of_value(value: Mapping[str, Any]) -> int:
    """Size of a typed value, for example {"S": "text"}."""
    ((kind, content),) = value.items()
    match kind:
        case "S" | "B":
            return _length(content)
        case "N":
            return _number(content)
        case "SS" | "BS" | "NS":
            return sum(bytes_of_value({kind[0]: each}) for each in content)
        case "L":
            return 3 + sum(1 + bytes_of_value(inner) for inner in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + bytes_of_value(inner) for name, inner in content.items())
        case _:
            return 1


def bytes_set(update: Mapping[str, Any]) -> int:
    """The least that an item is as big as after an update: its key and what is simply assigned (`SET name = :value`).

    Args:
        update: parameters of UpdateItem, or of an Update in a transaction.
    """
    names, values = update.get("ExpressionAttributeNames", {}), update.get("ExpressionAttributeValues", {})
    clauses = _SET.findall(update.get("UpdateExpression", ""))
    assigned = [_ASSIGNED.match(part) for clause in clauses for part in clause.split(",")]
    parts = {names.get(found[1], found[1]): values[found[2]] for found in assigned if found and found[2] in values}
    return bytes_of({**update["Key"], **parts})


def _length(content: str | bytes) -> int:
    return len(content.encode() if isinstance(content, str) else content)


def _number(content: str) -> int:
    return len(content.strip("-").replace(".", "")) // 2 + 2
