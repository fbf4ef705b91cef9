"""The ports that applying a configuration reads and writes; whatever an entry point composed has them."""

from __future__ import annotations

from typing import Protocol

from odpf.ports import Catalog, ConfigStore, Ledger, ObjectStore, Schedules
from odpf.settings import Settings


class Stores(Protocol):
    """Ports and settings of one deployment, under the names that `odpf.adapters.aws.Aws` has."""

    @property
    def settings(self) -> Settings:
        """Names of the deployment's resources."""

    @property
    def config(self) -> ConfigStore:
        """Configuration items and deployment records."""

    @property
    def schedules(self) -> Schedules:
        """Schedules of the cadences."""

    @property
    def ledger(self) -> Ledger:
        """States of the raw tables."""

    @property
    def catalog(self) -> Catalog:
        """The Glue Data Catalog."""

    @property
    def objects(self) -> ObjectStore:
        """Where manifests are put."""
