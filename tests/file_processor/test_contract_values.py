"""Order positions, job arguments and manifests: values that cross a boundary."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from file_processor.job_arguments import JobArguments
from odpf.errors import InvalidManifest
from odpf.manifest import BatchManifest
from odpf.order import OrderPosition
from odpf_local.memory import MemoryObjectStore
from tests.file_processor.workbench import HOURLY, Workbench

sequences = st.one_of(st.just(""), st.integers(0, 10**35 - 1).map(lambda n: f"{n:035d}"))
names = st.from_regex(r"\A(LOAD[0-9A-F]{8}|2026[0-9]{4}-[0-9]{9})\.parquet\Z")
positions = st.builds(OrderPosition, st.integers(0, 999_999), sequences, names, st.integers(0, 10**10 - 1))


@given(positions, positions)
def test_the_text_of_order_positions_sorts_as_they_do(one, other):
    assert (str(one) < str(other)) == (one < other)
    assert OrderPosition.parse(str(one)) == one


def _manifest_bytes():
    bench = Workbench()
    bench.load((1, 10))
    bench.manager().plan("run-1", HOURLY)
    return bench.aws.objects.get("odpf-artifacts", "runs/run-1/batches/0.json")


def test_a_manifest_comes_back_as_it_was():
    content = _manifest_bytes()
    assert BatchManifest.from_bytes(content).to_bytes() == content


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda d: d["body"].update(run_id="other"), "changed after it was written"),
        (lambda d: d.update(version=99), "format version 99"),
        (lambda d: d.pop("digest"), "Not a run manifest"),
    ],
)
def test_a_manifest_that_was_touched_is_refused(damage, says):
    document = json.loads(_manifest_bytes())
    damage(document)
    with pytest.raises(InvalidManifest, match=says):
        BatchManifest.from_bytes(json.dumps(document).encode())


@given(st.binary(max_size=200))
def test_no_bytes_at_all_pass_for_a_manifest(content):
    with pytest.raises(InvalidManifest):
        BatchManifest.from_bytes(content)


ARGUMENTS = [
    "--JOB_NAME",
    "j",
    "--JOB_RUN_ID",
    "jr",
    "--run_id",
    "run-1",
    "--manifest_uri",
    "s3://b/k.json",
    "--x",
    "y",
]


def test_glues_own_arguments_are_passed_over():
    assert JobArguments.parse(ARGUMENTS) == ("jr", "run-1", "b", "k.json")


@pytest.mark.parametrize("missing", ["--JOB_RUN_ID", "--run_id", "--manifest_uri"])
def test_a_missing_argument_is_named(missing):
    at = ARGUMENTS.index(missing)
    with pytest.raises(InvalidManifest, match=missing):
        JobArguments.parse(ARGUMENTS[:at] + ARGUMENTS[at + 2 :])


@pytest.mark.parametrize("uri", ["http://b/k", "s3://", "k.json", "s3://b/"])
def test_a_manifest_uri_that_is_none_is_refused(uri):
    with pytest.raises(InvalidManifest, match="no s3:// URI"):
        JobArguments.parse([*ARGUMENTS[:7], uri])


def test_a_manifest_that_is_missing_or_of_another_run_is_refused():
    objects = MemoryObjectStore()
    with pytest.raises(InvalidManifest, match="There is no manifest"):
        JobArguments.parse(ARGUMENTS).manifest(objects)
    objects.put("b", "k.json", _manifest_bytes())
    assert JobArguments.parse(ARGUMENTS).manifest(objects).batch_no == 0
    with pytest.raises(InvalidManifest, match="belongs to run run-1"):
        JobArguments.parse([*ARGUMENTS[:5], "run-2", *ARGUMENTS[6:]]).manifest(objects)
