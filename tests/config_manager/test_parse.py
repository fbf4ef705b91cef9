"""Files become entries, or problems that say where; junk never becomes a traceback."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config_manager.document import MOST_BYTES
from config_manager.parse import parse_content, parse_path

GOOD = b"cadences:\n  - refresh_cadence: hourly\ntables:\n  - source_table_name: a.b\n    raw_table_name: b\n"


def problem(content: bytes, name: str = "c.yaml") -> tuple[str, str]:
    """The one problem of a file."""
    (found,) = parse_content(name, content).problems
    return found.path, found.message


def test_yaml_and_json_of_one_meaning_give_the_same_entries():
    as_yaml = parse_content("c.yaml", GOOD)
    as_json = parse_content(
        "c.json",
        json.dumps(
            {
                "cadences": [{"refresh_cadence": "hourly"}],
                "tables": [{"source_table_name": "a.b", "raw_table_name": "b"}],
            }
        ).encode(),
    )
    assert [entry.values for entry in as_yaml.tables] == [entry.values for entry in as_json.tables]
    assert [entry.values for entry in as_yaml.cadences] == [entry.values for entry in as_json.cadences]


def test_an_entry_knows_its_place_and_the_lines_of_its_keys():
    (entry,) = parse_content("c.yaml", GOOD).tables
    found = entry.problem("raw_table_name", "is bad")
    assert (found.path, found.line) == ("c.yaml:tables[0].raw_table_name", 5)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"# only a comment\n", "must be a mapping"),
        (b"tables: [\n", "is not valid YAML"),
        (b"- source_table_name: a.b\n", "must be a mapping"),
        (b"42\n", "must be a mapping"),
        (b"tables:\n", "names neither cadences nor tables"),
        (b"tables: hello\n", "must be a list"),
        (b"tables: [hello]\n", "must be a mapping `key: value`"),
        (b"\x00\x01\x02", "NUL"),
        (b"PAR1\xff\xfe\x80", "is not UTF-8"),
        (b"a: 1\n---\nb: 2\n", "is not valid YAML"),
        (b"tables: !!python/object/apply:os.system [echo]\n", "which is not read"),
        (b"tables: [{a: !!python/name:os.system x}]\n", "tag tag:yaml.org,2002:python/name:os.system"),
        (b"tables: [{? [a] : b}]\n", "no plain text"),
        (b"tables: [{a: !!int ''}]\n", "cannot be read as int"),
        (b"tables: [{<<: 5}]\n", "needs a mapping to merge"),
        (b"[" * 300_000, "nested deeper"),
        (b"- " * 300_000 + b"x", "nested deeper"),
        (b"a: &a [*a]\n", "nested deeper"),
    ],
)
def test_a_file_that_is_no_configuration_is_one_problem_of_that_file(content, says):
    path, message = problem(content)
    assert path.startswith("c.yaml")
    assert says in message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"tables": [}', "line 1, column 13"),
        (b'{"tables": [{"a": NaN}]}', "NaN is no JSON value"),
        (b"[" * 200_000, "is not valid JSON"),
        (b"[" * 50 + b"]" * 50, "nested deeper"),
        (b'{"tables": [{"a": ' + b"9" * 5000 + b"}]}", "is not valid JSON"),
    ],
)
def test_broken_json_is_one_problem_of_that_file(content, says):
    assert says in problem(content, "c.json")[1]


def test_a_key_that_stands_twice_is_refused_in_yaml_and_json():
    path, message = problem(GOOD + b"    raw_table_name: c\n")
    assert (path, message) == ("c.yaml:tables[0].raw_table_name", "stands twice; keep one of them")
    assert "stands twice" in problem(b'{"tables": [{"a": 1, "a": 2}]}', "c.json")[1]


def test_an_unknown_list_is_refused_with_the_name_it_may_have_been_meant_for():
    assert "did you mean 'tables'?" in problem(GOOD + b"tabels: []\n")[1]


def test_anchors_and_merges_are_read():
    text = b"tables:\n  - &t {raw_database_name: d, is_active: Y}\n  - {<<: *t, is_active: N}\n"
    assert parse_content("c.yaml", text).tables[1].values == {"raw_database_name": "d", "is_active": "N"}


def test_anchors_that_multiply_are_stopped():
    lines = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "once its anchors are followed" in problem("\n".join(["a0: &a0 x", *lines]).encode())[1]


def test_a_file_too_large_is_refused_before_it_is_read_as_yaml():
    assert "split it" in problem(b"#" * (MOST_BYTES + 1))[1]


def test_a_date_stays_text_and_yes_is_no_text():
    values = parse_content("c.yaml", b"tables: [{a: 2023-08-17, b: yes, c: Y}]\n").tables[0].values
    assert values == {"a": "2023-08-17", "b": True, "c": "Y"}


def test_prune_in_a_file_is_refused_and_in_a_manifest_read():
    text = GOOD + b"prune: true\n"
    assert "--prune" in problem(text)[1]
    manifest = parse_content("c.yaml", text, manifest=True)
    assert (manifest.prune, manifest.problems) == (True, ())
    (wrong,) = parse_content("c.yaml", GOOD + b"prune: perhaps\n", manifest=True).problems
    assert wrong.message == "write true or false"


def test_a_folder_is_all_its_files_with_the_problems_of_each(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.yaml").write_bytes(GOOD)
    (tmp_path / "deep" / "b.json").write_text("{")
    (tmp_path / "c.yml").write_bytes(b"\x00")
    (tmp_path / "README.md").write_text("not read")
    (tmp_path / ".hidden.yaml").write_text("not read")
    found = parse_path(tmp_path)
    assert [entry.path for entry in found.tables] == [f"{tmp_path}/a.yaml:tables[0]"]
    assert [found.path for found in found.problems] == [f"{tmp_path}/c.yml", f"{tmp_path}/deep/b.json"]


def test_a_path_that_is_not_there_and_an_empty_folder_are_problems(tmp_path):
    assert "no such file" in parse_path(tmp_path / "none").problems[0].message
    assert "no file ending in" in parse_path(tmp_path).problems[0].message


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["c.yaml", "c.json"]))
def test_any_bytes_give_problems_or_entries(content, name):
    found = parse_content(name, content)
    assert found.problems or found.tables or found.cadences


YAML_LIKE = st.text(alphabet="abc:-[]{}&*<!?|>'\"#%@,0123456789._~ \n\t", max_size=80)


@settings(max_examples=500, deadline=None)
@given(YAML_LIKE)
def test_anything_that_looks_like_yaml_gives_problems_or_entries(text):
    found = parse_content("c.yaml", f"tables:\n  - a: {text}".encode())
    assert found.problems or found.tables
