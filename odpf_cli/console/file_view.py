"""Files: those that wait, all of one table, and what is in quarantine."""

from __future__ import annotations

from itertools import islice
from typing import Any

from odpf.states import FileState
from odpf_cli.console.deployment import Deployment
from odpf_cli.console.overview import Overview
from odpf_cli.files import file_entry, listed
from odpf_cli.quarantine_contents import Contents, RowBatch
from odpf_cli.quarantine_view import contents_document, shown_document

MOST_FILES = 1000
"""Of one answer, as `MOST_ROWS` of tables; how many there are is told beside them."""
ROWS_SHOWN = 20


def waiting_files(overview: Overview) -> dict[str, Any]:
    """Files that wait, of all tables, the longest waiting first."""
    waiting = overview.waiting()
    return {"files": [file_entry(file, FileState.LANDED) for file in waiting[:MOST_FILES]], "total": len(waiting)}


def table_files(table: str, deployment: Deployment) -> dict[str, Any]:
    """All files of a table, the newest first; reads the table's whole history."""
    entries = listed(deployment.operator.tracker, table, None)
    entries.sort(key=lambda entry: entry["done_at"] or entry["last_modified"], reverse=True)
    entries.sort(key=lambda entry: entry["state"] != FileState.LANDED)
    return {"files": entries[:MOST_FILES], "total": len(entries)}


def quarantine_view(contents: Contents | None) -> dict[str, Any]:
    """What is in quarantine, newest first."""
    if contents is None:
        return {"files": [], "batches": [], "total": 0}
    cut = Contents(contents.files[:MOST_FILES], contents.batches[:MOST_FILES])
    return {**contents_document(cut), "total": len(contents.files) + len(contents.batches)}


def quarantined_item(wanted: str, deployment: Deployment) -> dict[str, Any]:
    """Why a file or rows of a batch are in quarantine, with some of the rows, and what to do next.

    Raises:
        NotInQuarantine: nothing there has the id.
    """
    quarantine = deployment.quarantine
    found = quarantine.find(wanted)
    rows = list(islice(quarantine.rows_of(found), ROWS_SHOWN)) if isinstance(found, RowBatch) else []
    return shown_document(found, rows)
