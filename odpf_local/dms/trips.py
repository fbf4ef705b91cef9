"""Rows in the shape of New York yellow-taxi trip records: generated, or from a file of the taxi commission."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from odpf_local.dms.errors import InvalidTripFile

KEY = "pk_id"
"""Added to the trips by the reference demonstration: BIGINT AUTO_INCREMENT PRIMARY KEY."""

_LONG, _TIME, _DOUBLE, _TEXT = pa.int64(), pa.timestamp("us"), pa.float64(), pa.string()
TRIP_SCHEMA = pa.schema(
    [
        ("VendorID", _LONG),
        ("tpep_pickup_datetime", _TIME),
        ("tpep_dropoff_datetime", _TIME),
        ("passenger_count", _DOUBLE),
        ("trip_distance", _DOUBLE),
        ("RatecodeID", _DOUBLE),
        ("store_and_fwd_flag", _TEXT),
        ("PULocationID", _LONG),
        ("DOLocationID", _LONG),
        ("payment_type", _LONG),
        ("fare_amount", _DOUBLE),
        ("extra", _DOUBLE),
        ("mta_tax", _DOUBLE),
        ("tip_amount", _DOUBLE),
        ("tolls_amount", _DOUBLE),
        ("improvement_surcharge", _DOUBLE),
        ("total_amount", _DOUBLE),
        ("congestion_surcharge", _DOUBLE),
        ("airport_fee", _DOUBLE),
    ]
)
_LATER_COLUMNS = frozenset({"congestion_surcharge", "airport_fee"})
_MONTH_START = np.datetime64("2023-01-01T00:00:00", "us")
_MONTH_SECONDS = 31 * 86_400


def with_key(trips: pa.Table, first: int) -> pa.Table:
    """The trips with their key as last column, counted from `first`."""
    keys = pa.array(np.arange(first, first + trips.num_rows, dtype=np.int64))
    return trips.append_column(pa.field(KEY, _LONG), keys)


def generate_trips(random: np.random.Generator, rows: int) -> pa.Table:
    """Trips of January 2023 with the distributions of the real ones, roughly; cents are exact to two places."""
    unknown = _share(random, rows, 0.025)  # the records that some vendors send without these details
    pickup = _MONTH_START + (random.random(rows) * _MONTH_SECONDS).astype("timedelta64[s]")
    seconds = np.clip(random.lognormal(6.5, 0.6, rows), 60, 4 * 3600).astype("timedelta64[s]")
    distance = np.round(np.clip(random.lognormal(0.6, 0.9, rows), 0.01, 60), 2)
    fare = np.round(3 + 2.5 * distance + seconds.astype(np.int64) / 60 * 0.5, 1)
    card = _share(random, rows, 0.8)
    tip = np.where(card, np.round(fare * random.choice([0, 0.15, 0.2, 0.25], rows), 2), 0.0)
    tolls = np.where(_share(random, rows, 0.07), 6.55, 0.0)
    extra = random.choice([0.0, 1.0, 2.5, 3.5], rows)
    airport = np.where(_share(random, rows, 0.09), 1.25, 0.0)
    congestion = np.where(_share(random, rows, 0.92), 2.5, 0.0)
    total = np.round(fare + extra + 0.5 + tip + tolls + 1.0 + congestion + airport, 2)
    columns = [
        random.choice(np.array([1, 2, 6]), rows, p=[0.27, 0.71, 0.02]),
        pickup,
        pickup + seconds,
        pa.array(random.choice([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0], rows, p=_PASSENGERS), mask=unknown),
        distance,
        pa.array(random.choice([1.0, 2.0, 3.0, 4.0, 5.0, 99.0], rows, p=_RATES), mask=unknown),
        pa.array(np.where(_share(random, rows, 0.006), "Y", "N"), _TEXT, mask=unknown),
        random.integers(1, 266, rows),
        random.integers(1, 266, rows),
        np.where(unknown, 0, np.where(card, 1, 2)),
        fare,
        extra,
        np.full(rows, 0.5),
        tip,
        tolls,
        np.full(rows, 1.0),
        total,
        pa.array(congestion, mask=unknown),
        pa.array(airport, mask=unknown),
    ]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, TRIP_SCHEMA, strict=True)], schema=TRIP_SCHEMA)


def _share(random: np.random.Generator, rows: int, share: float) -> np.ndarray:
    """True for about that share of the rows."""
    return random.random(rows) < share


_PASSENGERS = [0.74, 0.15, 0.035, 0.02, 0.02, 0.015, 0.02]
_RATES = [0.94, 0.04, 0.003, 0.002, 0.005, 0.01]


def read_trips(path: Path, most: int | None = None) -> pa.Table:
    """Rows of a `yellow_tripdata_*.parquet`, its own types kept, names spelled as in TRIP_SCHEMA.

    The files differ over the years: airport_fee or Airport_fee, fees that came later, more columns at the end.

    Raises:
        InvalidTripFile: no Parquet file, no trips, or not their columns; the message says which.
    """
    try:
        trips = pq.ParquetFile(path)
        names = {name.lower(): name for name in trips.schema_arrow.names}
    except (OSError, pa.ArrowInvalid) as error:
        raise InvalidTripFile(f"{path} cannot be read as Parquet: {error}. {_ADVICE}") from None
    missing = [n for n in TRIP_SCHEMA.names if n.lower() not in names and n not in _LATER_COLUMNS]
    if missing:
        raise InvalidTripFile(f"{path} has no yellow-taxi trips: columns {', '.join(missing)} are missing. {_ADVICE}")
    table = _first_rows(trips, most)
    if not table.num_rows:
        raise InvalidTripFile(f"{path} has no rows. {_ADVICE}")
    return _as_trips(table, names)


_ADVICE = "Give a yellow_tripdata_<year>-<month>.parquet of the NYC Taxi and Limousine Commission."


def _first_rows(trips: pq.ParquetFile, most: int | None) -> pa.Table:
    if most is None or most >= trips.metadata.num_rows:
        return trips.read()
    batches, count = [], 0
    for batch in trips.iter_batches():
        batches.append(batch)
        count += batch.num_rows
        if count >= most:
            break
    return pa.Table.from_batches(batches, schema=trips.schema_arrow).slice(0, most)


def _as_trips(table: pa.Table, names: dict[str, str]) -> pa.Table:
    columns = {}
    for field in TRIP_SCHEMA:
        column = table[names[field.name.lower()]] if field.name.lower() in names else pa.nulls(len(table), field.type)
        columns[field.name] = column.cast(field.type) if pa.types.is_null(column.type) else column
    known = {name.lower() for name in [*TRIP_SCHEMA.names, KEY]}
    more = {name: table[name] for lowered, name in names.items() if lowered not in known}
    return pa.table({**columns, **more})
