"""What every table of a job run, or of an invocation, is processed with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from file_processor.engine_choice import EngineChoice
from file_processor.engines.engine import Engine
from file_processor.lease import Contender
from odpf.errors import NeedsSpark
from odpf.ports import Catalog, FileTracker, ObjectStore, RefreshEvents
from odpf.settings import Settings
from odpf.states import EngineName


class Workshop(NamedTuple):
    """Ports and engines; an engine is built when the first table needs it.

    A place without Spark has no such engine: a table that turns out to need it is left alone with NeedsSpark.
    """

    settings: Settings
    tracker: FileTracker
    objects: ObjectStore
    catalog: Catalog
    refresh_events: RefreshEvents
    contender: Contender
    engines: Mapping[EngineName, Callable[[], Engine]]

    def engine(self, choice: EngineChoice) -> Engine:
        """The engine of a choice; Spark does what another one would, where that is not there.

        Raises:
            NeedsSpark: it is Spark that is not there.
        """
        if choice.engine in self.engines:
            return self.engines[choice.engine]()
        if EngineName.SPARK not in self.engines:
            raise NeedsSpark(f"{choice.reason} Spark is not here; nothing was written. The Glue job goes on with it.")
        return self.engines[EngineName.SPARK]()
