"""The write protocol of one table, searched through: every order of steps, deaths and pauses of two or three runs.

With all its conditions no guarantee breaks; without any one of them the search finds how. `Conditions` says where in the
code each of them stands.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.model.search import Found, search
from tests.model.world import NAMES, Conditions, Rules, Surroundings


def files(*numbers):
    return frozenset(numbers)


LOADED = Surroundings(loaded=True, waiting=files(2))
TWO_FILES = Surroundings(waiting=files(1, 2))
AGAIN = Surroundings(duplicates=files(1), coming=files(2))
IDLE = Surroundings(coming=files(2, 3), idle=files(2, 3))
LATE = Surroundings(lost_answers=1, late_requests=True, coming=files(2))
ERRORS = Surroundings(lost_answers=1, failures=1)
STRAGGLER = Surroundings(loaded=True, waiting=files(2), failures=1, stragglers=True)
RESTORED = Surroundings(restores=1, coming=files(2))

RIGHT_ABOUT_ENDS = {
    "one file": (Surroundings(), 350),
    "a table that has a load": (LOADED, 300),
    "a first load that died before": (Surroundings(remains=True, failures=1), 900),
    "two files, moved in two transactions": (TWO_FILES, 400),
    "a file that lands at any moment": (Surroundings(coming=files(2)), 1_300),
    "an older file that lands later": (Surroundings(waiting=files(2), coming=files(1)), 1_300),
    "an event that comes twice, and another file": (AGAIN, 5_000),
    "changes without effect, which need no commit": (IDLE, 5_000),
    "an answer that is lost, and the request carried out once more later": (LATE, 10_000),
    "an error after which the table is given back": (ERRORS, 2_500),
    "a request of a failed commit that is still under way": (STRAGGLER, 800),
    "the same in a first load, by Spark": (Surroundings(failures=1, stragglers=True, spark=True), 800),
    "a ledger that is restored to its beginning": (RESTORED, 3_000),
    "three runs": (Surroundings(owners=("A", "B", "C")), 5_000),
}


@pytest.mark.parametrize("around", RIGHT_ABOUT_ENDS)
def test_no_guarantee_breaks_whatever_comes_between_the_steps(around):
    """And from every state a fresh run, left alone, ends with everything applied, known to the ledger, and the table free."""
    surroundings, at_least = RIGHT_ABOUT_ENDS[around]
    found = search(Rules(Conditions(), surroundings))
    assert found.violation is None, found.story
    assert found.states >= at_least, "the search has become smaller than it was"


def believed(**around):
    """A process is taken for ended and is not: it sleeps as long as it likes, and wakes up."""
    return Surroundings(wrong_beliefs=1, **around)


ON_A_LOADED_TABLE = {"loaded": True, "waiting": files(2)}
TWICE = Surroundings(owners=("A", "A"), dies=False, **ON_A_LOADED_TABLE)
BY_ARROW = believed(**ON_A_LOADED_TABLE)
BY_SPARK = believed(spark=True, **ON_A_LOADED_TABLE)
ALL_LOOK = believed(dies=False, **ON_A_LOADED_TABLE)
ALL_LOOK_BY_SPARK = believed(dies=False, spark=True, **ON_A_LOADED_TABLE)
FIRST_LOAD_ALL_LOOK = believed(dies=False)

NOTICED = {
    "Arrow": (BY_ARROW, 2_000),
    "Spark": (BY_SPARK, 2_800),
    "Arrow, and a file that lands": (believed(coming=files(3), **ON_A_LOADED_TABLE), 8_000),
    "one process, twice at the same table": (TWICE, 700),
    "everybody lives to look at its commit: Arrow": (ALL_LOOK, 1_000),
    "everybody lives to look at its commit: Spark": (ALL_LOOK_BY_SPARK, 1_700),
    "everybody lives to look at its commit: a first load by Arrow": (FIRST_LOAD_ALL_LOOK, 1_300),
}


@pytest.mark.parametrize("writer", NOTICED)
def test_whoever_was_wrongly_taken_for_ended_harms_no_ledger_and_is_noticed(writer):
    """G5 where the belief `has ended` is wrong.

    Guaranteed: no write of the former owner to ledger, tracker or history is carried out. On a table that has its first
    load, what it does to the folder raises a TimelineViolation: in its own check or in the successor's, and where it
    dies before its check, in the next run that finds a file to apply.

    Not guaranteed: that nothing happens. Until then a reader may see a file twice or rows go away, and afterwards every
    run stops until a person has looked.
    """
    surroundings, at_least = NOTICED[writer]
    found = search(Rules(Conditions(), surroundings))
    assert found.violation is None, found.story
    assert found.states >= at_least, "the search has become smaller than it was"


@pytest.mark.parametrize("surroundings", [believed(), believed(spark=True, dies=False)], ids=["Arrow", "Spark"])
def test_what_it_puts_into_a_first_load_without_completing_it_is_not_noticed(surroundings):
    """Not guaranteed: Hudi takes data below the oldest commit for an archived one's, and no timeline tells of it."""
    found = search(Rules(Conditions(), surroundings))
    assert found.violation == "unnoticed: G1: file 1 is in the table 2 times", found.story
    assert any("puts the data" in step for step in found.path[-6:]), found.story


