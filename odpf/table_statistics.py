"""What a DMS task counted of one table, as the API and `aws dms describe-table-statistics` give it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field


class TableStatistics(BaseModel):
    """Rows that a task has loaded and changed (AWS DMS API, TableStatistics)."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    schema_name: str = Field(alias="SchemaName")
    table_name: str = Field(alias="TableName")
    state: str = Field(default="", alias="TableState")
    full_load_rows: int = Field(default=0, alias="FullLoadRows")
    inserts: int = Field(default=0, alias="Inserts")
    updates: int = Field(default=0, alias="Updates")
    deletes: int = Field(default=0, alias="Deletes")
    last_update_time: datetime | None = Field(default=None, alias="LastUpdateTime")

    @property
    def changes(self) -> int:
        """Rows of change files."""
        return self.inserts + self.updates + self.deletes

    @property
    def rows(self) -> int:
        """Rows that the table should have by it."""
        return self.full_load_rows + self.inserts - self.deletes

    @property
    def moment(self) -> datetime | None:
        """Until when was counted, in UTC."""
        return self.last_update_time.astimezone(UTC) if self.last_update_time else None


def summed(statistics: Sequence[TableStatistics]) -> TableStatistics | None:
    """What several tasks have counted of one table together; None of no task."""
    if len(statistics) <= 1:
        return statistics[0] if statistics else None
    counted = ("full_load_rows", "inserts", "updates", "deletes")
    moments = [each.moment for each in statistics if each.moment]
    return statistics[0].model_copy(
        update={name: sum(getattr(each, name) for each in statistics) for name in counted}
        | {"last_update_time": max(moments, default=None)}
    )


class StatisticsDocument(BaseModel):
    """What `aws dms describe-table-statistics` prints."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    tables: tuple[TableStatistics, ...] = Field(alias="TableStatistics")
