"""`dsm sprint show`: a sprint with its tasks, its points and what was finished beside them."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from rich.table import Table

    from domain_services.sprint.schema import Sprint

SprintArgument = Annotated[str, typer.Argument(metavar="SPRINT", help="Id, such as P1-S01.")]


def show(sprint: SprintArgument, *, target: Target, as_json: AsJson = False) -> None:
    """Show the days, tasks and points of SPRINT; of a closed one, what was finished outside it."""
    from agent.cli.failures import one_line

    with one_line():
        answer = asyncio.run(_read(target, sprint.upper()))
    if as_json:
        print(answer.model_dump_json(indent=2))
    else:
        print_sprint(answer)


async def _read(target: Target, sprint_id: str) -> "Sprint":
    from agent.cli.connect import connect

    async with connect(target) as clients:
        return await clients.sprint.get_sprint(sprint_id)


def print_sprint(sprint: "Sprint") -> None:
    """Print a sprint for people."""
    from rich.console import Console

    from agent.cli.layout import name_value_rows, plain_text

    console = Console(highlight=False)
    console.print(plain_text(f"{sprint.sprint_id}  {sprint.sprint_name}"))
    console.print(name_value_rows(list(rows(sprint))))
    console.print(_table(sprint))


def rows(sprint: "Sprint") -> Iterator[tuple[str, str]]:
    """Describe a sprint by names and values."""
    from agent.cli.words import count, points

    yield "status", sprint.status.replace("_", " ")
    if sprint.sprint_goal:
        yield "goal", sprint.sprint_goal
    early = sprint.ended_on is not None and sprint.ended_on < sprint.end_date
    ended = f", ended on {sprint.ended_on}" if early else ""
    yield "days", f"{sprint.start_date} to {sprint.end_date}{ended}"
    done = f"{sprint.completed_tasks} of {count(sprint.total_tasks, 'task')} done"
    yield "planned", done + points(sprint.completed_points, sprint.total_points)
    if sprint.completed_outside is not None:
        yield "beside it", beside(sprint.completed_outside, sprint.completed_arrived)
    yield "progress", sprint.progress_source


def beside(outside: int, arrived: int | None) -> str:
    """Describe the tasks that were finished in a sprint's days and not planned for it."""
    from agent.cli.words import count

    finished = f"{count(outside, 'task')} finished"
    if not outside or arrived is None:
        return finished
    return f"{finished}, {arrived} of them created after the sprint began"


def _table(sprint: "Sprint") -> "Table":
    from rich.table import Table

    from agent.cli.layout import plain_text

    estimated = sprint.total_points is not None
    names = ["task", "title", "status", "done", *(["points"] if estimated else []), "owner"]
    table = Table(*names, box=None, padding=(0, 2, 0, 0))
    for task in sprint.tasks:
        points = ["-" if task.estimate is None else f"{task.estimate:g}"] if estimated else []
        table.add_row(
            task.task_id,
            plain_text(task.title),
            task.status.replace("_", " "),
            f"{task.progress_percentage} %",
            *points,
            plain_text(task.assigned_to or "nobody yet"),
        )
    return table