class Danger(NamedTuple):
    """What a condition is for.

    Attributes:
        guarantee: the one that breaks without it.
        around: where it does.
        also: conditions that would notice in its place.
    """

    guarantee: str
    around: Surroundings
    also: tuple[str, ...] = ()


DANGERS = {
    "has_ended": Danger("G5", LOADED),
    "fence_as_seen": Danger("G5", LATE),
    "token": Danger("G5", TWICE),
    "owner_in_writes": Danger("G5", LATE),
    "fence_in_writes": Danger("G5", TWICE),
    "lease_in_intent": Danger("G5", ALL_LOOK),
    "lease_in_chunks": Danger("G5", ALL_LOOK),
    "lease_in_progress": Danger("G5", ALL_LOOK),
    "lease_in_release": Danger("G5", ALL_LOOK),
    "mark_not_back": Danger("G2", LATE),
    "timeline_first": Danger("G1", LOADED),
    "line_of_commits": Danger("G1", BY_ARROW),
    "below_the_settled": Danger("G1", BY_ARROW),
    "fence_raised": Danger("G5", RESTORED),
    "known_of_free_alone": Danger("G1", LOADED),
    "without_done": Danger("G1", LOADED),
    "done_dropped": Danger("liveness", AGAIN),
    "dead_planned": Danger("liveness", LOADED),
    "intent_planned": Danger("liveness", ERRORS),
    "load_spares_commits": Danger("G4", FIRST_LOAD_ALL_LOOK),
    "hidden": Danger("G4", LOADED),
    "rolled_back": Danger("G1", Surroundings()),
    "newest": Danger("G1", BY_SPARK),
    "follows": Danger("G4", ALL_LOOK, also=("below_the_settled",)),
    "whole": Danger("G1", BY_ARROW),
    "spark_whole": Danger("G1", BY_SPARK),
    "settled_after_commit": Danger("G1", LOADED),
    "mark_before_files": Danger("G2", IDLE),
    "kept_after_failure": Danger("liveness", STRAGGLER),
}

NOT_NEEDED = {
    "owner_as_seen": "whoever took the table since has raised its fence; who only gave it back harms nobody",
    "fences": "a commit behind one with a greater fence does not follow the commit before it either",
}


@pytest.mark.parametrize("condition", DANGERS)
def test_without_a_condition_a_guarantee_breaks(condition):
    danger = DANGERS[condition]
    found = without(condition, danger)
    assert found.violation is not None, f"nothing breaks without {condition} in {found.states} states"
    assert found.guarantee == danger.guarantee, found.story


def without(condition: str, danger: Danger) -> Found:
    return search(Rules(Conditions().without(condition, *danger.also), danger.around))


@pytest.mark.parametrize("condition", NOT_NEEDED)
def test_some_conditions_hold_for_safety_alone(condition):
    """Others imply them, in every one of these searches."""
    for surroundings in (LOADED, ERRORS, TWICE, BY_ARROW, BY_SPARK, ALL_LOOK, FIRST_LOAD_ALL_LOOK):
        found = search(Rules(Conditions().without(condition), surroundings))
        assert found.violation is None, found.story


def test_every_condition_has_its_danger():
    assert DANGERS.keys() | NOT_NEEDED.keys() == set(NAMES)


def test_the_shortest_way_to_two_writers_is_told_step_by_step():
    found = without("has_ended", DANGERS["has_ended"])
    assert found.path == (
        "A is planned with file 2",
        "A sees the table free with fence 1",
        "A takes the table with fence 2",
        "B is planned with file 2",
        "B sees the table owned by A with fence 2",
        "B takes the table with fence 3",
    )
    assert "G5: B and A both write the table" in found.story
