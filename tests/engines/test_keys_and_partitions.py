from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from tests.engines.staged_table import bad, delete, insert, load_row, update
from tests.engines.stories import arms, story

ARMS = ("spark", "arrow", "arrow-spark")

AWKWARD = (
    "plain",
    "two words",
    " leading and trailing ",
    "a,b",
    "a:b",
    "id:1",
    "a|b;c",
    "a/b\\c",
    "percent % and %2F",
    "a=b",
    "Müller",
    "李小龍",
    "🚕",
    "quote ' and \"",
    "tab\tand\nline",
    "nul\x00byte",
    "null",
    "NULL",
    ".",
    "..",
    "x" * 200,
)
KEYS_OF_A_TYPE = {
    "int": (pa.int32(), [0, -1, 2**31 - 1, -(2**31)]),
    "bigint": (pa.int64(), [0, -1, 2**63 - 1, -(2**63)]),
    "uint64": (pa.uint64(), [0, 1, 2**64 - 1, 10]),
    "decimal": (
        pa.decimal128(18, 4),
        [Decimal("0"), Decimal("-0.0001"), Decimal("10.5000"), Decimal("99999999999999.9999")],
    ),
    "decimal_without_scale": (pa.decimal128(38, 0), [Decimal(0), Decimal(10), Decimal(-1), Decimal("9" * 38)]),
    "date": (pa.date32(), [date(1, 1, 1), date(1582, 10, 15), date(1969, 12, 31), date(9999, 12, 31)]),
    "text": (pa.string(), list(AWKWARD)),
    "boolean": (pa.bool_(), [True, False]),
    "timestamp": (
        pa.timestamp("us"),
        [
            datetime(1970, 1, 1),
            datetime(1890, 5, 5, 1, 2, 3),
            datetime(2024, 2, 29, 23, 59, 59, 999000),
            datetime(9999, 12, 31),
        ],
    ),
    "milliseconds": (pa.timestamp("ms"), [datetime(1970, 1, 1, 0, 0, 0, 1000), datetime(2024, 2, 29, 23, 59, 59)]),
    "double": (pa.float64(), [0.5, -1.25, 1e300, 1e-300, 10.0]),
}


@story
@pytest.mark.parametrize("kind", KEYS_OF_A_TYPE)
def test_a_key_of_any_type_is_found_again(told, kind):
    """S12: what the load wrote, changes update and delete."""
    arrow, values = KEYS_OF_A_TYPE[kind]
    table = told.table(columns={"id": arrow, "v": pa.string()})
    table.load(*({"id": value, "v": "loaded"} for value in values))
    yield
    table.check()
    assert len(table.rows()) == len(values)
    table.changes(
        *(update(n, id=value, v=f"updated {n}") for n, value in enumerate(values[1:])), delete(100, id=values[0])
    )
    yield
    table.check()
    assert len(table.rows()) == len(values) - 1


@story
def test_the_parts_of_a_composite_key_are_never_mixed_up(told):
    """S12: parts that hold separators, empty text, or what looks like the other part."""
    columns = {"a": pa.string(), "b": pa.string(), "v": pa.string()}
    table = told.table(key="a,b", columns=columns)
    pairs = [
        ("x", "y"),
        ("x,y", ""),
        ("", "x,y"),
        ("x:y", "z"),
        ("x", "y:z"),
        (" ", ""),
        ("a", "b"),
        ("a:1", "1"),
    ]
    pairs += [(text, str(number)) for number, text in enumerate(AWKWARD)] + [("1", text) for text in AWKWARD]
    table.load(*({"a": a, "b": b, "v": "loaded"} for a, b in pairs))
    yield
    table.check()
    changed = (update(n, a=a, b=b, v=f"updated {n}") for n, (a, b) in enumerate(pairs))
    table.changes(*changed, *(delete(200 + n, a=a, b=b) for n, (a, b) in enumerate(pairs) if n % 2))
    yield
    table.check()
    assert len(table.rows()) == len(pairs[::2])


