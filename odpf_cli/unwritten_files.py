"""A file tracker to look through: what would be registered is remembered here, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from odpf.errors import TerminalError
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.ports import FileTracker
from odpf.states import Registration, Release


class UnwrittenFiles:
    """The tracker of a deployment and, beside what it knows, what a sweep would have registered.

    Args:
        tracker: of the deployment; it is only read.
    """

    def __init__(self, tracker: FileTracker) -> None:
        self._tracker = tracker
        self._found: dict[str, LandedFile] = {}

    def register(self, file: LandedFile, landed_at: datetime) -> Registration:  # noqa: ARG002  the port's signature
        """Remember it as pending; a sweep asks only for files that are not known."""
        self._found[file.file_id] = file
        return Registration.REGISTERED

    def quarantine(self, record: FileRecord) -> Registration:  # noqa: ARG002  the port's signature
        """Nothing: a quarantined file is not pending."""
        return Registration.REGISTERED

    def pending(self, source_table_name: str) -> list[LandedFile]:
        """Files of one table that would wait."""
        found = (file for file in self._found.values() if file.source_table_name == source_table_name)
        return [*self._tracker.pending(source_table_name), *found]

    def all_pending(self) -> Iterator[LandedFile]:
        """Every file that would wait."""
        yield from self._tracker.all_pending()
        yield from self._found.values()

    def done(self, files: Iterable[LandedFile]) -> set[str]:
        """As the deployment's."""
        return self._tracker.done(files)

    def known(self, files: Iterable[LandedFile]) -> set[str]:
        """As the deployment's."""
        return self._tracker.known(files)

    def finished(self, files: Iterable[LandedFile]) -> dict[str, FileRecord]:
        """As the deployment's."""
        return self._tracker.finished(files)

    def history(self, source_table_name: str | None = None) -> Iterator[FileRecord]:
        """As the deployment's."""
        return self._tracker.history(source_table_name)

    def quarantined(self, source_table_name: str | None = None) -> Iterator[FileRecord]:
        """As the deployment's."""
        return self._tracker.quarantined(source_table_name)

    def remove_pending(self, source_table_name: str, file_ids: Iterable[str]) -> None:  # noqa: ARG002  the port's signature
        """Refuse: whoever looks removes nothing."""
        raise _only_looked_at()

    def release(self, records: Iterable[FileRecord]) -> list[Release]:  # noqa: ARG002  the port's signature
        """Refuse: whoever looks releases nothing."""
        raise _only_looked_at()


def _only_looked_at() -> TerminalError:
    return TerminalError("The file tracker is only looked at here; nothing was changed.")
