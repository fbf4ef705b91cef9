"""What is wrong with a configuration, told so that a person can mend it: the sentences behind pydantic's errors."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

TUNING_OF_THE_ORIGINAL = frozenset(
    {
        "delete_shuffle_parallelism",
        "hudi_blk_insert_shuffle_parallelism",
        "hudi_commits_to_keep",
        "hudi_full_load_rec_size_estimate",
        "upsert_shuffle_parallelism",
    }
)
HUDI_REASONS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("operation",), "inserts, updates and deletes of a file batch are one Hudi commit, so ODPF chooses the operation"),
    (
        ("payload", "precombine", "ordering", "merge", "combine"),
        "rows are ordered by ODPF's own order column; another order would let older rows overwrite newer ones",
    ),
    (("table.version", "auto.upgrade", "timeline"), "Athena reads table version 6, so every release writes that"),
    (
        ("recordkey", "keygenerator", "partitionpath", "hive_style", "table.name", "table.type", "database", "path"),
        "keys, partition, type and names come from hudi_primary_key, hudi_partition_key, hudi_table_type and raw_table_name",
    ),
    (
        ("index",),
        "ODPF looks up where every row stands before the commit; another index makes duplicates when a row changes its partition",
    ),
    (
        ("clean", "keep.", "archive", "rollback"),
        "recovery after a crash looks back in the timeline and running queries need their files",
    ),
    (("concurrency", "lock"), "one writer per table is held by ODPF's lease and fence"),
    (("sync", "meta_sync"), "ODPF writes the Glue Data Catalog itself"),
    (("compact", "cluster"), "table services run inside ODPF's own commits"),
)

_LONGEST_WORD = 100
_PATTERNS = {
    "before_image_prefix": "use letters, digits and underscores, not a digit first, as the mapping rule has it",
    "refresh_cadence": "use 1 to 50 letters, digits, underscores and hyphens",
    "raw_database_S3_bucket": "write the bucket's name alone: 3 to 63 lower-case letters, digits, dots and hyphens",
}
_PLAIN = {
    "missing": "is missing or empty",
    "too_short": "name at least one column",
    "tuple_type": "write one column name, or a list of them",
    "model_type": "write a mapping `key: value`",
}


def problems_of(error: ValidationError, model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """Every problem of one configuration as (key, message); the key is empty when it concerns several keys."""
    return tuple((key_path(e["loc"]), _message(dict(e), model)) for e in error.errors(include_url=False))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` when something known is close, else nothing."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower()[:_LONGEST_WORD], by_lower, n=1)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""


def unknown_key(key: str, value: object, known: Iterable[str]) -> str:
    """Why a key is refused: Hudi's options by name, else what it may have been meant for."""
    known = list(known)
    lowered = key.lower()
    if lowered.startswith(("hoodie.", "hoodie_")):
        return f"is a Hudi option that ODPF sets itself: {hudi_reason(lowered)}. Take it out"
    if lowered in TUNING_OF_THE_ORIGINAL:
        return "tuned Hudi in the original framework; ODPF derives it from the work at hand. Take it out"
    if isinstance(value, Mapping) and (options := [str(o) for o in value if str(o).lower().startswith("hoodie.")]):
        reasons = "; ".join(f"{option}: {hudi_reason(option.lower())}" for option in options)
        return f"holds Hudi options that ODPF sets itself: {reasons}. Take it out"
    return f"is not a known key{did_you_mean(key, known) or '. Known are ' + ', '.join(known)}"


def hudi_reason(option: str) -> str:
    """The guarantee that setting this Hudi option would break."""
    return next(
        (reason for words, reason in HUDI_REASONS if any(word in option for word in words)),
        "its guarantees hold only with the values it was tested with",
    )


def key_path(location: Iterable[int | str]) -> str:
    """`tables[3].hudi_primary_key` from its parts."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _message(error: dict[str, Any], model: type[BaseModel]) -> str:
    key, found = str(next(iter(error["loc"]), "")), error["input"]
    match error["type"]:
        case "extra_forbidden":
            return unknown_key(str(error["loc"][-1]), found, _known_keys(model, error["loc"]))
        case "literal_error":
            return _not_allowed(found, error["ctx"]["expected"])
        case "string_type":
            return f"write text; {_shown(found)} was read as {_kind(found)}{_quote_hint(found)}"
        case "string_pattern_mismatch":
            return f"{_shown(found)} is not allowed; {_PATTERNS[key]}"
        case kind:
            return _PLAIN.get(kind) or str(error["msg"]).removeprefix("Value error, ")


def _known_keys(model: type[BaseModel], location: Sequence[int | str]) -> Iterable[str]:
    """The keys of the mapping in which a key stands."""
    for part in location[:-1]:
        inner = model.model_fields[str(part)].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return ()
        model = inner
    return model.model_fields


def _not_allowed(found: object, expected: str) -> str:
    text = str(found)
    if text == "G.025X":
        return "'G.025X' workers are for streaming jobs only; use 'G.1X' or larger"
    allowed = [value.strip("'") for value in expected.replace(" or ", ", ").split(", ")]
    return f"{_shown(found)} is not allowed; use {expected}{did_you_mean(text, allowed)}"


def _shown(found: object) -> str:
    text = repr(found)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004  one line of a terminal


def _kind(found: object) -> str:
    return {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a mapping"}.get(
        type(found), type(found).__name__
    )


def _quote_hint(found: object) -> str:
    return ": put it in quotes" if isinstance(found, bool | int | float) else ""
