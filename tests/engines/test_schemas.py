from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from odpf.states import Outcome
from tests.engines.staged_table import delete, insert, parquet, update
from tests.engines.stories import story

ARMS = ("spark", "arrow", "arrow-spark")

BOTH_TYPES = pytest.mark.parametrize("table_type", ["copy_on_write", "merge_on_read"])


def _remade(table, **columns):
    table.columns = {"id": pa.int64(), **columns}


@story
@BOTH_TYPES
def test_a_new_column_is_null_in_rows_before_it(told, table_type):
    """S19: at the end and in the middle, in one batch with files that do not have it."""
    table = told.table(hudi_table_type=table_type)
    table.load({"id": 1, "v": "loaded"}, {"id": 2, "v": "loaded"})
    yield
    table.changes(update(1, id=1, v="before"))
    _remade(table, w=pa.int32(), v=pa.string(), x=pa.string())
    table.changes(update(2, id=2, v="after", w=5, x="new"), insert(3, id=3, v="after", w=None, x="new"))
    yield
    table.check()
    _remade(table, v=pa.string())
    table.changes(insert(4, id=4, v="an old file comes late"))
    yield
    table.check()


@story
@BOTH_TYPES
def test_a_dropped_column_keeps_its_old_values(told, table_type):
    """S19: new and updated rows have null there, rows that are not touched keep what they have."""
    table = told.table(columns={"id": pa.int64(), "v": pa.string(), "w": pa.int32()}, hudi_table_type=table_type)
    table.load({"id": 1, "v": "loaded", "w": 1}, {"id": 2, "v": "loaded", "w": 2})
    yield
    _remade(table, v=pa.string())
    table.changes(update(1, id=1, v="changed"), insert(2, id=3, v="new"))
    yield
    table.check()
    assert table.rows("id", "w") == [{"id": 1, "w": None}, {"id": 2, "w": 2}, {"id": 3, "w": None}]
    _remade(table, v=pa.string(), w=pa.int32())
    table.changes(update(3, id=3, v="it is back", w=9))
    yield
    table.check()


@story
def test_a_dropped_column_is_told(told):
    """S19: nothing turns null silently."""
    table = told.table(columns={"id": pa.int64(), "v": pa.string(), "w": pa.int32()})
    table.load({"id": 1, "v": "loaded", "w": 1})
    yield
    _remade(table, v=pa.string())
    table.changes(update(1, id=1, v="changed"))
    yield
    assert any("Column w" in warning for warning in table.result.warnings)


@story
def test_a_renamed_column_is_a_new_one_beside_the_old(told):
    """S19"""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    _remade(table, renamed=pa.string())
    table.changes(insert(1, id=2, renamed="new"))
    yield
    table.check()
    assert table.rows("id", "v", "renamed") == [
        {"id": 1, "v": "loaded", "renamed": None},
        {"id": 2, "v": None, "renamed": "new"},
    ]


@story
def test_the_order_and_the_case_of_columns_mean_nothing(told):
    """S19: files of each kind in one batch."""
    table = told.table(columns={"id": pa.int64(), "v": pa.string(), "w": pa.int32()})
    table.load({"id": 1, "v": "loaded", "w": 1})
    yield
    table.columns = {"W": pa.int32(), "ID": pa.int64(), "V": pa.string()}
    table.put(
        "20240101-120000001.parquet",
        _upper(table, [update(1, id=1, v="upper", w=2)]),
        [update(1, ID=1, V="upper", W=2)],
    )
    table.columns = {"w": pa.int32(), "v": pa.string(), "id": pa.int64()}
    table.changes(insert(2, id=2, v="lower", w=3), name="20240101-120000002.parquet")
    yield
    table.check()


@story
@pytest.mark.parametrize(("table_type", "partition"), [("copy_on_write", None), ("merge_on_read", "p")])
def test_numbers_widen(told, table_type, partition):
    """S19: int to bigint, float to double; the rows before keep their values, in files that are rewritten or not."""
    columns = {"id": pa.int64(), "p": pa.string(), "n": pa.int32(), "f": pa.float32()}
    table = told.table(columns=columns, hudi_table_type=table_type, hudi_partition_key=partition)
    table.load(*({"id": n, "p": "ab"[n % 2], "n": 2**31 - n - 1, "f": 0.5 * n} for n in range(6)))
    yield
    _remade(table, p=pa.string(), n=pa.int64(), f=pa.float64())
    table.changes(update(1, id=1, p="b", n=2**40, f=1e300), insert(2, id=9, p="b", n=-(2**63), f=0.1))
    yield
    table.check()
    _remade(table, p=pa.string(), n=pa.int16(), f=pa.float32())
    table.changes(update(3, id=2, p="a", n=7, f=0.25), delete(4, id=0, p="a"))
    yield
    table.check()


