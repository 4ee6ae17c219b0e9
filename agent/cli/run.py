"""`dsm run`: one run as a person reads it."""

import asyncio
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.run_schema import RunDetails

RunArgument = Annotated[
    str,
    typer.Argument(metavar="RUN", help="Id of the run, the begin of it, or `last`."),
]


def run(name: RunArgument, *, target: Target, as_json: AsJson = False) -> None:
    """Show one run: what was asked and decided, its steps, calls, and who approved it."""
    from agent.cli.failures import one_line

    with one_line():
        stored, forgotten = asyncio.run(_read(target, name))
    if as_json:
        print(stored.model_dump_json(indent=2))
        return
    from agent.cli.layout import page_console
    from agent.cli.run_view import render

    page_console().print(render(stored, forgotten))


async def _read(target: Target, name: str) -> "tuple[RunDetails, set[UUID]]":
    """Read a run, and which of the episodes that it recalled are forgotten by now."""
    from agent.cli.connect import connect
    from agent.cli.run_names import find_run

    async with connect(target) as clients:
        run_id: UUID = await find_run(clients.orchestrator, name)
        recalled = (await clients.orchestrator.recalled(run_id)).recalled
        forgotten = {episode.episode_id for episode in recalled if episode.forgotten}
        return await clients.orchestrator.run(run_id), forgotten
