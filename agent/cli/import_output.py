"""Output of `dsm import csv`, for people and for programs."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.cli.import_summary import dry_run_lines, release_command, result_lines
from agent.cli.target import Target
from agent.importing.history.study import Study, study_warnings
from agent.importing.loading.autonomy import Level
from agent.importing.loading.load import LoadResult
from agent.importing.reading import recognition_json
from agent.importing.reading.preview import render
from agent.importing.reading.recognition import Recognition
from agent.importing.terminal import printable

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
    show_recognitions(study.recognitions, rejected)
    title = f"As of {study.day}, sprints of {study.cadence_days} days"
    table = Table(title=title, title_justify="left")
    for name in ("project", "backlog", "past sprints", "completed in the last six"):
        table.add_column(name, justify="left" if name == "project" else "right")
    for history in study.histories:
        recent = history.sprints[-_SHOWN_SPRINTS:]
        table.add_row(
            history.project_id,
            str(len(history.backlog)),
            str(len(history.sprints)),
            ", ".join(str(len(sprint.completed)) for sprint in recent),
        )
    console.print(table)


def to_json(
    study: Study, results: Sequence[LoadResult], rejected: Sequence[Path], target: Target
) -> dict[str, Any]:
    """Convert the outcome of the command to JSON types."""
    files = [recognition_json.to_json(recognition) for recognition in study.recognitions]
    changes = study.changes()
    # People may have released a project that an older export updates.
    live = {result.project_id for result in results if result.clock == "live"}
    return {
        # The first file keeps the key that it had when there was only one.
        "recognised": files[0],
        "files": files,
        "repeated_tasks": study.repeated,
        "rejected_file": str(rejected[0]) if rejected else None,
        "rejected_files": [str(path) for path in rejected],
        "as_of": study.day.isoformat(),
        "clock": study.clock,
        "warnings": study_warnings(study),
        "projects": {
            history.project_id: {
                "backlog": len(history.backlog),
                "past_sprints": len(history.sprints),
                "created_later": len(history.created_later),
                "release_command": None
                if study.clock == "live" or history.project_id in live
                else release_command(history.project_id, target),
                "changes": asdict(changes[history.project_id])
                if history.project_id in changes
                else None,
            }
            for history in study.histories
        },
        "imported": [_result_json(result) for result in results],
    }


def _result_json(result: LoadResult) -> dict[str, Any]:
    closed = result.closed_sprint
    return asdict(result) | {
        "changed": result.changed,
        "today": result.today.isoformat(),
        "closed_sprint": closed.model_dump(mode="json") if closed else None,
    }


def show_results(
    study: Study, results: Sequence[LoadResult], target: Target, level: Level, *, dry_run: bool
) -> None:
    """Print what became of each project, or would."""
    lines = dry_run_lines(study, target, level) if dry_run else result_lines(study, results, target)
    for line in lines:
        print(line)
