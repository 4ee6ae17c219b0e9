"""Output of `dsm import csv`, for people and for programs."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.importing import recognition_json
from agent.importing.history_windows import ProjectHistory
from agent.importing.load import LoadResult
from agent.importing.preview import render
from agent.importing.recognition import Recognition
from agent.importing.terminal import printable

_SHOWN_SPRINTS = 6


def show_recognition(recognition: Recognition, rejected: Path | None, warning: str | None) -> None:
    """Print what was recognised, and where the refused rows are."""
    console = Console()
    console.print(render(recognition))
    if warning:
        console.print(Text(f"Warning: {warning}", style="yellow"))
    if rejected:
        print(f"The refused rows are in {printable(str(rejected))}")


def show_histories(histories: Sequence[ProjectHistory], day: date, cadence_days: int) -> None:
    """Print what each project's history becomes: backlog, past sprints and later tasks."""
    table = Table(title=f"As of {day}, sprints of {cadence_days} days", title_justify="left")
    names = ("project", "backlog", "past sprints", "completed in the last six", "created later")
    for name in names:
        table.add_column(name, justify="left" if name == "project" else "right")
    for history in histories:
        recent = history.sprints[-_SHOWN_SPRINTS:]
        table.add_row(
            history.project_id,
            str(len(history.backlog)),
            str(len(history.sprints)),
            ", ".join(str(len(sprint.completed)) for sprint in recent),
            f"{len(history.holdout.created_later)} tasks",
        )
    Console().print(table)


def to_json(
    recognition: Recognition,
    histories: Sequence[ProjectHistory],
    results: Sequence[LoadResult],
    day: date,
    rejected: Path | None,
    warning: str | None,
) -> dict[str, object]:
    """Convert the outcome of the command to JSON types."""
    return {
        "recognised": recognition_json.to_json(recognition),
        "rejected_file": str(rejected) if rejected else None,
        "as_of": day.isoformat(),
        "warnings": [warning] if warning else [],
        "projects": {
            history.project_id: {
                "backlog": len(history.backlog),
                "past_sprints": len(history.sprints),
            }
            for history in histories
        },
        "imported": [asdict(result) | {"changed": result.changed} for result in results],
    }


def show_results(results: Sequence[LoadResult], dry_run: bool) -> None:
    """Print one sentence for each imported project."""
    if dry_run:
        print("Dry run: nothing was imported.")
    for result in results:
        print(_sentence(result))


def _sentence(result: LoadResult) -> str:
    if not result.changed:
        return f"{result.project_id}: nothing new, {result.existing} records are there already."
    parts = [
        f"{result.tasks} tasks",
        f"{result.sprints} past sprints",
        f"{result.episodes} episodes",
    ]
    if result.members:
        parts.append(f"{result.members} team members")
    return f"{result.project_id}: imported {', '.join(parts)}."
