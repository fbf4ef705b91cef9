"""What `odpf state import` needs, for as long as an import takes."""

from __future__ import annotations

from infra.names import state_machine_arn, table_arn
from infra.roles import Statement, allow, use_key
from odpf.tables import EPOCH_ITEM, TABLES


def import_statements() -> list[Statement]:
    """What `odpf state import` needs: to fill all tables, the audit, too. Nobody has this right for longer than an import."""
    tables = [table_arn(schema.name) for schema in TABLES]
    return [
        use_key(write=True),
        allow("LookForRuns", ["states:ListExecutions"], [state_machine_arn()]),
        allow("LookIntoTables", ["dynamodb:Scan", "dynamodb:BatchGetItem"], tables),
        allow("FillTables", ["dynamodb:BatchWriteItem"], tables),
        allow("ReadEpoch", ["dynamodb:GetItem"], [table_arn("file_processing_tracker")]),
        allow(
            "BeginEpoch",
            ["dynamodb:UpdateItem"],
            [table_arn("file_processing_tracker")],
            {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [EPOCH_ITEM]}},
        ),
    ]
