from __future__ import annotations

import pyarrow as pa
import pytest

from tests.engines.staged_table import SEQUENCE, bad, delete, insert, parquet, sequence, update
from tests.engines.stories import story

GOOD, BAD = (f"20240101-12000000{number}.parquet" for number in (1, 2))


def _truncated(table):
    return parquet(table.arrow([update(2, id=1, v="x" * 1000)]))[:-200]


def _empty(table):
    return b""


def _wrong_magic(table):
    content = parquet(table.arrow([update(2, id=1, v="x")]))
    return b"PARX" + content[4:-4] + b"PARX"


def _text(table):
    return b"id,v\n1,x\n" * 100


def _footer_lies(table):
    content = parquet(table.arrow([update(2, id=1, v="x")]))
    return content[:-8] + (2**31 - 1).to_bytes(4, "little") + b"PAR1"


def _damaged_pages(table):
    content = bytearray(parquet(table.arrow([update(2 + n, id=n, v=f"damaged {n}" * 50) for n in range(200)])))
    content[4:3000] = bytes(2996)
    return bytes(content)


def _damaged_late_page(table):
    rows = [update(2 + n, id=n, v=f"damaged {n}" * 50) for n in range(200)]
    content = bytearray(parquet(table.arrow(rows), row_group_size=20, compression="gzip", data_page_size=100))
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    return bytes(content)


def _nested(table):
    rows = table.arrow([update(2, id=1, v="x")])
    return parquet(rows.append_column("n", pa.array([[1, 2]], pa.list_(pa.int64()))))


def _struct(table):
    rows = table.arrow([update(2, id=1, v="x")])
    return parquet(rows.append_column("n", pa.array([{"a": 1}], pa.struct({"a": pa.int64()}))))


def _too_many_digits(table):
    rows = table.arrow([update(2, id=1, v="x")])
    return parquet(rows.append_column("n", pa.array([1], pa.decimal256(50, 2))))


def _twice_but_for_case(table):
    rows = table.arrow([update(2, id=1, v="x")])
    return parquet(rows.append_column("V", pa.array(["y"])))


def _reserved(table):
    rows = table.arrow([update(2, id=1, v="x")])
    return parquet(rows.append_column("_hoodie_record_key", pa.array(["y"])))


def _own(table):
    rows = table.arrow([update(2, id=1, v="x")])
    return parquet(rows.append_column("_ODPF_order", pa.array(["y"])))


def _without_key(table):
    return parquet(table.arrow([update(2, id=1, v="x")]).drop_columns("id"))


def _without_any_column(table):
    return parquet(pa.table({"Op": pa.array(["I"])}))


FILES = {
    "truncated": (_truncated, "parquet"),
    "empty": (_empty, "parquet"),
    "wrong magic": (_wrong_magic, "parquet"),
    "text": (_text, "parquet"),
    "footer that lies": (_footer_lies, "parquet"),
    "damaged pages": (_damaged_pages, "pages"),
    "a damaged page in the middle": (_damaged_late_page, "pages"),
    "list": (_nested, "Column n"),
    "struct": (_struct, "Column n"),
    "too many digits": (_too_many_digits, "Column n"),
    "a column twice": (_twice_but_for_case, "called v"),
    "Hudi's column": (_reserved, "_hoodie_record_key"),
    "ODPF's column": (_own, "_ODPF_order"),
    "without the key": (_without_key, "key column id"),
    "without any column": (_without_any_column, "key column id"),
}


@story
def test_files_that_cannot_be_applied_are_quarantined_and_the_others_go_on(told):
    """V2"""
    table = told.table()
    table.load({"id": 1, "v": "loaded"}, {"id": 2, "v": "loaded"})
    yield
    table.changes(update(1, id=1, v="good"), name=GOOD)
    names = {case: f"20240101-1200001{number:02d}.parquet" for number, case in enumerate(FILES)}
    for case, name in names.items():
        table.put(name, FILES[case][0](table))
    table.changes(update(1000, id=2, v="later"), name="20240101-120000900.parquet")
    yield
    table.check()
    assert table.values() == {1: "good", 2: "later"}
    reasons = table.quarantined_files()
    assert len(reasons) == table.result.files_quarantined == len(FILES)
    for case, (_, reason) in FILES.items():
        assert reason in reasons[names[case]], case
        assert any(names[case] in warning for warning in table.result.warnings)
    table.changes(update(1001, id=2, v="and on"))
    yield
    table.check()


