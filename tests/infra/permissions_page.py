"""The tables of docs/permissions.md, made from the templates: `.venv/bin/python -m tests.infra.permissions_page` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from tests.infra.cloudformation import ACCOUNT, REGION
from tests.infra.iam import Grant, Policy
from tests.infra.least_privilege import Justified, Permission, speaks_of, unused
from tests.infra.principals import EVERYTHING, POLICIES, principals
from tests.infra.recordings import KEPT, read

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
_BEGIN, _END = "<!-- tables: made from the templates -->\n", "<!-- end of the tables -->\n"
_SHOWN = EVERYTHING | {
    "KmsKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/<key>",
    "ReplicaKmsKeyArn": f"arn:aws:kms:<second region>:{ACCOUNT}:key/<key>",
    "StagingBucketName": "<staging>",
    "StagingBuckets": "<staging>",
    "StagingPrefixes": "<folder>/*",
    "RawBucketName": "<raw>",
    "ArtifactsBucketName": "<artifacts>",
    "CodeBucket": "<code bucket>",
    "CodePrefix": "<code prefix>",
    "GlueConnectionName": "<connection>",
    "DmsTaskArns": f"arn:aws:dms:{REGION}:{ACCOUNT}:task:<task>",
    "ReplicaStagingBucketName": "<staging of the second region>",
    "ReplicaRawBucketName": "<raw of the second region>",
    "ReplicaArtifactsBucketName": "<artifacts of the second region>",
}


def written(page: str) -> str:
    """The page with its tables as they are now."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{tables()}\n{_END}{after}"


def tables() -> str:
    """A table per principal."""
    reasons = _reasons()
    return "\n".join(_table(name, policy, reasons) for name, policy in principals(_SHOWN).items())


def _reasons() -> dict[tuple[str, str, str], str]:
    """Why a permission that no recording shows is given: by principal, statement and action."""
    everything, justified = principals(EVERYTHING), Justified.read()
    idle = unused(everything, read(KEPT))
    told = {each: entry.reason for entry in justified.unused for each in entry.permissions()}
    found = {}
    for name, policy in everything.items():
        for grant in policy:
            permission = Permission(name, grant.action, grant.resource)
            texts = [text for each, text in told.items() if permission in idle and speaks_of(each, permission)]
            if texts:
                found[name, grant.sid, grant.action] = texts[0]
    return found


def _table(name: str, policy: Policy, reasons: Mapping[tuple[str, str, str], str]) -> str:
    stack, logical = POLICIES[name]
    lines = [f"### {name}", "", f"`{logical}` of `{stack}`.", ""]
    lines += ["| statement | actions | on | if |", "|---|---|---|---|"]
    notes: dict[str, list[str]] = {}
    for sid, grants in groupby(policy, key=lambda grant: grant.sid):
        listed = list(grants)
        lines.append(_line(sid, listed))
        for action in _once(grant.action for grant in listed):
            if reason := reasons.get((name, sid, action)):
                notes.setdefault(reason, []).append(action)
    shown = [f"- {', '.join(f'`{a}`' for a in dict.fromkeys(actions))}: {text}" for text, actions in notes.items()]
    return "\n".join([*lines, "", *(["Not in the recording:", "", *shown, ""] if shown else [])])


def _line(sid: str, grants: list[Grant]) -> str:
    condition = " and ".join(_conditions(grants[0]))
    actions = ", ".join(f"`{action}`" for action in _once(grant.action for grant in grants))
    resources = ", ".join(f"`{resource}`" for resource in _once(_short(grant.resource) for grant in grants))
    return f"| {sid} | {actions} | {resources} | {condition} |"


def _conditions(grant: Grant) -> Iterator[str]:
    for operator, keys in grant.condition.items():
        for key, wanted in keys.items():
            values = [wanted] if isinstance(wanted, str) else wanted
            yield f"{operator} `{key}` {', '.join(f'`{value}`' for value in values)}"


def _short(resource: str) -> str:
    """Without the parts that the action and the account tell anyway."""
    parts = resource.split(":", 5)
    return resource if len(parts) == 1 else parts[-1]


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
