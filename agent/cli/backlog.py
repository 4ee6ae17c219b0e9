"""`dsm backlog show | rank`: the order in which free tasks are planned."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from agent.cli.project import ProjectArgument
from agent.cli.stack import AsJson
from agent.cli.target import Target
from agent.cli.words import count

if TYPE_CHECKING:
    from rich.table import Table

    from agent.cli.connect import Clients
    from domain_services.backlog.planning_schema import BacklogOrder, Candidate

Answer = TypeVar("Answer")
Tasks = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TASK]...", help="Ids or keys of tasks, the first to be planned first."
    ),
]
OrderFile = Annotated[
    Path | None,
    typer.Option("--file", exists=True, dir_okay=False, help="File with one task a line."),
]
Clear = Annotated[bool, typer.Option("--clear", help="Take the rank of every task.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="Most tasks that are shown.")]


@dataclass(frozen=True)
class Planning:
    """Free tasks of a project in planning order."""

    project_id: str
    """Id of the project."""
    day: date
    """Day of the project, up to which ages are counted."""
    free_tasks: int
    """Number of all free tasks."""
    tasks: "list[Candidate]"
    """The first of them."""


def show(
    project: ProjectArgument, limit: Limit = 50, *, target: Target, as_json: AsJson = False
) -> None:
    """Show the free tasks of PROJECT in the order in which they are planned."""

    async def read(clients: "Clients") -> Planning:
        from agent.cli.imported_rows import reachable_cadence
        from graphs.evidence.chances import chances_now
        from graphs.thresholds import LOOK_BACK_WINDOWS

        project_id = project.upper()
        day = (await clients.project.get_project(project_id)).today
        days = 7 * await reachable_cadence(clients, target, project_id)
        ages = await clients.backlog.count_ages(
            project_id, day, days=days, windows=LOOK_BACK_WINDOWS
        )
        # A decision orders by the same classes of age.
        borders = chances_now(ages).merged_borders
        tasks = await clients.backlog.list_candidates(
            project_id, day, limit=limit, class_borders=borders
        )
        summary = await clients.backlog.get_summary(project_id)
        return Planning(project_id, day, summary.unassigned_tasks, tasks)

    planning = _ask(target, read)
    if as_json:
        tasks = [task.model_dump(mode="json") for task in planning.tasks]
        facts = {"day": planning.day.isoformat(), "free_tasks": planning.free_tasks}
        print(json.dumps({"project_id": planning.project_id, **facts, "tasks": tasks}, indent=2))
        return
    from agent.cli.layout import page_console

    print(headline(planning))
    if planning.tasks:
        page_console().print(table(planning.tasks))


def rank(
    project: ProjectArgument,
    tasks: Tasks = None,
    file: OrderFile = None,
    clear: Clear = False,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Rank tasks of PROJECT before all others; the order before is replaced as a whole."""
    from agent.cli.failures import one_line

    with one_line():
        names = choose_names(tasks or [], file, clear=clear)

    async def send(clients: "Clients") -> "BacklogOrder":
        from domain_services.backlog.planning_schema import OrderUpdate

        return await clients.backlog.put_order(
            project.upper(), OrderUpdate.model_construct(task_ids=names)
        )

    order = _ask(target, send)
    if as_json:
        print(order.model_dump_json(indent=2))
        return
    next_command = f"dsm backlog show {order.project_id}{target.options}"
    if order.task_ids:
        ranked = count(len(order.task_ids), "task")
        print(f"{order.project_id}: {ranked} ranked, {order.task_ids[0]} first.")
    else:
        print(f"{order.project_id}: no task is ranked any more.")
    print(f"Next: {next_command}")


def choose_names(tasks: Sequence[str], file: Path | None, *, clear: bool) -> list[str]:
    """Return the tasks of the one source that is given. Raises: `Invalid`."""
    from domain_services.kernel.errors import Invalid

    if sum((bool(tasks), file is not None, clear)) != 1:
        raise Invalid("name tasks, or --file FILE, or --clear: one of the three")
    if file is None:
        return list(tasks)
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise Invalid(f"{file} is no UTF-8 text: save it as UTF-8") from error
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise Invalid(f"{file} names no task; to take every rank, give --clear")
    return names


def headline(planning: Planning) -> str:
    """Say how many free tasks there are, and how many of them are shown."""
    if not planning.tasks:
        return f"{planning.project_id} has no free task."
    shown = len(planning.tasks)
    part = f"; the first {shown}" if shown < planning.free_tasks else ""
    free = count(planning.free_tasks, "free task")
    return f"{planning.project_id} on {planning.day}: {free}, first to be planned first{part}"


def table(tasks: "Sequence[Candidate]") -> "Table":
    """Lay out tasks, one a row."""
    from rich.table import Table

    from agent.cli.layout import plain_text

    grid = Table(box=None, pad_edge=False)
    for name in ("rank", "task", "title", "priority", "points", "age", "owner", ""):
        right = name in ("rank", "priority", "points", "age")
        # Ids stay whole, so that they can be copied.
        grid.add_column(name, justify="right" if right else "left", no_wrap=name in ("task", "age"))
    for task in tasks:
        cells = (
            "" if task.rank is None else str(task.rank),
            task.task_id,
            task.title,
            str(task.priority),
            "" if task.estimate is None else f"{task.estimate:g}",
            count(task.age_days, "day"),
            task.assigned_to or "",
            notes(task),
        )
        grid.add_row(*map(plain_text, cells))
    return grid


def notes(task: "Candidate") -> str:
    """Say what else moves a task forward or back."""
    sprint = [f"in {task.source_sprint}"] if task.source_sprint else []
    begun = ["in progress"] if task.begun else []
    if task.carried_over and not (sprint or begun):
        begun = ["carried over"]
    waits = [f"waits for {', '.join(task.waits_for)}"] if task.waits_for else []
    return "; ".join([*sprint, *begun, *waits])


def _ask(target: Target, call: "Callable[[Clients], Awaitable[Answer]]") -> Answer:
    from agent.cli.failures import one_line

    async def run() -> Answer:
        from agent.cli.connect import connect

        async with connect(target) as clients:
            return await call(clients)

    with one_line():
        return asyncio.run(run())
