"""What a change of the source's schema does to a raw table: one word a kind of change, after dlt's schema contracts.

https://dlthub.com/docs/general-usage/schema-contracts; what each word does to each kind stands in docs/configuration.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

PolicyWord = Literal["evolve", "freeze", "discard", "quarantine"]


class SchemaChangeKind(StrEnum):
    """How a file's columns may differ from the table's."""

    ADDED = "added"  # a column that the table does not have
    DROPPED = "dropped"  # a column of the table that the file does not have
    WIDENED = "widened"  # another type; there is one that holds the values of both
    NARROWED = "narrowed"  # another type; there is none that does
    RENAMED = "renamed"  # one of the same type stands where another was


class SchemaPolicy(BaseModel):
    """What becomes of each kind of change; kinds that are not named keep their defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    added: PolicyWord = Field(default="evolve", description="A column that the table does not have.")
    dropped: PolicyWord = Field(
        default="evolve",
        description="A column of the table that the file does not have; `discard` is refused, as there is nothing to leave out.",
    )
    widened: PolicyWord = Field(
        default="evolve",
        description="Another type, and there is one that holds the values of both: `int` and `bigint`, `float` and `double`, "
        "two decimals, anything and text.",
    )
    narrowed: PolicyWord = Field(default="quarantine", description="Another type, and there is none that does.")
    renamed: PolicyWord = Field(
        default="evolve",
        description="One column is missing, and one new one of its type stands between the same neighbours.",
    )

    @field_validator("dropped")
    @classmethod
    def _has_no_values(cls, word: PolicyWord) -> PolicyWord:
        if word == "discard":
            raise ValueError(
                "'discard' says nothing here: a dropped column has no values that could be left out; use 'evolve', which "
                "leaves null in new rows, 'freeze' or 'quarantine'"
            )
        return word

    def word(self, kind: SchemaChangeKind) -> PolicyWord:
        """The word for one kind."""
        words: dict[SchemaChangeKind, PolicyWord] = {
            SchemaChangeKind.ADDED: self.added,
            SchemaChangeKind.DROPPED: self.dropped,
            SchemaChangeKind.WIDENED: self.widened,
            SchemaChangeKind.NARROWED: self.narrowed,
            SchemaChangeKind.RENAMED: self.renamed,
        }
        return words[kind]
