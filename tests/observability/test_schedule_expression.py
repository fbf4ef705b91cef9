"""When schedules are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from observability.schedule_expression import next_due, rate_period

MADE = datetime(2026, 1, 30, 10, 0, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "after", "due"),
    [
        ("rate(10 minutes)", "2026-01-30T10:00:20", "2026-01-30T10:10:20"),
        ("rate(10 minutes)", "2026-01-30T10:10:20", "2026-01-30T10:20:20"),
        ("rate(1 hour)", "2026-01-30T12:30:00", "2026-01-30T13:00:20"),
        ("rate(1 day)", "2026-01-30T10:00:20", "2026-01-31T10:00:20"),
        ("cron(0/10 * * * ? *)", "2026-01-30T10:00:20", "2026-01-30T10:10:00"),
        ("cron(15 2 ? * MON *)", "2026-01-30T10:00:20", "2026-02-02T02:15:00"),
        ("cron(0 6 L * ? *)", "2026-01-30T10:00:20", "2026-01-31T06:00:00"),
        ("at(2026-01-30T11:00:00)", "2026-01-30T10:59:59", "2026-01-30T11:00:00"),
    ],
)
def test_when_a_schedule_is_due(expression: str, after: str, due: str) -> None:
    moments = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (after, due))
    assert next_due(expression, "UTC", MADE, next(moments)) == next(moments)


def test_a_cron_expression_is_in_the_schedules_own_time_zone() -> None:
    due = next_due("cron(0 12 * * ? *)", "Europe/Berlin", MADE, MADE)
    assert due == datetime(2026, 1, 30, 11, 0, tzinfo=UTC)


def test_what_is_over_is_never_due() -> None:
    assert next_due("at(2026-01-30T09:00:00)", "UTC", MADE, MADE) is None


@pytest.mark.parametrize("expression", ["every day", "rate(0 minutes)", "cron(61 * * * ? *)"])
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        next_due(expression, "UTC", MADE, MADE)


@pytest.mark.parametrize(
    ("expression", "period"),
    [("rate(1 minute)", timedelta(minutes=1)), ("rate(2 days)", timedelta(days=2)), ("cron(0 * * * ? *)", None)],
)
def test_a_rate_has_a_period(expression: str, period: timedelta | None) -> None:
    assert rate_period(expression) == period
