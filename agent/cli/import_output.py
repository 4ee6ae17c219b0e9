"""Output of `dsm import csv`, for people and for programs."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.cli.stack import DEFAULT_DATA_DIR
from agent.importing import recognition_json
from agent.importing.load import LoadResult
from agent.importing.preview import render
from agent.importing.reading import Study, study_warnings
from agent.importing.recognition import Recognition
from agent.importing.terminal import printable

_SHOWN_SPRINTS = 6


def show_recognitions(recognitions: Sequence[Recognition], rejected: Sequence[Path]) -> None:
    """Print what was recognised in each file, and where the refused rows are."""
    console = Console()
    for recognition in recognitions:
        console.print(render(recognition))
    for path in rejected:
        print(f"The refused rows are in {printable(str(path))}")


def show_study(study: Study, rejected: Sequence[Path], data_dir: Path) -> None:
    """Print the clock and what the day leaves out first, then all that was recognised."""
    console = Console(highlight=False)
    console.print(Text(clock_sentence(study, data_dir)))
    for project_id, changes in study.changes().items():
        sentence = changes.sentence() or "nothing has changed"
        console.print(Text(f"{project_id} was imported before; tasks: {sentence}."))
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


def clock_sentence(study: Study, data_dir: Path) -> str:
    """Say whether the projects follow the clock, and how to release them when they do not."""
    if study.clock == "live":
        return (
            f"{study.day} lies within the last four weeks: new projects follow the clock "
            "and have the calendar's day."
        )
    commands = ", ".join(f"`{command}`" for command in release_commands(study, data_dir).values())
    return f"Held at {study.day} as a study; to let a project follow the clock: {commands}"


def release_commands(study: Study, data_dir: Path) -> dict[str, str]:
    """Return the command that lets each project follow the clock."""
    folder = "" if data_dir == DEFAULT_DATA_DIR else f" --data-dir {data_dir}"
    return {
        history.project_id: f"dsm clock {history.project_id} --live{folder}"
        for history in study.histories
    }


def to_json(
    study: Study, results: Sequence[LoadResult], rejected: Sequence[Path], data_dir: Path
) -> dict[str, object]:
    """Convert the outcome of the command to JSON types."""
    files = [recognition_json.to_json(recognition) for recognition in study.recognitions]
    commands = release_commands(study, data_dir) if study.clock == "held" else {}
    changes = study.changes()
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
                "release_command": commands.get(history.project_id),
                "changes": asdict(changes[history.project_id])
                if history.project_id in changes
                else None,
            }
            for history in study.histories
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
    changes = (
        (result.members, "team members"),
        (result.completed, "tasks completed"),
        (result.reopened, "tasks reopened"),
        (result.updated, "tasks changed"),
        (result.replaced, "records of past sprints replaced"),
    )
    parts += [f"{count} {words}" for count, words in changes if count]
    return f"{result.project_id}: imported {', '.join(parts)}."
