"""`dsm autonomy`: how far a project acts by itself, and which calls always ask a person."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.autonomy.schema import Autonomy, AutonomyChange, Pause
    from agent.client import OrchestratorClient
    from memory.run import AutonomyLevel
    from memory.run_summary import RunSummary

ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's id.")]
LevelArgument = Annotated[
    str | None,
    typer.Argument(metavar="[LEVEL]", help="observe, approve or act; without it: show."),
]
AlwaysAsk = Annotated[
    list[str] | None,
    typer.Option(metavar="TOOL", help="Calls of this tool wait for a person at every level."),
]
NeverAsk = Annotated[
    list[str] | None,
    typer.Option(metavar="TOOL", help="Calls of this tool ask as the level says."),
]

MEANINGS = {
    "observe": "decisions are recorded and nothing is carried out",
    "approve": "a plan waits until a person approves it",
    "act": "a plan is carried out at once",
}


def autonomy(
    project: ProjectArgument,
    level: LevelArgument = None,
    always_ask: AlwaysAsk = None,
    never_ask: NeverAsk = None,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Show how far PROJECT acts by itself, or change it from its next decision on."""
    from agent.cli.failures import one_line

    with one_line():
        chosen = _level(level)
        current, pause, plan = asyncio.run(
            _request(target, project.upper(), chosen, always_ask or (), never_ask or ())
        )
    if as_json:
        print(current.model_dump_json(indent=2))
    else:
        for line in describe(current, pause, plan):
            print(line)


def _level(text: str | None) -> "AutonomyLevel | None":
    """Return the level that a text names; None without one. Raises: `Invalid`."""
    from domain_services.kernel.errors import Invalid

    if text is None or text == "observe" or text == "approve" or text == "act":
        return text
    raise Invalid(f"{text} is no level of autonomy: name one of {', '.join(MEANINGS)}")


async def _request(
    target: Target,
    project: str,
    level: "AutonomyLevel | None",
    always_ask: Sequence[str],
    never_ask: Sequence[str],
) -> "tuple[Autonomy, Pause | None, RunSummary | None]":
    """Change the autonomy; return it with the pause and the plan that wait in the project."""
    from agent.cli.connect import connect

    async with connect(target) as clients:
        client = clients.orchestrator
        current = await client.get_autonomy(project)
        change = autonomy_change(current, level, always_ask, never_ask)
        if change is not None:
            current = await client.change_autonomy(project, change)
        waiting = (await client.runs(project, ["waiting"], limit=1)).runs
        return current, await _pause_of(client, project), waiting[0] if waiting else None


async def _pause_of(client: "OrchestratorClient", project: str) -> "Pause | None":
    pauses = (await client.pauses()).pauses
    return next((pause for pause in pauses if pause.project_id in (None, project)), None)


def autonomy_change(
    current: "Autonomy",
    level: "AutonomyLevel | None",
    always_ask: Sequence[str],
    never_ask: Sequence[str],
) -> "AutonomyChange | None":
    """Make the change that options name; None without one. Raises: `Invalid`."""
    from agent.autonomy.schema import AutonomyChange
    from domain_services.kernel.errors import Invalid

    if both := set(always_ask) & set(never_ask):
        raise Invalid(f"{min(both)} cannot ask always and never; name it once")
    if unnamed := set(never_ask) - set(current.tools):
        raise Invalid(
            f"{min(unnamed)} is no tool that acts; name one of {', '.join(current.tools)}"
        )
    asking = None
    if always_ask or never_ask:
        asking = sorted({*current.always_ask, *always_ask} - set(never_ask))
    if level is None and asking is None:
        return None
    return AutonomyChange(level=level, always_ask=asking)


def describe(
    current: "Autonomy", pause: "Pause | None", plan: "RunSummary | None" = None
) -> Iterator[str]:
    """Describe the autonomy of a project, line by line."""
    yield f"{current.project_id}: {current.level}, {MEANINGS[current.level]}."
    if pause is not None:
        from agent.cli.pause import describe_pause

        yield f"  now           {describe_pause(pause)}"
    if plan is not None:
        answers = "dsm approve, edit or reject answers it"
        if current.level == "observe":
            answers = "it can be rejected, and approved when the project asks or acts again"
        yield f"  waits         run {plan.run_id}: {answers}"
    if current.level != "observe":
        yield f"  always asks   {', '.join(current.always_ask) or 'for nothing in particular'}"
    if not current.history:
        yield "  version       that of the settings (DSM_AUTONOMY)"
    for version in current.history[:5]:
        tools = f", always asks for {', '.join(version.always_ask)}" if version.always_ask else ""
        yield (
            f"  version {version.version:<5} {version.level}{tools}, by {version.changed_by} at"
            f" {version.changed_at:%Y-%m-%d %H:%M} UTC"
        )
