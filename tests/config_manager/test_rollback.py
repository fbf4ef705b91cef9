"""A deployment that died is told and finished; each can be undone, unless that would undo something else, too."""

from __future__ import annotations

from datetime import timedelta

import pytest

from config_manager import recorded_change
from config_manager.deployment import history
from config_manager.publish import publish
from config_manager.recorded_change import pack, unpack
from config_manager.rollback import plan_rollback
from odpf.errors import InvalidConfiguration
from odpf_local.memory import MemoryAws
from tests.config_manager.builders import NOW, cadence, existing, plan, table

DAILY = (cadence(), cadence("daily"))


class Clock:
    """Every deployment is a minute after the one before."""

    def __init__(self) -> None:
        self.now = NOW

    def deploy(self, stores: MemoryAws, found) -> str | None:
        self.now += timedelta(minutes=1)
        return publish(found, stores, who="ann", now=self.now)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def standing(stores: MemoryAws) -> tuple:
    return stores.config.cadences(), stores.config.tables(), stores.schedules.current()


def statuses(stores: MemoryAws) -> list[str]:
    return [each.status for each in history(stores.config.deployments())]


def interrupted(stores: MemoryAws, clock: Clock, found) -> None:
    """A deployment that dies before its tables are written."""
    write = stores.config.put_tables
    stores.config.put_tables = None  # type: ignore[assignment,method-assign]
    with pytest.raises(TypeError):
        clock.deploy(stores, found)
    stores.config.put_tables = write  # type: ignore[method-assign]


def test_undoing_puts_back_what_was_changed_added_removed_and_moved(stores, clock):
    clock.deploy(stores, plan(stores, table(), table("b"), table("c")))
    before = standing(stores)
    changed = (table(is_active="N"), table("b", refresh_cadence="daily"), table("d"))
    number = clock.deploy(stores, plan(stores, *changed, cadences=DAILY, prune=True))
    assert standing(stores) != before
    undo = plan_rollback(number, stores)
    assert undo.problems == ()
    assert {removal.name for removal in undo.removed} == {"daily", "shop.d"}
    clock.deploy(stores, undo)
    assert standing(stores) == before
    assert statuses(stores) == ["applied", "undone", "applied"]


def test_undoing_the_undoing_brings_it_back(stores, clock):
    clock.deploy(stores, plan(stores, table()))
    number = clock.deploy(stores, plan(stores, table(is_active="N")))
    after = standing(stores)
    undoing = clock.deploy(stores, plan_rollback(number, stores))
    with pytest.raises(InvalidConfiguration, match=f"undone already; to have it back: odpf config rollback {undoing}"):
        plan_rollback(number, stores)
    clock.deploy(stores, plan_rollback(undoing, stores))
    assert standing(stores) == after
    assert statuses(stores) == ["applied", "undone", "applied", "applied"]


def test_what_a_later_deployment_changed_is_not_undone_with_an_earlier_one(stores, clock):
    first = clock.deploy(stores, plan(stores, table(), table("b")))
    clock.deploy(stores, plan(stores, table("c")))
    later = clock.deploy(stores, plan(stores, table("b", is_active="N")))
    (problem,) = plan_rollback(first, stores).problems
    assert problem.path == "table shop.b"
    assert f"odpf config rollback {later}" in problem.message
    stores.config.put_tables([{**stores.config.tables()[0], "on_bad_file": "stop"}])
    assert "no deployment's record says by whom" in plan_rollback(later, stores).problems[0].message


def test_everything_since_a_deployment_is_undone_at_once(stores, clock):
    first = clock.deploy(stores, plan(stores, table(), table("b")))
    before = standing(stores)
    clock.deploy(stores, plan(stores, table("b", is_active="N"), table("c")))
    clock.deploy(stores, plan(stores, table("b", is_active="N", on_bad_file="stop"), cadences=()))
    clock.deploy(stores, plan_rollback(first, stores, as_of=True))
    assert standing(stores) == before
    assert plan_rollback(first, stores, as_of=True).nothing_to_do
    assert statuses(stores) == ["applied", "undone", "undone", "applied"]


