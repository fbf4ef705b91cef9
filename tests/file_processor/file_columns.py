"""Files as a footer tells of them, for tests that decide about columns without any file."""

from datetime import UTC, datetime

from file_processor.choosing import ChosenFile
from file_processor.inspection import Inspection
from odpf.landed_file import LandedFile
from odpf.order import OrderPosition
from odpf.settings import StagingPlace
from odpf.table_config import TableConfig
from tests.file_processor.workbench import sequence, table_item

PLACE = StagingPlace(bucket="odpf-staging", folder="internal_staging")


def configured(policy=None, **item):
    """A table whose policy is this one."""
    return TableConfig.model_validate(table_item(schema_policy=policy or {}, **item))


def file(
    number=1, *, load=False, nulls=(), ranges=None, problem=None, statistics=True, excluded=(), hashed=(), **columns
):
    """A file with the key, these columns and, of changes, the change sequence; files sort by their number."""
    columns |= dict.fromkeys(hashed, "string")
    name = f"LOAD{number:08X}.parquet" if load else f"20260131-{number:09d}.parquet"
    landed = LandedFile.parse(
        bucket=PLACE.bucket,
        key=f"{PLACE.prefix}shop/orders/{name}",
        etag=name,
        size=100,
        last_modified=datetime(2026, 1, 31, tzinfo=UTC),
        places=[PLACE],
    )
    typed = tuple({"id": "bigint", **columns, **({} if load else {"seq": "string"})}.items())
    return Inspection(
        ChosenFile(landed, 1),
        columns=typed,
        names=tuple((column, column.upper()) for column, _ in typed),
        nulls=nulls,
        excluded=excluded,
        hashed=tuple((column, "string") for column in hashed),
        rows=1,
        sequences=(sequence(number), sequence(number)) if statistics and not load else None,
        ranges=tuple((ranges or {}).items()),
        problem=problem,
    )


def mark(number):
    """The high-water mark after change file `number`."""
    return str(OrderPosition(1, sequence(number), f"20260131-{number:09d}.parquet", 0))
