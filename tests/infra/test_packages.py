"""What `make package` builds: the same bytes every time, whole, small, and with a list that is true."""

from __future__ import annotations

import hashlib
import json
import re
import runpy
import subprocess
import sys
import tomllib
import zipfile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from infra.packaging.archive import merge, unzipped_bytes
from infra.packaging.checks import UNZIPPED_LIMIT, check_needed, check_size
from infra.packaging.cold_start import UNWANTED, Runtime
from infra.packaging.cold_start import main as print_cold_starts
from infra.packaging.fetch import fetch
from infra.packaging.inventory import read_inventory
from infra.packaging.licences import LicencePolicy
from infra.packaging.lock import Pin, read_lock
from infra.packaging.package import FILE_MANAGER, FUNCTIONS, JOB, PACKAGES, PROCESS_BATCH, ZIPPED_BUDGET
from infra.packaging.sources import reach, release_of
from infra.packaging.wheel import GLIBC, TAGS, Wheel
from odpf import __version__
from odpf.errors import TerminalError, TransientError
from odpf.release import CODE_VERSION
from tests.architecture.source_tree import ROOT
from tests.infra.packages import fake_wheel, files_below, names_in

HANDLERS = [(package, module) for package in FUNCTIONS for module in package.entries]
LOCKS = sorted({package.lock for package in PACKAGES})


def lock(name):
    return read_lock(ROOT / "infra" / "locks" / f"{name}.lock")


def test_two_builds_have_the_same_bytes_whatever_the_folder_and_the_umask(two_builds):
    first, second = map(files_below, two_builds)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


@pytest.mark.parametrize(("package", "module"), HANDLERS, ids=lambda value: str(getattr(value, "path", value)))
def test_a_handler_starts_from_its_package_alone_and_brings_nothing_heavy(packages, runtime, package, module):
    started = runtime.start(runtime.unpack(packages / package.path), module)
    assert {name.split(".")[0] for name in started.modules} & unwanted(package) == set()


def test_every_handler_is_in_a_package():
    assert {module for _, module in HANDLERS} == {
        f"lambdas.{path.stem}" for path in (ROOT / "lambdas").glob("*.py") if path.stem != "__init__"
    }


@pytest.mark.parametrize("package", FUNCTIONS, ids=lambda package: package.path)
def test_a_function_holds_neither_its_runtime_nor_the_laptop_nor_tests(packages, package):
    names = names_in(packages / package.path)
    assert {name.split("/")[0] for name in names} & (unwanted(package) | package.provided) == set()
    assert [name for name in names if re.search(r"(^|/)(tests?|engines/spark|infra)/", name)] == []


def unwanted(package):
    """Only the function that processes table batches has pyarrow."""
    return UNWANTED - ({"pyarrow"} if package is PROCESS_BATCH else set())


