"""The source database of `odpf config discover`: how it is reached, and which catalog it has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from config_manager.found_table import FoundTable
from odpf_cli.discovery import PASSWORD, mysql, postgresql
from odpf_local.dms.errors import SourceUnavailable
from reconciliation.source_url import said, shown, source_url

_READERS = {"mysql": mysql.read_tables, "mariadb": mysql.read_tables, "postgresql": postgresql.read_tables}


def source_engine(url: str, environment: Mapping[str, str] = os.environ) -> sa.Engine:
    """An engine for a source; it connects when it is used.

    Raises:
        InvalidSettings: not a URL of a source that can be read.
    """
    return sa.create_engine(source_url(url, environment.get(PASSWORD)), poolclass=sa.NullPool)


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
        raise SourceUnavailable(
            f"{shown(url)} answers: {said(error, url)}. Check host, port, database, user and {PASSWORD}; "
            "the user needs to see the tables, SELECT is enough."
        ) from None
