"""Outcome of an import, printed for people."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.cli.import_summary import dry_run_lines, result_lines
from agent.cli.target import Target
from agent.importing.loading.autonomy import Level
from agent.importing.outcome.file_outcome import FileOutcome
from agent.importing.outcome.outcome import ImportOutcome
from agent.importing.outcome.preview import render
from agent.importing.outcome.project_outcome import SprintOutcome
from agent.importing.reading.readiness import question_sentence
from agent.importing.terminal import printable

_SHOWN_SPRINTS = 6


def show_preview(outcome: ImportOutcome) -> None:
    """Print why an import would stop, what the day leaves out, and all that was recognised."""
    if outcome.used_options:
        print(printable(outcome.used_options))
    console = Console(highlight=False)
    for reason in _stops(outcome):
        console.print(Text(f"An import would stop: {printable(reason)}", style="bold yellow"))
    if outcome.repeated_tasks:
        number = outcome.repeated_tasks
        console.print(Text(f"{number} tasks are in several files: each counts once."))
    for warning in outcome.warnings:
        console.print(Text(f"Warning: {warning}", style="yellow"))
    for note in outcome.notes:
        console.print(Text(note))
    show_files(outcome.files, outcome.rejected_files)
    console.print(_project_table(outcome))
    for name, project in outcome.projects.items():
        if sprints := [sprint for sprint in project.sprints if sprint.name][-_SHOWN_SPRINTS:]:
            console.print(_sprint_table(name, sprints))


def show_files(files: Sequence[FileOutcome], rejected: Sequence[str]) -> None:
    """Print what was recognised in each file, and where the refused rows are."""
    console = Console()
    for file in files:
        console.print(render(file))
    for path in rejected:
        print(f"The refused rows are in {printable(path)}")


def show_results(outcome: ImportOutcome, target: Target, level: Level) -> None:
    """Print what became of each project, or would; `level` is the autonomy of a new one."""
    lines = (
        dry_run_lines(outcome, target, level) if outcome.dry_run else result_lines(outcome, target)
    )
    for line in lines:
        print(line)


def _stops(outcome: ImportOutcome) -> list[str]:
    """Return the reasons that no file shows as a question."""
    questions = {question_sentence(one) for file in outcome.files for one in file.questions}
    return [reason for reason in outcome.stops if reason not in questions]


def _project_table(outcome: ImportOutcome) -> Table:
    table = Table(title=f"As of {outcome.as_of}", title_justify="left")
    columns = ("project", "backlog", "past sprints", "sprint days", "completed in the last six")
    for name in columns:
        table.add_column(name, justify="left" if name == "project" else "right")
    for name, project in outcome.projects.items():
        recent = project.sprints[-_SHOWN_SPRINTS:]
        table.add_row(
            name,
            str(project.backlog),
            str(project.past_sprints),
            str(outcome.sprint_days[name]),
            ", ".join(str(len(sprint.completed) + len(sprint.outside)) for sprint in recent),
        )
    return table


def _sprint_table(project_id: str, sprints: Sequence[SprintOutcome]) -> Table:
    table = Table(title=f"Last sprints of {project_id}", title_justify="left")
    for name in ("sprint", "days", "committed", "completed", "unfinished", "outside"):
        table.add_column(name, justify="left" if name in ("sprint", "days") else "right")
    for sprint in sprints:
        table.add_row(
            Text(printable(sprint.name or "")),
            f"{sprint.start_date} to {sprint.ended_on}",
            "" if sprint.committed is None else str(sprint.committed),
            str(len(sprint.completed)),
            str(len(sprint.unfinished)),
            str(len(sprint.outside)),
        )
    return table
