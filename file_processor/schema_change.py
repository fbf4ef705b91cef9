"""One difference between a file's columns and its table's, what becomes of it, and the sentence that tells a person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from odpf.schema_policy import PolicyWord, SchemaChangeKind

_REFUSING = ("freeze", "quarantine")
_MOST_NAMES = 5

_EVOLVED = {
    SchemaChangeKind.ADDED: "the table has it from now on, with null in the rows before",
    SchemaChangeKind.DROPPED: "rows before keep their values, new rows have null there",
    SchemaChangeKind.WIDENED: "the table's column is {to_type} from now on",
    SchemaChangeKind.NARROWED: "every value fits and is stored as {from_type}",
    SchemaChangeKind.RENAMED: "both columns stay, rows before have {column} and new rows {renamed_to}",
}
_DISCARDED = {
    SchemaChangeKind.ADDED: "its values are left out",
    SchemaChangeKind.WIDENED: "its values are left out, new rows have null there",
    SchemaChangeKind.NARROWED: "its values are left out, new rows have null there",
    SchemaChangeKind.RENAMED: "the values of {renamed_to} are left out, new rows have null in {column}",
}


class Difference(NamedTuple):
    """What differs.

    Attributes:
        column: in the table; of an added column in the file.
        from_type: the table's, None for an added column.
        to_type: the file's, None for a dropped column.
        renamed_to: the file's name of a renamed column.
    """

    kind: SchemaChangeKind
    column: str
    from_type: str | None = None
    to_type: str | None = None
    renamed_to: str | None = None

    @property
    def fact(self) -> str:
        """What is seen, without what follows from it."""
        match self.kind:
            case SchemaChangeKind.ADDED:
                return f"Column {self.column} is new in this file, as {self.to_type}"
            case SchemaChangeKind.DROPPED:
                return f"Column {self.column} is no longer in this file"
            case SchemaChangeKind.RENAMED:
                return f"Column {self.column} seems to be called {self.renamed_to} in this file"
        return f"Column {self.column} is {self.to_type} in this file and {self.from_type} in the table"


class SchemaChange(BaseModel):
    """A difference with its decision, as it is stored with the file batch.

    Attributes:
        file: path of the (first) file that shows it.
        policy: the configured word.
        action: what was done; `quarantine` also where the policy's word cannot be followed.
        sentence: all of it for a person.
        files: how many files of the batch show it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: SchemaChangeKind
    column: str
    from_type: str | None
    to_type: str | None
    renamed_to: str | None
    file: str
    policy: PolicyWord
    action: PolicyWord
    sentence: str
    files: int = 1

    @property
    def is_refusal(self) -> bool:
        """Whether its file is not applied."""
        return self.action in _REFUSING

    @property
    def left_out(self) -> str | None:
        """The file's column that is not read."""
        return (self.renamed_to or self.column) if self.action == "discard" else None

    @property
    def warning(self) -> str:
        """With its file, as the audit row has it."""
        more = f" The same in {self.files - 1} more of the files." if self.files > 1 else ""
        return f"{self.file}: {self.sentence}{more}"


def followed(difference: Difference, file: str, policy: PolicyWord, table: str) -> SchemaChange:
    """A difference to which the policy's word is done; `table` is the source table."""
    kind, word = difference.kind, f"schema_policy {difference.kind.value}: {policy}"
    match policy:
        case "evolve":
            sentence = f"{difference.fact}; {_EVOLVED[kind].format(**difference._asdict())} ({word})."
        case "discard":
            sentence = f"{difference.fact}; {_DISCARDED[kind].format(**difference._asdict())} ({word})."
        case "freeze":
            sentence = (
                f"{difference.fact}; the table waits and its files stay pending ({word}). Set another word for "
                f"{kind.value}, or correct the column at the source and write the file again under its name."
            )
        case "quarantine":
            sentence = f"{difference.fact} ({word}). {_way_on(difference, table)}"
    return _made(difference, file, policy, policy, sentence)


def impossible(difference: Difference, file: str, policy: PolicyWord, table: str, why: str) -> SchemaChange:
    """A difference whose file is quarantined because the policy's word cannot be followed; `why` begins small."""
    sentence = (
        f"{difference.fact}; {why} (schema_policy {difference.kind.value}: {policy}). {_way_on(difference, table)}"
    )
    return _made(difference, file, policy, "quarantine", sentence)


def perhaps_in_clear(column: str, new: Sequence[str], file: str, policy: PolicyWord) -> SchemaChange:
    """A protected column that is gone from a file; that is quarantined, whatever the policy, as a new column may be it."""
    names = ", ".join(new[:_MOST_NAMES]) + (" ..." if len(new) > _MOST_NAMES else "")
    difference = Difference(SchemaChangeKind.DROPPED, column)
    sentence = (
        f"{difference.fact}; exclude_columns or hash_columns names it, and its values may be there under a new name ({names}). "
        f"Name that one there too, or take {column} out if the source has dropped it, and have the file applied again."
    )
    return _made(difference, file, policy, "quarantine", sentence)


def summed(changes: Iterable[SchemaChange]) -> tuple[SchemaChange, ...]:
    """One of each change, with its first file and the number of its files."""
    first: dict[tuple[object, ...], SchemaChange] = {}
    for change in changes:
        key = (change.kind, change.column, change.from_type, change.to_type, change.renamed_to, change.action)
        before = first.get(key)
        first[key] = before.model_copy(update={"files": before.files + 1}) if before else change
    return tuple(first.values())


def _made(difference: Difference, file: str, policy: PolicyWord, action: PolicyWord, sentence: str) -> SchemaChange:
    return SchemaChange(**difference._asdict(), file=file, policy=policy, action=action, sentence=sentence)


def _way_on(difference: Difference, table: str) -> str:
    if difference.kind in (SchemaChangeKind.WIDENED, SchemaChangeKind.NARROWED):
        return f"Give {table} a new raw_table_name and reload it, or correct the column at the source."
    return f"Set another word for {difference.kind.value} and have the file applied again, or correct it at the source."
