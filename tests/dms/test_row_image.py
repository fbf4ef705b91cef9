"""Values in row events, from bytes as a server wrote them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from pymysqlreplication.constants import FIELD_TYPE

from odpf_local.dms.errors import UnsupportedSource
from odpf_local.dms.replicate import readers
from odpf_local.dms.replicate.charsets import decoder
from odpf_local.dms.replicate.kinds import Kind
from odpf_local.dms.replicate.row_image import LoggedColumn, logged_column, read_rows


@pytest.mark.parametrize(
    ("reader", "content", "value"),
    [
        (readers.time_reader(0), "800000", "00:00:00"),
        (readers.time_reader(0), "4b9105", "-838:59:59"),
        (readers.time_reader(1), "7ffffff6", "-00:00:00.1"),
        (readers.time_reader(6), "7ffffef85edf", "-00:00:01.500001"),
        (readers.datetime_reader(0), "9995020000", datetime(2015, 1, 1)),
        (readers.datetime_reader(0), "8000000000", None),
        (readers.timestamp_reader(0), "00000000", None),
        (readers.timestamp_reader(0), "ffffffff", datetime(2106, 2, 7, 6, 28, 15)),
        (readers.date_reader, "21fc0f", date(2046, 1, 1)),
        (readers.date_reader, "000000", None),
        (readers.year_reader, "00", 0),
        (readers.year_reader, "7c", 2024),
        (readers.decimal_reader(Kind("decimal", digits=10, places=2)), "85f5e0ff63", Decimal("99999999.99")),
        (
            readers.decimal_reader(Kind("decimal", digits=10, places=2)),
            "7ffffffffe",
            Decimal("-0.01"),
        ),
        (readers.decimal_reader(Kind("decimal", digits=14, places=4)), "810dfb38d204d2", Decimal("1234567890.1234")),
        (readers.bit_reader(1), "01", True),
        (readers.bit_reader(10), "0201", b"\x02\x01"),
        (readers.set_reader(1, ("a", "b", "c")), "05", "a,c"),
        (readers.set_reader(1, ("a",)), "00", ""),
        (readers.enum_reader(1, ("x",)), "00", ""),
        (readers.sized_reader(1, readers.padded(3)), "01ff", b"\xff\x00\x00"),
        (readers.integer_reader(3, signed=True), "000080", -8388608),
        (readers.integer_reader(8, signed=False), "ff" * 8, 2**64 - 1),
    ],
)
def test_a_value_is_read_exactly_and_to_its_end(reader, content, value):
    assert reader(bytes.fromhex(content) + b"rest", 0) == (value, len(content) // 2)


def test_nulls_take_no_room_and_updates_have_two_images():
    one = LoggedColumn("a", Kind("tinyint"), readers.integer_reader(1, signed=True))
    rows = list(read_rows([one, one], bytes.fromhex("fc0102fd03"), images=2))
    assert rows == [((1, 2), (None, 3))]


@pytest.mark.parametrize(
    ("charset", "content", "text"),
    [
        ("utf8", "f09f9880", "😀"),
        ("cp1252", "80e981", "€é\x81"),
        ("utf16", "65e5", "日"),
        ("ucs2", "00e9", "é"),
        ("utf32", "0001f600", "😀"),
        ("koi8_r", "c1", "а"),
    ],
)
def test_text_is_decoded_from_the_column_s_character_set(charset, content, text):
    assert decoder(charset, "c")(bytes.fromhex(content)) == text


def test_a_character_set_without_a_codec_is_refused():
    with pytest.raises(UnsupportedSource, match="geostd8"):
        decoder("geostd8", "c")


def test_members_of_an_enum_come_from_the_catalogue_when_the_log_has_them_in_another_character_set():
    column = SimpleNamespace(
        name="c", type=FIELD_TYPE.ENUM, size=1, enum_values=["", "", "b"], character_set_name="cp1252"
    )
    assert logged_column(column, lambda: ("é", "b")).read(b"\x01", 0) == ("é", 1)
    with pytest.raises(UnsupportedSource, match="members of c changed"):
        logged_column(column, lambda: ("é",))


@pytest.mark.parametrize(("code", "named"), [(FIELD_TYPE.DATETIME, "ALTER TABLE"), (242, "242")])
def test_types_of_old_and_unknown_servers_are_refused(code, named):
    with pytest.raises(UnsupportedSource, match=named):
        logged_column(SimpleNamespace(name="c", type=code), tuple)
