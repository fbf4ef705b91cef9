"""Breadth-first search through every world that can be reached: the first violation found has a shortest path."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from tests.model import environment, guarantees, protocol
from tests.model.world import Rules, Step, World


class Found(NamedTuple):
    """What a search found.

    Attributes:
        states: worlds looked at.
        violation: the guarantee that is broken; None when none is.
        path: what happened, a shortest one.
        last: the world at its end.
        afterwards: what a fresh run that is left alone makes of it, where only that shows the violation.
    """

    states: int
    violation: str | None
    path: tuple[str, ...]
    last: World
    afterwards: tuple[str, ...] = ()

    @property
    def guarantee(self) -> str:
        """What comes before the colon, or is unnoticed; empty without a violation."""
        return (self.violation or "").removeprefix("unnoticed: ").split(":")[0]

    @property
    def story(self) -> str:
        """The path as readable lines, and what is broken at its end."""
        world = self.last
        lines = [f"{number:3} {what}" for number, what in enumerate((*self.path, *self.afterwards), 1)]
        commits = ", ".join(f"{c.instant} of {sorted(c.files)} behind {c.follows}" for c in world.commits)
        lines.append(f"    {self.violation or 'nothing is broken'} ({self.states} states)")
        lines.append(f"    waiting {sorted(world.waiting)}, done {sorted(world.done)}, commits {commits or 'none'}")
        return "\n".join(["", *lines, f"    {world.ledger}"])


def search(rules: Rules, most: int = 2_000_000) -> Found:
    """Look at every world, nearest first, until a guarantee is broken.

    Args:
        rules: conditions of the protocol, and what may happen.
        most: worlds, beyond which the search was meant to be smaller.
    """
    beginning, outlook = rules.surroundings.beginning, guarantees.Outlook(rules)
    came_from: dict[World, tuple[World, str] | None] = {beginning: None}
    queue = deque([beginning])
    while queue:
        world = queue.popleft()
        if violation := guarantees.broken(world, rules):
            return Found(len(came_from), violation, _path(came_from, world), world)
        if violation := outlook.broken(world):
            told, worlds = zip(*outlook.ending(world), strict=True)
            return Found(len(came_from), violation, _path(came_from, world), worlds[-1], told)
        for text, after in _next(world, rules):
            if after not in came_from:
                came_from[after] = (world, text)
                queue.append(after)
        assert len(came_from) <= most, "the search is larger than it was meant to be"
    return Found(len(came_from), None, (), beginning)


def _next(world: World, rules: Rules) -> Iterator[Step]:
    for number in range(len(world.runs)):
        for text, after in protocol.steps(world, number, rules):
            yield text, guarantees.watched(world, after, rules)
    for text, after in environment.happenings(world, rules):
        yield text, guarantees.watched(world, after, rules)


def _path(came_from: dict[World, tuple[World, str] | None], world: World) -> tuple[str, ...]:
    lines: list[str] = []
    step = came_from[world]
    while step is not None:
        world, text = step
        lines.append(text)
        step = came_from[world]
    return tuple(reversed(lines))
