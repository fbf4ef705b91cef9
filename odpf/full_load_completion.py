"""By what a full load counts as whole: the rules of `full_load_completion`, and what staging shows of them.

DMS puts no end-of-load marker on S3 (AWS DMS user guide, "Using Amazon S3 as a target"), so a deployment, or a table,
says by what the end of a load is told.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator

from odpf.config_problems import did_you_mean

LOAD_COMPLETE = "_ODPF_LOAD_COMPLETE"
"""Name of the empty object in a table's staging folder that says that its full load is whole."""

ON_AWS = "quiet_seconds:120"
"""The rule of deployments on AWS, where loads land for minutes and nobody says when they are whole."""

_QUIET = re.compile(r"quiet_seconds:([1-9][0-9]{0,4})")
_MOST_SECONDS = 86_400


class CompletionRule(StrEnum):
    """What tells that a full load is whole."""

    NONE = "none"  # nothing: what is registered when the run is planned is the load
    MARKER = "marker"  # an object LOAD_COMPLETE, not older than the newest LOAD object
    QUIET_SECONDS = "quiet_seconds"  # no LOAD object came for a while, by S3's own clock
    DMS = "dms"  # the table statistics of its DMS task


class FullLoadCompletion(NamedTuple):
    """A rule, with the seconds of `quiet_seconds`."""

    rule: CompletionRule
    seconds: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `none`, `marker`, `quiet_seconds:N` or `dms`.

        Raises:
            ValueError: it is none of them; the message says what to write.
        """
        quiet = _QUIET.fullmatch(text)
        if quiet and int(quiet[1]) <= _MOST_SECONDS:
            return cls(CompletionRule.QUIET_SECONDS, int(quiet[1]))
        word = text.partition(":")[0].strip()
        if word == CompletionRule.QUIET_SECONDS:
            raise ValueError(f"{text!r} is no time; write quiet_seconds:N with 1 to {_MOST_SECONDS}: quiet_seconds:120")
        rules = [rule.value for rule in CompletionRule]
        if text not in rules:
            known = "'none', 'marker', 'quiet_seconds:N' or 'dms'"
            raise ValueError(f"{text!r} is not allowed; use {known}{did_you_mean(word, rules)}")
        return cls(CompletionRule(text))

    def __str__(self) -> str:
        return f"{self.rule}:{self.seconds}" if self.rule is CompletionRule.QUIET_SECONDS else self.rule.value


def _valid(text: str) -> str:
    return str(FullLoadCompletion.parse(text))


CompletionText = Annotated[str, AfterValidator(_valid)]
"""The text form, as configurations and settings have it."""


class LoadSigns(NamedTuple):
    """What the listing of a table's staging folder shows beside its landed files.

    Attributes:
        marker_at: LastModified of the object LOAD_COMPLETE; None without one.
        listed_at: S3's clock when it began to list, the Date of its answer; None when it listed nothing or has no Date.
    """

    marker_at: datetime | None = None
    listed_at: datetime | None = None
