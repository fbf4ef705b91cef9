"""What a reload that is written as a difference compares: the row, and not what only tells of its last change. Pure."""

from __future__ import annotations

from file_processor.columns import of_mapping_rules
from file_processor.schema import Schema
from odpf.table_config import TableConfig


def compared_columns(config: TableConfig, schema: Schema) -> tuple[str, ...]:
    """The columns by which a row of a load is equal to the stored one.

    A load has no change sequence (DMS guide, `AR_H_CHANGE_SEQ`), and before images and operations belong to a change, too:
    with them every row that was ever changed would differ from the load.
    """
    of_changes, prefix = of_mapping_rules(config), config.before_image_prefix.lower()
    return tuple(name for name, _ in schema if name not in of_changes and not name.startswith(prefix))
