"""A source database over SQLAlchemy: its tables' columns, and consistent snapshots of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.exc import NoSuchTableError, SQLAlchemyError

from odpf.errors import OdpfError, TransientError
from reconciliation.dialects import mysql as mysql_sql
from reconciliation.dialects import postgresql as postgresql_sql
from reconciliation.dialects.dialect import Dialect
from reconciliation.forms import Form, SourceColumn
from reconciliation.side import Run
from reconciliation.source_url import said, source_url

_CONNECT_SECONDS = 10
_BEGIN = {
    "mysql": (
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    "postgresql": ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",),
}


class SourceUnavailable(TransientError):
    """The source database cannot be reached, or refuses."""


class TableNotAtSource(OdpfError):
    """The source database has no such table."""


class Source(NamedTuple):
    """A database that tables are replicated from."""

    engine: sa.Engine
    dialect: Dialect
    session: Sequence[str]

    @classmethod
    def connect(cls, url: str, password: str | None = None) -> Source:
        """Make ready to talk to `mysql://user@host:3306`, `mariadb://…` or `postgresql://user@host:5432/database`.

        Raises:
            InvalidSettings: the URL is of no database that can be compared.
        """
        parsed = source_url(url, password)
        connect = {} if parsed.get_backend_name() == "postgresql" else {"charset": "utf8mb4"}
        engine = sa.create_engine(
            parsed.set(drivername=parsed.drivername.replace("mariadb+", "mysql+")),
            poolclass=sa.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={**connect, "connect_timeout": _CONNECT_SECONDS},
        )
        if engine.dialect.name == "postgresql":
            return cls(engine, postgresql_sql.Postgresql(), postgresql_sql.SESSION)
        return cls(engine, mysql_sql.Mysql(), mysql_sql.SESSION)

    @property
    def name(self) -> str:
        """The server as people see it, without user and password."""
        url = self.engine.url
        host = url.host or str(url.query.get("unix_socket", "localhost"))
        return f"{host}:{url.port}" if url.port else host

    def to_the_millisecond(self) -> Source:
        """The same, for a lake that shows moments to the millisecond."""
        return self._replace(dialect=type(self.dialect)(milliseconds=True))

    def columns(self, schema: str, table: str) -> list[SourceColumn]:
        """Columns of a table.

        Raises:
            TableNotAtSource: there is none of this name.
            SourceUnavailable: the server does not answer.
        """
        with self._told():
            try:
                found = sa.inspect(self.engine).get_columns(table, schema=schema)
            except NoSuchTableError:
                raise TableNotAtSource(
                    f"{self.name} has no table {schema}.{table}, or its user may not see it."
                ) from None
        return [source_column(each) for each in found]

    def relation(self, schema: str, table: str) -> str:
        """The table as it stands behind FROM."""
        return f"{self.dialect.quoted(schema)}.{self.dialect.quoted(table)}"

    @contextmanager
    def snapshot(self) -> Iterator[Run]:
        """Statements that all see the rows of one moment."""
        with self._told(), self.engine.connect() as connection:
            for statement in (*self.session, *_BEGIN[self.engine.dialect.name]):
                connection.exec_driver_sql(statement)

            def run(sql: str) -> Sequence[Sequence[object]]:
                return connection.exec_driver_sql(sql.replace("%", "%%")).fetchall()

            try:
                yield run
            finally:
                connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise SourceUnavailable(
                f"{self.name} answers: {said(error, self.engine.url)}. Check host, port, user and password (ODPF_SOURCE_PASSWORD); the user needs SELECT."
            ) from None


_FORMS: tuple[tuple[type[Any], Form], ...] = (
    (sa.Boolean, Form.BOOLEAN),
    (mysql.YEAR, Form.NUMBER),
    (sa.Integer, Form.NUMBER),
    (sa.REAL, Form.SINGLE),
    (sa.Float, Form.DOUBLE),
    (sa.Numeric, Form.NUMBER),
    (sa.DateTime, Form.MOMENT),
    (sa.Date, Form.DATE),
    (sa.Time, Form.CLOCK),
    (sa.Enum, Form.TEXT),
    (mysql.SET, Form.TEXT),
    (sa.JSON, Form.TEXT),
    (sa.String, Form.TEXT),
    (sa.Uuid, Form.TEXT),
    (sa.ARRAY, Form.TEXT),
    (postgresql.INET, Form.TEXT),
    (postgresql.CIDR, Form.TEXT),
    (postgresql.MACADDR, Form.TEXT),
    (postgresql.BIT, Form.TEXT),
    (sa.LargeBinary, Form.BYTES),
    (sa.types._Binary, Form.BYTES),
)
"""In this order: a type may be a subclass of a later one. What is missing (intervals, money, geometry) has no one text."""


def source_column(reflected: Mapping[str, object]) -> SourceColumn:
    """A column as SQLAlchemy's inspector describes it."""
    kind = reflected["type"]
    while isinstance(kind, postgresql.DOMAIN):
        kind = kind.data_type
    form, bits = _form(kind), 0
    if isinstance(kind, mysql.BIT):
        bits = kind.length or 1
        form, bits = (Form.BOOLEAN, 0) if bits == 1 else (Form.BYTES, bits)
    exact = form is Form.NUMBER and isinstance(kind, sa.Numeric)
    computed = reflected.get("computed")
    virtual = isinstance(computed, Mapping) and not computed.get("persisted", False)
    return SourceColumn(
        name=str(reflected["name"]),
        form=form,
        type=_spelled(kind),
        places=_places(kind) if exact else 0,
        integer=form is Form.NUMBER and isinstance(kind, sa.Integer),
        bits=bits,
        virtual=virtual,
    )


def _form(kind: object) -> Form | None:
    if isinstance(kind, mysql.FLOAT) or (
        isinstance(kind, sa.Float) and kind.precision and kind.precision <= _SINGLE_BITS
    ):
        return Form.SINGLE
    if isinstance(kind, mysql.DOUBLE | postgresql.DOUBLE_PRECISION):
        return Form.DOUBLE
    if isinstance(kind, postgresql.TIME | sa.Time) and getattr(kind, "timezone", False):
        return None
    if isinstance(kind, sa.CHAR) and not isinstance(kind, mysql.CHAR):
        return Form.PADDED
    return next((form for family, form in _FORMS if isinstance(kind, family)), None)


_SINGLE_BITS = 24
"""`FLOAT(p)` with so many bits or fewer is a single."""


def _places(kind: object) -> int | None:
    """Decimals; None where the type sets none."""
    return getattr(kind, "scale", None)


def _spelled(kind: object) -> str:
    try:
        return str(kind).lower()
    except SQLAlchemyError:
        return type(kind).__name__.lower()
