"""The table's folder: what readers see of it, and what one commit does to it (docs/hudi.md)."""

from __future__ import annotations

from tests.model.world import Commit, Data, Files, Put, Rules, Run, World


def visible(world: World, rules: Rules) -> tuple[Data, ...]:
    """What a reader sees, in the order of the instants.

    Data of a commit that was never completed is seen when it lies below the oldest completed one: Hudi takes it for
    that of an archived commit.
    """
    if not rules.conditions.hidden:
        return tuple(sorted(world.data))
    if not world.commits:
        return ()
    completed = {commit.instant for commit in world.commits}
    oldest = world.commits[0].instant
    return tuple(sorted(each for each in world.data if each.instant in completed or each.instant < oldest))


def times_seen(world: World, rules: Rules, file: int) -> int:
    """How often the rows of a file are in the table."""
    return sum(file in each.files for each in visible(world, rules))


def is_there(world: World) -> bool:
    """Whether the folder holds anything."""
    return bool(world.commits or world.begun or world.data)


def cleared(world: World, run: Run, rules: Rules) -> World | None:
    """Remove what a dead first load left (`Timeline.remove_unfinished`).

    Returns:
        None, and nothing removed, where there was nothing when the run listed it, or where a commit is completed by now.
    """
    if is_there(world) and not run.had_folder:
        return None
    if world.commits and rules.conditions.load_spares_commits:
        return None
    if not rules.conditions.rolled_back:
        return world
    return world._replace(commits=(), begun=frozenset(), data=frozenset())


def begun(world: World, hold: int, others: Files, rules: Rules) -> World:
    """Begin a commit with the next instant.

    Args:
        world: before.
        hold: who begins.
        others: unfinished commits that it rolls back first.
        rules: of the search.
    """
    gone = others if rules.conditions.rolled_back else frozenset()
    instant = world.clock + 1
    return world._replace(
        begun=frozenset(each for each in world.begun if each[0] not in gone) | {(instant, hold)},
        data=frozenset(each for each in world.data if each.instant not in gone),
        clock=instant,
    )


def with_data(world: World, data: Data) -> World:
    """Put the data files of a commit, announced or not: S3 asks nobody."""
    return world._replace(data=world.data | {data})


def completed(world: World, commit: Commit) -> World:
    """Put the completed entry of a commit; readers see its data from now on, if it still has some."""
    return world._replace(
        commits=tuple(sorted((*world.commits, commit))),
        begun=frozenset(each for each in world.begun if each[0] != commit.instant),
    )


def carried_out(world: World, put: Put) -> World:
    """A request that its run has given up is carried out after all."""
    return with_data(world, put.data) if put.commit is None else completed(world, put.commit)


def has_data(world: World, commit: Commit) -> bool:
    """Whether the data files of a commit are there."""
    return any(each.instant == commit.instant for each in world.data)


def is_line(before: int, commits: tuple[Commit, ...]) -> bool:
    """Whether each commit follows the one before it."""
    predecessors = (before, *(commit.instant for commit in commits))
    return all(commit.follows == last for commit, last in zip(commits, predecessors, strict=False))


def unsettled(world: World, settled: int, rules: Rules) -> tuple[Commit, ...] | None:
    """Commits that the ledger does not know; None where ledger and timeline do not fit (`Timeline.unsettled`)."""
    found = tuple(commit for commit in world.commits if commit.instant > settled)
    known = tuple(commit for commit in world.commits if commit.instant <= settled)
    conditions = rules.conditions
    if settled and not found and settled not in {commit.instant for commit in known}:
        return None
    if conditions.below_the_settled and not is_line(0, known):
        return None
    if conditions.line_of_commits and not is_line(settled, found):
        return None
    is_whole = not conditions.whole or all(has_data(world, commit) for commit in found)
    return found if is_whole else None


def is_newest(world: World, own: Commit, rules: Rules) -> bool:
    """What is looked at behind the own commit (`Timeline.check_newest`).

    The batch tells whether the newest commit is the own one, and two runs may have applied the same batch.
    """
    conditions, spark = rules.conditions, rules.surroundings.spark
    newest = world.commits[-1] if world.commits else None
    before = world.commits[-2] if len(world.commits) > 1 else None
    if conditions.newest and (newest is None or newest.files != own.files):
        return False
    if conditions.follows and before and own.follows != before.instant:
        return False
    if conditions.fences and before and before.fence > own.fence:
        return False
    if not conditions.whole or (spark and not conditions.spark_whole):
        return True
    looked_at = newest if spark else own  # Arrow has written it itself
    return looked_at is None or has_data(world, looked_at)