def test_a_table_is_loaded_and_changed_from_the_package_of_process_batch_alone(packages, runtime):
    place, script = runtime.unpack(packages / PROCESS_BATCH.path), ROOT / "tests" / "infra" / "packed_invocation.py"
    start = "import runpy, sys; sys.path[:0] = sys.argv[2:]; runpy.run_path(sys.argv[1], run_name='__main__')"
    # This checkout comes last, for the stores in memory.
    command = [sys.executable, "-I", "-S", "-B", "-c", start, script, place, runtime.brought, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answered = json.loads(done.stdout)
    assert answered["then"] == ["done", "done"]
    assert answered["rows"] == [
        ["completed", "arrow", None, {"rows_read": 3, "rows_inserted": 3}],
        ["completed", "arrow", None, {"rows_read": 2, "rows_updated": 1, "rows_deleted": 1}],
    ]


def test_the_function_that_processes_batches_has_of_pyarrow_what_it_uses(packages):
    names = names_in(packages / PROCESS_BATCH.path)
    assert {"pyarrow/lib.cpython-311-x86_64-linux-gnu.so", "pyarrow/libparquet.so.2000"} <= set(names)
    assert [name for name in names if re.search(r"flight|gandiva|/include|\.pyx$|_s3fs|/_substrait", name)] == []
    assert unzipped_bytes(packages / PROCESS_BATCH.path) < UNZIPPED_LIMIT / 2


@pytest.mark.parametrize("package", FUNCTIONS, ids=lambda package: package.path)
def test_every_module_of_ours_lies_compiled_beside_its_source(packages, package):
    names = set(names_in(packages / package.path))
    ours = [name for name in names if name.startswith(("odpf/", "lambdas/")) and name.endswith(".py")]
    assert ours
    assert {re.sub(r"(\w+)\.py$", r"__pycache__/\1.cpython-311.pyc", name) for name in ours} <= names


@pytest.mark.parametrize("package", FUNCTIONS, ids=lambda package: package.path)
def test_native_code_is_for_the_platform_of_lambda(packages, package):
    with zipfile.ZipFile(packages / package.path) as archive:
        told = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".dist-info/WHEEL")]
        native = {name: archive.read(name) for name in archive.namelist() if re.search(r"\.so(\.\d+)?$", name)}
    tags = [set(re.findall(r"^Tag: (\S+)", text, re.MULTILINE)) for text in told]
    assert native
    assert all(
        re.search(r"(x86_64-linux-gnu\.so|\.so\.\d+)$", name) and code[:5] == b"\x7fELF\x02"
        for name, code in native.items()
    )
    assert max(int(n) for code in native.values() for n in re.findall(rb"GLIBC_2\.(\d+)", code)) <= GLIBC
    assert all(tag & set(map(str, TAGS)) for tag in tags)


@pytest.mark.parametrize("package", FUNCTIONS, ids=lambda package: package.path)
def test_everybody_may_read_what_lambda_unpacks(packages, package):
    with zipfile.ZipFile(packages / package.path) as archive:
        assert {info.external_attr >> 16 & 0o777 for info in archive.infolist()} == {0o644}


@pytest.mark.parametrize("package", FUNCTIONS, ids=lambda package: package.path)
def test_a_function_stays_within_its_budget(packages, package):
    assert (packages / package.path).stat().st_size <= package.budget
    assert package.budget == ZIPPED_BUDGET or package is PROCESS_BATCH


def test_a_zip_over_its_budget_is_refused(packages):
    with pytest.raises(TerminalError, match=r"file_manager\.zip has .* Leave out"):
        check_size(packages / FILE_MANAGER.path, budget=1_000_000)


def test_the_job_is_its_script_pure_python_and_the_wheels_of_its_lock(packages):
    wheels = [parse_wheel_filename(path.name) for path in (packages / "glue" / "wheels").iterdir()]
    assert {(name, str(version)) for name, version, *_ in wheels} == {(p.name, p.version) for p in lock("job").values()}
    assert {name.rpartition(".")[2] for name in names_in(packages / JOB.path)} == {"py", "LICENSE"}
    assert (packages / "glue/process_batch.py").read_bytes() == (ROOT / "glue_scripts/process_batch.py").read_bytes()


def test_both_engines_are_in_the_jobs_bundle(packages):
    folders = {
        name.split("/")[2] for name in names_in(packages / JOB.path) if name.startswith("file_processor/engines/")
    }
    assert {"arrow", "spark"} <= folders


def test_the_job_starts_from_its_bundle_alone(packages, tmp_path):
    for path in (packages / "glue" / "wheels").iterdir():
        for name, content in Wheel(path).files():
            (tmp_path / "installed" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "installed" / name).write_bytes(content)
    brings = (
        "boto3",
        "botocore",
        "dateutil",
        "numpy",
        "pandas",
        "py4j",
        "pyarrow",
        "pyspark",
        "s3transfer",
        "six",
        "urllib3",
    )
    path = [packages / JOB.path, tmp_path / "installed", Runtime(tmp_path, brings).brought]
    start = (
        "import runpy, sys; sys.path[:0] = sys.argv[2:]; print(runpy.run_path(sys.argv[1])['main'].__name__); "
        "import file_processor.engines.spark.engine, file_processor.engines.spark.session"
    )
    command = [sys.executable, "-I", "-S", "-B", "-c", start, packages / "glue/process_batch.py", *path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "main"), done.stderr


