"""Changes of a row's key, told by before images: the old key goes, the new one comes, and it counts as one update (S11). Pure."""

from __future__ import annotations

from collections.abc import Collection

from odpf.table_config import TableConfig


def before_images(config: TableConfig, columns: Collection[str]) -> dict[str, str]:
    """The before-image column of each key column, of those that there are.

    DMS puts none on S3 by itself; a mapping rule `add-before-image-columns` does (DMS guide, table mapping).

    Args:
        config: the table. A history keeps the change itself, under its new key.
        columns: of the batch, in lower case.
    """
    if config.table_data_versioning_type == "H":
        return {}
    prefix = config.before_image_prefix.lower()
    named = {key: f"{prefix}{key}" for key in config.hudi_primary_key}
    return {key: column for key, column in named.items() if column in columns}
