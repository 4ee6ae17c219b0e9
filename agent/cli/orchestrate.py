"""`dsm orchestrate`: decide for a project, act, and print the decision with its reasons."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import DEFAULT_DATA_DIR, AsJson, DataDir

if TYPE_CHECKING:
    from agent.cli.comparison import Comparison
    from agent.schema import OrchestrationRequest
    from graphs.answer import Orchestration

DEFAULT_WEEKS = 2
# As many as the sprint service takes. Not imported from its schema, which would load pydantic.
MAX_WEEKS = 8

ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's id.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Decide and explain, change nothing.")]
Weeks = Annotated[
    int | None,
    typer.Option(min=1, max=MAX_WEEKS, help="Length of a new sprint; the import's cadence, or 2."),
]
MaxTasks = Annotated[
    int | None, typer.Option(min=1, max=500, help="A limit that no adjustment passes.")
]
Schedule = Annotated[str, typer.Option(help="When the daily scrum runs, as cron.")]


def orchestrate(
    project: ProjectArgument,
    dry_run: DryRun = False,
    weeks: Weeks = None,
    max_tasks: MaxTasks = None,
    schedule: Schedule = "0 14 * * 1-5",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Analyse PROJECT, decide, adjust by evidence, act, and print all of it."""
    from agent.cli.failures import one_line
    from agent.importing.holdout import cadence_weeks
    from agent.schema import Options, OrchestrationRequest

    # Ids have no small letters: a person may type them so nevertheless.
    project = project.upper()
    if weeks is None:
        weeks = min(cadence_weeks(data_dir, project) or DEFAULT_WEEKS, MAX_WEEKS)
    request = OrchestrationRequest(
        dry_run=dry_run,
        options=Options(
            sprint_duration_weeks=weeks, max_tasks_per_sprint=max_tasks, schedule=schedule
        ),
    )
    with one_line():
        answer, comparison = asyncio.run(request_decision(data_dir, project, request))
    if as_json:
        actual = asdict(comparison) if comparison else None
        print(json.dumps(answer.model_dump(mode="json") | {"actual": actual}, indent=2))
    else:
        show(answer, comparison)


async def request_decision(
    data_dir: Path, project: str, request: "OrchestrationRequest"
) -> "tuple[Orchestration, Comparison | None]":
    """Ask the orchestrator to decide, and compare its answer with the actual outcome, if saved."""
    from agent.cli.comparison import compare
    from agent.cli.connect import connect

    async with connect(data_dir) as clients:
        answer = await clients.orchestrator.orchestrate(project, request)
        return answer, await compare(data_dir, clients, answer)


def show(answer: "Orchestration", comparison: "Comparison | None") -> None:
    """Print a decision for people."""
    from rich.console import Console

    from agent.cli.report import render

    Console(highlight=False).print(render(answer, comparison))