def test_the_list_names_every_file_with_its_hash_and_size(packages):
    inventory = read_inventory(packages)
    found = {
        name: (hashlib.sha256(content).hexdigest(), len(content))
        for name, content in files_below(packages).items()
        if name != "packages.json"
    }
    assert {name: (artifact.sha256, artifact.bytes) for name, artifact in inventory.artifacts.items()} == found
    assert inventory.version == __version__


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.path)
def test_packed_code_tells_the_release_of_the_list(packages, package, tmp_path):
    with zipfile.ZipFile(packages / package.path) as archive:
        module = runpy.run_path(archive.extract("odpf/release.py", tmp_path))
    inventory = read_inventory(packages)
    assert module["CODE_VERSION"] == f"{inventory.version}+{inventory.release}"
    assert re.fullmatch(r"[0-9a-f]{12}", inventory.release)


def test_code_that_is_not_packed_says_so():
    assert f"{__version__}+source" == CODE_VERSION


def test_any_change_is_another_release():
    files = {"a.py": b"1", "b.py": b"2"}
    others = [{"a.py": b"1"}, {"a.py": b"1", "c.py": b"2"}, {"a.py": b"2", "b.py": b"2"}, {"a.py": b"1b", "b.py": b""}]
    assert len({release_of(changed) for changed in [files, *others]}) == 5
    assert release_of(dict(reversed(files.items()))) == release_of(files)


def test_the_bill_of_materials_lists_exactly_what_the_locks_do(packages):
    bill = json.loads((packages / "sbom.cdx.json").read_text())
    locked = {(pin.name, pin.version): pin.hashes for name in LOCKS for pin in lock(name).values()}
    listed = {(part["name"], part["version"]): part for part in bill["components"]}
    assert listed.keys() == locked.keys()
    for key, part in listed.items():
        assert part["purl"] == f"pkg:pypi/{key[0]}@{key[1]}"
        assert part["hashes"][0]["content"] in locked[key]
        assert part["licenses"]


def test_the_bill_of_materials_is_valid_cyclonedx(packages):
    text = (packages / "sbom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_every_lock_has_the_versions_that_everything_is_tested_with():
    lines = [line.split("==") for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line]
    tested = {canonicalize_name(name): version for name, version in lines}
    locked = {name: {pin.name: pin.version for pin in lock(name).values()} for name in LOCKS}
    assert {name: pins.items() - tested.items() for name, pins in locked.items()} == {name: set() for name in LOCKS}
    tools = {name: pin.version for name, pin in lock("infra").items() if name in tested}
    assert tools.items() <= tested.items()


@pytest.mark.parametrize("name", LOCKS)
def test_every_lock_has_what_its_group_declares(name):
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    declared = [entry for entry in groups[name] if isinstance(entry, str)]
    assert {canonicalize_name(entry) for entry in declared} <= lock(name).keys()


def test_the_lock_of_the_tools_follows_their_bounds():
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["infra"]
    locked, wanted = lock("infra"), [Requirement(tool) for tool in tools]
    assert [str(tool) for tool in wanted if locked[canonicalize_name(tool.name)].version not in tool.specifier] == []


def test_a_lock_without_hashes_is_refused(tmp_path):
    (tmp_path / "x.lock").write_text("six==1.17.0\n")
    with pytest.raises(TerminalError, match=r"x\.lock: six==1\.17\.0 is no version with its hashes"):
        read_lock(tmp_path / "x.lock")


def test_a_wheel_that_is_not_the_locked_one_is_not_taken(tmp_path):
    wheel = fake_wheel(tmp_path)
    locked = Pin(wheel.name, "1.0", frozenset({wheel.sha256}))
    assert fetch([], {locked}, tmp_path).keys() == {locked}
    with pytest.raises(TransientError):
        fetch([tmp_path / "absent.lock"], {locked._replace(hashes=frozenset({"0" * 64}))}, tmp_path)


def test_a_wheel_for_another_platform_is_not_taken(tmp_path):
    fake_wheel(tmp_path)
    mac = (tmp_path / "fake-1.0-py3-none-any.whl").rename(tmp_path / "fake-1.0-cp311-cp311-macosx_11_0_arm64.whl")
    assert not Wheel(mac).runs_on()


POLICY = LicencePolicy(
    allowed={"MIT", "BSD-3-Clause"},
    classifiers={"License :: OSI Approved :: MIT License": "MIT"},
    read=[{"name": "odd", "version": "1.0", "licence": "MIT", "because": "its licence file says so"}],
)
MIT = "Classifier: License :: OSI Approved :: MIT License"


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        (["License-Expression: MIT"], "MIT"),
        (["License-Expression: mit OR gpl-3.0-only"], "MIT OR GPL-3.0-only"),
        (["License-Expression: MIT AND BSD-3-Clause", MIT], "MIT AND BSD-3-Clause"),
        (["License: MIT"], "MIT"),
        (["License: see the file", MIT], "MIT"),
        ([MIT], "MIT"),
    ],
)
def test_a_licence_is_told_in_spdx_terms(tmp_path, metadata, licence):
    assert POLICY.licence(fake_wheel(tmp_path, *metadata)) == licence


