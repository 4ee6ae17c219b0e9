"""`dsm pause`: let one project, or all, do nothing by itself until the pause is ended."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target
from agent.importing.terminal import printable

if TYPE_CHECKING:
    from agent.autonomy.schema import Pause, PauseEnded, Pauses

ProjectArgument = Annotated[
    str | None,
    typer.Argument(metavar="[PROJECT]", help="The project's id; without it: all projects."),
]
Reason = Annotated[str | None, typer.Option(help="Why, in one line; it is shown and audited.")]
End = Annotated[bool, typer.Option("--end", help="End the pause; what was stopped goes on.")]
List = Annotated[bool, typer.Option("--list", help="Only list the pauses that are in force.")]


def pause(
    project: ProjectArgument = None,
    reason: Reason = None,
    end: End = False,
    listed: List = False,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Pause PROJECT, or all projects: plans wait, schedules rest, and no call is made by itself."""
    from agent.cli.failures import one_line
    from domain_services.kernel.errors import Invalid

    name = project.upper() if project else None
    with one_line():
        if listed and (end or reason or name):
            raise Invalid("--list stands alone; leave the rest out")
        if end and reason:
            raise Invalid("--reason is for the beginning of a pause; leave it out with --end")
        if listed:
            pauses = asyncio.run(_list(target))
            text = [describe_pause(pause) for pause in pauses.pauses] or ["nothing is paused"]
            document = pauses.model_dump(mode="json")
        elif end:
            ended = asyncio.run(_end(target, name))
            text, document = [_describe_end(ended)], ended.model_dump(mode="json")
        else:
            begun = asyncio.run(_begin(target, name, reason))
            text, document = [describe_pause(begun)], begun.model_dump(mode="json")
            scope = f" {name}" if name else ""
            text.append(f"end it with: dsm pause{scope} --end{target.options}")
    print(json.dumps(document, indent=2) if as_json else "\n".join(text))


async def _begin(target: Target, project: str | None, reason: str | None) -> "Pause":
    from agent.autonomy.schema import PauseRequest
    from agent.cli.connect import connect
    from agent.cli.requests import make_request

    body = make_request(PauseRequest, {"project_id": project, "reason": reason})
    async with connect(target) as clients:
        return await clients.orchestrator.pause(body)


async def _end(target: Target, project: str | None) -> "PauseEnded":
    from agent.cli.connect import connect

    async with connect(target) as clients:
        return await clients.orchestrator.end_pause(project)


async def _list(target: Target) -> "Pauses":
    from agent.cli.connect import connect

    async with connect(target) as clients:
        return await clients.orchestrator.pauses()


def describe_pause(pause: "Pause") -> str:
    """Say what is paused, by whom, since when and why."""
    what = "all projects are" if pause.project_id is None else f"{pause.project_id} is"
    why = f" ({printable(pause.reason)})" if pause.reason else ""
    return f"{what} paused by {pause.paused_by} since {pause.paused_at:%Y-%m-%d %H:%M} UTC{why}"


def _describe_end(ended: "PauseEnded") -> str:
    what = "all projects" if ended.project_id is None else ended.project_id
    return f"the pause of {what} has ended; what it stopped goes on within seconds"
