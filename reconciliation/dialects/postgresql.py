"""PostgreSQL."""

from __future__ import annotations

from reconciliation.dialects.dialect import SAMPLE, SUMMED, Dialect
from reconciliation.forms import Form, Pair

SESSION = ("SET TIME ZONE 'UTC'", "SET datestyle = 'ISO, YMD'", "SET bytea_output = 'hex'")


class Postgresql(Dialect):
    """The SQL of PostgreSQL 11 and later."""

    def quoted(self, name: str) -> str:
        """An identifier."""
        doubled = name.replace('"', '""')
        return f'"{doubled}"'

    def column(self, pair: Pair) -> str:
        """The source's column."""
        return self.quoted(pair.source.name)

    def canonical(self, pair: Pair) -> str:  # noqa: PLR0911  one for each form
        """The canonical text of a column."""
        column = self.column(pair)
        match pair.form:
            case Form.NUMBER:
                return _number(column, pair)
            case Form.SINGLE | Form.DOUBLE:
                bits = f"encode(float8send({column}::float8 + 0), 'hex')"
                return f"CASE WHEN {column}::float8 = 'NaN' THEN 'nan' ELSE {bits} END"
            case Form.BOOLEAN:
                return f"CASE WHEN {column}::int <> 0 THEN '1' WHEN {column}::int = 0 THEN '0' END"
            case Form.DATE:
                return f"{column}::text"
            case Form.MOMENT:
                return self._moment(column)
            case Form.CLOCK:
                return f"{column}::text"  # PostgreSQL writes no zeros behind the last place
            case Form.TEXT | Form.PADDED:  # the text of a CHAR has no spaces at its end
                return f"md5(convert_to({column}::text, 'UTF8'))"
            case Form.BYTES:
                return f"md5({column})"

    def sample(self, pair: Pair) -> str:
        """The beginning of a text, or of bytes in hex."""
        if pair.form is Form.BYTES:
            return f"encode(substr({self.column(pair)}, 1, {SAMPLE // 2}), 'hex')"
        return f"left({self.column(pair)}::text, {SAMPLE})"

    def md5(self, text: str) -> str:
        """The digest of an ASCII text."""
        return f"md5({text})"

    def sum_of(self, digest: str) -> str:
        """A sum of bigints is a numeric."""
        return f"sum(('x0' || substr({digest}, 1, {SUMMED}))::bit(64)::bigint)::text"

    def integer(self, pair: Pair, value: int) -> str:  # noqa: ARG002  the same for every type
        """A literal."""
        return str(value)

    def quotient(self, pair: Pair, low: int, width: int) -> str:
        """Ranges are made where keys are dense, so the difference is a bigint."""
        return f"({self.column(pair)}::bigint - ({low})) / {width}"

    def _moment(self, column: str) -> str:
        rounded = f"({column} + interval '500 microseconds')" if self.milliseconds else column
        fraction = "MS" if self.milliseconds else "US"
        text = f"to_char({rounded}, 'YYYY-MM-DD HH24:MI:SS.{fraction}')"
        return f"CASE WHEN isfinite({column}) THEN rtrim(rtrim({text}, '0'), '.') ELSE {column}::text END"


def _number(column: str, pair: Pair) -> str:
    """An exact number; one of any number of places is rounded as DMS does for the lake's decimal."""
    if pair.source.places is None and pair.lake.base == "string":
        text = f"{column}::text"
        return f"CASE WHEN strpos({text}, '.') > 0 THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"
    if pair.source.places is None:
        rounded = f"round({column}, {pair.lake.places})::text"
        return f"rtrim(rtrim({rounded}, '0'), '.')" if pair.lake.places else rounded
    return f"rtrim(rtrim({column}::text, '0'), '.')" if pair.source.places else f"{column}::text"
