"""`dsm sprint cancel`: end a sprint in which nobody worked, as if it had not begun."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from domain_services.sprint.schema import SprintCancelled

SprintArgument = Annotated[str, typer.Argument(metavar="SPRINT", help="Id, such as P1-S01.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Reason for people.")]


def cancel(
    sprint: SprintArgument,
    reason: Reason = None,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Cancel a sprint in which nobody reported anything; its tasks are free again."""
    from agent.cli.failures import one_line

    with one_line():
        cancelled = asyncio.run(request_cancellation(target, sprint.upper(), reason))
    print(cancelled.model_dump_json(indent=2) if as_json else describe(cancelled, target.options))


async def request_cancellation(
    target: Target, sprint_id: str, reason: str | None
) -> "SprintCancelled":
    """Ask the sprint service of the running stack to cancel a sprint."""
    from agent.cli.connect import connect

    async with connect(target) as clients:
        return await clients.sprint.cancel_sprint(sprint_id, reason)


def describe(cancelled: "SprintCancelled", options: str = "") -> str:
    """Describe the cancellation, and the command that plans the next sprint."""
    because = f" Reason: {cancelled.reason}." if cancelled.reason else ""
    return (
        f"{cancelled.message}{because} It has no retrospective and does not count as history.\n"
        f"Next: dsm orchestrate {cancelled.project_id}{options}"
    )
