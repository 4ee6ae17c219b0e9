"""`dsm clock`: show the day of a project, move it on, or let it follow the clock."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.clock.schema import ClockMoved, ClockMoveRequest
    from domain_services.project.schema import ProjectClock

ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's id.")]
To = Annotated[
    str | None,
    typer.Option(metavar="DAY", help="A later day (YYYY-MM-DD), or next-sprint."),
]
Live = Annotated[bool, typer.Option("--live", help="Let the project follow the clock.")]


def clock(
    project: ProjectArgument,
    to: To = None,
    live: Live = False,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Show the day of PROJECT, move it on day by day, or let it follow the clock."""
    from agent.cli.failures import one_line

    with one_line():
        answer = asyncio.run(request_clock(target, project.upper(), to, live))
    if as_json:
        print(json.dumps(answer.model_dump(mode="json"), indent=2))
        return
    print(answer.message)
    if to is None and not live and answer.clock == "held":
        print(f"Move it on:  dsm clock {answer.project_id} --to next-sprint{target.options}")
        print(f"Release it:  dsm clock {answer.project_id} --live{target.options}")


async def request_clock(
    target: Target, project_id: str, to: str | None, live: bool
) -> "ClockMoved | ProjectClock":
    """Read or move the clock. Raises: `Invalid` for a day that is none, or both options."""
    from agent.cli.clock_walk import walk_clock
    from agent.cli.connect import connect
    from agent.cli.imported_rows import rows_of

    request = parse_move(to, live)
    async with connect(target) as clients:
        if request is None:
            return await clients.project.get_clock(project_id)
        # An imported project brings in on the way what its files kept back.
        moved = await walk_clock(clients, rows_of(clients, target), project_id, request)
        return moved or await clients.orchestrator.move_clock(project_id, request)


def parse_move(to: str | None, live: bool) -> "ClockMoveRequest | None":
    """Make the request of the options; None without any. Raises: `Invalid`."""
    from pydantic import ValidationError

    from agent.clock.schema import ClockMoveRequest
    from domain_services.kernel.errors import Invalid

    if to is None and not live:
        return None
    if to is not None and live:
        raise Invalid("name either --to or --live")
    try:
        return ClockMoveRequest.model_validate({"to": to} if to is not None else {"live": True})
    except ValidationError as error:
        raise Invalid(f"--to takes a day as YYYY-MM-DD, or next-sprint, not {to!r}") from error
