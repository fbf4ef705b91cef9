"""How an export and an import of the state look: documents for programs, sentences for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.text import Text

from odpf.adapters.caller import Caller
from odpf.settings import Settings
from odpf.tables import TABLES
from odpf_cli.display import grid, name, number, plural, size
from odpf_cli.state_folder import StateManifest

_NAMED = 5
_INVOCATION = "lambda:"
NEXT_STEPS = (
    ("odpf config show --yaml > tables.yaml", "the configuration as it is here now"),
    ("odpf config apply tables.yaml", "makes databases and schedules"),
    (
        "odpf run CADENCE --wait",
        "each cadence once: takes every table over, and says where buckets and state do not fit",
    ),
)


class Imported(NamedTuple):
    """An import that came to its end.

    Attributes:
        written: items by table; those that were there already are not in it.
        epoch: the one that began.
    """

    folder: Path
    manifest: StateManifest
    caller: Caller
    region: str
    settings: Settings
    written: Mapping[str, int]
    epoch: int

    @property
    def warnings(self) -> tuple[str, ...]:
        """About leases; in another Region the new epoch makes them void."""
        held = self.manifest.held
        if not held or self.region != self.manifest.region:
            return ()
        is_invoked = any(owner.startswith(_INVOCATION) for owner in held.values())
        waits = " Leases of Lambda invocations are waited out for the function's timeout." if is_invoked else ""
        return (
            f"{_tables(held)} held when the state was exported: {listed(held)}. The next run takes "
            f"{'it' if len(held) == 1 else 'them'} once Glue here says that the job runs have ended, or does not know them.{waits}",
        )


def told_of_leases(manifest: StateManifest) -> tuple[str, ...]:
    """What a person has to know who exports while runs work."""
    if not manifest.held:
        return ()
    return (
        f"{_tables(manifest.held)} held by runs meanwhile: {listed(manifest.held)}. The copy is whole; what those runs had "
        "begun is finished by the first run after an import.",
    )


def exported_document(folder: Path, manifest: StateManifest) -> dict[str, Any]:
    """The manifest, and where it is."""
    return {"folder": str(folder), **manifest.model_dump(mode="json"), "warnings": list(told_of_leases(manifest))}


def imported_document(imported: Imported) -> dict[str, Any]:
    """What was written where, and what is to be done next."""
    manifest, caller = imported.manifest, imported.caller
    return {
        "folder": str(imported.folder),
        "account": caller.account,
        "region": imported.region,
        "endpoint": caller.endpoint,
        "prefix": imported.settings.prefix,
        "exported_from": manifest.model_dump(
            mode="json", include={"account", "region", "endpoint", "prefix", "ended_at"}
        ),
        "tables": {
            table: {"items": made.items, "written": imported.written[table]} for table, made in manifest.tables.items()
        },
        "epoch": imported.epoch,
        "warnings": list(imported.warnings),
        "next": [command for command, _ in NEXT_STEPS],
    }


def render_export(folder: Path, manifest: StateManifest) -> RenderableType:
    """A line per table, then where it is."""
    table = grid(["Table"], ["Items", "Size"])
    for schema in TABLES:
        made = manifest.tables[schema.name]
        table.add_row(name(f"{manifest.prefix}{schema.name}"), number(made.items), size(made.bytes))
    said = f"{whose(manifest)} is in {folder}. Copy buckets after this moment, never before."
    return Group(table, *_warned(told_of_leases(manifest)), Text(said))


def render_import(imported: Imported) -> RenderableType:
    """What is here now, and what to type next."""
    written = sum(imported.written.values())
    said = f"{whose(imported.manifest)} is here: {plural(written, 'item')} written. Epoch {imported.epoch} has begun in {imported.region}."
    steps = [Text(f"  {command}  # {why}") for command, why in NEXT_STEPS]
    return Group(Text(said), *_warned(imported.warnings), Text("Now type:"), *steps)


def whose(manifest: StateManifest) -> str:
    """The state by its deployment and moment."""
    return (
        f"The state of {manifest.prefix}* of account {manifest.account} in {manifest.region} as of {manifest.ended_at}"
    )


def listed(names: Sequence[str] | Mapping[str, str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(list(names)[:_NAMED]) + more


def _tables(held: Mapping[str, str]) -> str:
    return f"{plural(len(held), 'table')} {'was' if len(held) == 1 else 'were'}"


def _warned(warnings: Sequence[str]) -> list[Text]:
    return [Text(f"warning: {warning}", style="yellow") for warning in warnings]
