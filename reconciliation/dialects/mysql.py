"""MySQL and MariaDB."""

from __future__ import annotations

from reconciliation.dialects.dialect import SAMPLE, SUMMED, Dialect
from reconciliation.forms import Form, Pair

SESSION = ("SET SESSION time_zone = '+00:00'", "SET SESSION sql_mode = ''", "SET SESSION group_concat_max_len = 1024")
"""`sql_mode`: neither quotes of another meaning nor CHARs filled up with spaces."""

_TWO_TO_52 = "4503599627370496e0"
_SUBNORMAL = "2.2250738585072014e-308"


class Mysql(Dialect):
    """The SQL of MySQL 8.0 and MariaDB 10.5, and later."""

    def quoted(self, name: str) -> str:
        """An identifier."""
        return f"`{name.replace('`', '``')}`"

    def column(self, pair: Pair) -> str:
        """The source's column."""
        return self.quoted(pair.source.name)

    def canonical(self, pair: Pair) -> str:  # noqa: PLR0911  one for each form
        """The canonical text of a column."""
        column = self.column(pair)
        match pair.form:
            case Form.NUMBER:
                number = f"CAST({column} + 0 AS CHAR)"  # + 0: no ZEROFILL, and the number of a YEAR or BIT
                return number if not pair.source.places else _without_zeros(number)
            case Form.SINGLE | Form.DOUBLE:
                return _bits(f"({column} + 0e0)")
            case Form.BOOLEAN:
                return f"CASE WHEN {column} + 0 <> 0 THEN '1' WHEN {column} + 0 = 0 THEN '0' END"
            case Form.DATE:
                return f"CASE WHEN {_exists(column)} THEN DATE_FORMAT({column}, '%Y-%m-%d') END"
            case Form.MOMENT:
                return f"CASE WHEN {_exists(column)} THEN {self._moment(column)} END"
            case Form.CLOCK:
                clock = f"CAST({column} AS CHAR)"
                return f"CASE WHEN LOCATE('.', {clock}) > 0 THEN {_without_zeros(clock)} ELSE {clock} END"
            case Form.TEXT | Form.PADDED:
                return f"MD5(CONVERT({column} USING utf8mb4))"
            case Form.BYTES:
                return f"MD5({self._bytes(pair)})"

    def sample(self, pair: Pair) -> str:
        """The beginning of a text, or of bytes in hex."""
        if pair.form is Form.BYTES:
            return f"LOWER(HEX(LEFT({self._bytes(pair)}, {SAMPLE // 2})))"
        return f"LEFT(CONVERT({self.column(pair)} USING utf8mb4), {SAMPLE})"

    def md5(self, text: str) -> str:
        """The digest of an ASCII text."""
        return f"MD5({text})"

    def sum_of(self, digest: str) -> str:
        """A sum of unsigned integers is a decimal of 65 digits."""
        return f"CAST(SUM(CAST(CONV(SUBSTRING({digest}, 1, {SUMMED}), 16, 10) AS UNSIGNED)) AS CHAR)"

    def integer(self, pair: Pair, value: int) -> str:  # noqa: ARG002  the same for every type
        """A literal; columns may be unsigned."""
        return str(value)

    def quotient(self, pair: Pair, low: int, width: int) -> str:
        """Decimals: an unsigned integer minus a greater one, or minus a negative one, would be refused."""
        return f"CAST((CAST({self.column(pair)} AS DECIMAL(30,0)) - {low}) DIV {width} AS SIGNED)"

    def _bytes(self, pair: Pair) -> str:
        """A column's bytes; those of a BIT are its number's, most significant first."""
        column = self.column(pair)
        if not pair.source.bits:
            return column
        return f"UNHEX(LPAD(HEX({column} + 0), {(pair.source.bits + 7) // 8 * 2}, '0'))"

    def _moment(self, column: str) -> str:
        if self.milliseconds:
            rounded = f"TIMESTAMPADD(MICROSECOND, 500, {column})"
            return _without_zeros(f"LEFT(DATE_FORMAT({rounded}, '%Y-%m-%d %H:%i:%s.%f'), 23)")
        return _without_zeros(f"DATE_FORMAT({column}, '%Y-%m-%d %H:%i:%s.%f')")


def _exists(column: str) -> str:
    """Whether a calendar has the date: 0000-00-00 and 2026-02-31 are values of MySQL, too."""
    return f"YEAR({column}) > 0 AND {column} + INTERVAL 0 DAY = {column}"


def _without_zeros(text: str) -> str:
    return f"TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM {text}))"


def _bits(x: str) -> str:
    """The bits of a double, which MySQL has no function for: its exponent and mantissa, put together.

    LOG2 may be off by one at powers of two, which `shift` sets right; all else is exact, for multiplying by a power of two is.
    """
    exponent = f"LEAST(1023, GREATEST(-1022, FLOOR(LOG2(ABS({x})))))"
    mantissa = f"ABS({x}) / POW(2, {exponent})"
    shift = f"(({mantissa} >= 2) - ({mantissa} < 1))"
    normal = (
        f"(CAST({exponent} + {shift} + 1022 AS UNSIGNED) << 52) + CAST({mantissa} * POW(2, 52 - {shift}) AS UNSIGNED)"
    )
    subnormal = f"CAST(ABS({x}) * POW(2, 1000) * POW(2, 74) AS UNSIGNED)"
    number = (
        f"CASE WHEN {x} = 0 THEN CAST(0 AS UNSIGNED) WHEN ABS({x}) < {_SUBNORMAL} THEN {subnormal} ELSE {normal} END"
    )
    return f"LOWER(LPAD(HEX(({number}) | CASE WHEN {x} < 0 THEN 1 << 63 ELSE 0 END), 16, '0'))"
