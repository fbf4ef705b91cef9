"""Notices: how findings become messages that SNS takes."""

from __future__ import annotations

from observability.finding import Finding
from observability.messages import messages
from observability.watch_state import News
from odpf.notice import LONGEST_SUBJECT, LONGEST_TEXT
from odpf.states import FindingKind, NoticeState


def finding(table: str | None = "shop.orders", cadence: str | None = "hourly", **values: object) -> Finding:
    return Finding.model_validate(
        {
            "kind": FindingKind.TABLE_FAILED,
            "refresh_cadence": cadence,
            "source_table_name": table,
            "reason": "its last run failed",
            "next_step": "Look.",
            "since": "2026-01-31T12:00:00.000000Z",
            **values,
        }
    )


def told(*begun: Finding, over: tuple[Finding, ...] = ()):
    return list(messages(News(begun=begun, over=over), "odpf"))


def test_each_kind_and_cadence_has_a_message_of_its_own_so_that_subscriptions_can_filter():
    lag = finding(kind=FindingKind.LAG_OBJECTIVE_MISSED)
    sent = told(finding(), finding("shop.b"), finding("shop.c", "daily"), lag, over=(finding("shop.d"),))
    assert [(m.notice.attributes, len(m.findings)) for m in sent] == [
        ({"kind": "lag_objective_missed", "state": "begun", "refresh_cadence": "hourly"}, 1),
        ({"kind": "table_failed", "state": "begun", "refresh_cadence": "daily"}, 1),
        ({"kind": "table_failed", "state": "begun", "refresh_cadence": "hourly"}, 2),
        ({"kind": "table_failed", "state": "over", "refresh_cadence": "hourly"}, 1),
    ]


def test_a_notice_says_table_reason_and_next_step():
    (message,) = told(finding())
    assert message.notice.subject == "ODPF odpf: shop.orders (hourly) failed"
    assert message.notice.text == (
        "Deployment odpf, table_failed: 1 new.\n\n"
        "shop.orders (hourly): its last run failed\nSince: 2026-01-31T12:00:00.000000Z\nNext: Look.\n\n"
        "What it means: docs/observability.md#table_failed"
    )


def test_many_tables_are_one_message_of_what_fits():
    (message,) = told(*(finding(f"shop.t{n}", reason="ü" * 500) for n in range(2000)))
    assert message.notice.subject == "ODPF odpf: 2000 tables failed (hourly)"
    assert LONGEST_TEXT * 0.98 < len(message.notice.text.encode()) <= LONGEST_TEXT
    assert "more; `odpf status` shows every table." in message.notice.text
    assert len(message.findings) == 2000


def test_a_subject_is_short_ascii_on_one_line():
    (message,) = told(finding("größe." + "x" * 200 + "\nend"))
    assert len(message.notice.subject) == LONGEST_SUBJECT
    assert message.notice.subject.startswith("ODPF odpf: gr??e.xxx")
    assert message.notice.subject.isascii()
    assert message.notice.subject.isprintable()


def test_what_is_over_tells_what_it_was():
    (message,) = told(over=(finding(),))
    assert message.notice.state is NoticeState.OVER
    assert "over. Since 2026-01-31T12:00:00.000000Z it was so: its last run failed" in message.notice.text


def test_what_belongs_to_no_cadence_has_no_such_attribute():
    (message,) = told(finding(None, None, kind=FindingKind.DEAD_LETTERS))
    assert message.notice.attributes == {"kind": "dead_letters", "state": "begun"}
    assert message.notice.subject == "ODPF odpf: deployment has dead letters"
