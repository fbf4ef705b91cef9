"""What every table of a job run, or of an invocation, is processed with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from file_processor.engine_choice import EngineChoice
from file_processor.engines.engine import Engine
from file_processor.lease import Contender
from odpf.errors import NeedsSpark
from odpf.hash_key import HashKey
from odpf.ports import Catalog, FileTracker, HashKeys, ObjectStore, RefreshEvents
from odpf.settings import Settings
from odpf.states import EngineName
from odpf.table_config import TableConfig


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
    hash_keys: HashKeys

    def hash_key(self, config: TableConfig) -> HashKey | None:
        """The key of a table's hashed columns; None for a table without any."""
        secret = config.hash_key_secret or self.settings.hash_key_secret
        return self.hash_keys.key(secret) if config.hash_columns else None

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
