"""Warnings: valid configuration that a person may want to look at again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from config_manager.deployed import Deployed
from config_manager.diff import cadences_named
from config_manager.problem import listed
from config_manager.validate import CheckedFiles
from odpf.table_config import TableConfig


def hints(files: CheckedFiles, deployed: Deployed, written: Iterable[str]) -> tuple[str, ...]:
    """Warnings about the cadences named, and about the tables that will be written; one sentence a kind.

    Args:
        files: the valid entries.
        deployed: what is deployed now.
        written: source tables that are added or changed.
    """
    names = set(written)
    tables = [table for _, table in files.tables if table.source_table_name in names]
    return (*_broken_cadences(files, deployed), *_of_key_changes(tables))


def _broken_cadences(files: CheckedFiles, deployed: Deployed) -> Iterable[str]:
    own = {cadence.refresh_cadence for _, cadence in files.cadences}
    for name in sorted(cadences_named(files) - own):
        item = deployed.cadences.get(name)
        if item and item.problem:
            yield item.problem


def _of_key_changes(tables: Sequence[TableConfig]) -> Iterable[str]:
    """S11: whether the files have before images, the mapping rules know, and not the configuration."""
    if current := [table for table in tables if table.table_data_versioning_type != "H"]:
        image = f"{current[0].before_image_prefix}{current[0].hudi_primary_key[0].upper()}"
        yield (
            f"{listed([table.source_table_name for table in current])}: a row whose primary key changes at the source moves only where its changes carry the key's "
            f"before image, as {image}; without it the row under the old key stays beside the new one. Where keys change, add "
            "the DMS mapping rule add-before-image-columns with column-filter pk-only."
        )