def test_what_an_existing_raw_table_cannot_become_again_is_refused(stores, clock):
    clock.deploy(stores, plan(stores, table()))
    number = clock.deploy(stores, plan(stores, table(hudi_primary_key="OTHER")))
    stores.ledger.states = lambda names: {name: existing(hudi_primary_key="OTHER") for name in names}  # type: ignore[method-assign]
    (problem,) = plan_rollback(number, stores).problems
    assert "exists with other and cannot become id in place" in problem.message


def test_a_cadence_that_has_tables_by_now_is_not_removed(stores, clock):
    number = clock.deploy(stores, plan(stores, cadences=(cadence("daily"),)))
    clock.deploy(stores, plan(stores, table(refresh_cadence="daily"), cadences=()))
    (problem,) = plan_rollback(number, stores).problems
    assert "cannot be removed while it has tables: shop.orders" in problem.message


def test_a_deployment_that_died_is_told_and_finished_by_applying_again(stores, clock):
    interrupted(stores, clock, plan(stores, table(), table("b")))
    found = plan(stores, table(), table("b"))
    assert len(found.unfinished) == 1
    assert "3 of its 4 changes are not in place. To finish it: odpf config apply c.yaml" in found.warnings[0]
    number = clock.deploy(stores, found)
    newest, died = history(stores.config.deployments())
    assert (newest.deployment_id, died.status, died.finished_by) == (number, "applied", number)
    assert plan(stores, table(), table("b")).unfinished == ()


def test_one_that_died_before_its_last_word_is_closed_by_applying_again(stores, clock):
    found = plan(stores, table())
    write, written = stores.config.put_deployment, []
    stores.config.put_deployment = lambda item: written.append(item) or (len(written) < 2 and write(item)) or None  # type: ignore[method-assign]
    clock.deploy(stores, found)
    stores.config.put_deployment = write  # type: ignore[method-assign]
    assert statuses(stores) == ["started"]
    assert clock.deploy(stores, plan(stores, table())) is None
    assert statuses(stores) == ["applied"]


def test_other_files_leave_a_deployment_that_died_as_it_is(stores, clock):
    interrupted(stores, clock, plan(stores, table(), table("b")))
    clock.deploy(stores, plan(stores, table()))
    assert statuses(stores) == ["applied", "started"]


def test_a_deployment_that_died_can_be_undone(stores, clock):
    clock.deploy(stores, plan(stores, table()))
    before = standing(stores)
    interrupted(stores, clock, plan(stores, table(), table("b"), cadences=DAILY))
    died = history(stores.config.deployments())[0].deployment_id
    clock.deploy(stores, plan_rollback(died, stores))
    assert standing(stores) == before
    assert statuses(stores) == ["applied", "undone", "applied"]


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (
            {"deployment_id": "d1", "status": "applied", "odpf_version": "0.0.1"},
            "recorded by release 0.0.1, which kept names",
        ),
        ({"deployment_id": "d1", "status": "refused"}, "was refused and wrote nothing"),
        ({"deployment_id": "d2", "status": "applied"}, "There is no deployment 'd1'"),
    ],
)
def test_what_cannot_be_undone_is_refused_with_the_reason(stores, record, told):
    stores.config.put_deployment(record)
    with pytest.raises(InvalidConfiguration) as refused:
        plan_rollback("d1", stores)
    assert told in str(refused.value)


def test_changes_of_very_many_tables_are_kept_in_parts_that_fit(stores, monkeypatch):
    monkeypatch.setattr(recorded_change, "MOST_CHARACTERS", 500)
    changes = plan(stores, *(table(f"t{n}") for n in range(100))).recorded
    parts = pack(changes)
    assert len(parts) > 1
    assert max(map(len, parts)) <= 500
    assert [change.key for change in unpack(parts)] == [change.key for change in changes]
