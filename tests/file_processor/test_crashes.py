"""R6: a run dies at every single call it makes to the world; the next run ends in the right state.

With the Arrow engine these are the steps of real Hudi commits, and hudi-rs reads after every death and every run.
"""

import pytest

from odpf.rebuild import Rebuild
from odpf.states import RefreshStatus, RunStatus
from tests.file_processor.workbench import Workbench, sequence, wrapped

_PORTS = ("tracker", "ledger", "objects", "catalog", "refresh_events", "audit")


AFTER = {1: 11, 3: 30, 4: 40}
"""What all tables here hold in the end."""


class Killed(BaseException):
    """The process is gone: nothing after this point runs, no `finally` of another thread counts."""


class Countdown:
    """Passes calls on until the n-th, which happens or does not happen, and then the process is gone."""

    def __init__(self, calls, happens):
        self.left, self.happens, self.dead = calls, happens, False

    def wrap(self, port):
        return _Port(port, self)


class _Port:
    def __init__(self, port, countdown):
        self._port, self._countdown = port, countdown

    def __getattr__(self, name):
        method = getattr(self._port, name)
        if not callable(method) or name in ("beat", "heartbeat"):
            return method

        def call(*args, **kwargs):
            countdown = self._countdown
            if countdown.dead:
                raise Killed
            countdown.left -= 1
            if countdown.left > 0:
                return method(*args, **kwargs)
            countdown.dead = True
            if countdown.happens:
                lost = method(*args, **kwargs)
                if name == "open":
                    lost[0].close()
            raise Killed

        return call


def _loaded(folder) -> Workbench:
    bench = Workbench(folder=folder)
    bench.load((1, 10), (2, 20), (3, 30))
    bench.run()
    return bench


def _with_load(folder) -> Workbench:
    """A load that waits."""
    bench = Workbench(folder=folder)
    bench.load((1, 11), (3, 30), (4, 40))
    return bench


def _with_reload(folder) -> Workbench:
    """A table with a load, and another load that waits."""
    bench = _loaded(folder)
    bench.load((1, 11), (3, 30), (4, 40))
    return bench


def _with_changes(folder) -> Workbench:
    """A table with a load, and changes of it that wait."""
    bench = _loaded(folder)
    bench.change(1, "U", 1, 11)
    bench.change(2, "D", 2)
    bench.change(3, "I", 4, 40)
    return bench


def _die(bench, countdown, **asked):
    dying = wrapped(bench.aws, **{name: countdown.wrap(getattr(bench.aws, name)) for name in _PORTS})
    dying.engine = type(bench.engine)(countdown.wrap(bench.aws.objects))
    with pytest.raises(Killed):
        bench.run(dying, **asked)
    assert bench.manager().summarise(f"run-{bench.runs}")["status"] in ("FAILED", "SUCCEEDED")


@pytest.mark.parametrize("happens", [False, True], ids=["before the call", "after the call"])
@pytest.mark.parametrize(
    ("engine", "prepared", "waiting"),
    [
        ("memory", _with_load, 1),
        ("memory", _with_changes, 3),
        ("arrow", _with_load, 1),
        ("arrow", _with_changes, 3),
        ("arrow", _with_reload, 1),
    ],
)
def test_after_a_death_at_any_call_the_next_run_ends_right(engine, prepared, waiting, happens, tmp_path):
    survived = False
    for call in range(1, 200):
        bench = prepared(tmp_path / str(call) if engine == "arrow" else None)
        commits_before, files_before = len(bench.commits), len(bench.history)
        before = bench.table if commits_before else None
        try:
            _die(bench, Countdown(call, happens))
        except pytest.fail.Exception:
            survived = True
            break
        if bench.commits:
            assert bench.table in (before, AFTER), f"a reader saw something else after a death at call {call}"
        bench.run()
        bench.run()
        assert bench.table == AFTER, f"death at call {call}"
        assert len(bench.commits) == commits_before + 1, f"one file batch, one commit: call {call}"
        assert len({event.batch_id for event in bench.aws.refresh_events.events}) == len(bench.commits), call
        ids = [record.file.file_id for record in bench.processed]
        assert len(ids) == len(set(ids)) == files_before + waiting
        assert (bench.state.refresh_status, bench.state.lease_owner) == (RefreshStatus.COMPLETED, None)
        assert list(bench.aws.tracker.all_pending()) == []
        assert bench.run().status is RunStatus.NOTHING_TO_DO
        if engine == "arrow":
            assert bench.remains == [], f"a dead commit's files are still there: call {call}"
    assert survived, "the countdown outlived the run, so every call was tried"
    assert call > 15


@pytest.mark.parametrize("happens", [False, True], ids=["before the call", "after the call"])
@pytest.mark.parametrize("since", ["", f"000001 {sequence(1)}"], ids=["all of it", "from a position"])
def test_a_rebuild_that_dies_at_any_call_leaves_a_table_that_is_right(since, happens, tmp_path):
    """Readers have the same rows all the time, and the table goes on, wherever it is then."""
    asked, survived = Rebuild(raw_table="raw.orders", since=since), False
    for call in range(1, 300):
        bench = _with_changes(tmp_path / str(call))
        bench.run()
        assert bench.table == AFTER
        try:
            _die(bench, Countdown(call, happens), rebuild=asked)
        except pytest.fail.Exception:
            survived = True
            break
        assert bench.table == bench.seen == AFTER, f"death at call {call}"
        bench.change(4, "U", 3, 31)
        bench.change(0, "U", 1, 99)  # late
        bench.run()
        assert bench.table == bench.seen == {**AFTER, 3: 31}, f"death at call {call}"
        assert bench.run(rebuild=asked).status is RunStatus.SUCCEEDED, f"death at call {call}"
        assert bench.table == bench.seen == {**AFTER, 3: 31}, f"death at call {call}"
        assert (bench.state.refresh_status, bench.state.lease_owner) == (RefreshStatus.COMPLETED, None)
    assert survived, "the countdown outlived the rebuild, so every call was tried"
    assert call > 30
