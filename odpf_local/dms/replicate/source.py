"""The source server: how to reach it, and whether it logs what is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pymysql
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pymysql.connections import Connection

from odpf.errors import InvalidSettings
from odpf_local.dms.errors import SourceUnavailable, UnsupportedSource

_AS_TEXT: dict[Any, Any] = dict(pymysql.converters.encoders)
"""Arguments are escaped as always; results stay the text that the server sent."""
_SCHEMES = ("mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql")
_ACCESS_DENIED = (1044, 1045, 1142, 1227)


class MysqlSource(BaseModel):
    """Where the server is and who asks.

    The user needs SELECT, REPLICATION SLAVE and REPLICATION CLIENT (MariaDB: BINLOG MONITOR), on MySQL RELOAD too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=3306, ge=1, le=65535)
    user: str = "root"
    password: SecretStr = SecretStr("")
    unix_socket: str | None = None

    @classmethod
    def parse(cls, url: str) -> MysqlSource:
        """Read `mysql://user:password@host:port/?unix_socket=/path`; a password may stay out of it.

        Raises:
            InvalidSettings: another scheme or a part that is none.
        """
        try:
            parts = urlsplit(url)
            if parts.scheme not in _SCHEMES:
                raise ValueError("the scheme is not mysql or mariadb")
            sockets = parse_qs(parts.query).get("unix_socket", [None])
            return cls(
                host=parts.hostname or "127.0.0.1",
                port=3306 if parts.port is None else parts.port,
                user=unquote(parts.username or "root"),
                password=SecretStr(unquote(parts.password or "")),
                unix_socket=sockets[0],
            )
        except ValueError as error:
            raise InvalidSettings(
                f"The source cannot be used ({error}). Write mysql://user@host:3306 and put the password into "
                "ODPF_MYSQL_PASSWORD."
            ) from None

    @property
    def name(self) -> str:
        """The server as messages and state files name it, without user and password."""
        return self.unix_socket or f"{self.host}:{self.port}"

    def arguments(self) -> dict[str, Any]:
        """Arguments of `pymysql.connect`; values come as the server's text, in UTF-8."""
        return {
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "password": self.password.get_secret_value(),
            "unix_socket": self.unix_socket,
            "charset": "utf8mb4",
            "connect_timeout": 10,
        }

    @contextmanager
    def connected(self) -> Iterator[Connection[Any]]:
        """A connection whose session is in UTC.

        Raises:
            SourceUnavailable: the server cannot be reached or refuses.
        """
        with told(self), pymysql.connect(**self.arguments(), conv=_AS_TEXT, autocommit=True) as connection:
            connection.cursor().execute("SET SESSION time_zone = '+00:00'")
            yield connection


@contextmanager
def told(source: MysqlSource) -> Iterator[None]:
    """Turn what the driver raises into an error that says what to do."""
    try:
        yield
    except pymysql.MySQLError as error:
        code, text = (*error.args, "")[:2]
        advice = "Check host, port and that the server runs."
        if code in _ACCESS_DENIED:
            advice = "The user needs SELECT, REPLICATION SLAVE and REPLICATION CLIENT (MySQL: RELOAD too)."
        raise SourceUnavailable(f"{source.name} answers: {text} ({code}). {advice}") from error


_DEMANDED = {
    "log_bin": (("ON", "1"), "start the server with --log-bin"),
    "binlog_format": (("ROW",), "SET GLOBAL binlog_format = 'ROW'"),
    "binlog_row_image": (("FULL",), "SET GLOBAL binlog_row_image = 'FULL'"),
    "binlog_row_metadata": (("FULL",), "SET GLOBAL binlog_row_metadata = 'FULL' (MariaDB 10.5, MySQL 8.0 or later)"),
}
_REFUSED = {
    "log_bin_compress": "SET GLOBAL log_bin_compress = OFF",
    "binlog_transaction_compression": "SET GLOBAL binlog_transaction_compression = OFF",
}


def check_server(connection: Connection[Any], source: MysqlSource) -> None:
    """Refuse a server whose log does not hold whole rows with their columns' names.

    Raises:
        UnsupportedSource: with every setting to change.
    """
    found = dict(query(connection, "SHOW GLOBAL VARIABLES"))
    found = {name.lower(): value.upper() for name, value in found.items()}
    wrong = [
        f"{name} is {found.get(name, 'unknown')}: {fix}"
        for name, (accepted, fix) in _DEMANDED.items()
        if found.get(name) not in accepted
    ]
    wrong += [f"{name} is ON: {fix}" for name, fix in _REFUSED.items() if found.get(name) == "ON"]
    if "PARTIAL_JSON" in found.get("binlog_row_value_options", ""):
        wrong.append("binlog_row_value_options has PARTIAL_JSON: SET GLOBAL binlog_row_value_options = ''")
    if wrong:
        raise UnsupportedSource(
            f"The log of {source.name} does not hold what change files need. {'; '.join(wrong)}. "
            "Sessions that are already open keep their old setting."
        )


def query(connection: Connection[Any], sql: str, arguments: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
    """All rows of a query; values are text, bytes or None."""
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments or None)
        return list(cursor.fetchall())
