"""Making of an outcome from what an import knows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from agent.importing.history.filling import PastSprint
from agent.importing.history.study import Study, study_notes, study_warnings
from agent.importing.options import ImportOptions
from agent.importing.outcome.file_outcome import ColumnOutcome, FileOutcome
from agent.importing.outcome.outcome import ImportOutcome
from agent.importing.outcome.project_outcome import (
    ClosedSprint,
    ProjectOutcome,
    ProjectResult,
    SprintOutcome,
    Standing,
)
from agent.importing.reading.readiness import stops
from agent.importing.reading.recognition import Recognition
from agent.importing.tasks import Refusal

if TYPE_CHECKING:
    from agent.importing.loading.current_projects import CurrentProjects
    from agent.importing.loading.load import LoadResult

# An answer stays small: the file of refused rows has all of them, whole.
MOST_REFUSED = 1000
MOST_REFUSED_CHARACTERS = 1_000_000
MOST_CELL_CHARACTERS = 1000
_SAME_IN_COLUMNS = ("field", "header", "names", "times", "format", "sample")


def make_outcome(
    study: Study,
    options: ImportOptions,
    used_options: str = "",
    current: "CurrentProjects | None" = None,
) -> ImportOutcome:
    """Describe what an import would write.

    `used_options` is the sentence about saved ones. `current` is what the services have; None when
    none was asked.
    """
    files = tuple(map(file_outcome, study.recognitions))
    changes = study.changes()
    standings: Mapping[str, Standing] = current.standings if current else {}
    projects = {
        history.project_id: ProjectOutcome(
            backlog=len(history.backlog),
            past_sprints=len(history.sprints),
            created_later=len(history.created_later),
            sprints=tuple(map(_sprint, history.sprints)),
            running_sprints=tuple(sprint.name for sprint in history.timeline.running),
            release_command=_release_command(history.project_id, study, standings),
            changes=changes.get(history.project_id),
            standing=standings.get(history.project_id),
        )
        for history in study.histories
    }
    return ImportOutcome(
        recognised=files[0],
        files=files,
        repeated_tasks=study.repeated,
        rejected_file=None,
        rejected_files=(),
        as_of=study.day,
        clock=study.clock,
        sprint_days={name: study.lengths[name].days for name in projects},
        warnings=tuple(study_warnings(study)),
        notes=tuple(study_notes(study)),
        projects=projects,
        stops=(*stops(study.recognitions, options), *(current.refusals if current else ())),
        used_options=used_options or None,
        imported=(),
        dry_run=True,
    )


def with_rejected(outcome: ImportOutcome, paths: Sequence[str]) -> ImportOutcome:
    """Return the outcome with the paths of the files of refused rows."""
    return replace(outcome, rejected_files=tuple(paths), rejected_file=paths[0] if paths else None)


def with_names(outcome: ImportOutcome, names: Sequence[str]) -> ImportOutcome:
    """Return the outcome with the caller's own names of the files, in their order."""
    files = tuple(replace(file, file=name) for file, name in zip(outcome.files, names, strict=True))
    return replace(outcome, files=files, recognised=files[0])


def with_commands(outcome: ImportOutcome, command: Callable[[str], str]) -> ImportOutcome:
    """Return the outcome with the caller's own commands; `command` makes one for a project."""
    projects = {
        name: replace(project, release_command=project.release_command and command(name))
        for name, project in outcome.projects.items()
    }
    return replace(outcome, projects=projects)


def with_results(outcome: ImportOutcome, results: Sequence[ProjectResult]) -> ImportOutcome:
    """Return the outcome of an import that is done."""
    # People may have released a project that an older export updates.
    live = {result.project_id for result in results if result.clock == "live"}
    projects = {
        name: replace(project, release_command=None) if name in live else project
        for name, project in outcome.projects.items()
    }
    return replace(outcome, projects=projects, imported=tuple(results), dry_run=False)


def project_result(result: "LoadResult") -> ProjectResult:
    """Turn what the loading reports into the outcome of a project."""
    values = {field.name: getattr(result, field.name) for field in fields(result)}
    closed = result.closed_sprint
    values["closed_sprint"] = ClosedSprint(**closed.model_dump()) if closed else None
    return ProjectResult(**values, changed=result.changed)


def _release_command(
    project_id: str, study: Study, standings: Mapping[str, Standing]
) -> str | None:
    if study.clock == "live" or standings.get(project_id) == "live":
        return None
    return release_command(project_id)


def release_command(project_id: str, target_options: str = "") -> str:
    """Return the command that lets a project follow the clock."""
    return f"dsm clock {project_id} --live{target_options}"


def file_outcome(recognition: Recognition) -> FileOutcome:
    """Describe what was recognised in one file."""
    table = recognition.table
    return FileOutcome(
        file=recognition.name,
        delimiter=table.delimiter if table else None,
        kind=table.kind if table else None,
        header_line=table.header_line if table else None,
        skipped_lines=table.skipped if table else (),
        profile=recognition.profile,
        told_by=recognition.told_by,
        lacks=recognition.lacks,
        notices=recognition.notices,
        questions=recognition.questions,
        rows=recognition.rows,
        tasks=len(recognition.tasks),
        states=recognition.states,
        kinds=recognition.kinds,
        finish_columns=recognition.finish_columns,
        finish_dates_corrected=recognition.corrected,
        first_date=recognition.first,
        last_date=recognition.last,
        columns=tuple(_columns(recognition)),
        ignored_columns=tuple(_ignored_columns(recognition)),
        projects=recognition.projects,
        sprints=recognition.sprints,
        statuses=recognition.statuses,
        priorities=recognition.priorities,
        refused_rows=len(recognition.refused),
        refused=tuple(_first_refused(recognition.refused)),
        warnings=recognition.warnings,
    )


def _columns(recognition: Recognition) -> Iterator[ColumnOutcome]:
    for column in recognition.columns:
        values = {name: getattr(column, name) for name in _SAME_IN_COLUMNS}
        yield ColumnOutcome(**values, asked=column.explicit)


def _ignored_columns(recognition: Recognition) -> list[str]:
    headers = {name for column in recognition.columns for name in column.names}
    names = dict.fromkeys(recognition.table.header if recognition.table else ())
    return [name for name in names if name and name not in headers]


def _first_refused(refused: Sequence[Refusal]) -> Iterator[Refusal]:
    characters = 0
    for refusal in refused[:MOST_REFUSED]:
        cells = tuple(map(_shortened, refusal.cells))
        characters += len(refusal.reason) + sum(map(len, cells))
        if characters > MOST_REFUSED_CHARACTERS:
            return
        yield replace(refusal, cells=cells)


def _shortened(cell: str) -> str:
    if len(cell) <= MOST_CELL_CHARACTERS:
        return cell
    return cell[: MOST_CELL_CHARACTERS - 1] + "…"


def _sprint(sprint: PastSprint) -> SprintOutcome:
    return SprintOutcome(
        name=sprint.name,
        start_date=sprint.start_date,
        end_date=sprint.end_date,
        ended_on=sprint.ended_on or sprint.end_date,
        inferred=sprint.inferred,
        committed=sprint.committed,
        completed=tuple(task.id for task in sprint.completed),
        unfinished=tuple(task.id for task in sprint.unfinished),
        outside=tuple(task.id for task in sprint.outside),
    )
