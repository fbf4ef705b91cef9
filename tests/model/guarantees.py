"""The guarantees of design.md, as questions to a world, to a step, and to what a run that is left alone makes of a world."""

from __future__ import annotations

from collections.abc import Iterator

from tests.model import folder, protocol
from tests.model.environment import ended
from tests.model.world import Budget, Rules, Run, Step, World

_MOST_STEPS = 60
_FRESH = "a fresh run"
_NEXT_FILE = 99


def watched(before: World, after: World, rules: Rules) -> World:
    """The world after a step, with what an observer of the table notes about it."""
    if before.commits == after.commits and before.data == after.data:
        return after
    seen, sees = folder.visible(before, rules), folder.visible(after, rules)
    if sees[: len(seen)] != seen:
        after = after._replace(shrunk=True)
    if len(after.commits) == len(before.commits) + 1 and rules.surroundings.is_right_about_ends:
        (new,) = set(after.commits) - set(before.commits)
        if any(new.fence <= commit.fence for commit in before.commits) and not after.broken:
            after = after._replace(broken=f"G5: commit {new.instant} has fence {new.fence}, one before it has not less")
    return after


def broken(world: World, rules: Rules) -> str | None:
    """Which guarantee a world shows to be broken."""
    if world.broken:
        return world.broken
    return _harm(world, rules) if rules.surroundings.is_right_about_ends else None


class Outlook:
    """Whether a world ends well once everybody else has ended; worlds that differ in their runs alone are one.

    Args:
        rules: of the search.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._known: dict[object, str | None] = {}

    def broken(self, world: World) -> str | None:
        """Which guarantee does not hold in the end."""
        if not self._rules.surroundings.is_right_about_ends and not self._is_over(world):
            return None
        table = (world.ledger, world.waiting, world.done, world.commits, world.begun, world.data)
        key = (table, world.noticed, world.shrunk, world.broken)
        if key not in self._known:
            *_, (_, last) = self.ending(world)
            self._known[key] = self._judged(last)
        return self._known[key]

    def ending(self, world: World) -> Iterator[Step]:
        """Everybody ends, and a fresh run does what it finds to do."""
        world = self._alone(world)
        yield "everybody has ended", world
        for _ in range(_MOST_STEPS):
            step = next(protocol.steps(world, len(world.runs) - 1, self._rules), None)
            if step is None:
                return
            world = watched(world, step[1], self._rules)
            yield step[0], world
        raise AssertionError("a run that is left alone takes no end")

    def _is_over(self, world: World) -> bool:
        """Whether everybody has had the time to look at what it did."""
        return self._rules.surroundings.dies or all(run.at in ("plan", "over") for run in world.runs)

    def _alone(self, world: World) -> World:
        for owner in {run.owner for run in world.runs}:
            world = ended(world, owner)
        number = len(world.runs)
        around = self._rules.surroundings
        if around.restores or not around.is_right_about_ends:  # nobody looks before the next file
            world = world._replace(waiting=world.waiting | {_NEXT_FILE})
        return world._replace(
            runs=(*(Run("", "over") for _ in range(number)), Run(_FRESH)),
            ended=frozenset({world.ledger.owner}),
            believed=frozenset(),
            coming=frozenset(),
            duplicates=frozenset(),
            registering=frozenset(),
            late=None,
            budget=Budget(),
            holder=None,
            told=frozenset(),
        )

    def _judged(self, world: World) -> str | None:
        if self._rules.surroundings.is_right_about_ends:
            return broken(world, self._rules) or _lockout(world)
        if world.broken:
            return world.broken
        harm = _harm(world, self._rules) or _lag(world)
        return f"unnoticed: {harm}" if harm and not world.noticed else None


def _harm(world: World, rules: Rules) -> str | None:
    """G1 and G4, at any moment."""
    for file in sorted(world.done | {file for each in world.data for file in each.files}):
        times = folder.times_seen(world, rules, file)
        if times > 1:
            return f"G1: file {file} is in the table {times} times"
        if file in world.done - rules.surroundings.idle and not times:
            return f"G1: file {file} is done and not in the table"
    return "G4: rows that a reader saw went away, or came before others" if world.shrunk else None


def _lockout(world: World) -> str | None:
    """What must hold when a run that was left alone is over: everything applied and known, the table free."""
    if world.noticed:
        return "liveness: the fresh run stops at a TimelineViolation that nobody caused"
    if world.waiting or world.ledger.owner:
        return f"liveness: {'files wait' if world.waiting else 'the table is held'} though nobody works"
    known, newest = world.ledger.instant, world.commits[-1].instant if world.commits else 0
    if known != newest:
        return f"liveness: the ledger knows commit {known}, the table has {newest}, and no run is planned"
    return _lag(world)


def _lag(world: World) -> str | None:
    """G2: the mark is the greatest position applied; a row below it would else pass for a new one."""
    mark = max(world.done, default=0)
    if world.ledger.mark == mark:
        return None
    return f"G2: files up to {mark} are applied, and the high-water mark is {world.ledger.mark}"
