"""Recorded calls: read, put as an account would see them, and the kept ones that stand for a whole run of the end-to-end tests.

To keep those of a new run: `ODPF_KEEP_CALLS=1 .venv/bin/python -m pytest tests/end_to_end tests/infra/test_least_privilege.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from infra.names import LIVE
from odpf_local.aws.call_recorder import RecordedCall
from odpf_local.aws.calls import Call

KEPT = Path(__file__).with_name("recorded_calls.jsonl")
_STAGING_FOLDERS = ("internal_staging/", "a/b/")
_RUN = re.compile(r"^(runs/)[^/]+/(batches/)?")
_NAMED = (
    (re.compile(r"(:execution:[^:]+:).+"), r"\1*"),
    (re.compile(r"(:schedule/[^/]+/).+"), r"\1*"),
    (re.compile(r"(:glue:.*:table/[^/]+/).+"), r"\1*"),
)


def read(file: Path) -> list[RecordedCall]:
    """The calls of a recording."""
    return [RecordedCall.parse(line) for line in file.read_text().splitlines()]


def keep(recorded: Iterable[RecordedCall]) -> None:
    """Write the calls that stand for these."""
    KEPT.write_text("".join(f"{each.line()}\n" for each in sorted(standing_for(recorded), key=RecordedCall.line)))


def standing_for(recorded: Iterable[RecordedCall]) -> set[RecordedCall]:
    """The calls with `*` in place of what differs from run to run and from test to test."""
    return {each._replace(call=_generalised(each.call)) if each.call else each for each in recorded}


def as_deployed(recorded: RecordedCall) -> RecordedCall:
    """The embedded AWS calls functions by their names, an account by the alias of the version in use."""
    call = recorded.call
    if call is None or call.action != "lambda:InvokeFunction":
        return recorded
    return recorded._replace(call=call._replace(resource=f"{call.resource}:{LIVE}"))


def _generalised(call: Call) -> Call:
    start, found, key = call.resource.partition("/")
    resource = f"{start}/{_key(key)}" if call.action.startswith("s3:") and found else call.resource
    for pattern, general in _NAMED:
        resource = pattern.sub(general, resource)
    context = tuple((name, _value(name, value)) for name, value in call.context)
    return call._replace(resource=resource, context=context)


def _value(name: str, value: str) -> str:
    if name == "s3:prefix":
        return _key(value)
    if name == "dynamodb:LeadingKeys":
        return re.sub(r"([/.]).+", r"\1*", value)
    return value


def _key(key: str) -> str:
    """Below `runs/` what kind of object it is, in staging the folder, elsewhere the first level."""
    if key.startswith(_STAGING_FOLDERS):
        return next(f"{folder}*" for folder in _STAGING_FOLDERS if key.startswith(folder))
    if match := _RUN.match(key):
        rest = "*" if match[2] else key[match.end() :]
        return f"{match[1]}*/{match[2] or ''}{rest}"
    first, below, _ = key.partition("/")
    return f"{first}/*" if below else key
