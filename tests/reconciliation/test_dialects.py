"""The SQL of every dialect keeps to the limits of its database."""

from __future__ import annotations

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from reconciliation.dialects.athena import Athena
from reconciliation.dialects.dialect import Dialect
from reconciliation.dialects.mysql import Mysql
from reconciliation.dialects.postgresql import Postgresql
from reconciliation.statements import Statements
from tests.reconciliation.builders import pairs_of

WIDE = pa.table({"id": [1, 2], **{f"c{n}": [f"a{n}", None] for n in range(130)}})


@pytest.mark.parametrize(
    ("dialect", "language"), [(Postgresql(), "postgres"), (Mysql(), "mysql"), (Athena(), "athena")]
)
def test_no_function_has_more_arguments_than_postgresql_allows(dialect: Dialect, language: str) -> None:
    sql = Statements(dialect, "t", pairs_of(WIDE, "id")).again(["1"])
    (most,) = {max(len(each.expressions) for each in sqlglot.parse_one(sql, read=language).find_all(exp.Concat))}
    assert 50 < most <= 100