@pytest.mark.parametrize(
    ("metadata", "refusal"),
    [
        (["License-Expression: GPL-3.0-only"], "has the licence GPL-3.0-only, which may not be packed"),
        (["License-Expression: MIT AND GPL-3.0-only"], "may not be packed"),
        (["License-Expression: GPL-2.0-only WITH Classpath-exception-2.0"], "may not be packed"),
        (["License-Expression: LicenseRef-Ours"], "may not be packed"),
        (
            ["License: Our Own License", "Classifier: License :: OSI Approved :: BSD License"],
            "does not tell its licence",
        ),
        (
            [MIT, "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)"],
            "does not tell its licence",
        ),
        ([], "does not tell its licence"),
    ],
)
def test_a_wheel_whose_licence_is_unknown_or_not_allowed_is_refused_by_name(tmp_path, metadata, refusal):
    with pytest.raises(TerminalError, match=rf"^fake-1\.0-py3-none-any\.whl .*{re.escape(refusal)}"):
        POLICY.licence(fake_wheel(tmp_path, *metadata))


def test_a_licence_read_by_hand_holds_for_the_version_that_was_read(tmp_path):
    assert POLICY.licence(fake_wheel(tmp_path, name="odd")) == "MIT"
    with pytest.raises(TerminalError, match=r"odd-1\.1"):
        POLICY.licence(fake_wheel(tmp_path, name="odd", version="1.1"))


def test_imports_are_followed_inside_functions_too(tmp_path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "__init__.py").touch()
    (tmp_path / "ours" / "entry.py").write_text("import json\ndef f():\n    from ours.inner import x\n")
    (tmp_path / "ours" / "inner.py").write_text("import theirs.part\nx = 1\n")
    (tmp_path / "ours" / "unused.py").write_text("import heavy\n")
    sources = reach(tmp_path, ["ours.entry"])
    assert sources.files.keys() == {"ours/__init__.py", "ours/entry.py", "ours/inner.py"}
    assert sources.needed == {"theirs"}


def test_a_handler_that_does_not_exist_is_no_package(tmp_path):
    with pytest.raises(TerminalError, match=r"lambdas\.nothing, and there is no such module"):
        reach(ROOT, ["lambdas.nothing"])


def test_an_import_that_nothing_brings_is_refused_with_the_place_to_declare_it():
    with pytest.raises(
        TerminalError, match=r"file_manager\.zip imports requests, .* dependency group lambda in pyproject"
    ):
        check_needed(FILE_MANAGER, frozenset({"boto3", "pydantic", "requests"}), ["pydantic"])


def test_two_wheels_cannot_overwrite_each_other():
    assert merge([[("a", b"1")], [("a", b"1"), ("b", b"2")]]) == {"a": b"1", "b": b"2"}
    with pytest.raises(TerminalError, match="different files a"):
        merge([[("a", b"1")], [("a", b"2")]])


def test_the_cold_start_table_names_every_function(packages, capsys):
    assert print_cold_starts([str(packages), "--times=1"]) == 0
    printed = capsys.readouterr().out
    assert [module for _, module in HANDLERS if module not in printed] == []


def test_unzipped_size_is_that_of_all_files(packages):
    assert unzipped_bytes(packages / JOB.path) > (packages / JOB.path).stat().st_size
