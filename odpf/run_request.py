"""What an execution of the state machine is started with: by a schedule, by `odpf run`, or by anybody else. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from odpf.errors import InvalidConfiguration
from odpf.rebuild import Rebuild


class RunRequest(BaseModel):
    """The input of an execution.

    Attributes:
        refresh_cadence: whose tables it takes.
        maintenance: whether it archives long timelines, and applies no files.
        rebuild: the one table that it rebuilds; no other is looked at.
        tables: source tables that it takes alone, set aside or not; empty for all of the cadence.
        with_set_aside: whether it tries those that are set aside, too.
        scheduled: whether nobody waits for it: tables that failed again and again are then left alone for a while.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    refresh_cadence: str
    maintenance: bool = False
    rebuild: Rebuild | None = None
    tables: tuple[str, ...] = ()
    with_set_aside: bool = False
    scheduled: bool = False

    @classmethod
    def of(cls, execution_input: Mapping[str, Any]) -> Self:
        """Read the input of an execution.

        Raises:
            InvalidConfiguration: it has a key that nobody knows, or a value that cannot be used.
        """
        try:
            return cls.model_validate(dict(execution_input))
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise InvalidConfiguration(
                f"The execution's input cannot be used: {problems}. It takes {', '.join(cls.model_fields)}."
            ) from None

    @property
    def looks_for_files(self) -> bool:
        """Whether it refreshes the whole cadence: by its trace the watch tells that files are looked for."""
        return not (self.maintenance or self.rebuild or self.tables)

    def execution_input(self) -> dict[str, Any]:
        """The input: what is not the default."""
        return self.model_dump(mode="json", exclude_defaults=True)
