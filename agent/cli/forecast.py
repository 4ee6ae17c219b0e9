"""`dsm forecast`: how many tasks several sprints complete, and when a number of them is done."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.orchestrate import MAX_WEEKS
from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from agent.intelligence.forecast_schema import ProjectForecast, SprintsAhead
    from memory.decision import Range

ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's id.")]
Sprints = Annotated[int, typer.Option(min=1, max=26, help="Sprints ahead.")]
Tasks = Annotated[
    int | None,
    typer.Option(min=1, max=10_000, help="Tasks to be done; default: all open tasks."),
]
Weeks = Annotated[
    int | None,
    typer.Option(min=1, max=MAX_WEEKS, help="Length of the next sprint; the import's, or 2."),
]


def forecast(
    project: ProjectArgument,
    sprints: Sprints = 3,
    tasks: Tasks = None,
    weeks: Weeks = None,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Say how many tasks PROJECT completes in several sprints, and when its tasks are done."""
    from agent.cli.failures import one_line
    from agent.cli.layout import page_console

    with one_line():
        answer = asyncio.run(
            request_forecast(target, project.upper(), sprints=sprints, tasks=tasks, weeks=weeks)
        )
    if as_json:
        print(json.dumps(answer.model_dump(mode="json"), indent=2))
    else:
        page_console().print(page(answer))


async def request_forecast(
    target: Target, project: str, *, sprints: int = 3, tasks: int | None, weeks: int | None
) -> "ProjectForecast":
    """Ask for a forecast; `weeks` of None is the cadence of the import, or 2."""
    from agent.cli.connect import connect
    from agent.cli.imported_rows import cadence, rows_of

    async with connect(target) as clients:
        if weeks is None:
            weeks = await cadence(rows_of(clients, target), project)
        client = clients.orchestrator
        return await client.forecast(project, sprints=sprints, tasks=tasks, weeks=weeks)


def page(answer: "ProjectForecast") -> "RenderableType":
    """Lay out a forecast: the date first, then the sprints, then what it rests on."""
    from rich.console import Group
    from rich.rule import Rule
    from rich.text import Text

    from agent.cli.layout import name_value_rows, plain_text, section

    done = answer.tasks_done
    first = done.sentence if done else f"No date: {answer.reasons['tasks_done']}"
    parts: list[RenderableType] = [
        Rule(f"{answer.project_id} on {answer.today}", style="bold"),
        Text(first, style="bold"),
        plain_text(answer.begins),
    ]
    if answer.in_sprints:
        title = f"Completed in sprints of {answer.sprint_days} days"
        parts += section(title, [sprint_table(answer.in_sprints), plain_text(_columns(answer))])
    rows = [("rests on", answer.rests_on)] if answer.rests_on else []
    rows.append(("tested", answer.back_test))
    rows += [("assumes", assumption) for assumption in answer.assumptions]
    rows += [("missing", missing) for missing in answer.degraded]
    return Group(*parts, *section("Behind it", [name_value_rows(rows)]))


def _columns(answer: "ProjectForecast") -> str:
    """Explain the columns of the table."""
    text = "expected: on average; usual: in 70% of cases; promise: reached in 85%"
    if not answer.in_sprints or answer.in_sprints[0].planned is None:
        return text
    return f"{text}; planned: tasks that are there when their sprint begins; all: arriving ones too"


def sprint_table(sprints: "list[SprintsAhead]") -> "Table":
    """Build the table of one sprint, of two and so on; arrived work apart where it is known."""
    from rich.table import Table

    apart = all(row.planned is not None for row in sprints)
    table = Table(box=None, padding=(0, 1, 0, 0))
    for name in ("sprints", "until"):
        table.add_column(name, no_wrap=True)
    for kind in ("all:\n", "planned:\n") if apart else ("",):
        for name in (f"{kind}expected", "usual", "promise"):
            table.add_column(name, justify="right", vertical="bottom", no_wrap=True)
    for row in sprints:
        planned = _range(row.planned) if row.planned and apart else ()
        table.add_row(str(row.sprints), str(row.last_day), *_range(row.all_work), *planned)
    return table


def _range(tasks: "Range") -> tuple[str, str, str]:
    return f"{tasks.expected:.1f}", f"{tasks.low} to {tasks.high}", str(tasks.promise)
