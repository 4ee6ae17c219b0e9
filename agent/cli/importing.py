"""`dsm import csv`: bring a team's history from a file, as of a day."""

import asyncio
import json
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.stack import DEFAULT_DATA_DIR, AsJson, DataDir

if TYPE_CHECKING:
    from rich.progress import Progress

    from agent.client import OrchestratorClient
    from agent.importing.history_windows import ProjectPast
    from agent.importing.load import Loaded
    from agent.importing.plan import Plan
    from agent.importing.recognition import Recognition

EMBEDDING_SECONDS = 5.0  # waited for embeddings at most; they are made without us too
POLL_SECONDS = 0.1

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The CSV file.")]
Mapping = Annotated[
    list[str] | None,
    typer.Option("--map", help="field=column pairs, e.g. id=Key,created=Created."),
]
Prefix = Annotated[str, typer.Option(help="Put before each value of the project column.")]
Project = Annotated[str | None, typer.Option(help="Project id, for a file without a column.")]
AsOf = Annotated[
    str | None, typer.Option(help="YYYY-MM-DD; default: the day after the last finish.")
]
Cadence = Annotated[str, typer.Option(help="Length of a sprint, e.g. 2w or 10d.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what is recognised, import nothing.")]
Rejects = Annotated[
    Path | None, typer.Option(help="Where refused rows go; default: FILE.rejected.csv.")
]
DateFormatName = Annotated[
    str | None, typer.Option("--date-format", help="Settles ambiguous dates, e.g. m/d/Y.")
]


def import_csv(
    file: File,
    mapping: Mapping = None,
    prefix: Prefix = "",
    project: Project = None,
    as_of: AsOf = None,
    cadence: Cadence = "2w",
    dry_run: DryRun = False,
    rejects: Rejects = None,
    date_format: DateFormatName = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Import tasks from CSV: what was open on a day is the backlog, what was finished the past."""
    from agent.cli.failures import one_line
    from agent.importing.cutoff import as_of_doubt, choose_as_of, parse_as_of, parse_cadence
    from agent.importing.dates import latest_today
    from agent.importing.history_windows import cut
    from agent.importing.mapping import parse_mapping
    from agent.importing.plan import prepare
    from agent.importing.recognition import recognise
    from agent.importing.table import read_table

    with one_line():
        days = parse_cadence(cadence)
        asked = parse_as_of(as_of) if as_of else None
        recognition = recognise(
            read_table(file),
            parse_mapping(mapping or []),
            prefix=prefix,
            project=project,
            format_name=date_format,
        )
        rejected = _write_rejects(recognition, rejects or file.with_suffix(".rejected.csv"))
        doubt = as_of_doubt(asked, latest_today())
        if not as_json:
            _show_recognition(recognition, rejected, doubt)
        day = choose_as_of(recognition, asked)
        pasts = list(cut(recognition.tasks, day, days).values())
        if not as_json:
            _show_pasts(pasts, day, days)
        plans = [prepare(past, day) for past in pasts]
        loaded = [] if dry_run else asyncio.run(_load(data_dir, plans, day, days, as_json))
        if as_json:
            answer = _answer(recognition, pasts, loaded, day, rejected, doubt)
            print(json.dumps(answer | {"dry_run": dry_run}, indent=2))
        else:
            _show_result(loaded, dry_run)


def _write_rejects(recognition: "Recognition", path: Path) -> Path | None:
    """The file with the refused rows; None when there are none."""
    from agent.importing.refusals import write_refusals

    return write_refusals(path, recognition) if recognition.refused else None


async def _load(
    data_dir: Path, plans: "list[Plan]", day: date, days: int, quiet: bool
) -> "list[Loaded]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from agent.cli.connect import connect
    from agent.importing import holdout
    from agent.importing.load import amount, check, load

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    loaded: list[Loaded] = []
    async with connect(data_dir) as clients:
        for plan in plans:
            await check(clients, plan)
        console = Console(stderr=True)
        with Progress(*columns, TimeElapsedColumn(), console=console, disable=quiet) as progress:
            for plan in plans:
                bar = progress.add_task(f"importing {plan.project.id}", total=amount(plan))
                loaded.append(
                    await load(clients, plan, lambda n, bar=bar: progress.advance(bar, n))
                )
                holdout.keep(data_dir, plan.past, day, days)
            left = await _wait_for_embeddings(clients.orchestrator, progress)
    if left and not quiet:
        print(f"{left} episodes are not embedded yet; until then recall finds them by numbers.")
    return loaded


async def _wait_for_embeddings(orchestrator: "OrchestratorClient", progress: "Progress") -> int:
    """Give the backfill a few seconds; how many episodes it has left to embed."""
    left = (await orchestrator.embedding_backlog()).to_embed
    deadline, bar = time.monotonic() + EMBEDDING_SECONDS, None
    while left and time.monotonic() < deadline:
        if bar is None:
            bar = progress.add_task("embedding episodes", total=left)
        await asyncio.sleep(POLL_SECONDS)
        before, left = left, (await orchestrator.embedding_backlog()).to_embed
        progress.advance(bar, before - left)
    return left


def _show_recognition(recognition: "Recognition", rejected: Path | None, doubt: str | None) -> None:
    from rich.console import Console
    from rich.text import Text

    from agent.importing.preview import plain, render

    console = Console()
    console.print(render(recognition))
    if doubt:
        console.print(Text(f"Warning: {doubt}", style="yellow"))
    if rejected:
        print(f"The refused rows are in {plain(str(rejected))}")


def _show_pasts(pasts: "list[ProjectPast]", day: date, days: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"As of {day}, sprints of {days} days", title_justify="left")
    for name in ("project", "backlog", "past sprints", "completed in the last six", "kept back"):
        table.add_column(name, justify="left" if name == "project" else "right")
    for past in pasts:
        last = ", ".join(str(len(sprint.completed)) for sprint in past.sprints[-6:])
        later = len(past.held_back.created_later)
        table.add_row(
            past.project_id, str(len(past.backlog)), str(len(past.sprints)), last, f"{later} tasks"
        )
    Console().print(table)


def _answer(
    recognition: "Recognition",
    pasts: "list[ProjectPast]",
    loaded: "list[Loaded]",
    day: date,
    rejected: Path | None,
    doubt: str | None,
) -> dict[str, Any]:
    from agent.importing.preview import to_json

    return {
        "recognised": to_json(recognition),
        "rejected_file": str(rejected) if rejected else None,
        "as_of": day.isoformat(),
        "warnings": [doubt] if doubt else [],
        "projects": {
            past.project_id: {"backlog": len(past.backlog), "past_sprints": len(past.sprints)}
            for past in pasts
        },
        "imported": [asdict(each) | {"changed": each.changed} for each in loaded],
    }


def _show_result(loaded: "list[Loaded]", dry_run: bool) -> None:
    if dry_run:
        print("Dry run: nothing was imported.")
    for each in loaded:
        print(_sentence(each))


def _sentence(loaded: "Loaded") -> str:
    if not loaded.changed:
        return f"{loaded.project_id}: nothing new, {loaded.existing} records are there already."
    parts = [
        f"{loaded.tasks} tasks",
        f"{loaded.sprints} past sprints",
        f"{loaded.episodes} episodes",
    ]
    if loaded.members:
        parts.append(f"{loaded.members} team members")
    return f"{loaded.project_id}: imported {', '.join(parts)}."