@story
def test_a_composite_key_may_have_any_types(told):
    """S12"""
    columns = {"d": pa.date32(), "n": pa.decimal128(10, 2), "i": pa.int32(), "b": pa.bool_(), "v": pa.string()}
    table = told.table(key="D,N,I,B", columns=columns)
    keys = [
        {"d": day, "n": number, "i": 1, "b": flag}
        for day in (date(1700, 1, 1), date(2024, 1, 1))
        for number in (Decimal("1.10"), Decimal("-0.01"))
        for flag in (True, False)
    ]
    table.load(*({**key, "v": "loaded"} for key in keys))
    yield
    table.check()
    table.changes(
        *(update(n, **key, v="updated") for n, key in enumerate(keys)),
        *(delete(50 + n, **key) for n, key in enumerate(keys[:3])),
    )
    yield
    table.check()


@story
def test_a_row_without_its_key_is_quarantined_and_the_others_go_on(told):
    """S12: null in a key, empty text as the only key."""
    single = told.table(columns={"id": pa.string(), "v": pa.string()})
    composite = told.table(key="id,k", columns={"id": pa.int64(), "k": pa.string(), "v": pa.string()})
    single.load(bad(load_row(id=None)), bad(load_row(id="")), {"id": "1", "v": "a"})
    composite.load({"id": 1, "k": "", "v": "empty text is a part"})
    yield
    single.check()
    composite.check()
    reasons = {(row["file"], row["row"]): row["reason"] for row in single.quarantined_rows()}
    assert "null" in reasons["LOAD00000001.parquet", 0]
    assert "empty" in reasons["LOAD00000001.parquet", 1]
    composite.changes(bad(update(1, id=1, k=None)), bad(update(2, id=None, k="x")), update(3, id=2, k="x", v="b"))
    yield
    composite.check()
    assert composite.counts() == {"read": 3, "quarantined": 2, "inserted": 1}
    assert any("2 rows" in warning for warning in composite.result.warnings)


@story
def test_key_text_that_hudi_joins_keys_with_is_quarantined(told):
    """S12: such a row could not be told from another one."""
    table = told.table(key="a,b", columns={"a": pa.string(), "b": pa.string(), "v": pa.string()})
    rows = [
        {"a": "1,b:2", "b": "3", "v": "collides"},
        {"a": "1", "b": "2,b:3", "v": "fine"},
        {"a": "__null__", "b": "x", "v": "collides"},
    ]
    table.load({"a": "1", "b": "1", "v": "loaded"})
    yield
    table.changes(*(insert(n, **row) for n, row in enumerate(rows, 1)))
    yield
    kept = {(row["a"], row["b"]) for row in table.rows("a", "b")}
    data = [json.loads(row["data"]) for row in table.quarantined_rows()]
    refused = {(row["a"], row["b"]) for row in data}
    assert {("1,b:2", "3"), ("__null__", "x")} <= refused
    assert kept | refused == {("1", "1"), *((row["a"], row["b"]) for row in rows)}
    assert not kept & refused


@story
def test_a_key_finer_than_hudi_keeps_it_is_quarantined(told):
    """S12: two times within a millisecond would become one key."""
    table = told.table(columns={"id": pa.timestamp("us"), "v": pa.string()})
    table.load({"id": datetime(2024, 1, 1), "v": "loaded"})
    yield
    table.changes(insert(1, id=datetime(2024, 1, 1, microsecond=1), v="too fine"))
    yield
    assert table.counts() == {"read": 1, "quarantined": 1}
    assert table.rows("v") == [{"v": "loaded"}]


PLACES = (
    "DE",
    "two words",
    "a/b",
    "a\\b",
    "50%",
    "a=b",
    "a:b",
    "Zürich",
    "日本",
    "🚕",
    ".",
    "..",
    "null",
    "",
    None,
    " x ",
    "a,b",
    "'q\"",
)


@story
@pytest.mark.parametrize("table_type", ["copy_on_write", "merge_on_read"])
def test_a_row_moves_to_any_partition_and_stays_one_row(told, table_type):
    """S13: slashes, spaces, unicode, empty text, null."""
    columns = {"id": pa.int64(), "place": pa.string(), "v": pa.string()}
    table = told.table(columns=columns, hudi_partition_key="PLACE", hudi_table_type=table_type)
    table.load(*({"id": n, "place": place, "v": "loaded"} for n, place in enumerate(PLACES)))
    yield
    table.check()
    table.changes(*(update(n, id=n, place=PLACES[n - 1], v="moved") for n in range(len(PLACES))))
    yield
    table.check()
    assert table.counts() == {"read": len(PLACES), "updated": len(PLACES)}
    table.changes(*(delete(100 + n, id=n) for n in range(len(PLACES)) if n % 2))
    yield
    table.check()


