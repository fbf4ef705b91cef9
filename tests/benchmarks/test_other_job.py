"""Somebody else's job beside the others."""

from __future__ import annotations

import pytest

from benchmarks.systems import WrongResult, open_system, other_job


def test_a_job_is_a_python_file_with_an_open_system(tmp_path):
    path = tmp_path / "original_job.py"
    path.write_text("def open_system(spec, place):\n    return spec.id, spec.title, place\n")
    assert open_system(other_job(path), "place") == ("S2", "original job", "place")


@pytest.mark.parametrize("content", [None, "x = 1\n"])
def test_what_is_none_is_told(tmp_path, content):
    path = tmp_path / "original_job.py"
    if content:
        path.write_text(content)
    with pytest.raises(WrongResult, match=r"original_job.py is no job with open_system"):
        open_system(other_job(path), "place")
