"""Completion of a read of changes by the tasks that are known, so that it is as a whole read."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from agent.importing.dates.formats import latest_today
from agent.importing.history.known_rows import KnownRows
from agent.importing.notices import Notice
from agent.importing.options import ImportOptions
from agent.importing.reading.reader_for import reader_for
from agent.importing.reading.rows import raw_rows_of_source
from agent.importing.reading.source_rows import SourceRows
from agent.importing.tasks import RowRefused, Task
from domain_services.kernel.words import listed


def whole_reason(source: SourceRows, known: KnownRows | None) -> str | None:
    """Say why the changes of a source cannot complete what is known; None: they can."""
    if known is None:
        return "no earlier rows of the project are kept"
    before = {sprint.name: sprint for sprint in known.sprints}
    for sprint in source.sprints:
        is_started = sprint.state in ("active", "closed")
        earlier = before.get(sprint.name)
        is_told = sprint.committed is not None or (
            earlier is not None and earlier.committed is not None
        )
        # Where the tracker tells of no sprint who was in it, changes lose nothing.
        if is_started and not is_told and any(one.committed is not None for one in known.sprints):
            return f"nobody knows who was in {sprint.name!r} when it started"
    return None


def projects_of(source: SourceRows, options: ImportOptions) -> set[str]:
    """Return the ids of the projects that the rows of a source tell, as an import reads them."""
    reader = reader_for(source.profile, options, {}, {}, latest_today()).project
    names: set[str] = set()
    for row in raw_rows_of_source(source.rows):
        # A row without a project is refused when it is read.
        with suppress(RowRefused):
            names.add(reader.read(row.values, row.values.first.get("id", "")))
    return names


def completed(source: SourceRows, known: KnownRows) -> SourceRows:
    """Return a source with all tasks that are known and have not changed.

    The tasks take the places that the tracker tells. Those that it has no more are left out, and
    named; what an import leaves out stays as it is known.
    """
    changed = _ids(source)
    rest = [task for task in known.tasks if task.id not in changed]
    places = source.places
    if places is not None:
        rest = [
            task if task.rank == (places[task.id] or None) else _at(task, places[task.id])
            for task in rest
            if task.id in places
        ]
    present = changed | {task.id for task in rest}
    number = len(changed)
    read = Notice(
        f"Read since the last import: {number:,} changed {'task' if number == 1 else 'tasks'}; "
        f"{len(rest):,} as they are known."
    )
    return replace(
        source,
        known=tuple(rest),
        notices=(read, *source.notices, *gone_notices(known.tasks, present)),
    )


def with_gone(source: SourceRows, known: KnownRows) -> SourceRows:
    """Return a source that was read as a whole, with the names of the tasks that it has no more."""
    notices = tuple(gone_notices(known.tasks, _ids(source)))
    return replace(source, notices=(*source.notices, *notices))


def gone_notices(tasks: Iterable[Task], present: set[str]) -> Iterable[Notice]:
    """Name the open tasks that a tracker has no more."""
    absent = [task.id for task in tasks if task.id not in present and task.is_open(task.newest)]
    if absent:
        are, they = ("is", "It stays") if len(absent) == 1 else ("are", "They stay")
        yield Notice(
            f"{listed(absent)} {are} no longer there: deleted, moved away, or outside of what is "
            f"read. {they} open here; set the status in the backlog if no work is left.",
            "warning",
        )


def _ids(source: SourceRows) -> set[str]:
    return {text for row in source.rows for text in row.values.get("id", ())}


def _at(task: Task, rank: str) -> Task:
    return replace(task, rank=rank or None)
