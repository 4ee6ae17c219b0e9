"""`dsm orchestrate`: decide for a project, act, and print the decision with its reasons."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.cli.comparison import Comparison
    from agent.cli.running_sprint import RunningSprint
    from agent.schema import OrchestrationRequest
    from graphs.answer import Orchestration

DEFAULT_WEEKS = 2
# As many as the sprint service takes. Not imported from its schema, which would load pydantic.
MAX_WEEKS = 8

ProjectArgument = Annotated[str | None, typer.Argument(metavar="PROJECT", help="The project's id.")]
EveryProject = Annotated[
    bool, typer.Option("--all", help="Decide on all active projects that follow the clock.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Decide and explain, change nothing.")]
NoRecord = Annotated[
    bool, typer.Option("--no-record", help="With --dry-run: leave nothing behind, also no audit.")
]
Weeks = Annotated[
    int | None,
    typer.Option(min=1, max=MAX_WEEKS, help="Length of a new sprint; the import's cadence, or 2."),
]
MaxTasks = Annotated[
    int | None, typer.Option(min=1, max=500, help="A limit that no adjustment passes.")
]
PickedTasks = Annotated[
    list[str] | None,
    typer.Option(
        "--task", metavar="TASK", help="Plan and review this task only, by id or key; repeatable."
    ),
]
TasksFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The same for a file, one task a line; - is standard input."),
]
Schedule = Annotated[
    str | None,
    typer.Option(help="When the daily scrum runs, as cron; also changes that of a running sprint."),
]
Why = Annotated[
    bool, typer.Option("--why", help="Print the reasons in detail, the calls and their time.")
]
ShowEvidence = Annotated[
    bool, typer.Option("--evidence", help="Print the similar episodes that were recalled.")
]


class Decided(NamedTuple):
    """A decision with what is printed beside it."""

    answer: "Orchestration"
    """The orchestrator's answer."""
    comparison: "Comparison | None"
    """The actual outcome; None when no import saved one for the day."""
    running: "RunningSprint | None"
    """The sprint in progress that the decision leaves as it is; None without one."""


def orchestrate(
    project: ProjectArgument = None,
    every_project: EveryProject = False,
    dry_run: DryRun = False,
    no_record: NoRecord = False,
    why: Why = False,
    evidence: ShowEvidence = False,
    weeks: Weeks = None,
    max_tasks: MaxTasks = None,
    task: PickedTasks = None,
    tasks_file: TasksFile = None,
    schedule: Schedule = None,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Decide the next step of PROJECT, carry it out, and say why and what comes next."""
    from agent.cli.failures import one_line
    from agent.cli.scope import read_names
    from agent.schema import Options, OrchestrationRequest

    if every_project:
        others = (dry_run, no_record, why, evidence, weeks, max_tasks, task, tasks_file, schedule)
        _orchestrate_all(target, alone=not (project or as_json or any(others)))
        return
    if project is None:
        raise typer.BadParameter("name a project, or give --all", param_hint="PROJECT")
    if no_record and not dry_run:
        raise typer.BadParameter("give it together with --dry-run", param_hint="--no-record")
    # Ids have no small letters: a person may type them so nevertheless.
    project = project.upper()
    # Without a length, that of the import is asked for where the services are.
    length: dict[str, Any] = {} if weeks is None else {"sprint_duration_weeks": weeks}
    request = OrchestrationRequest(
        dry_run=dry_run,
        record=not no_record,
        options=Options(max_tasks_per_sprint=max_tasks, schedule=schedule, **length),
    )
    with one_line():
        names = read_names(task or (), tasks_file)
        decided = asyncio.run(request_decision(target, project, request, names, quiet=as_json))
    if as_json:
        print(json.dumps(to_json(decided), indent=2))
    else:
        show(decided, why=why, evidence=evidence, options=target.options)


def _orchestrate_all(target: Target, *, alone: bool) -> None:
    """Decide on all active projects. Raises: `typer.BadParameter` beside other options."""
    from agent.cli.jobs import plan_all

    if not alone:
        raise typer.BadParameter("takes no project and no other option", param_hint="--all")
    plan_all(target)


async def request_decision(
    target: Target,
    project: str,
    request: "OrchestrationRequest",
    names: Sequence[str] = (),
    *,
    quiet: bool = False,
) -> Decided:
    """Ask the orchestrator to decide, and read what is printed beside its answer.

    A request without a length gets that of the project's import.
    A terminal shows the progress unless `quiet`. `names` are the picked tasks, by id or key; empty:
    the tasks are chosen from all that are free.
    """
    from agent.cli.comparison import compare
    from agent.cli.connect import connect
    from agent.cli.imported_rows import cadence, rows_of
    from agent.cli.progress import decide_with_progress
    from agent.cli.running_sprint import running_sprint
    from agent.cli.scope import find_tasks

    async with connect(target) as clients:
        rows, changes = rows_of(clients, target), dict[str, object]()
        if "sprint_duration_weeks" not in request.options.model_fields_set:
            changes["sprint_duration_weeks"] = await cadence(rows, project)
        ids = await find_tasks(clients.backlog, project, names) if names else []
        if ids:
            changes["task_ids"] = ids
        if changes:
            options = request.options.model_copy(update=changes)
            request = request.model_copy(update={"options": options})
        if quiet:
            answer = await clients.orchestrator.orchestrate(project, request)
        else:
            answer = await decide_with_progress(clients.orchestrator, project, request)
        return Decided(
            answer,
            await compare(rows, clients, answer, ids),
            await running_sprint(clients, answer),
        )


def to_json(decided: Decided) -> dict[str, object]:
    """Convert a decision and what is beside it to JSON types."""
    comparison, running = decided.comparison, decided.running
    return {
        **decided.answer.model_dump(mode="json"),
        "actual": asdict(comparison) if comparison else None,
        "running_sprint": running.to_json() if running else None,
    }


def show(decided: Decided, *, why: bool = False, evidence: bool = False, options: str = "") -> None:
    """Print a decision for people; `options` name the stack to the commands that it prints."""
    from agent.cli.layout import page_console
    from agent.cli.report import render

    page = render(
        decided.answer,
        decided.comparison,
        decided.running,
        why=why,
        evidence=evidence,
        options=options,
    )
    page_console().print(page)
