"""What Hudi itself writes into the property file is what the guard reads; another version (G8) and other keys (S24) stop the table."""

from __future__ import annotations

import pyarrow as pa
import pytest

from file_processor.runtime_guard import SUPPORTED, check_release
from file_processor.table_properties import PROPERTY_FILES, TableProperties, is_key_generator
from odpf.states import EngineName, Outcome
from tests.engines.staged_table import COLUMNS, DATABASE, StagedTable, update
from tests.engines.stories import story

pytestmark = pytest.mark.more

PARTITIONED = {**COLUMNS, "day": pa.string()}


def test_the_hudi_release_of_this_session_is_a_supported_one(lake):
    spark = lake.engines[EngineName.SPARK]()
    assert check_release(spark.hudi_version) in SUPPORTED
    spark.check()


class _PropertyFile:
    def __init__(self, table: StagedTable) -> None:
        self._objects, self._bucket = table.lake.aws.objects, table.lake.settings.raw_bucket
        self._key = f"{DATABASE}/{table.name}/.hoodie/{PROPERTY_FILES[0]}"

    @property
    def content(self) -> bytes:
        return self._objects.get(self._bucket, self._key)

    def write(self, content: bytes) -> None:
        self._objects.put(self._bucket, self._key, content)


def _with_other_keys(content: bytes, generator: str) -> bytes:
    """As if the table had keys of another generator; by its class or its type, as the file has it."""
    form = "{}" if generator.isupper() else "org.apache.hudi.keygen.{}KeyGenerator"
    other = "Simple" if "COMPLEX" in generator.upper() else "Complex"
    return content.replace(generator.encode(), form.format(other.upper() if form == "{}" else other).encode())


@story
@pytest.mark.parametrize(
    ("options", "generator"),
    [
        ({}, "Nonpartitioned"),
        ({"columns": PARTITIONED, "hudi_partition_key": "day"}, "Simple"),
        ({"columns": PARTITIONED, "key": "id,day", "hudi_partition_key": "day"}, "Complex"),
        ({"hudi_table_type": "merge_on_read"}, "Nonpartitioned"),
    ],
    ids=["alone", "partitioned", "composite", "merge_on_read"],
)
def test_a_table_of_another_version_is_left_as_it_is_until_it_is_put_right(told, options, generator):
    table = told.table(**options)
    table.load({"id": 1, "v": "loaded", "day": "monday"})
    yield
    file = _PropertyFile(table)
    as_written = file.content
    said = TableProperties.parse(as_written)
    assert (said.version, said.table_type.lower()) == ("6", options.get("hudi_table_type", "copy_on_write"))
    assert is_key_generator(said.key_generator, f"org.apache.hudi.keygen.{generator}KeyGenerator")
    assert bool(said.partition_fields) == ("hudi_partition_key" in options)

    file.write(as_written.replace(b"hoodie.table.version=6", b"hoodie.table.version=8"))
    table.changes(update(1, id=1, v="changed", day="monday"))
    yield
    assert table.result.outcome is Outcome.REFRESH_ERROR
    assert "Hudi table version 8" in table.result.error
    file.write(_with_other_keys(as_written, said.key_generator))
    yield
    assert table.result.outcome is Outcome.REFRESH_ERROR
    assert "record keys made by" in table.result.error
    file.write(as_written)
    assert table.values() == {1: "loaded"}
    yield
    table.check()
    assert table.values() == {1: "changed"}
    assert file.content == as_written
