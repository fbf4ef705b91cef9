"""Nothing is written by an unknown Hudi release, without the pin, or into a table of another version (G8)."""

from __future__ import annotations

import pytest

from file_processor.choosing import CycleKind
from file_processor.engines.engine import WritePlan
from file_processor.engines.spark.engine import SparkEngine, release_of_jar
from file_processor.engines.spark.hudi import pinned_table_version, write_options
from file_processor.runtime_guard import TABLE_VERSION, check_pinned, check_release, check_table
from file_processor.table_properties import TableProperties
from file_processor.timeline import Timeline
from odpf.errors import UnsupportedRuntime
from odpf.states import Outcome, RunStatus
from odpf.table_config import read_table_config
from odpf_local.memory import MemoryObjectStore
from odpf_local.spark_conf import HUDI_OF_RUNTIME
from tests.file_processor.workbench import LOCATION, table_item, wrapped

FOLDER = "raw/orders/.hoodie"
VERSION_6 = b"hoodie.table.type=COPY_ON_WRITE\nhoodie.table.version=6\n"


@pytest.mark.parametrize(
    ("found", "glue"),
    [("0.15.0", "5.0"), ("0.15.0-amzn-2", "5.0"), ("0.15.1", "5.0"), ("1.0.2", "5.1"), ("1.0.2-amzn-0", "5.1")],
)
def test_the_releases_of_glue_are_known(found, glue):
    assert check_release(found).glue == glue


@pytest.mark.parametrize(
    "found", ["0.14.1", "0.150.0", "1.0.1", "1.0.20", "1.1.1", "10.0.2", "1", "", "none", "SNAPSHOT"]
)
def test_any_other_release_is_refused_with_what_to_do(found):
    with pytest.raises(UnsupportedRuntime, match=r"0\.15 \(Glue 5\.0\) or 1\.0\.2 \(Glue 5\.1\).*--datalake-formats"):
        check_release(found)


@pytest.mark.parametrize(
    ("jar", "release"),
    [
        ("/jars/hudi-spark3.5-bundle_2.12-0.15.0.jar", "0.15.0"),
        ("/usr/lib/hudi-spark3.5-bundle_2.12-1.0.2-amzn-0.jar", "1.0.2-amzn-0"),
        ("/usr/lib/hudi-0.15.0/hudi-spark-bundle.jar", ""),
    ],
)
def test_a_jar_that_says_nothing_may_be_named_after_its_release(jar, release):
    assert release_of_jar(jar) == release


@pytest.mark.parametrize("runtime", HUDI_OF_RUNTIME)
def test_the_releases_on_one_machine_are_supported_ones(runtime):
    assert f"glue{check_release(HUDI_OF_RUNTIME[runtime]).glue}" == runtime


def plan(kind: CycleKind = CycleKind.CHANGES, **item) -> WritePlan:
    config = read_table_config(table_item(**item))
    return WritePlan(
        kind, config, LOCATION, (), (), 1, "", "s3://odpf-artifacts/q", 0, Timeline(MemoryObjectStore(), LOCATION)
    )


@pytest.mark.parametrize("kind", CycleKind)
@pytest.mark.parametrize("item", [{}, {"hudi_table_type": "merge_on_read"}, {"table_data_versioning_type": "H"}])
def test_every_set_of_write_options_is_pinned(kind, item):
    check_pinned(pinned_table_version(write_options(plan(kind, **item), {"batch": "{}"})))


@pytest.mark.parametrize(
    "damage",
    [
        {"hoodie.write.table.version": "8"},
        {"hoodie.write.table.version": None},
        {"hoodie.write.auto.upgrade": "true"},
        {"hoodie.write.auto.upgrade": None},
    ],
)
def test_options_that_leave_the_version_to_hudi_are_refused(damage):
    options = {name: value for name, value in (write_options(plan(), {}) | damage).items() if value is not None}
    with pytest.raises(UnsupportedRuntime, match=f"not to {TABLE_VERSION}"):
        check_pinned(pinned_table_version(options))


def test_the_spark_engine_asks_before_it_reads_anything():
    engine = SparkEngine(None)
    engine.__dict__["hudi_version"] = "1.1.1"
    with pytest.raises(UnsupportedRuntime, match=r"Hudi 1\.1\.1"):
        engine.check()


