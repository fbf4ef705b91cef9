"""The URL of a source database, and what may be said of it: never its password, nor a part of one."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from odpf.errors import InvalidSettings

_DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}
_ADVICE = (
    "Write mysql://user@host:3306, mariadb://user@host:3306 or postgresql://user@host:5432/database, and put the password into "
    "ODPF_SOURCE_PASSWORD."
)


def source_url(text: str, password: str | None) -> sa.URL:
    """Read a URL, with the driver that its database is talked to with.

    Args:
        text: `mysql://…`, `mariadb://…` or `postgresql://…`.
        password: where the URL has none.

    Raises:
        InvalidSettings: it is of no source that can be read; what was written is not repeated, for it may have a password in it.
    """
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):
        raise InvalidSettings(f"--source is no URL that can be read. {_ADVICE}") from None
    if "@" in f"{url.host}{url.database}":  # the end of a password counts as host, or as database
        raise InvalidSettings(f"--source has an @ or a / in its user or password. Write %40 and %2F. {_ADVICE}")
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if url.get_backend_name() not in _DRIVERS:
        raise InvalidSettings(f"--source {shown(url)} is neither MySQL, MariaDB nor PostgreSQL. {_ADVICE}")
    try:
        url.get_dialect().import_dbapi()
    except (NoSuchModuleError, ArgumentError, ImportError):
        raise InvalidSettings(
            f"--source {shown(url)} cannot be used: its driver is not installed (the extra `sources` has drivers). {_ADVICE}"
        ) from None
    return url.set(password=password) if password and url.password is None else url


def shown(url: sa.URL) -> str:
    """A URL for people to read, without its password and the options, which may have one too."""
    return url.set(query={}).render_as_string(hide_password=True)


def said(error: SQLAlchemyError, url: sa.URL) -> str:
    """What a server or its driver answers, in one line, unless it repeats the password."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    text = " ".join(str(cause).split()).rstrip(".?")
    secrets = [url.password, *(str(url.query[name]) for name in ("password", "passwd") if name in url.query)]
    return type(cause).__name__ if any(secret and str(secret) in text for secret in secrets) else text
