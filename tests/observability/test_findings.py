"""What a watch finds wrong, and what it says to do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from observability.findings import spoken
from odpf.attempts import Attempts
from odpf.states import FindingKind, NoticeState, RefreshStatus
from odpf.table_config import read_table_config
from tests.observability.builders import NOON, Deployment, cadence_item, every, minutes, table_item


@pytest.fixture
def deployment() -> Deployment:
    """One cadence every hour with one table."""
    built = Deployment()
    built.configure()
    built.planned(NOON)
    return built


def test_nothing_wrong_nothing_told(deployment):
    deployment.land(NOON - minutes(20))
    assert deployment.watch() == (0, 0, 0)
    assert deployment.told() == []


class TestLag:
    @pytest.mark.parametrize(
        ("cadence", "missed_after"),
        [
            (cadence_item(), 180),
            (cadence_item(schedule="rate(10 minutes)"), 30),
            (cadence_item(lag_objective_seconds=300), 5),
            (cadence_item(schedule="cron(0 12 * * ? *)", lag_objective_seconds=3600), 60),
        ],
    )
    def test_the_objective_is_three_intervals_or_what_the_cadence_says(self, deployment, cadence, missed_after):
        deployment.configure(cadence=cadence)
        deployment.land(NOON)
        for moment in every(minutes(1), NOON, NOON + minutes(missed_after)):
            deployment.planned(moment)
            assert deployment.watch(moment).findings == 0
        deployment.watch(NOON + minutes(missed_after + 1))
        (notice,) = deployment.told()
        assert (notice.kind, notice.refresh_cadence) == (FindingKind.LAG_OBJECTIVE_MISSED, "hourly")
        assert "shop.orders (hourly): its oldest waiting change is" in notice.text

    @pytest.mark.parametrize("schedule", [None, "cron(0 12 * * ? *)"])
    def test_without_an_interval_nothing_is_promised(self, deployment, schedule):
        deployment.configure(cadence=cadence_item(schedule=schedule))
        deployment.land(NOON - minutes(300))
        assert deployment.watch().findings == 0

    def test_an_inactive_table_has_no_objective(self, deployment):
        deployment.configure(table_item(is_active="N"))
        deployment.land(NOON - timedelta(days=3))
        assert deployment.watch().findings == 0

    def test_it_is_told_once_and_when_it_is_over(self, deployment):
        file = deployment.land(NOON)
        deployment.planned(NOON + minutes(181))
        late = [deployment.watch(moment) for moment in every(minutes(5), NOON + minutes(181), NOON + minutes(191))]
        assert [each.begun for each in late] == [1, 0, 0]
        deployment.done(file)
        assert deployment.watch(NOON + minutes(196)) == (0, 0, 1)
        begun, over = deployment.told()
        assert (begun.state, over.state) == (NoticeState.BEGUN, NoticeState.OVER)
        assert "Since: 2026-01-31T15:00:00.000000Z" in begun.text
        assert over.subject == "ODPF odpf: Over: shop.orders (hourly) misses its lag objective"

    @pytest.mark.parametrize(
        ("status", "step"),
        [(None, "start it in the DMS task"), (RefreshStatus.ERROR, "`odpf status` shows the error")],
    )
    def test_the_next_step_is_what_the_table_waits_for(self, deployment, status, step):
        deployment.land(NOON - minutes(181))
        if status:
            deployment.run_ended(status, "no such column")
        deployment.watch()
        assert any(step in notice.text for notice in deployment.told())


class TestFailedTables:
    def test_the_error_of_the_last_run_is_told_until_a_run_succeeds(self, deployment):
        deployment.run_ended(RefreshStatus.ERROR, "no such column: V")
        deployment.watch()
        (notice,) = deployment.told()
        assert "its last run failed: no such column: V" in notice.text
        assert "`odpf run hourly --wait`" in notice.text
        deployment.run_ended(RefreshStatus.ERROR, "no such column: W")
        assert deployment.watch().begun == 0
        deployment.run_ended(RefreshStatus.COMPLETED)
        assert deployment.watch().over == 1

    def test_a_table_set_aside_is_told_apart_with_what_has_it_tried_again(self, deployment):
        digest = read_table_config(table_item()).digest
        deployment.run_ended(RefreshStatus.ERROR, "no such column: V", attempts=Attempts(number=4, tried_with=digest))
        deployment.watch()
        deployment.run_ended(RefreshStatus.ERROR, "no such column: V", attempts=Attempts(number=5, tried_with=digest))
        assert deployment.watch() == (1, 1, 1)
        aside = next(notice for notice in deployment.told() if notice.kind is FindingKind.TABLE_SET_ASIDE)
        assert "no run tries it any more: no such column: V" in aside.text
        assert "`odpf run hourly --table 'shop.orders' --wait`" in aside.text
        deployment.run_ended(RefreshStatus.COMPLETED)
        assert deployment.watch().over == 1

    def test_a_long_error_is_cut(self, deployment):
        deployment.run_ended(RefreshStatus.ERROR, "x" * 5000)
        deployment.watch()
        assert len(deployment.told()[0].text) < 1000

    def test_a_broken_configuration_is_told_with_its_problem(self, deployment):
        deployment.configure(table_item(hudi_table_type="heap"))
        deployment.watch()
        (notice,) = deployment.told()
        assert "'heap' is not allowed" in notice.text
        assert "`odpf config apply PATH`" in notice.text

    def test_an_inactive_table_may_be_broken(self, deployment):
        deployment.configure(table_item(hudi_table_type="heap", is_active="N"))
        assert deployment.watch().findings == 0

    def test_a_broken_cadence_is_told_as_such(self, deployment):
        deployment.configure(cadence=cadence_item(schedule="often"))
        deployment.watch()
        (notice,) = deployment.told()
        assert notice.subject == "ODPF odpf: cadence hourly failed"


class TestFilesThatWait:
    def test_a_file_of_a_table_nobody_configured_is_told_after_six_hours(self, deployment):
        deployment.land(NOON, source="shop.strangers")
        deployment.planned(NOON + timedelta(hours=6))
        assert deployment.watch(NOON + timedelta(hours=6)).findings == 0
        deployment.watch(NOON + timedelta(hours=6, minutes=1))
        (notice,) = deployment.told()
        assert (notice.kind, notice.refresh_cadence) == (FindingKind.OLDEST_PENDING, None)
        assert "shop.strangers (in no cadence): 1 file is waiting, the oldest for 6 h 1 min" in notice.text
        assert "Nobody configured the table" in notice.text

    def test_it_is_the_time_in_staging_that_counts_and_the_limit_is_a_setting(self):
        deployment = Deployment(oldest_pending_seconds=600)
        deployment.configure(cadence=cadence_item(schedule=None))
        deployment.land(NOON - timedelta(days=2), put=NOON - minutes(5))
        assert deployment.watch().findings == 0
        assert deployment.watch(NOON + minutes(6)).findings == 1

    def test_files_of_an_inactive_table_wait_on_purpose(self, deployment):
        deployment.configure(table_item(is_active="N"))
        deployment.land(NOON - timedelta(days=2))
        assert deployment.watch().findings == 0


class TestQuarantine:
    def test_a_quarantined_file_is_told_with_its_reason_and_again_when_more_come(self, deployment):
        first, second = deployment.land(NOON - minutes(9)), deployment.land(NOON - minutes(8))
        deployment.quarantine(first, NOON - minutes(2))
        assert deployment.watch().begun == 1
        assert deployment.watch(NOON + minutes(5)).begun == 0
        deployment.quarantine(second, NOON + minutes(6), "a row too long")
        assert deployment.watch(NOON + minutes(10)).begun == 1
        one, two = deployment.told()
        assert f"the last is {first.path}: not Parquet" in one.text
        assert "2 files are quarantined within a day" in two.text
        assert "`odpf files --table 'shop.orders' --state quarantined`" in two.text

    def test_after_a_day_it_is_no_news_any_more(self, deployment):
        deployment.quarantine(deployment.land(NOON), NOON)
        deployment.watch(NOON + minutes(1))
        deployment.planned(NOON + timedelta(days=1))
        assert deployment.watch(NOON + timedelta(days=1, minutes=1)).findings == 0

    def test_files_of_no_table_are_told_of_too(self, deployment):
        file = deployment.land(NOON).model_copy(update={"source_table_name": "?", "file_id": "f" * 32})
        deployment.quarantine(file, NOON)
        deployment.watch()
        assert deployment.told()[0].subject == "ODPF odpf: ? (in no cadence) has files in quarantine"


class TestDeadLetters:
    def test_messages_set_aside_are_told_and_again_when_there_are_more(self, deployment):
        depths = deployment.aws.queues.depths
        depths["odpf_staging_events_dlq"] = 3
        assert deployment.watch().begun == 1
        depths["odpf_staging_events_dlq"] = 2
        assert deployment.watch().begun == 0
        depths["odpf_config_events_dlq"] = 5
        assert deployment.watch().begun == 1
        depths.update(dict.fromkeys(depths, 0))
        assert deployment.watch().over == 1
        assert "3 in odpf_staging_events_dlq" in deployment.told()[0].text

    def test_a_component_that_is_not_deployed_has_none(self, deployment):
        del deployment.aws.queues.depths["odpf_config_events_dlq"]
        assert deployment.watch().findings == 0


class TestRunsThatDoNotCome:
    def first_told(self, deployment, cadence, planned=None, hours=60):
        """When a watch every five minutes tells of it, in minutes after noon."""
        deployment.configure(cadence=cadence)
        if planned:
            deployment.planned(planned)
        for moment in every(minutes(5), NOON, NOON + timedelta(hours=hours)):
            deployment.watch(moment)
            if FindingKind.NO_RUN in deployment.kinds():
                return (moment - NOON) / minutes(1)
        return None

    @pytest.mark.parametrize(
        ("schedule", "told_after"),
        [
            ("rate(1 minute)", 10),  # due after 1, at least 5 of grace
            ("rate(10 minutes)", 25),  # due after 10, one interval of grace
            ("rate(1 hour)", 95),  # due after 60, half an hour of grace
            ("rate(1 day)", 24 * 60 + 35),
            ("cron(30 12 * * ? *)", 65),
            ("cron(0/10 * * * ? *)", 25),
        ],
    )
    def test_a_run_is_missed_one_interval_after_its_time_or_half_an_hour(self, schedule, told_after):
        assert self.first_told(Deployment(), cadence_item(schedule=schedule), NOON) == told_after

    def test_a_cadence_never_planned_counts_from_when_it_was_first_seen(self):
        assert self.first_told(Deployment(), cadence_item(schedule="rate(10 minutes)")) == 25

    def test_a_changed_schedule_counts_anew(self):
        deployment = Deployment()
        deployment.configure(cadence=cadence_item(schedule="cron(0 23 * * ? *)"))
        deployment.planned(NOON - timedelta(hours=13))
        deployment.watch(NOON)
        assert self.first_told(deployment, cadence_item(schedule="cron(0 1 * * ? *)")) == 13 * 60 + 35

    def test_without_a_schedule_none_is_due(self):
        assert self.first_told(Deployment(), cadence_item(schedule=None), NOON) is None

    def test_it_says_what_was_due_and_the_next_plan_ends_it(self, deployment):
        deployment.watch(NOON)
        deployment.watch(NOON + minutes(95))
        (notice,) = deployment.told()
        assert "a run was due at 2026-01-31 13:00 UTC (rate(1 hour)) and did not come" in notice.text
        assert "`odpf run hourly --wait`" in notice.text
        deployment.planned(NOON + minutes(97))
        assert deployment.watch(NOON + minutes(100)).over == 1

    def test_a_trace_that_cannot_be_read_is_none(self, deployment):
        deployment.aws.objects.put("odpf-artifacts", "cadences/hourly/last_plan.json", b"{")
        deployment.watch(NOON)
        deployment.watch(NOON + minutes(95))
        assert "none was ever planned" in deployment.told()[0].text


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=20), "less than a minute"),
        (minutes(45), "45 min"),
        (minutes(370), "6 h 10 min"),
        (minutes(360), "6 h"),
        (timedelta(days=3, hours=2, minutes=5), "3 d 2 h"),
    ],
)
def test_a_length_of_time_in_words(length, said):
    assert spoken(length) == said
