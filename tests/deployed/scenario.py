"""A shop whose database is replicated into the deployment: what was put, and what the raw tables must hold."""

from __future__ import annotations

import json
from typing import Any

from tests.deployed.deployment import Deployment
from tests.end_to_end.source import Source, rows
from tests.end_to_end.waiting import eventually

DATABASE = "shop_raw"
EVERY_MINUTE, BY_HAND = "every_minute", "by_hand"


class Scenario:
    """Two tables of one schedule, one table of a cadence by hand, and a downstream queue."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.orders, self.items, self.customers = (Source(f"shop.{name}") for name in ("orders", "items", "customers"))
        self.registered_by_event: dict[str, dict[str, str]] = {}
        self.applied: Any = None

    @classmethod
    def begun(cls, deployment: Deployment) -> Scenario:
        """Put the files, see them registered before anything can list them, then configure the tables."""
        scenario = cls(deployment)
        scenario._listen()
        scenario._put_files()
        scenario._configure()
        return scenario

    @property
    def sources(self) -> tuple[Source, ...]:
        return self.orders, self.items, self.customers

    def raw_table(self, source: Source) -> str:
        return source.name.replace(".", "_")

    def in_the_lake(self, source: Source) -> list[dict[str, Any]]:
        return self.deployment.rows(DATABASE, self.raw_table(source), list(source.columns))

    def execution(self, cadence: str) -> dict[str, Any]:
        """The first execution of a cadence that had something to do, when it has ended."""

        def ended() -> dict[str, Any] | None:
            executions = self.deployment.executions(cadence)
            return next((e for e in reversed(executions) if e["status"] != "RUNNING"), None)

        return eventually(ended, 170, pause=0.5)  # type: ignore[return-value]

    def announced(self) -> list[dict[str, Any]]:
        """Events of refreshed tables that came downstream so far."""
        found = self.deployment.client("sqs").receive_message(QueueUrl=self._downstream, MaxNumberOfMessages=10)
        return [json.loads(message["Body"])["detail"] for message in found.get("Messages", [])]

    def _listen(self) -> None:
        """As another pipeline would: a rule on the events of refreshed tables."""
        sqs, events = self.deployment.client("sqs"), self.deployment.client("events")
        self._downstream = sqs.create_queue(QueueName="downstream")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._downstream, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="downstream", EventPattern=json.dumps({"detail-type": ["odpf.table.refreshed"]}))
        events.put_targets(Rule="downstream", Targets=[{"Id": "queue", "Arn": arn}])

    def _put_files(self) -> None:
        for number, source in enumerate(self.sources):
            self.deployment.put(*source.load(rows(4 + number)))
        self.orders.update(id=1, value=101)
        self.orders.delete(id=2)
        self.orders.insert(id=50, value=5, note="new")
        self.deployment.put(*self.orders.changes())
        for source in self.sources:
            self.registered_by_event[source.name] = eventually(
                lambda source=source: self._registered(source),  # type: ignore[misc]
                30,
                pause=0.5,
            )

    def _registered(self, source: Source) -> dict[str, str] | None:
        files = self.deployment.files(source.name)
        return files if len(files) == len(source.files) else None

    def _configure(self) -> None:
        cadences = [{"refresh_cadence": EVERY_MINUTE, "schedule": "rate(1 minute)"}, {"refresh_cadence": BY_HAND}]
        of = {self.orders.name: EVERY_MINUTE, self.items.name: EVERY_MINUTE, self.customers.name: BY_HAND}
        tables = [
            {
                "source_table_name": source.name,
                "refresh_cadence": of[source.name],
                "raw_database_name": DATABASE,
                "raw_table_name": self.raw_table(source),
                "hudi_primary_key": "id",
                "hudi_precombine_field": "change_seq",
            }
            for source in self.sources
        ]
        self.applied = self.deployment.apply({"cadences": cadences, "tables": tables})
        assert self.applied.status == 0, self.applied
