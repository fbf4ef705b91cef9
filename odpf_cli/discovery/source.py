"""The source database of `odpf config discover`: how it is reached, and which catalog it has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from config_manager.found_table import FoundTable
from odpf.errors import InvalidSettings
from odpf_cli.discovery import PASSWORD, mysql, postgresql
from odpf_local.dms.errors import SourceUnavailable

_DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}
_READERS = {"mysql": mysql.read_tables, "mariadb": mysql.read_tables, "postgresql": postgresql.read_tables}
_ADVICE = "Write mysql://user@host:3306 or postgresql://user@host:5432/database and put the password into"


def source_engine(url: str, environment: Mapping[str, str] = os.environ) -> sa.Engine:
    """An engine for a source; it connects when it is used.

    Raises:
        InvalidSettings: not a URL of a source that can be read.
    """
    try:
        parsed = sa.make_url(url)
        parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
        if parsed.password is None and environment.get(PASSWORD):
            parsed = parsed.set(password=environment[PASSWORD])
        if parsed.get_backend_name() not in _READERS:
            raise sa.exc.ArgumentError(f"{parsed.drivername} is neither MySQL, MariaDB nor PostgreSQL")
        return sa.create_engine(parsed, poolclass=sa.NullPool)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError, ValueError) as error:
        raise InvalidSettings(f"--source cannot be used ({error}). {_ADVICE} {PASSWORD}.") from None


def read_source(engine: sa.Engine, schemas: Sequence[str] = ()) -> tuple[FoundTable, ...]:
    """All tables of some schemas, or of all that are not the server's own, by a few queries over its catalog.

    Raises:
        SourceUnavailable: the server does not answer, or refuses.
    """
    with _told(engine.url), engine.connect() as connection:
        return tuple(_READERS[engine.url.get_backend_name()](connection, tuple(schemas)))


@contextmanager
def _told(url: sa.URL) -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        told = " ".join(str(error.orig).split()).rstrip(".?")
        raise SourceUnavailable(
            f"{url.render_as_string(hide_password=True)} answers: {told}. Check host, port, database, user and {PASSWORD}; "
            "the user needs to see the tables, SELECT is enough."
        ) from None
