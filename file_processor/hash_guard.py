"""Whether a table can take hashes: with the key that its hashes were made with, in columns that can hold them. Pure."""

from __future__ import annotations

from typing import NamedTuple

from file_processor.table_columns import TableColumns
from odpf.errors import UnsupportedChange
from odpf.hash_key import HashKey
from odpf.table_config import TableConfig


class TableKey(NamedTuple):
    """What a file batch is hashed with.

    Attributes:
        key: None where no column is hashed.
        check: that the commit is to carry, so that the next one is not made with another key; also of a table that once was
            hashed.
    """

    key: HashKey | None = None
    check: str | None = None


def table_key(key: HashKey | None, table: TableColumns, said: str | None, config: TableConfig) -> TableKey:
    """The key of one file batch.

    Args:
        key: as Secrets Manager has it now; None where no column is hashed.
        table: its columns before the batch.
        said: what the table's newest commit says of its key.
        config: the table.

    Raises:
        UnsupportedChange: hashes of the same value would differ from those that are stored, or find no place.
    """
    if key is None:
        return TableKey(None, said)
    if said not in (None, key.check):
        raise UnsupportedChange(
            f"The secret {key.name} has another value than {config.raw_table} was hashed with, so that equal values would no longer "
            f"be equal. Nothing was written. Put the former value back (a former version of the secret), or {_rebuild(config)}"
        )
    for column, kind in table.schema:
        if config.protected.is_hashed(column) and kind != "string":
            raise UnsupportedChange(
                f"hash_columns names {column}, which is {kind} in {config.raw_table}, and a hash is text. Nothing was written; "
                f"the files wait. B{_rebuild(config)[1:]}, or take the column out of hash_columns."
            )
    return TableKey(key, key.check)


def _rebuild(config: TableConfig) -> str:
    return f"build the table anew: odpf resnapshot --table {config.source_table_name}"