@story
def test_files_of_one_load_may_differ_in_their_numbers(told):
    """S19: the table takes the type that holds all."""
    table = told.table(columns={"id": pa.int32(), "n": pa.decimal128(5, 2)})
    table.load({"id": 1, "n": Decimal("1.10")})
    table.columns = {"id": pa.int64(), "n": pa.decimal128(12, 4)}
    table.load({"id": 2**40, "n": Decimal("12345678.1234")}, name="LOAD00000002.parquet")
    table.columns = {"id": pa.int16(), "n": pa.int32()}
    table.load({"id": 3, "n": 2**31 - 1}, name="LOAD00000003.parquet")
    yield
    table.check()


INCOMPATIBLE = {
    "text_for_a_number": (pa.int64(), 1, pa.string(), "one"),
    "a_number_for_text": (pa.string(), "one", pa.int64(), 1),
    "a_day_for_text": (pa.string(), "one", pa.date32(), None),
    "a_greater_decimal": (pa.decimal128(5, 2), Decimal("1.10"), pa.decimal128(12, 2), Decimal("1.10")),
    "a_double_for_a_bigint": (pa.int64(), 1, pa.float64(), 1.0),
    "bytes_for_text": (pa.string(), "one", pa.binary(), b"one"),
}


@story
def test_files_whose_columns_would_lose_their_meaning_are_quarantined(told):
    """S19: the other files of the table go on, before them and after them."""
    columns = {"id": pa.int64(), **{name: was for name, (was, *_) in INCOMPATIBLE.items()}}
    values = {name: value for name, (_, value, *_) in INCOMPATIBLE.items()}
    table = told.table(columns=columns)
    table.load({"id": 1, **values})
    yield
    table.changes(insert(1, id=2, **values))
    for number, (name, (_, _, now, value)) in enumerate(INCOMPATIBLE.items()):
        table.columns = {**columns, name: now}
        wrong = table.arrow([insert(10 + number, id=3, **{**values, name: value})])
        table.put(f"20240101-12000001{number}.parquet", parquet(wrong))
    table.columns = columns
    table.changes(insert(30, id=4, **values), name="20240101-120000100.parquet")
    yield
    table.check()
    assert [row["id"] for row in table.rows("id")] == [1, 2, 4]
    reasons = table.quarantined_files()
    assert len(reasons) == table.result.files_quarantined == len(INCOMPATIBLE)
    for number, name in enumerate(INCOMPATIBLE):
        assert f"Column {name}" in reasons[f"20240101-12000001{number}.parquet"]


POLICY_COLUMNS = {"id": pa.int64(), "v": pa.string(), "n": pa.int32(), "d": pa.decimal128(12, 2)}


def _with_policy(told, **words):
    """A table with one loaded row, and this policy."""
    table = told.table(columns=POLICY_COLUMNS, schema_policy=words)
    table.load({"id": 1, "v": "loaded", "n": 1, "d": Decimal("1.10")})
    return table


@story
def test_a_frozen_change_stops_the_table_until_the_policy_allows_it(told):
    """S19: nothing is lost, of the files before it neither."""
    table = _with_policy(told, added="freeze")
    yield
    table.changes(update(1, id=1, v="before", n=2, d=Decimal("2.20")))
    table.columns = {**POLICY_COLUMNS, "x": pa.string()}
    frozen = table.changes(insert(2, id=2, v="after", n=3, d=Decimal("3.30"), x="new"))
    yield
    assert table.result.outcome is Outcome.REFRESH_ERROR
    assert all(part in table.result.error for part in ("Column x", frozen, "schema_policy added: freeze"))
    assert table.values() == {1: "loaded"}
    table.reconfigure(schema_policy={"added": "evolve"})
    yield
    table.check()


@story
def test_a_quarantined_change_sets_its_file_aside_and_the_others_go_on(told):
    """S19: a kind that the default lets through."""
    table = _with_policy(told, widened="quarantine")
    yield
    table.changes(update(1, id=1, v="before", n=2, d=Decimal("2.20")))
    table.columns = {**POLICY_COLUMNS, "n": pa.int64()}
    wide = table.arrow([insert(2, id=2, v="wide", n=2**40, d=None)])
    table.put("20240101-120000002.parquet", parquet(wide))
    table.columns = {**POLICY_COLUMNS, "n": pa.int16()}
    table.changes(insert(3, id=3, v="after", n=3, d=None), name="20240101-120000003.parquet")
    yield
    table.check()
    assert "schema_policy widened: quarantine" in table.quarantined_files()["20240101-120000002.parquet"]


