"""Where to begin in the order of a table's changes, as a person writes it: `--from POSITION`."""

from __future__ import annotations

import re

from odpf.errors import InvalidSettings
from odpf.order import GENERATION_DIGITS, SEQUENCE_DIGITS
from odpf_cli.moments import moment_or_none

FORMS = (
    "a change sequence or its first digits (20260131), GENERATION:SEQUENCE as `odpf status` has both (2:20260131...), "
    "or the moment of a commit at the source (2026-01-31T10:15:00Z)"
)
_LEAST_DIGITS = 8
"""A day; a shorter beginning is a mistyped one."""
_SEQUENCE = re.compile(
    rf"(?:(?P<generation>[0-9]{{1,{GENERATION_DIGITS}}}):)?(?P<sequence>[0-9]{{0,{SEQUENCE_DIGITS}}})"
)


def position(text: str, generation: int) -> str:
    """The beginning of an order position's text form.

    Args:
        text: in one of FORMS.
        generation: of the table, for a sequence without one.

    Raises:
        InvalidSettings: it is none of them.
    """
    if match := _SEQUENCE.fullmatch(text):
        named, sequence = match["generation"], match["sequence"]
        if named or len(sequence) >= _LEAST_DIGITS:
            return f"{int(named or generation):0{GENERATION_DIGITS}d} {sequence}"
    moment = moment_or_none(text)
    if moment is None:
        raise InvalidSettings(f"--from {text!r} is no position: write {FORMS}.")
    hundredths = moment.microsecond // 10_000
    return f"{generation:0{GENERATION_DIGITS}d} {moment:%Y%m%d%H%M%S}{hundredths:02d}"