PARTITIONS_OF_A_TYPE = {
    "bigint": (pa.int64(), [2**62, -5, 7, None]),
    "date": (pa.date32(), [date(1890, 1, 1), date(2024, 2, 29), date(9999, 12, 31), None]),
    "boolean": (pa.bool_(), [True, False, True, None]),
    "decimal": (pa.decimal128(10, 2), [Decimal("1.10"), Decimal("-0.01"), Decimal("7.00"), None]),
    "timestamp": (
        pa.timestamp("us"),
        [datetime(1890, 1, 1), datetime(2024, 2, 29, 12, 30), datetime(2024, 1, 1), None],
    ),
}


@story
@pytest.mark.parametrize("kind", PARTITIONS_OF_A_TYPE)
def test_a_partition_column_may_have_any_type(told, kind):
    """S13"""
    arrow, values = PARTITIONS_OF_A_TYPE[kind]
    table = told.table(columns={"id": pa.int64(), "part": arrow, "v": pa.string()}, hudi_partition_key="part")
    table.load(*({"id": n, "part": value, "v": "loaded"} for n, value in enumerate(values)))
    yield
    table.check()
    table.changes(*(update(n, id=n, part=values[n - 1], v="moved") for n in range(4)), delete(9, id=0))
    yield
    table.check()


@story
def test_a_late_move_to_another_partition_does_not_move(told):
    """S4, S13"""
    table = told.table(hudi_partition_key="v")
    table.load({"id": 1, "v": "a"})
    yield
    table.changes(update(10, id=1, v="b"))
    yield
    table.changes(update(5, id=1, v="c"), delete(6, id=1, v="c"))
    yield
    table.check()
    assert table.counts() == {"read": 2, "collapsed": 1, "late": 1}
    assert table.values() == {1: "b"}


@story
def test_a_composite_key_moves_between_partitions(told):
    """S12, S13"""
    columns = {"a": pa.string(), "b": pa.int64(), "part": pa.string(), "v": pa.string()}
    table = told.table(key="a,b", columns=columns, hudi_partition_key="part")
    keys = [("x", 1), ("x", 2), ("", 1), ("y,b", 1)]
    table.load(*({"a": a, "b": b, "part": "p1", "v": "loaded"} for a, b in keys))
    yield
    table.check()
    table.changes(
        *(update(n, a=a, b=b, part=f"p{n}", v="moved") for n, (a, b) in enumerate(keys)), delete(9, a="x", b=1)
    )
    yield
    table.check()


@story
def test_a_row_that_moves_although_its_partition_was_called_immutable_stays_one_row(told):
    """S13"""
    table = told.table(
        columns={"id": pa.int64(), "day": pa.date32(), "v": pa.string()},
        hudi_partition_key="day",
        partition_is_immutable="Y",
    )
    day, next_day = date(2024, 1, 1), date(2024, 1, 2)
    table.load({"id": 1, "day": day, "v": "loaded"}, {"id": 2, "day": next_day, "v": "loaded"})
    yield
    table.changes(update(1, id=1, day=next_day, v="moved"), delete(2, id=2), insert(3, id=3, day=next_day, v="new"))
    yield
    table.check()
    assert table.values() == {1: "moved", 3: "new"}


@arms("spark", "arrow")
@story
def test_tables_whose_names_differ_by_a_hair_never_mix(told):
    """S22: case, underscores, dots."""
    sources = ["a_b.c", "a.b_c", "a%2Eb.c", "a.b%2Ec", "A.b_c"]
    tables = [told.table(source=source) for source in sources]
    for table, source in zip(tables, sources, strict=True):
        table.load({"id": 1, "v": source})
    yield
    for table, source in zip(tables, sources, strict=True):
        table.check()
        table.changes(update(1, id=1, v=f"changed {source}"))
    yield
    for table, source in zip(tables, sources, strict=True):
        table.check()
        assert table.values() == {1: f"changed {source}"}
