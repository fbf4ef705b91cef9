"""Copies for Spark: what must not leave staging is in none of them."""

from __future__ import annotations

import io
from datetime import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from file_processor.conversion import Protection, convert
from odpf.errors import EngineError
from odpf.hash_key import HashKey
from odpf.personal_data import ProtectedColumns
from odpf_local.memory import MemoryAws
from tests.behaviours.builders import SETTINGS
from tests.file_processor.file_columns import file

KEY = HashKey(b"k" * 32, "key")
COLUMNS = ProtectedColumns(excluded=("born",), hashed=("email",), prefix="bi_")
ROWS = {
    "id": [1, 2],
    "at": [time(1), None],
    "EMAIL": ["ann@example.com", None],
    "BI_EMAIL": [None, "bob@example.com"],
    "BORN": ["1970", "1971"],
    "BI_BORN": ["1970", None],
}


@pytest.fixture
def copy():
    """Copies a landed file with these rows; the copy as a table."""
    aws, landed = MemoryAws(SETTINGS), file(1).chosen.file
    content = io.BytesIO()
    pq.write_table(pa.table(ROWS), content)
    aws.objects.put(landed.bucket, landed.key, content.getvalue())

    def copied(protection, *, rewrite):
        uri = convert(aws.objects, landed, SETTINGS.artifacts_bucket, "scratch", rewrite=rewrite, protection=protection)
        key = uri.removeprefix(f"s3://{SETTINGS.artifacts_bucket}/")
        return pq.read_table(io.BytesIO(aws.objects.get(SETTINGS.artifacts_bucket, key)))

    return copied


@pytest.mark.parametrize("rewrite", [True, False])
def test_a_copy_has_hashes_and_nothing_of_what_is_excluded(copy, rewrite):
    found = copy(Protection(COLUMNS, KEY), rewrite=rewrite).to_pydict()
    assert set(found) == {"id", "at", "EMAIL", "BI_EMAIL"}
    assert found["EMAIL"] == [KEY.digest(b"ann@example.com"), None]
    assert found["BI_EMAIL"] == [None, KEY.digest(b"bob@example.com")]


def test_without_a_key_nothing_is_copied(copy):
    with pytest.raises(EngineError, match="there is no key"):
        copy(Protection(COLUMNS), rewrite=False)


def test_without_protected_columns_a_copy_for_its_path_alone_has_the_same_bytes(copy):
    assert copy(Protection(), rewrite=False).to_pydict() == ROWS
    assert copy(Protection(), rewrite=True).to_pydict() == {**ROWS, "at": ["01:00:00.000000", None]}
