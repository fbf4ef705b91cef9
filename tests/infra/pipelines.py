"""The pipeline definitions as data: GitHub workflows, buildspecs, and the templates beside them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from cfnlint.decode import decode

from tests.architecture.source_tree import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BUILDSPECS = sorted((ROOT / "infra" / "pipeline").glob("*.buildspec.yaml"))
TEMPLATES = sorted((ROOT / "infra" / "pipeline").glob("*.template.yaml"))
CODEPIPELINE = ROOT / "infra" / "pipeline" / "codepipeline.template.yaml"
GITHUB_ROLE = ROOT / "infra" / "pipeline" / "github-role.template.yaml"
_PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def document(path: Path) -> dict[str, Any]:
    """A workflow or buildspec; YAML 1.1 takes the key `on` for a truth value."""
    loaded = yaml.safe_load(path.read_text())
    return {"on" if key is True else key: value for key, value in loaded.items()}


def template(path: Path) -> dict[str, Any]:
    """A template with its intrinsics in their long form."""
    loaded, problems = decode(str(path))
    assert problems == []
    return loaded


def steps(workflow: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The steps of a workflow with the names of their jobs."""
    for name, job in workflow["jobs"].items():
        for step in job["steps"]:
            yield name, step


def scripts(path: Path) -> list[str]:
    """Every script of a workflow or a buildspec."""
    loaded = document(path)
    if "jobs" in loaded:
        return [step["run"] for _, step in steps(loaded) if "run" in step]
    return ["\n".join(phase.get("commands", [])) for phase in loaded["phases"].values()]


def make_targets(script: str) -> list[str]:
    """Targets that a script makes; options and variables left out."""
    lines = [line.split() for line in script.splitlines() if line.startswith("make ")]
    return [word for words in lines for word in words[1:] if re.fullmatch(r"[a-z-]+", word)]


def tool(name: str, *arguments: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a tool of this environment."""
    program = shutil.which(name, path=_PATH)
    assert program, f"{name} is missing: it is in the extra `infra`"
    return subprocess.run([program, *arguments], input=stdin, capture_output=True, text=True, check=False)
