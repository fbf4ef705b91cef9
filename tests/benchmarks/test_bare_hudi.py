"""The bare Hudi upsert that the benchmarks compare with sets what the Spark engine sets."""

from __future__ import annotations

import pytest

from benchmarks.systems.hudi import options_of
from file_processor.choosing import CycleKind


@pytest.mark.parametrize(("kind", "operation"), [(CycleKind.LOAD, "bulk_insert"), (CycleKind.CHANGES, "upsert")])
def test_it_has_the_engines_options(kind, operation):
    options = options_of("t", kind, 1000)
    assert options["hoodie.datasource.write.operation"] == operation
    assert options["hoodie.datasource.write.recordkey.field"] == "id"