@story
@pytest.mark.parametrize("table_type", ["copy_on_write", "merge_on_read"])
def test_discarded_values_are_left_out_and_the_table_keeps_its_columns(told, table_type):
    """S19: a new column, and one in another type, whose new rows are null; counted with the files that have them."""
    words = {"added": "discard", "narrowed": "discard"}
    table = told.table(columns=POLICY_COLUMNS, schema_policy=words, hudi_table_type=table_type)
    table.load({"id": 1, "v": "loaded", "n": 1, "d": Decimal("1.10")}, {"id": 2, "v": "loaded", "n": 2, "d": None})
    yield
    table.columns = {"x": pa.string(), **POLICY_COLUMNS, "n": pa.date32()}
    for number, change in enumerate(
        [update(1, id=1, v="changed", n=7, d=None, x="a"), insert(2, id=3, v="new", n=8, x="b")]
    ):
        name = f"20240101-12000000{number + 1}.parquet"
        table.put(name, parquet(table.arrow([change])))
        kept = {column: value for column, value in change.row.items() if column in ("id", "v", "d")}
        table.columns = POLICY_COLUMNS
        table.expect(name, [change._replace(row=kept)])
        table.columns = {"x": pa.string(), **POLICY_COLUMNS, "n": pa.date32()}
    yield
    table.check()
    assert "x" not in table.rows()[0]
    assert table.rows("id", "n") == [{"id": 1, "n": None}, {"id": 2, "n": 2}, {"id": 3, "n": None}]
    assert sum("left out" in warning and "1 more of the files" in warning for warning in table.result.warnings) == 2


@story
def test_values_that_fit_are_cast_into_the_tables_type(told):
    """S19: told by footers alone; a file whose values are not known to fit is set aside."""
    table = _with_policy(told, widened="quarantine", narrowed="evolve")
    yield
    rows = {
        "20240101-120000001.parquet": ({"n": pa.int64()}, update(1, id=1, v="a", n=-(2**31), d=Decimal("-0.10"))),
        "20240101-120000002.parquet": ({"d": pa.decimal128(20, 1)}, insert(2, id=2, v="b", n=2, d=Decimal("9.9"))),
        "20240101-120000003.parquet": ({"v": pa.int64()}, insert(3, id=3, v=-12, n=3, d=None)),
        "20240101-120000004.parquet": ({"n": pa.string()}, insert(4, id=4, v="d", n="44", d=None)),
        "20240101-120000005.parquet": ({"n": pa.int64()}, insert(5, id=5, v="e", n=2**31, d=None)),
        "20240101-120000006.parquet": ({"n": pa.float64()}, insert(6, id=6, v="f", n=6.0, d=None)),
    }
    stored = {3: {"v": "-12"}, 4: {"n": 44}}
    for number, (name, (other, change)) in enumerate(rows.items(), 1):
        table.columns = {**POLICY_COLUMNS, **other}
        content = parquet(table.arrow([change]))
        table.columns = POLICY_COLUMNS
        fits = [change._replace(row={**change.row, **stored.get(number, {})})] if number < 5 else None
        table.put(name, content, fits)
    yield
    table.check()
    assert sorted(table.quarantined_files()) == ["20240101-120000005.parquet", "20240101-120000006.parquet"]


@story
def test_a_rename_may_have_a_word_of_its_own(told):
    """S19: a column of the same type at the place of one that is gone."""
    table = _with_policy(told, renamed="discard")
    yield
    table.columns = {"id": pa.int64(), "called": pa.string(), "n": pa.int32(), "d": pa.decimal128(12, 2)}
    change = insert(1, id=2, called="new", n=2, d=None)
    table.put("20240101-120000001.parquet", parquet(table.arrow([change])))
    table.columns = POLICY_COLUMNS
    table.expect("20240101-120000001.parquet", [change._replace(row={"id": 2, "n": 2})])
    yield
    table.check()
    assert any("seems to be called called" in warning for warning in table.result.warnings)


def _upper(table, changes):
    return parquet(
        table.arrow([change._replace(row={name.upper(): v for name, v in change.row.items()}) for change in changes])
    )
