"""How fresh a table is: the age, by source commit time, of the oldest landed change that is not yet visible."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from odpf.landed_file import LandedFile
from odpf.states import DmsFileType

_STAMP = re.compile(r"^(\d{8})-(\d{6})(\d{3})\d?\.")


def oldest_change(pending: Iterable[LandedFile]) -> datetime | None:
    """When the oldest change that waits was made; None when nothing does."""
    return min(map(landed_change_at, pending), default=None)


def landed_change_at(file: LandedFile) -> datetime:
    """When the changes of a file were made: DMS stamps change files with it, in UTC; a load has S3's time only."""
    stamp = stamp_digits(file.name)
    if file.dms_file_type is DmsFileType.FULL or stamp is None:
        return file.last_modified
    try:
        return datetime.strptime(f"{stamp}000", "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:  # digits that are no date
        return file.last_modified


def stamp_digits(name: str) -> str | None:
    """The 17 digits yyyyMMddHHmmssSSS in the name of a change file; None for other names."""
    stamp = _STAMP.match(name)
    return "".join(stamp.groups()) if stamp else None


def age(moment: datetime | None, now: datetime) -> float:
    """Seconds since a moment, to the millisecond; 0 for none, and for one that a faster clock told."""
    return round(max((now - moment).total_seconds(), 0.0), 3) if moment else 0.0
