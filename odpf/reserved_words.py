"""Words that Athena reserves: a raw database or table with such a name could not be queried or described without quotes."""

from __future__ import annotations

_STATEMENTS = """
alter and as between by case cast constraint create cross cube current_catalog current_date current_path
current_schema current_time current_timestamp current_user deallocate delete describe distinct drop else end escape
except execute exists extract false first for from full group grouping having in inner insert intersect into is join
last left like listagg localtime localtimestamp natural normalize not null of on or order outer prepare recursive
right rollup select skip table then trim true uescape union unnest using values when where with
"""
_DEFINITIONS = """
all array authorization bigint binary boolean both char column commit conf cursor database date dayofweek decimal div
double exchange extended external fetch float floor foreign function grant if import int integer interval lateral less
local macro map more none numeric only out over partialscan partition percent preceding precision preserve primary
procedure range reads reduce references regexp revoke rlike rollback row rows set smallint start tablesample time
timestamp to transform trigger truncate unbounded uniquejoin update user utc_timestamp varchar views window
"""

RESERVED_WORDS = frozenset(_STATEMENTS.split()) | frozenset(_DEFINITIONS.split())
"""Reserved in SELECT and in DDL statements (Athena user guide, "Escape reserved keywords in queries")."""
