"""What a source says of its tables, and what DMS makes of their names: the facts that a proposal is made from."""

from __future__ import annotations

from typing import NamedTuple


class FoundColumn(NamedTuple):
    """A column of the source.

    Attributes:
        distinct: how many different values it has, by the server's statistics.
        remark: what DMS makes of its type, where that is not what a person expects.
        divides: whether its type has values that name folders well: whole numbers, short text, dates.
    """

    name: str
    nullable: bool = True
    distinct: int | None = None
    remark: str = ""
    divides: bool = False


class ChangeRate(NamedTuple):
    """How often rows change: changes an hour, None where nothing tells; and in words, since when it was counted."""

    per_hour: float | None = None
    told: str = "the server has no count of its changes"


class FoundTable(NamedTuple):
    """A table of the source.

    Attributes:
        primary_key: its columns in order.
        unique_keys: columns of unique indexes that cover every row: none of them nullable, no expression, no prefix.
        rows, bytes: by the server's statistics.
        warnings: about the table as a whole.
    """

    schema: str
    table: str
    columns: tuple[FoundColumn, ...] = ()
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    rows: int | None = None
    bytes: int | None = None
    changes: ChangeRate = ChangeRate()
    warnings: tuple[str, ...] = ()


class DmsNames(NamedTuple):
    """A table as its files show it, after the rules of the DMS task.

    Attributes:
        columns: name in the files by name at the source; without those that are removed.
        sequence, operation: the columns that rules add for `$AR_H_CHANGE_SEQ` and `$AR_H_OPERATION`.
        added: other columns that rules add and that tell of the change.
        before_image_prefix: of the columns that `add-before-image-columns` adds.
        key: source columns that a `define-primary-key` rule names.
    """

    schema: str
    table: str
    columns: dict[str, str]
    sequence: str | None = None
    operation: str | None = None
    added: tuple[str, ...] = ()
    before_image_prefix: str | None = None
    key: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
