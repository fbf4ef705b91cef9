"""How far a DMS task is with the full load of one table."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from odpf.states import DmsTableState


class TableLoad(NamedTuple):
    """What one task says of one table (AWS DMS API, TableStatistics).

    Attributes:
        task_arn: the task.
        state: `TableState`; the API has more values than `DmsTableState` names.
        ended_at: `FullLoadEndTime`, UTC; None while the load is under way.
    """

    task_arn: str
    state: str
    ended_at: datetime | None

    @property
    def is_complete(self) -> bool:
        """Whether the load came to its end."""
        return self.state == DmsTableState.COMPLETED and self.ended_at is not None
