"""MySQL's character sets in Python; the log holds text in the column's own."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from odpf_local.dms.errors import UnsupportedSource

_CODECS = {
    "utf8": "utf-8",
    "ucs2": "utf-16-be",
    "utf16": "utf-16-be",
    "utf16le": "utf-16-le",
    "utf32": "utf-32-be",
    "ujis": "euc_jp",
    "koi8_r": "koi8_r",
    "koi8_u": "koi8_u",
    "macroman": "mac_roman",
}
_SAME_NAME = frozenset(
    [
        "ascii",
        "big5",
        "cp1250",
        "cp1251",
        "cp1256",
        "cp1257",
        "cp850",
        "cp852",
        "cp866",
        "cp932",
        "euckr",
        "gb18030",
        "gb2312",
        "gbk",
        "greek",
        "hebrew",
        "latin2",
        "latin5",
        "latin7",
        "sjis",
        "tis620",
    ]
)


def decoder(charset: str, column: str) -> Callable[[bytes], str]:
    """How the text of a column is decoded.

    Args:
        charset: as mysql-replication names it.
        column: for the message.

    Raises:
        UnsupportedSource: Python has no codec for it.
    """
    if charset in ("cp1252", "latin1"):
        return _latin1
    codec = _CODECS.get(charset, charset if charset in _SAME_NAME else "")
    if not codec:
        raise UnsupportedSource(
            f"Column {column} has character set {charset}, which cannot be decoded here. Convert the column to utf8mb4 "
            "or leave it out with a remove-column rule."
        )
    return lambda content: str(content, codec)


def _latin1(content: bytes) -> str:
    return content.decode("cp1252", _UNDEFINED)


def _as_control_characters(error: UnicodeError) -> tuple[str, int]:
    """MySQL's latin1 is cp1252 in which the five undefined bytes are the control characters of ISO 8859-1."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("iso8859-1"), error.end


_UNDEFINED = "odpf-mysql-latin1"
codecs.register_error(_UNDEFINED, _as_control_characters)