@story
@pytest.mark.parametrize("case", ["truncated", "damaged pages"])
def test_a_table_that_stops_at_bad_files_waits_until_the_file_is_mended(told, case):
    """V2: on_bad_file stop."""
    made, reason = FILES[case]
    table = told.table(on_bad_file="stop")
    table.load({"id": 1, "v": "loaded"}, {"id": 2, "v": "loaded"})
    yield
    table.changes(update(1, id=1, v="good"), name=GOOD)
    table.put(BAD, made(table))
    yield
    assert table.result.outcome == "refresh_error"
    assert reason in table.result.error
    assert table.values() == {1: "loaded", 2: "loaded"}
    table.changes(update(2, id=2, v="mended"), name=BAD)
    yield
    table.check()
    assert table.values() == {1: "good", 2: "mended"}


@story
def test_one_tables_bad_files_touch_no_other_table(told):
    """V2, G6"""
    broken, fine = told.table(on_bad_file="stop"), told.table()
    broken.put("LOAD00000001.parquet", b"no parquet")
    fine.load({"id": 1, "v": "loaded"})
    yield
    assert broken.result.outcome == "refresh_error"
    assert told.summary.status == "PARTIAL"
    fine.check()


@story
def test_a_table_whose_only_load_file_is_bad_waits_for_a_good_one(told):
    """V2"""
    table = told.table()
    table.put("LOAD00000001.parquet", _truncated(table))
    table.changes(update(1, id=1, v="changed"))
    yield
    assert "LOAD00000001.parquet" in table.quarantined_files()
    assert table.result.outcome == "waiting_for_full_load"
    table.load({"id": 1, "v": "loaded"}, {"id": 2, "v": "loaded"})
    yield
    table.check()
    assert table.values() == {1: "changed", 2: "loaded"}


@story
def test_a_reload_with_a_bad_file_does_not_leave_half_a_table(told):
    """V2, G4: the table stays as it is until the whole load can be read."""
    table = told.table()
    table.load({"id": 1, "v": "first"})
    table.load({"id": 2, "v": "first"}, name="LOAD00000002.parquet")
    yield
    table.check()
    table.put("LOAD00000001.parquet", parquet(table.arrow([])) + b"junk")
    table.put("LOAD00000002.parquet", parquet(table.arrow([insert(0, id=2, v="second")])))
    yield
    assert table.values() == {1: "first", 2: "first"}


@story
def test_a_file_removed_before_it_was_applied_changes_nothing_and_is_told(told):
    """S23: a TRUNCATE at the source makes DMS remove files."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    table.put(BAD, parquet(table.arrow([delete(1, id=1)])))
    table.lake.register(table.source)
    table.lake.remove(table.source, BAD)
    yield
    assert table.values() == {1: "loaded"}
    assert "no longer in staging" in table.quarantined_files()[BAD]
    assert any(BAD in warning for warning in table.result.warnings)


@story
def test_a_file_overwritten_before_it_was_applied_is_applied_once_as_it_stands(told):
    """R3"""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    table.put(BAD, parquet(table.arrow([update(1, id=1, v="first")])))
    table.lake.register(table.source)
    table.changes(update(2, id=1, v="second"), name=BAD)
    yield
    table.check()
    assert table.values() == {1: "second"}


@story
def test_a_wide_table_is_a_table(told):
    """V2: 300 columns."""
    table = told.table(columns={"id": pa.int64(), **{f"c{number}": pa.int32() for number in range(300)}})
    table.load({"id": 1, **{f"c{number}": number for number in range(300)}})
    yield
    table.check()
    table.changes(update(1, id=1, c299=-1), insert(2, id=2, c0=5))
    yield
    table.check()


@story
def test_many_row_groups_are_a_file(told):
    """V2: 200 row groups, in a load and in changes."""
    table = told.table()
    table.load(*({"id": n, "v": "loaded"} for n in range(400)), row_group_size=2)
    yield
    table.check()
    table.changes(*(update(n, id=n, v="changed") for n in range(200)), row_group_size=1)
    yield
    table.check()


@story
def test_columns_may_have_any_name(told):
    """V2: reserved words, spaces, dots, quotes, unicode."""
    names = ("select", "two words", "dotted.name", "from", "größe", "名前", "quote'd", "a-b", "1st", "$", "#", "value")
    table = told.table(columns={"id": pa.int64(), **dict.fromkeys(names, pa.string())})
    table.load({"id": 1, **dict.fromkeys(names, "loaded")})
    yield
    if table.result.outcome == "completed" and not table.result.files_quarantined:
        table.check()
        table.changes(update(1, id=1, **dict.fromkeys(names, "changed")))
        yield
        table.check()
    else:
        assert table.quarantined_files()


@story
def test_quarantined_rows_are_kept_with_their_file_position_and_reason(told):
    """V2, S21"""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    name = table.changes(update(1, id=1, v="fine"), bad(update(2, id=None, v="no key")))
    yield
    table.check()
    (kept,) = table.quarantined_rows()
    assert (kept["file"], kept["row"], kept["operation"], kept["change_sequence"]) == (name, 1, "U", sequence(2))
    assert '"v":"no key"' in kept["data"]
    assert SEQUENCE.lower() in kept["data"]
