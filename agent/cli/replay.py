"""`dsm replay`: past decisions by other numbers or rules, and one decision by another plan."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.client import OrchestratorClient
    from agent.replay.schema import RunInputs
    from agent.replay.summary import Summary
    from graphs.adjustable import Adjusted

PAGE = 50
MOST_DECISIONS = 5000
_AGE = re.compile(r"(\d{1,4})([dhw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}

RunArgument = Annotated[
    str | None,
    typer.Argument(metavar="[RUN]", help="One run, by its id, the start of it, or `last`."),
]
Since = Annotated[
    str, typer.Option("--since", help="Age of the oldest decision: 30d, 12h, 8w, or a day.")
]
Project = Annotated[str | None, typer.Option("--project", help="Only this project's decisions.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Another number; repeat it for several."),
]
Rules = Annotated[
    str | None, typer.Option("--rules", metavar="MODULE", help="Own rules: a module or a file.")
]
Tasks = Annotated[int | None, typer.Option(min=1, max=1000, help="Of RUN's sprint: its tasks.")]
Weeks = Annotated[int | None, typer.Option(min=1, max=8, help="Of RUN's sprint: its weeks.")]
Away = Annotated[
    int | None,
    typer.Option(min=0, max=1000, metavar="PERSONDAYS", help="Of RUN's sprint: days off more."),
]
Limit = Annotated[
    int, typer.Option("--limit", min=1, max=MOST_DECISIONS, help="Decisions at most, the newest.")
]


def replay(
    run: RunArgument = None,
    since: Since = "30d",
    project: Project = None,
    numbers: Set = None,
    rules: Rules = None,
    tasks: Tasks = None,
    weeks: Weeks = None,
    away: Away = None,
    limit: Limit = 1000,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Decide again from what past decisions were made from, and say what differs.

    Nothing is changed, and nothing is reached meanwhile. With --tasks, --weeks or --away it says
    what to expect of RUN's sprint by another plan.
    """
    from agent.cli import replay_output
    from agent.cli.failures import one_line
    from graphs.adjustable import parse

    other_plan = (tasks, weeks, away) != (None, None, None)
    if other_plan and run is None:
        raise typer.BadParameter("name a run: --tasks, --weeks and --away are of one sprint")
    with one_line():
        adjusted = parse(numbers or [])
        stored, first_at = asyncio.run(_read(target, run, _since(since), project, limit))
        if other_plan:
            if rules is not None or adjusted.thresholds:
                raise typer.BadParameter(
                    "--tasks, --weeks and --away go with the limits of mode and request alone"
                )
            changes = adjusted.changes.model_copy(update={"weeks": weeks, "away": away})
            replay_output.show_what_if(stored[0], changes, tasks, as_json=as_json)
            return
        summary = replay_all(stored, adjusted, rules, first_at)
        replay_output.show(summary, as_json=as_json)


def replay_all(
    stored: "list[RunInputs]", adjusted: "Adjusted", rules: str | None, first_at: datetime | None
) -> "Summary":
    """Decide again from each of the inputs. Raises: `Invalid` for faulty rules."""
    from agent.replay.replaying import replaying
    from agent.replay.summary import line_of, summarise

    with replaying(adjusted.thresholds, adjusted.changes, rules) as decide:
        return summarise((line_of(run, decide(run.inputs)) for run in stored), first_at)


async def _read(
    target: Target, run: str | None, since: datetime, project: str | None, limit: int
) -> "tuple[list[RunInputs], datetime | None]":
    from agent.cli.connect import connect

    async with connect(target) as clients:
        client = clients.orchestrator
        if run is not None:
            return [await _one(client, run)], None
        return await _many(client, since, project and project.upper(), limit)


async def _many(
    client: "OrchestratorClient", since: datetime, project: str | None, limit: int
) -> "tuple[list[RunInputs], datetime | None]":
    stored: list[RunInputs] = []
    before = None
    while True:
        most = min(PAGE, limit - len(stored))
        page = await client.run_inputs(project, since, before, limit=most)
        stored += page.runs
        before = page.next_before
        if before is None or len(stored) >= limit:
            return stored, page.first_at


def _since(text: str) -> datetime:
    """Return the time that an option names. Raises: `typer.BadParameter`."""
    now = datetime.now(UTC)
    if age := _AGE.fullmatch(text):
        return now - timedelta(**{_UNITS[age[2]]: int(age[1])})
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is neither an age (30d, 12h, 8w) nor a day (2026-03-02)",
            param_hint="--since",
        ) from error


async def _one(client: "OrchestratorClient", name: str) -> "RunInputs":
    from agent.cli.run_names import find_run

    return await client.inputs_of_run(await find_run(client, name))
