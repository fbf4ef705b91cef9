"""Athena, which is Trino; the embedded AWS translates the same text for DuckDB."""

from __future__ import annotations

from reconciliation.dialects.dialect import SAMPLE, SUMMED, Dialect
from reconciliation.forms import Form, Pair


class Athena(Dialect):
    """The SQL of Athena engine version 3."""

    def quoted(self, name: str) -> str:
        """An identifier."""
        doubled = name.replace('"', '""')
        return f'"{doubled}"'

    def column(self, pair: Pair) -> str:
        """The lake's column."""
        return self.quoted(pair.lake.name)

    def canonical(self, pair: Pair) -> str:  # noqa: PLR0911  one for each form
        """The canonical text of a column."""
        column = self.column(pair)
        match pair.form:
            case Form.NUMBER:
                return _number(column, pair)
            case Form.SINGLE:
                return _bits(f"CAST({column} AS REAL)")
            case Form.DOUBLE:
                return _bits(column)
            case Form.BOOLEAN:
                return _boolean(column, pair.lake.base)
            case Form.DATE:
                return f"CAST({column} AS VARCHAR)"
            case Form.MOMENT:
                return _trimmed(f"CAST(CAST({column} AS TIMESTAMP(6)) AS VARCHAR)")
            case Form.CLOCK:
                return _trimmed(column)
            case Form.TEXT:
                return self.md5(column)
            case Form.PADDED:
                return self.md5(f"REGEXP_REPLACE({column}, ' +$', '')")
            case Form.BYTES:
                return f"LOWER(TO_HEX(MD5({column})))"

    def sample(self, pair: Pair) -> str:
        """The beginning of a text, or of bytes in hex."""
        column = self.column(pair)
        text = f"LOWER(TO_HEX({column}))" if pair.form is Form.BYTES else column
        return f"SUBSTR({text}, 1, {SAMPLE})"

    def md5(self, text: str) -> str:
        """The digest of a text in UTF-8."""
        return f"LOWER(TO_HEX(MD5(TO_UTF8({text}))))"

    def sum_of(self, digest: str) -> str:
        """A sum of bigints would overflow."""
        number = f"FROM_BASE(SUBSTR({digest}, 1, {SUMMED}), 16)"
        return f"CAST(SUM(CAST({number} AS DECIMAL(38,0))) AS VARCHAR)"

    def integer(self, pair: Pair, value: int) -> str:
        """A literal of the column's type: unsigned integers are decimals in the lake."""
        return f"CAST('{value}' AS DECIMAL(38,0))" if pair.lake.base == "decimal" else str(value)

    def quotient(self, pair: Pair, low: int, width: int) -> str:
        """Ranges are made where keys are dense, so the difference is a bigint; that of two ints need not be an int."""
        key = f"CAST({self.column(pair)} AS {'DECIMAL(38,0)' if pair.lake.base == 'decimal' else 'BIGINT'})"
        return f"CAST({key} - {self.integer(pair, low)} AS BIGINT) / {width}"


def _number(column: str, pair: Pair) -> str:
    if pair.lake.base == "string":
        return _trimmed(column)
    if not pair.lake.places:
        return f"CAST({column} AS VARCHAR)"
    return _trimmed(f"CAST(CAST({column} AS DECIMAL(38,{pair.lake.places})) AS VARCHAR)")


def _bits(number: str) -> str:
    double = f"CAST({number} AS DOUBLE)"
    return f"CASE WHEN IS_NAN({double}) THEN 'nan' ELSE LOWER(TO_HEX(TO_IEEE754_64({double} + 0e0))) END"


def _boolean(column: str, base: str) -> str:
    if base == "string":
        truth = f"LOWER({column}) IN ('1', 't', 'true', 'y', 'yes')"
    else:
        truth = column if base == "boolean" else f"{column} <> 0"
    return f"CASE WHEN {truth} THEN '1' WHEN NOT ({truth}) THEN '0' END"


def _trimmed(text: str) -> str:
    r"""Without zeros behind the last place; `\.?0+$` alone would also take those of 100."""
    return f"CASE WHEN STRPOS({text}, '.') > 0 THEN REGEXP_REPLACE({text}, '\\.?0+$', '') ELSE {text} END"
