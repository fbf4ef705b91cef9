"""Rows that could not be applied, as both engines write them: where they lie, and what a line of them says.

Layout below the artifacts bucket: `quarantine/<raw table>/<batch id>/part-*.json`, a JSON document a line.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

ROWS_PREFIX = "quarantine/"

_KEY = re.compile(rf"^{ROWS_PREFIX}(?P<raw_table>[^/]+)/(?P<batch_id>[^/]+)/part-[^/]*\.json$")


class QuarantinedRow(BaseModel):
    """One row that was set aside.

    Attributes:
        file: name of the landed file that it came from.
        row: its position there, from 0.
        reason: why it cannot be applied.
        operation: I, U or D, None when it has none.
        change_sequence: as it stood in the file.
        data: its values by column, a JSON document of its own; columns that are null are left out.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: str
    row: int
    reason: str
    operation: str | None = None
    change_sequence: str | None = None
    data: str = "{}"

    @property
    def kind(self) -> str:
        """The reason without the value that it may end with: what many rows have in common."""
        return self.reason.split(": ", 1)[0]

    @property
    def values(self) -> Any:
        """Its values by column; NaN and infinities, which JSON does not have, as text."""
        return json.loads(self.data, parse_constant=str)


class RowsKey(NamedTuple):
    """What the key of an object with quarantined rows says."""

    raw_table: str
    batch_id: str


def rows_folder(raw_table: str, batch_id: str) -> str:
    """Key prefix of a file batch's quarantined rows, without its closing slash."""
    return f"{ROWS_PREFIX}{raw_table}/{batch_id}"


def parse_rows_key(key: str) -> RowsKey | None:
    """Read a key; None for what is no part with rows (Spark also leaves a mark that it is done)."""
    match = _KEY.match(key)
    return RowsKey(match["raw_table"], match["batch_id"]) if match else None
