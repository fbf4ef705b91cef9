"""A table as it was at one of its commits: which of its data files were current then, and whether they are all still there.

The cleaner removes files that no retained commit needs, and a reader of an older commit would not miss them: it takes
what is left, and rows are gone without an error. The commits behind it say what it must find.
"""

from __future__ import annotations

from file_processor.commit import Commit
from file_processor.file_groups import DataFile, current_files
from file_processor.timeline import Timeline


def files_at(timeline: Timeline, instant: str) -> dict[str, DataFile] | None:
    """The base files that were current at a commit, by file group; None where they cannot be told or are not all there.

    Args:
        timeline: the table's folder.
        instant: of a completed commit in the active timeline.
    """
    if instant not in timeline.instants:
        return None
    later = list(timeline.commits(after=instant))
    unseen = {commit.instant for commit in later} | {each.instant for each in timeline.pending}
    completed = [each for each in timeline.instants if each <= instant]
    files = [file for file in timeline.data_files() if file.instant <= instant]
    found = current_files(files, completed, unseen, timeline.replaced(through=instant))
    return found if _whole(found, later) else None


def _whole(found: dict[str, DataFile], later: list[Commit]) -> bool:
    """Whether what the commits behind, newest first, have found is there now.

    The first of them that writes a file group says which base file it had; one that is put an end to had some.
    """
    first: dict[str, tuple[str | None, ...]] = {}
    for commit in reversed(later):
        for group, before in commit.predecessors:
            first.setdefault(group, (before,))
        for group in commit.replaced:
            first.setdefault(group, ())
    return all(
        found[group].instant in (before or (found[group].instant,)) if group in found else before == (None,)
        for group, before in first.items()
    )
