"""`dsm replay`: past decisions by other numbers or rules, and one decision by another plan."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.moments import read_moment
from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.client import OrchestratorClient
    from agent.replay.schema import RunInputs, RunInputsPage
    from agent.replay.summary import Summary
    from graphs.adjustable import Adjusted

PAGE = 50
MOST_DECISIONS = 5000

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
    from agent.replay.schema import RunInputsPage
    from graphs.adjustable import parse

    other_plan = (tasks, weeks, away) != (None, None, None)
    _check_run(run, project, other_plan=other_plan)
    first = _since(since)
    with one_line():
        adjusted = parse(numbers or [])
        if other_plan and (rules is not None or adjusted.thresholds):
            raise typer.BadParameter(
                "--tasks, --weeks and --away go with the limits of mode and request alone"
            )
        if run is None:
            pages = _pages(target, first, project and project.upper(), limit)
        else:
            stored = asyncio.run(_one(target, run))
            if other_plan:
                options = {"weeks": weeks, "away": away}
                update = {name: value for name, value in options.items() if value is not None}
                changes = adjusted.changes.model_copy(update=update)
                replay_output.show_what_if(stored, changes, tasks, as_json=as_json)
                return
            pages = iter([RunInputsPage(runs=[stored], next_before=None, first_at=None)])
        try:
            replay_output.show(_replay_all(pages, adjusted, rules), as_json=as_json)
        except KeyboardInterrupt:
            print("stopped; a replay changes nothing", file=sys.stderr)
            raise SystemExit(130) from None


def _check_run(run: str | None, project: str | None, *, other_plan: bool) -> None:
    """Refuse options that do not go with the run. Raises: `typer.BadParameter`."""
    if other_plan and run is None:
        raise typer.BadParameter("name a run: --tasks, --weeks and --away are of one sprint")
    if run is not None and project is not None:
        raise typer.BadParameter("a run has one project; leave --project out")


def _replay_all(
    pages: "Iterator[RunInputsPage]", adjusted: "Adjusted", rules: str | None
) -> "Summary":
    """Decide again from each of the inputs, and count them where a person watches."""
    from rich.console import Console

    from agent.replay.many import replay_all

    # Before the rules: without a stack there is nothing to load them for.
    pages = chain([next(pages)], pages)
    with Console(stderr=True).status("loading the rules") as status:
        return replay_all(
            pages, adjusted, rules, lambda number: status.update(f"decided again: {number}")
        )


def _pages(
    target: Target, since: datetime, project: str | None, limit: int
) -> "Iterator[RunInputsPage]":
    """Read the newest inputs page by page; the last page has `next_before` if there are more."""
    from agent.cli.connect import connect

    # A loop that runs between the pages would make Ctrl-C wait for the end of a decision.
    with asyncio.Runner() as runner:
        connection = AsyncExitStack()
        try:
            clients = runner.run(connection.enter_async_context(connect(target)))
            client, before, room = clients.orchestrator, None, limit
            while True:
                most = min(PAGE, room)
                page = runner.run(client.run_inputs(project, since, before, limit=most))
                before, room = page.next_before, room - len(page.runs)
                if before is not None and room == 0:
                    older = runner.run(client.run_inputs(project, since, before, limit=1))
                    page = page if older.runs else page.model_copy(update={"next_before": None})
                yield page
                if before is None or room == 0:
                    return
        finally:
            runner.run(connection.aclose())


def _since(text: str) -> datetime:
    """Return the time that an option names. Raises: `typer.BadParameter`."""
    now = datetime.now(UTC)
    moment = read_moment(text, "--since", now)
    if moment > now:
        raise typer.BadParameter(f"{text} is still to come", param_hint="--since")
    return moment


async def _one(target: Target, name: str) -> "RunInputs":
    from agent.cli.connect import connect
    from agent.cli.run_names import find_run

    async with connect(target) as clients:
        client: OrchestratorClient = clients.orchestrator
        return await client.inputs_of_run(await find_run(client, name))
