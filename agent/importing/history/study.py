"""Study of the files of one import: the union of their rows, split at the day of the import."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agent.importing.errors import CsvRefused
from agent.importing.history.changes import Changes, count_changes
from agent.importing.history.cutoff import choose_as_of, clock_of, newest_day
from agent.importing.history.history_windows import ProjectHistory, history_of
from agent.importing.history.known_rows import KnownRows
from agent.importing.history.sprint_length import SprintLength, choose_length
from agent.importing.history.sprint_notices import length_notice, sprint_notices
from agent.importing.history.union import unite, unite_sprints
from agent.importing.meaning import ranks
from agent.importing.reading.recognition import Recognition
from agent.importing.tasks import Task, TrackerSprint
from domain_services.kernel.words import counted
from domain_services.project.schema import Clock


@dataclass(frozen=True, slots=True)
class Study:
    """Everything that one import knows before it writes."""

    recognitions: tuple[Recognition, ...]
    """Recognition of each file, in the order given."""
    repeated: int
    """Tasks that more than one of the files has."""
    day: date
    """Day of the import."""
    clock: Clock
    """`live` for a day of the last four weeks, `held` for an older one."""
    lengths: Mapping[str, SprintLength]
    """Length of the windows, by project."""
    known_before: Mapping[str, KnownRows]
    """Rows of earlier imports by project; a new project is absent."""
    rows: Mapping[str, KnownRows]
    """All rows by project: those of the files and those that were known before."""
    file_tasks: Mapping[str, frozenset[str]]
    """Ids of the tasks in the files, by project."""
    histories: tuple[ProjectHistory, ...]
    """Histories as of the day, sorted by project."""

    def rows_of_files(self, project_id: str) -> list[Task]:
        """Return the tasks of a project that are in the files."""
        ids = self.file_tasks[project_id]
        return [task for task in self.rows[project_id].tasks if task.id in ids]

    def changes(self) -> dict[str, Changes]:
        """Count the changes of each project that was imported before."""
        return {
            name: count_changes(before, self.rows[name], self.day, self.file_tasks[name])
            for name, before in self.known_before.items()
        }


def project_ids(recognitions: Iterable[Recognition]) -> list[str]:
    """Return the ids of the projects of files, sorted."""
    return sorted({task.project for recognition in recognitions for task in recognition.tasks})


def study_files(
    recognitions: Sequence[Recognition],
    known: Mapping[str, KnownRows],
    requested: date | None,
    requested_cadence: int | None,
    today: date,
) -> Study:
    """Unite the rows of files with those known before, and split them at the day of the import.

    `known` holds the rows of earlier imports. Raises: `CsvRefused` without a usable row or day.
    """
    files = unite(recognition.tasks for recognition in recognitions)
    names = project_ids(recognitions)
    known_before = {name: known[name] for name in names if name in known}
    # Rows of earlier imports come first, as if they were an earlier file.
    united = unite([*(rows.tasks for rows in known_before.values()), files.tasks]).tasks
    day = choose_as_of(recognitions, united, requested, today)
    day = _follow_known(day, requested, known_before.values())
    own_sprints = _sprints_by_project(known_before.values(), recognitions, names)
    lengths = {
        name: choose_length(requested_cadence, known_before.get(name), sprints, day)
        for name, sprints in own_sprints.items()
    }
    newest = newest_day(files.tasks) or day
    known_until = max([newest, *(rows.known_until for rows in known_before.values())])
    rows = {
        name: KnownRows(
            project_id=name,
            as_of=day,
            cadence_days=lengths[name].days,
            known_until=known_until,
            tasks=tuple(tasks),
            anchor=known_before[name].windows_end if name in known_before else day,
            sprints=own_sprints[name],
        )
        for name, tasks in _by_project(united, names).items()
    }
    return Study(
        recognitions=tuple(recognitions),
        repeated=files.repeated,
        day=day,
        clock=clock_of(day, today),
        lengths=lengths,
        known_before=known_before,
        rows=rows,
        file_tasks=_ids_by_project(files.tasks, names),
        histories=_histories(rows.values()),
    )


def _ids_by_project(tasks: Iterable[Task], names: Iterable[str]) -> dict[str, frozenset[str]]:
    by_project = _by_project(tasks, names)
    return {name: frozenset(task.id for task in own) for name, own in by_project.items()}


def _histories(rows: Iterable[KnownRows]) -> tuple[ProjectHistory, ...]:
    return tuple(history for own in rows if (history := history_of(own, own.as_of)) is not None)


def _sprints_by_project(
    known_before: Iterable[KnownRows], recognitions: Iterable[Recognition], names: Iterable[str]
) -> dict[str, tuple[TrackerSprint, ...]]:
    sprints = unite_sprints(
        [
            *(rows.sprints for rows in known_before),
            *(recognition.sprints for recognition in recognitions),
        ]
    )
    return {name: tuple(sprint for sprint in sprints if sprint.project == name) for name in names}


def _by_project(tasks: Iterable[Task], names: Iterable[str]) -> dict[str, list[Task]]:
    by_project: dict[str, list[Task]] = {name: [] for name in names}
    for task in tasks:
        by_project[task.project].append(task)
    return by_project


def _follow_known(day: date, requested: date | None, known_before: Iterable[KnownRows]) -> date:
    """Return a day on which no project goes back. Raises: `CsvRefused` for an earlier one."""
    for rows in known_before:
        if requested is None:
            day = max(day, rows.day)
        if day < rows.day:
            raise CsvRefused(
                f"Project {rows.project_id} is at {rows.day} and never goes back: import as of "
                "that day or a later one, or use another --prefix or another --data-dir."
            )
    return day


def study_warnings(study: Study) -> list[str]:
    """Say what the day of the import leaves out."""
    warnings: list[str] = []
    if ranks.are_mixed(task.rank for file in study.recognitions for task in file.tasks):
        warnings.append(
            "The ranks of some files are numbers and those of others are texts: no order is "
            "known, and the ranks are ignored."
        )
    later = sum(len(history.created_later) for history in study.histories)
    if later:
        were, are = ("was", "is") if later == 1 else ("were", "are")
        warnings.append(
            f"{counted(later, 'task')} {were} created after {study.day} and {are} not in the"
            " backlog: kept back until the project's day reaches the creation."
        )
    finished = sum(history.finished_on_day for history in study.histories)
    if finished:
        were, are, they = ("was", "is", "it") if finished == 1 else ("were", "are", "they")
        count = "counts" if finished == 1 else "count"
        warnings.append(
            f"{counted(finished, 'task')} {were} finished on {study.day} itself: {they} {are} in"
            f" neither backlog nor past sprints, and {count} when the project's day moves on."
        )
    warnings += filter(None, (_left_at_the_end(study, history) for history in study.histories))
    notices = [notice for history in study.histories for notice in sprint_notices(history)]
    return warnings + [notice.text for notice in notices if notice.weight == "warning"]


def _left_at_the_end(study: Study, history: ProjectHistory) -> str:
    """Say which finished tasks lie in a last window that is known for less than half."""
    last = max((sprint.ended_on or sprint.end_date for sprint in history.sprints), default=date.min)
    running = [sprint.start for sprint in history.timeline.running if sprint.start is not None]
    until = min([study.day, *running])
    tasks = sum(
        task.finished is not None and last < task.finished < until
        for task in study.rows[history.project_id].work
    )
    if not tasks:
        return ""
    were, are, they = ("was", "is", "it") if tasks == 1 else ("were", "are", "they")
    return (
        f"{counted(tasks, 'task')} of {history.project_id} {were} finished in the last days that "
        f"the files know, which are less than half of a sprint: {they} {are} in no past sprint yet."
    )


def study_notes(study: Study) -> list[str]:
    """Say how long sprints are taken to be, how those of the tracker are known, which run."""
    lengths = [
        notice.text
        for name, length in study.lengths.items()
        if (notice := length_notice(name, length)) is not None
    ]
    notices = [notice for history in study.histories for notice in sprint_notices(history)]
    return lengths + [notice.text for notice in notices if notice.weight == "note"]
