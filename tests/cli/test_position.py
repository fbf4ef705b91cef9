"""`--from POSITION` in the forms that people write."""

from __future__ import annotations

import pytest

from odpf.errors import InvalidSettings
from odpf.order import spoken
from odpf_cli.position import position

WHOLE = "20260131101500000000000000000000007"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WHOLE, f"000003 {WHOLE}"),
        ("20260131", "000003 20260131"),
        (f"2:{WHOLE}", f"000002 {WHOLE}"),
        ("2:", "000002 "),
        ("12:2026", "000012 2026"),
        ("2026-01-31T10:15:00Z", "000003 2026013110150000"),
        ("2026-01-31T11:15:00.129+01:00", "000003 2026013110150012"),
    ],
)
def test_it_is_the_beginning_of_an_order_position(text, expected):
    assert position(text, 3) == expected


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026", "2026-01-31T10:15:00", "1:2:3", f"{WHOLE}0", "-5", "２０２６０１３１"]
)
def test_anything_else_is_refused_with_the_forms(text):
    with pytest.raises(InvalidSettings, match="change sequence"):
        position(text, 3)


def test_it_is_spoken_as_it_is_written():
    assert spoken(f"000002 {WHOLE} 20260131-101500.parquet 0000000004") == f"2:{WHOLE}"
    assert spoken(position("2:2026", 9)) == "2:2026"
    assert spoken(position("2:", 9)) == "2:"
