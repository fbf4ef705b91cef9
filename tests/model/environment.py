"""What happens beside the runs: deaths, wrong beliefs, files and their events, requests that are late, a restored ledger."""

from __future__ import annotations

from collections.abc import Iterator

from tests.model import folder, writes
from tests.model.world import Ledger, Put, Rules, Run, Step, World


def happenings(world: World, rules: Rules) -> Iterator[Step]:
    """What may happen next though no run does anything."""
    yield from _ends(world, rules)
    yield from _is_taken_for_ended(world)
    yield from _files(world)
    yield from _late_request(world, rules)
    if world.budget.restores and all(run.at in ("plan", "over") for run in world.runs):
        budget = world.budget._replace(restores=world.budget.restores - 1)
        restored = world._replace(ledger=Ledger(), holder=None, highest=0, told=frozenset(), budget=budget)
        yield "the ledger is restored to its beginning", restored


def ended(world: World, owner: str) -> World:
    """A process ends, by itself or stopped: it takes no step any more, and nothing of what it sent to S3 comes after it."""
    runs = tuple(Run(owner, "over") if run.owner == owner else run for run in world.runs)
    late = world.late
    is_gone = isinstance(late, Put) and world.runs[late.hold].owner == owner
    return world._replace(ended=world.ended | {owner}, runs=runs, late=None if is_gone else late)


def _ends(world: World, rules: Rules) -> Iterator[Step]:
    """At any step, which is a death; behind the last one too, which is not."""
    for owner in sorted({run.owner for run in world.runs if run.at != "plan"} - world.ended):
        works = any(run.at not in ("plan", "over") for run in world.runs if run.owner == owner)
        if rules.surroundings.dies or not works:
            yield f"{owner} {'dies' if works else 'ends'}", ended(world, owner)


def _is_taken_for_ended(world: World) -> Iterator[Step]:
    if not world.budget.wrong_beliefs:
        return
    waited_for = {run.seen[0] for run in world.runs if run.at == "acquire"} - {""}
    for owner in sorted(waited_for - world.ended - world.believed):
        budget = world.budget._replace(wrong_beliefs=world.budget.wrong_beliefs - 1)
        yield f"{owner} is taken for ended", world._replace(believed=world.believed | {owner}, budget=budget)


def _files(world: World) -> Iterator[Step]:
    """Registering is check-then-put; the check may miss a file that was done a moment ago (`DynamoFileTracker.register`)."""
    for file in sorted(world.coming):
        left = world.coming - {file}
        yield f"file {file} lands", world._replace(coming=left, waiting=world.waiting | {file})
    for file in sorted(world.duplicates - world.coming):
        left = world._replace(duplicates=world.duplicates - {file})
        yield f"an event of file {file} comes again", left._replace(registering=world.registering | {file})
    for file in sorted(world.registering):
        left = world._replace(registering=world.registering - {file})
        yield f"file {file} is pending", left._replace(waiting=world.waiting | {file})


def _late_request(world: World, rules: Rules) -> Iterator[Step]:
    late = world.late
    if late is None:
        return
    left = world._replace(late=None)
    if isinstance(late, Put):
        what = "the completed entry" if late.commit else "data"
        yield f"{what} of commit {late.data.instant} is put late", folder.carried_out(left, late)
        return
    after = writes.carried_out(left, late, rules)
    yield f"a late {late.kind} of {late.owner} is {'carried out' if after else 'refused'}", after or left
