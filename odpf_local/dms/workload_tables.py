"""The tables of the workload: their columns, new rows, and changed rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa

from odpf_local.dms.shape import Column

Row = dict[str, Any]

_NAMES = ("Müller", "O'Neil", "李小龍", "Žižek", "a|b:c", "two words", "Ünïcødé", "🚕 taxi", "x,y", "tab\tbed", "%_\\")
_COUNTRIES = ("DE", "FR", "US", "日本")
_NOTES = (None, "", " ", "plain", "emoji 😀👩‍👩‍👧", "line\nbreak", "quote \" and '", "nul\x00byte", "é" * 300)


class WorkloadTable(NamedTuple):
    """A table with the ways its rows come and change; `serial` makes a new row's key a new one."""

    name: str
    columns: tuple[Column, ...]
    new: Callable[[Random, int], Row]
    values: Callable[[Random], Row]

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the key's columns."""
        return tuple(column.name for column in self.columns if column.key)

    def key_of(self, row: Row) -> tuple[Any, ...]:
        """The key of a row."""
        return tuple(row[name] for name in self.keys)

    def changed(self, random: Random, row: Row) -> Row:
        """The row with other values in some columns that are no key."""
        values = self.values(random)
        chosen = random.sample(sorted(values), random.randint(1, len(values)))
        return {**row, **{name: values[name] for name in chosen}}


def _orders(random: Random) -> Row:
    cents = random.randint(-(10**12), 10**12)
    return {
        "country": random.choice(_COUNTRIES),
        "amount": Decimal(cents).scaleb(-10),
        "note": random.choice(_NOTES),
        "ordered_at": datetime(2024, 1, 1) + timedelta(microseconds=random.randint(0, 10**14)),
    }


def _new_order(random: Random, serial: int) -> Row:
    return {"shop": random.choice(_NAMES), "order_no": serial, **_orders(random)}


def _prices(random: Random) -> Row:
    return {
        "price": random.choice([0.0, -1.5, 1e-300, 1.7e308, random.uniform(-1e6, 1e6), None]),
        "ratio": random.choice([0.5, -0.25, None]),
        "active": random.choice([True, False, None]),
    }


def _new_price(random: Random, serial: int) -> Row:
    return {"article": Decimal(serial - 50).scaleb(-2) + Decimal("0.0001"), **_prices(random)}


def _days(random: Random) -> Row:
    return {
        "opened_at": datetime(1850, 1, 1) + timedelta(seconds=random.randint(0, 10**10)),
        "closed_on": random.choice([None, date(1, 1, 1), date(1899, 12, 31), date(9999, 12, 31)]),
        "visitors": random.choice([0, -(2**31), 2**31 - 1, random.randint(0, 999)]),
        "small": random.choice([-32768, 32767, None]),
    }


def _new_day(random: Random, serial: int) -> Row:
    return {"day": date(1700, 1, 1) + timedelta(days=serial), **_days(random)}


def _people(random: Random) -> Row:
    return {
        "photo": random.choice([None, b"", b"\x00\xff\x00", random.randbytes(40)]),
        "nickname": random.choice([None, *_NAMES]),
        "team": f"team {random.randint(1, 3)}",
        "points": random.choice([None, -(2**63), 2**63 - 1, random.randint(0, 10**6)]),
    }


def _new_person(random: Random, serial: int) -> Row:
    return {"name": f"{random.choice(_NAMES)} {serial}", **_people(random)}


_TIME = pa.timestamp("us")

TABLES = (
    WorkloadTable(
        "orders",
        (
            Column("shop", pa.string(), key=True),
            Column("order_no", pa.int64(), key=True),
            Column("country", pa.string()),
            Column("amount", pa.decimal128(38, 10)),
            Column("note", pa.string(), lob=True),
            Column("ordered_at", _TIME),
        ),
        _new_order,
        _orders,
    ),
    WorkloadTable(
        "prices",
        (
            Column("article", pa.decimal128(18, 4), key=True),
            Column("price", pa.float64()),
            Column("ratio", pa.float32()),
            Column("active", pa.bool_()),
        ),
        _new_price,
        _prices,
    ),
    WorkloadTable(
        "days",
        (
            Column("day", pa.date32(), key=True),
            Column("opened_at", _TIME),
            Column("closed_on", pa.date32()),
            Column("visitors", pa.int32()),
            Column("small", pa.int16()),
        ),
        _new_day,
        _days,
    ),
    WorkloadTable(
        "people",
        (
            Column("name", pa.string(), key=True),
            Column("photo", pa.binary(), lob=True),
            Column("nickname", pa.string()),
            Column("team", pa.string()),
            Column("points", pa.int64()),
        ),
        _new_person,
        _people,
    ),
)
