"""The watch as a whole: what it measures, what it remembers, what it costs."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from observability.limits import Limits
from observability.watch_state import WATCH_STATE_KEY
from odpf.epoch import Epoch
from odpf.errors import InvalidSettings, TransientError
from odpf.metrics import Metric
from odpf.notice import Notice
from odpf.states import FindingKind, RefreshStatus
from odpf_local.memory import MemoryObjectStore
from tests.observability.builders import NOON, Deployment, cadence_item, minutes, table_item

MEMORY_OF_VERSION_1 = b"""{"version": 1, "watched_at": "2026-01-31T11:55:00.000000Z", "findings": [{"kind": "table_failed",
"refresh_cadence": "hourly", "source_table_name": "shop.orders", "reason": "its last run failed: no", "next_step": "Look.",
"since": "2026-01-31T11:00:00.000000Z", "mark": ""}], "waiting": [["hourly", "shop.orders"]],
"schedules": {"hourly": {"expression": "rate(1 hour)", "since": "2026-01-30T10:00:00.000000Z"}}}"""


@pytest.fixture
def deployment() -> Deployment:
    """Two cadences: hourly with two tables, by hand with one that is inactive."""
    built = Deployment()
    built.configure(table_item(), table_item("shop.customers"))
    by_hand = {"refresh_cadence": "by_hand"}
    built.configure(table_item("shop.old", is_active="N", **by_hand), cadence=by_hand)
    built.planned(NOON)
    return built


class TestMeasuring:
    def test_the_deployment_and_each_cadence_have_values_of_their_own(self, deployment):
        deployment.land(NOON - minutes(200), size=1)
        deployment.land(NOON - minutes(100), "shop.customers", size=2, put=NOON - minutes(90))
        deployment.land(NOON - timedelta(days=9), "shop.old", size=4)
        deployment.land(NOON - timedelta(hours=7), "shop.strangers", size=8)
        deployment.run_ended(RefreshStatus.ERROR, "no")
        deployment.watch()
        latest = deployment.aws.metrics.latest
        assert latest("odpf") == {
            Metric.WATCHED: 1,
            Metric.FRESHNESS_LAG: 12000,
            Metric.PENDING_FILES: 4,
            Metric.PENDING_BYTES: 15,
            Metric.OLDEST_PENDING_FILE: 7 * 3600,
            Metric.LAG_OBJECTIVES_MISSED: 1,
            Metric.TABLES_FAILED: 1,
            Metric.TABLES_PENDING_TOO_LONG: 1,
            Metric.TABLES_QUARANTINING: 0,
            Metric.RUNS_MISSED: 0,
            Metric.DEAD_LETTERS: 0,
        }
        hourly = latest("odpf", "hourly")
        assert (hourly[Metric.PENDING_FILES], hourly[Metric.PENDING_BYTES]) == (2, 3)
        assert (hourly[Metric.TABLES_PENDING_TOO_LONG], hourly[Metric.LAG_OBJECTIVES_MISSED]) == (0, 1)
        by_hand = latest("odpf", "by_hand")
        assert (by_hand[Metric.PENDING_FILES], by_hand[Metric.FRESHNESS_LAG]) == (1, 0)
        assert Metric.WATCHED not in hourly

    def test_a_quiet_deployment_is_measured_with_zeros(self):
        deployment = Deployment()
        assert deployment.watch() == (0, 0, 0)
        values = deployment.aws.metrics.latest("odpf")
        assert values.pop(Metric.WATCHED) == 1
        assert set(values.values()) == {0}

    def test_a_table_has_a_lag_while_something_waits_and_once_more_when_nothing_does(self, deployment):
        file = deployment.land(NOON - minutes(2))
        lag = (Metric.FRESHNESS_LAG, "odpf", "hourly", "shop.orders")

        def measured(at):
            deployment.aws.metrics.puts.clear()
            deployment.watch(at)
            return deployment.aws.metrics.latest(*lag[1:]).get(lag[0])

        assert measured(NOON) == 120
        deployment.done(file)
        assert measured(NOON + minutes(5)) == 0
        assert measured(NOON + minutes(10)) is None

    def test_tables_can_do_without_metrics_of_their_own(self, deployment):
        deployment.limits = Limits(table_metrics="off")
        deployment.land(NOON - minutes(2))
        deployment.watch()
        assert max(len(put.dimensions) for put in deployment.aws.metrics.puts) == 2


def test_a_region_that_stands_by_tells_only_that_the_other_one_seems_not_to_work(deployment):
    deployment.aws.ledger.raise_epoch(Epoch(), "eu-west-1", "somebody", NOON)
    deployment.land(NOON - minutes(200))
    deployment.run_ended(RefreshStatus.ERROR, "no")
    assert FindingKind.TABLE_FAILED in active_kinds(deployment, "eu-west-1")
    deployment.aws.objects.delete("odpf-artifacts", [WATCH_STATE_KEY])
    assert active_kinds(deployment, "eu-central-1") == {FindingKind.LAG_OBJECTIVE_MISSED}


def active_kinds(deployment, region):
    deployment.watch(region=region)
    return set(deployment.kinds())


class Refusing:
    """A topic that takes no notice of some kinds."""

    def __init__(self, *kinds: FindingKind) -> None:
        self.kinds, self.asked = kinds, []

    def publish(self, notice: Notice) -> None:
        self.asked.append(notice.kind)
        if notice.kind in self.kinds:
            raise TransientError("throttled")


class TestTelling:
    def test_what_could_not_be_told_is_told_by_the_next_watch_and_the_rest_is_not_told_again(self, deployment):
        deployment.land(NOON - minutes(200))
        deployment.run_ended(RefreshStatus.ERROR, "no")
        refusing = Refusing(FindingKind.TABLE_FAILED)
        with pytest.raises(TransientError, match="1 notices were not published"):
            deployment.watch(notices=refusing)
        assert refusing.asked == [FindingKind.LAG_OBJECTIVE_MISSED, FindingKind.TABLE_FAILED]
        assert Metric.WATCHED not in deployment.aws.metrics.latest("odpf")
        deployment.watch(NOON + minutes(5))
        assert deployment.kinds() == [FindingKind.TABLE_FAILED]

    def test_an_end_that_could_not_be_told_is_told_later(self, deployment):
        deployment.run_ended(RefreshStatus.ERROR, "no")
        deployment.watch()
        deployment.run_ended(RefreshStatus.COMPLETED)
        with pytest.raises(TransientError):
            deployment.watch(NOON + minutes(5), notices=Refusing(FindingKind.TABLE_FAILED))
        assert deployment.watch(NOON + minutes(10)) == (0, 0, 1)

    def test_a_watch_that_dies_before_it_remembers_tells_again(self, deployment):
        deployment.run_ended(RefreshStatus.ERROR, "no")

        class Dying(MemoryObjectStore):
            def get(self, bucket, key):
                return deployment.aws.objects.get(bucket, key)

            def put(self, bucket, key, content):
                raise TransientError("gone")

        with pytest.raises(TransientError, match="gone"):
            deployment.watch(objects=Dying())
        deployment.watch(NOON + minutes(5))
        assert deployment.kinds() == [FindingKind.TABLE_FAILED] * 2

    def test_the_memory_of_version_1_is_read(self, deployment):
        """As a released watch wrote it: nothing in it is told again."""
        deployment.aws.objects.put("odpf-artifacts", "health/findings.json", MEMORY_OF_VERSION_1)
        deployment.run_ended(RefreshStatus.ERROR, "no")
        assert deployment.watch() == (1, 0, 0)

    @pytest.mark.parametrize("content", [b"not JSON", b'{"version": 99}', b'{"findings": 1}'])
    def test_a_memory_that_cannot_be_read_is_none(self, deployment, content):
        deployment.aws.objects.put("odpf-artifacts", "health/findings.json", content)
        deployment.run_ended(RefreshStatus.ERROR, "no")
        assert deployment.watch().begun == 1


class Counting:
    """Passes calls on and counts them by method."""

    def __init__(self, port: object, counts: Counter[str]) -> None:
        self._port, self._counts = port, counts

    def __getattr__(self, name: str) -> object:
        self._counts[f"{type(self._port).__name__}.{name}"] += 1
        return getattr(self._port, name)


class TestThreeThousandTables:
    @pytest.fixture
    def large(self) -> Deployment:
        """Three thousand tables in one cadence, something waiting for each."""
        deployment = Deployment()
        tables = [f"shop.t{n}" for n in range(3000)]
        deployment.configure(*map(table_item, tables), cadence=cadence_item(schedule="rate(10 minutes)"))
        deployment.planned(NOON)
        for table in tables:
            deployment.land(NOON - minutes(60), table)
        return deployment

    def test_all_missing_their_objective_are_one_notice_and_one_document_each(self, large):
        large.limits = Limits(table_metrics="on")
        assert large.watch() == (3000, 3000, 0)
        (notice,) = large.told()
        assert notice.subject == "ODPF odpf: 3000 tables miss their lag objective (hourly)"
        assert Counter(len(put.dimensions) for put in large.aws.metrics.puts) == {1: 2, 2: 1, 3: 3000}

    def test_without_being_asked_they_have_no_metrics_of_their_own(self, large):
        large.watch()
        assert len(large.aws.metrics.puts) == 3

    def test_a_watch_asks_the_same_few_questions_however_many_tables_there_are(self, large):
        counts: Counter[str] = Counter()
        ports = ("config", "tracker", "ledger", "objects", "queues")
        large.watch(**{name: Counting(getattr(large.aws, name), counts) for name in ports})
        assert counts == {
            "MemoryConfigStore.tables": 1,
            "MemoryConfigStore.cadences": 1,
            "MemoryFileTracker.all_pending": 1,
            "MemoryFileTracker.quarantined": 1,
            "MemoryLedger.epoch": 1,
            "MemoryLedger.states": 1,
            "MemoryObjectStore.get": 2,
            "MemoryObjectStore.put": 1,
            "MemoryQueues.depth": 2,
        }


class TestLimits:
    def test_they_come_from_the_environment(self):
        given = {"ODPF_TABLE_METRICS": "off", "ODPF_OLDEST_PENDING_SECONDS": "600"}
        assert Limits.from_environment(given) == Limits(table_metrics="off", oldest_pending_seconds=600)
        assert Limits.from_environment({"ODPF_TABLE_METRICS": ""}) == Limits()

    @pytest.mark.parametrize(
        ("variable", "value"), [("ODPF_TABLE_METRICS", "some"), ("ODPF_OLDEST_PENDING_SECONDS", "soon")]
    )
    def test_a_value_that_cannot_be_used_is_named(self, variable, value):
        with pytest.raises(InvalidSettings, match=variable):
            Limits.from_environment({variable: value})
