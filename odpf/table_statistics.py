"""What a DMS task counted of one table, as the API and `aws dms describe-table-statistics` give it."""

from __future__ import annotations

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

    @property
    def changes(self) -> int:
        """Rows of change files."""
        return self.inserts + self.updates + self.deletes


class StatisticsDocument(BaseModel):
    """What `aws dms describe-table-statistics` prints."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    tables: tuple[TableStatistics, ...] = Field(alias="TableStatistics")