def test_the_spark_engine_does_not_read_for_a_write_that_is_not_pinned(monkeypatch):
    monkeypatch.setattr("file_processor.engines.spark.engine.write_options", lambda plan, metadata: {})
    with pytest.raises(UnsupportedRuntime):
        SparkEngine(None).prepare(plan())


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", (None, None, None, None)),
        (VERSION_6, ("6", "COPY_ON_WRITE", None, None)),
        (b"#Updated at 2026\n#hoodie.table.version=8\nhoodie.table.version=6\n", ("6", None, None, None)),
        (b"hoodie.table.version = 6 \r\nhoodie.table.type: MERGE_ON_READ", ("6", "MERGE_ON_READ", None, None)),
        (
            b"hoodie.table.partition.fields=day\nhoodie.table.keygenerator.class=org.apache.Simple",
            (None, None, "day", "org.apache.Simple"),
        ),
        (b"hoodie.table.keygenerator.type=SIMPLE\nhoodie.table.version=", (None, None, None, "SIMPLE")),
        ("hoodie.table.name=bücher\nhoodie.table.version=6".encode(), ("6", None, None, None)),
    ],
)
def test_a_property_file_is_read_as_java_writes_it(content, expected):
    assert TableProperties.parse(content)[:4] == expected


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        (None, "no property file"),
        (TableProperties(None, "COPY_ON_WRITE", None, None), r"version \?"),
        (TableProperties("5", "COPY_ON_WRITE", None, None), "version 5"),
        (TableProperties("8", "COPY_ON_WRITE", None, None), "version 8"),
        (TableProperties("6", None, None, None), r"type \?"),
        (TableProperties("6", "MERGE_ON_READ", None, None), "type MERGE_ON_READ"),
        (TableProperties("6", "COPY_ON_WRITE", "day", None), "key generator"),
    ],
)
def test_a_table_that_is_not_understood_is_refused_with_what_to_do(properties, says):
    with pytest.raises(UnsupportedRuntime, match=f"{LOCATION}.*{says}.*Nothing was written.*downgrade"):
        check_table(LOCATION, properties, read_table_config(table_item()))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (b"hoodie.table.keygenerator.type=COMPLEX", "made by COMPLEX"),
        (b"hoodie.table.keygenerator.class=org.apache.hudi.keygen.ComplexKeyGenerator", "made by org"),
        (b"hoodie.table.keygenerator.type=NON_PARTITION\nhoodie.table.recordkey.fields=other", "keys of other"),
    ],
)
def test_a_table_with_other_record_keys_fails_untouched_and_says_how_to_go_on(loaded, values, says):
    """S24: of Complex with one key, Glue's release and others make another text (docs/hudi.md)."""
    loaded.aws.objects.put("odpf-raw", f"{FOLDER}/hoodie.properties", VERSION_6 + values)
    before = stored(loaded)
    summary = loaded.run()
    assert summary.tables[0].outcome is Outcome.REFRESH_ERROR
    assert says in summary.tables[0].error
    assert "odpf resnapshot --table" in summary.tables[0].error
    assert stored(loaded) == before
    assert len(list(loaded.aws.tracker.all_pending())) == 1


@pytest.fixture
def loaded(bench):
    bench.load((1, 10))
    bench.run()
    bench.change(1, "U", 1, 11)
    return bench


def stored(bench) -> dict[str, bytes]:
    return {entry.key: bench.aws.objects.get("odpf-raw", entry.key) for entry in bench.aws.objects.list("odpf-raw", "")}


@pytest.mark.parametrize("content", [b"", b"hoodie.table.type=COPY_ON_WRITE", VERSION_6.replace(b"6", b"8")])
def test_a_table_of_another_version_fails_untouched_and_its_files_wait(loaded, content):
    loaded.aws.objects.put("odpf-raw", f"{FOLDER}/hoodie.properties", content)
    before = stored(loaded)
    summary = loaded.run()
    assert summary.tables[0].outcome is Outcome.REFRESH_ERROR
    assert "Hudi table version" in summary.tables[0].error
    assert stored(loaded) == before
    assert len(list(loaded.aws.tracker.all_pending())) == 1


def test_it_goes_on_when_the_table_is_right_again(loaded):
    loaded.aws.objects.delete("odpf-raw", [f"{FOLDER}/hoodie.properties"])
    assert loaded.run().status is RunStatus.FAILED
    loaded.aws.objects.put("odpf-raw", f"{FOLDER}/hoodie.properties", VERSION_6)
    assert (loaded.run().status, loaded.table) == (RunStatus.SUCCEEDED, {1: 11})


def test_a_writer_that_died_while_hudi_replaced_the_file_leaves_the_copy(loaded):
    loaded.aws.objects.delete("odpf-raw", [f"{FOLDER}/hoodie.properties"])
    loaded.aws.objects.put("odpf-raw", f"{FOLDER}/hoodie.properties.backup", VERSION_6)
    assert loaded.run().status is RunStatus.SUCCEEDED


def test_a_foreign_table_of_a_newer_version_is_not_taken_for_the_remains_of_a_load(bench):
    """Its timeline lies elsewhere, so that it looks as if nothing had ever been committed."""
    bench.aws.objects.put("odpf-raw", f"{FOLDER}/hoodie.properties", VERSION_6.replace(b"6", b"8"))
    bench.aws.objects.put("odpf-raw", f"{FOLDER}/timeline/20260131101530000_20260131101531000.commit", b"avro")
    bench.aws.objects.put("odpf-raw", "raw/orders/data.parquet", b"rows")
    before = stored(bench)
    bench.load((1, 10))
    assert "version 8" in bench.run().tables[0].error
    assert stored(bench) == before


def test_the_remains_of_a_dead_first_load_are_still_cleared(bench):
    bench.aws.objects.put("odpf-raw", f"{FOLDER}/hoodie.properties", VERSION_6)
    bench.aws.objects.put("odpf-raw", "raw/orders/data.parquet", b"rows")
    bench.load((1, 10))
    assert (bench.run().status, bench.table) == (RunStatus.SUCCEEDED, {1: 10})


def test_an_unknown_release_writes_nothing(loaded):
    class Unknown(type(loaded.engine)):
        def check(self):
            check_release("1.1.1")

    before = stored(loaded)
    other = wrapped(loaded.aws)
    other.engine = Unknown(loaded.aws.objects)
    assert "Hudi 1.1.1" in loaded.run(other).tables[0].error
    assert stored(loaded) == before


def test_a_table_without_work_is_not_asked_and_one_with_work_once(loaded):
    asked = []
    get = loaded.aws.objects.get
    loaded.aws.objects.get = lambda bucket, key: asked.append(key) or get(bucket, key)
    loaded.run()
    loaded.run()
    assert asked.count(f"{FOLDER}/hoodie.properties") == 1
