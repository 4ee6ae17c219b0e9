"""Output of `dsm import csv`, for people and for programs."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.cli.import_summary import dry_run_lines, release_command, result_lines
from agent.cli.target import Target
from agent.importing.history.filling import PastSprint
from agent.importing.history.study import Study, study_notes, study_warnings
from agent.importing.loading import import_json
from agent.importing.loading.autonomy import Level
from agent.importing.reading.preview import render
from agent.importing.reading.recognition import Recognition
from agent.importing.terminal import printable

if TYPE_CHECKING:
    from agent.importing.loading.load import LoadResult

_SHOWN_SPRINTS = 6


def show_recognitions(recognitions: Sequence[Recognition], rejected: Sequence[Path]) -> None:
    """Print what was recognised in each file, and where the refused rows are."""
    console = Console()
    for recognition in recognitions:
        console.print(render(recognition))
    for path in rejected:
        print(f"The refused rows are in {printable(str(path))}")


def show_stops(reasons: Iterable[str]) -> None:
    """Print why an import would stop, before anything else."""
    console = Console(highlight=False)
    for reason in reasons:
        console.print(Text(f"An import would stop: {printable(reason)}", style="bold yellow"))


def show_study(study: Study, rejected: Sequence[Path]) -> None:
    """Print what the day leaves out first, then all that was recognised."""
    console = Console(highlight=False)
    if study.repeated:
        console.print(Text(f"{study.repeated} tasks are in several files: each counts once."))
    for warning in study_warnings(study):
        console.print(Text(f"Warning: {warning}", style="yellow"))
    for note in study_notes(study):
        console.print(Text(note))
    show_recognitions(study.recognitions, rejected)
    table = Table(title=f"As of {study.day}", title_justify="left")
    columns = ("project", "backlog", "past sprints", "sprint days", "completed in the last six")
    for name in columns:
        table.add_column(name, justify="left" if name == "project" else "right")
    for history in study.histories:
        recent = history.sprints[-_SHOWN_SPRINTS:]
        table.add_row(
            history.project_id,
            str(len(history.backlog)),
            str(len(history.sprints)),
            str(study.lengths[history.project_id].days),
            ", ".join(str(len(sprint.finished)) for sprint in recent),
        )
    console.print(table)
    for history in study.histories:
        if sprints := [sprint for sprint in history.sprints if sprint.name][-_SHOWN_SPRINTS:]:
            console.print(_sprint_table(history.project_id, sprints))


def _sprint_table(project_id: str, sprints: Sequence[PastSprint]) -> Table:
    table = Table(title=f"Last sprints of {project_id}", title_justify="left")
    for name in ("sprint", "days", "committed", "completed", "unfinished", "outside"):
        table.add_column(name, justify="left" if name in ("sprint", "days") else "right")
    for sprint in sprints:
        table.add_row(
            Text(printable(sprint.name or "")),
            f"{sprint.start_date} to {sprint.ended_on or sprint.end_date}",
            "" if sprint.committed is None else str(sprint.committed),
            str(len(sprint.completed)),
            str(len(sprint.unfinished)),
            str(len(sprint.outside)),
        )
    return table


def to_json(
    study: Study, results: Sequence["LoadResult"], rejected: Sequence[Path], target: Target
) -> dict[str, Any]:
    """Convert the outcome of the command to JSON types."""
    paths = [str(path) for path in rejected]
    return import_json.to_json(study, results, paths, lambda name: release_command(name, target))


def show_results(
    study: Study, results: Sequence["LoadResult"], target: Target, level: Level, *, dry_run: bool
) -> None:
    """Print what became of each project, or would."""
    lines = dry_run_lines(study, target, level) if dry_run else result_lines(study, results, target)
    for line in lines:
        print(line)
