"""Synthesises the templates: `python -m infra.app`, or `make synth`.

The templates need no CDK and no bootstrap: code is named by parameters (`CodeBucket`, `CodePrefix`), nothing is an asset.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_cdk import Acknowledgment, App, Aspects, BootstraplessSynthesizer, Stack, Validations
from aws_cdk.cx_api import CloudAssembly, SynthesisMessageLevel
from cdk_nag import AwsSolutionsChecks

from infra.stacks.config_manager import ConfigManager
from infra.stacks.file_manager import FileManager
from infra.stacks.file_processor import FileProcessor
from infra.stacks.observability import Observability
from infra.stacks.storage import Storage

ROOT = Path(__file__).parents[1]
PACKAGES = ROOT / "build" / "packages" / "packages.json"
TEMPLATES = ROOT / "build" / "templates"
_WHEELS = "glue/wheels/"
_LINE = 140
_TAKEN_AS_GIVEN = [
    Acknowledgment(
        id=f"CloudFormation-Validate::{rule}",
        reason="It looks at empty defaults without the conditions that keep them out; cfn-lint, which sees both, is content.",
    )
    for rule in ("E1150", "F3017", "F3031", "F3033", "W1001")
]


def stacks(scope: App, wheels: list[str]) -> list[Stack]:
    """All stacks, in the order of a first deployment.

    Args:
        scope: the app.
        wheels: file names of the Glue job's wheels.
    """
    Validations.of(scope).acknowledge(*_TAKEN_AS_GIVEN)

    return [
        Storage(scope, "odpf-storage", synthesizer=BootstraplessSynthesizer()),
        FileManager(scope, "odpf-file-manager", synthesizer=BootstraplessSynthesizer()),
        FileProcessor(scope, "odpf-file-processor", wheels=wheels, synthesizer=BootstraplessSynthesizer()),
        ConfigManager(scope, "odpf-config-manager", synthesizer=BootstraplessSynthesizer()),
        Observability(scope, "odpf-observability", synthesizer=BootstraplessSynthesizer()),
    ]


def synthesise(out: Path = TEMPLATES, packages: Path = PACKAGES) -> list[Path]:
    """Write the templates, checked by cdk-nag; returns their files.

    Args:
        out: the folder; templates that stand in it are replaced.
        packages: what `make package` says it made; the names of the job's wheels are taken from it.

    Raises:
        SystemExit: the packages are not built, or cdk-nag has findings.
    """
    try:
        artifacts = json.loads(packages.read_text())["artifacts"]
    except FileNotFoundError:
        sys.exit(f"{packages} is missing: the templates name the packages' files. Run `make package` first.")
    wheels = sorted(name.removeprefix(_WHEELS) for name in artifacts if name.startswith(_WHEELS))
    with TemporaryDirectory() as assembled:
        app = App(outdir=assembled, analytics_reporting=False)
        made = stacks(app, wheels)
        Aspects.of(app).add(AwsSolutionsChecks(verbose=True, reports=False))
        assembly = app.synth()
        _refuse_findings(assembly, made)
        out.mkdir(parents=True, exist_ok=True)
        return [_write(out, Path(assembly.get_stack_by_name(stack.stack_name).template_full_path)) for stack in made]


def _refuse_findings(assembly: CloudAssembly, made: list[Stack]) -> None:
    findings = [
        f"{stack.stack_name}: {message.entry.data}"
        for stack in made
        for message in assembly.get_stack_by_name(stack.stack_name).messages
        if message.level in (SynthesisMessageLevel.ERROR, SynthesisMessageLevel.WARNING)
    ]
    if findings:
        sys.exit("\n".join(["cdk-nag has findings:", *findings]))


def _write(out: Path, template: Path) -> Path:
    written = out / template.name
    written.write_text(_laid_out(json.loads(template.read_text())) + "\n")
    return written


def _laid_out(value: Any, depth: int = 0) -> str:
    """JSON with what is short on one line: readable, and below the 51,200 bytes that CloudFormation takes without a bucket."""
    line = json.dumps(value)
    if len(line) + depth <= _LINE or not isinstance(value, dict | list):
        return line
    inner, outer = " " * (depth + 1), " " * depth
    if isinstance(value, list):
        parts = [inner + _laid_out(each, depth + 1) for each in value]
    else:
        parts = [f"{inner}{json.dumps(key)}: {_laid_out(each, depth + 1)}" for key, each in value.items()]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    return f"{opening}\n" + ",\n".join(parts) + f"\n{outer}{closing}"


def main() -> None:
    """Write the templates and print their names."""
    parser = argparse.ArgumentParser(prog="python -m infra.app", description="Synthesise the CloudFormation templates.")
    parser.add_argument("--to", type=Path, default=TEMPLATES, help="folder to write to")
    parser.add_argument("--packages", type=Path, default=PACKAGES, help="packages.json of `make package`")
    given = parser.parse_args()
    print("\n".join(map(str, synthesise(given.to, given.packages))))


if __name__ == "__main__":
    main()
