"""How a proposal is written: a configuration file with its reasons and warnings as comments, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from config_manager.proposal import Proposal
from odpf_cli.config_view import as_yaml
from odpf_cli.display import number, plural, size


class Discovered(NamedTuple):
    """What was found: cadences to make, proposals, and source tables that are configured already."""

    cadences: list[dict[str, str]]
    proposals: tuple[Proposal, ...]
    configured: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def whole(self) -> list[Proposal]:
        """Proposals that can be applied as they are."""
        return [each for each in self.proposals if not each.problems]

    @property
    def incomplete(self) -> list[Proposal]:
        """Proposals that a person has to complete."""
        return [each for each in self.proposals if each.problems]

    def of_schema(self, schema: str) -> Discovered:
        """The proposals of one schema, without cadences."""
        return self._replace(cadences=[], proposals=tuple(each for each in self.proposals if each.schema == schema))


def document(found: Discovered) -> dict[str, Any]:
    """The JSON form: `cadences` and `tables` as `apply` reads them, beside them why, and what is missing."""
    return {
        "cadences": found.cadences,
        "tables": [each.entry for each in found.whole],
        "incomplete": [
            {**_detail(each), "problems": list(each.problems), "entry": each.entry} for each in found.incomplete
        ],
        "configured": list(found.configured),
        "details": [_detail(each) for each in found.whole],
        "warnings": list(found.notes),
    }


def yaml_text(found: Discovered) -> str:
    """A configuration file; tables that are not complete stand in it as comments."""
    return "\n".join(_lines(found)) + "\n"


def _detail(proposal: Proposal) -> dict[str, Any]:
    return {
        "source_table_name": proposal.source_table_name,
        "rows": proposal.found.rows,
        "bytes": proposal.found.bytes,
        "changes_per_hour": proposal.found.changes.per_hour,
        "reasons": proposal.reasons,
        "warnings": list(proposal.warnings),
    }


def _lines(found: Discovered) -> Iterator[str]:
    yield f"# Proposed by odpf config discover: {plural(len(found.whole), 'table')} to look at, then: odpf config plan PATH"
    if found.incomplete:
        yield f"# {plural(len(found.incomplete), 'table')} cannot be applied as proposed: they stand as comments, with what is missing."
    if found.configured:
        yield f"# {plural(len(found.configured), 'table')} configured already: left out."
    yield from (f"# {note}" for note in found.notes)
    if found.cadences:
        yield from ("cadences:", *_indented(found.cadences))
    if found.proposals:
        yield "tables:" if found.whole else "# tables:"
    for proposal in found.proposals:
        yield from _table(proposal)


def _table(proposal: Proposal) -> Iterator[str]:
    found = proposal.found
    how_large = f"{number(found.rows)} rows, {size(found.bytes)}; " if found.rows is not None else ""
    reasons = proposal.reasons
    yield f"  # {proposal.source_table_name}: {how_large}{reasons['cadence']}"
    yield f"  # key: {reasons['key']}; partition: {reasons['partition']}"
    yield from (f"  # MISSING: {_one_line(problem)}" for problem in proposal.problems)
    yield from (f"  # WARNING: {_one_line(warning)}" for warning in proposal.warnings)
    mark = "# " if proposal.problems else ""
    yield from (f"  {mark}{line[2:]}" for line in _indented([_entry(proposal)]))


def _entry(proposal: Proposal) -> dict[str, Any]:
    """A key of one column as its name alone, an unknown one without any."""
    key: Sequence[str] = proposal.entry["hudi_primary_key"]
    return proposal.entry | {"hudi_primary_key": key[0] if len(key) == 1 else list(key) or None}


def _indented(entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    for entry in entries:
        yield from (f"  {line}" for line in as_yaml_list(entry))


def as_yaml_list(entry: dict[str, Any]) -> list[str]:
    """One entry of a list."""
    first, *rest = as_yaml(entry).splitlines()
    return [f"- {first}", *(f"  {line}" for line in rest)]


def _one_line(text: str) -> str:
    return " ".join(text.split())
