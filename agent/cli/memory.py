"""`dsm memory`: read, correct and forget remembered decisions."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from agent.cli.moments import read_moment
from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.client import OrchestratorClient
    from agent.episodes.schema import EpisodeDetails, EpisodePage

MOST_EPISODES = 200  # that the route answers at once

EpisodeArgument = Annotated[
    str, typer.Argument(metavar="EPISODE", help="Id of the episode, or of its sprint.")
]
ProjectOption = Annotated[str | None, typer.Option("--project", help="Only of this project.")]
Text = Annotated[
    str | None, typer.Option("--text", help="Only with this in an id or in the reasons.")
]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Decided at this day or moment, or 30d ago.")
]
WithOutcome = Annotated[
    bool | None, typer.Option("--ended/--open", help="Only those whose sprint has ended, or not.")
]
Cursor = Annotated[str | None, typer.Option(help="Value that the page before ended with.")]
Limit = Annotated[int, typer.Option(min=1, max=MOST_EPISODES, help="Episodes at most.")]
Reason = Annotated[str, typer.Option(help="Why, in one line; it is shown and audited.")]
Completed = Annotated[int | None, typer.Option(min=0, help="Tasks completed in the sprint.")]
Planned = Annotated[int | None, typer.Option(min=0, help="Tasks that entered the sprint.")]
Days = Annotated[int | None, typer.Option(min=1, help="Calendar days of the sprint.")]
Worked = Annotated[
    bool | None,
    typer.Option("--worked/--not-worked", help="Whether the sprint says something of the team."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Forget without asking.")]


def list_episodes(
    project: ProjectOption = None,
    text: Text = None,
    since: Since = None,
    ended: WithOutcome = None,
    cursor: Cursor = None,
    limit: Limit = 20,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """List remembered decisions, newest first, with their outcomes."""
    from agent.cli import memory_view
    from agent.cli.failures import one_line

    first = read_moment(since, "--since", datetime.now(UTC)) if since else None

    async def read(client: "OrchestratorClient") -> "EpisodePage":
        return await client.episodes(
            project.upper() if project else None,
            text=text,
            since=first,
            has_outcome=ended,
            cursor=cursor,
            limit=limit,
        )

    with one_line():
        page = _ask(target, read)
    _show(page, memory_view.page(page), as_json=as_json)


def show(episode: EpisodeArgument, *, target: Target, as_json: AsJson = False) -> None:
    """Show EPISODE: the state, the decision, the outcome, and each correction."""
    from agent.cli import memory_view
    from agent.cli.failures import one_line

    async def read(client: "OrchestratorClient") -> Any:
        return await client.episode(await find_episode(client, episode))

    with one_line():
        details = _ask(target, read)
    _show(details, memory_view.details(details), as_json=as_json)


def why(episode: EpisodeArgument, *, target: Target, as_json: AsJson = False) -> None:
    """List the decisions that recalled EPISODE: its rank and how similar it was."""
    from agent.cli import memory_view
    from agent.cli.failures import one_line

    async def read(client: "OrchestratorClient") -> Any:
        return await client.episode_uses(await find_episode(client, episode))

    with one_line():
        uses = _ask(target, read)
    _show(uses, memory_view.uses(uses), as_json=as_json)


def correct(
    episode: EpisodeArgument,
    reason: Reason,
    completed: Completed = None,
    planned: Planned = None,
    days: Days = None,
    worked: Worked = None,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Correct the outcome of EPISODE as a new version, by which it is recalled and learned from."""
    from agent.cli import memory_view
    from agent.cli.failures import one_line

    numbers = {
        "completed_tasks": completed,
        "planned_tasks": planned,
        "duration_days": days,
        "worked": worked,
    }
    if all(number is None for number in numbers.values()):
        raise typer.BadParameter(
            "name what to correct: --completed, --planned, --days or --not-worked"
        )

    async def change(client: "OrchestratorClient") -> Any:
        from agent.episodes.schema import EpisodeCorrection

        stored = await client.episode(await find_episode(client, episode))
        body = _body(EpisodeCorrection, stored, reason, numbers)
        return await client.correct_episode(stored.episode.episode_id, body)

    with one_line():
        details = _ask(target, change)
    _show(details, memory_view.details(details), as_json=as_json)


def forget(
    episode: EpisodeArgument,
    reason: Reason,
    yes: Yes = False,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Forget EPISODE: its text, vectors and numbers go for good; its effect is shown first."""
    from agent.cli import memory_view
    from agent.cli.failures import one_line

    async def change(client: "OrchestratorClient") -> Any:
        from agent.episodes.schema import EpisodeForgetting

        stored = await client.episode(await find_episode(client, episode))
        episode_id = stored.episode.episode_id
        effect = await client.episode_effect(episode_id)
        print("\n".join(memory_view.effect(effect)), file=sys.stderr)
        if not yes and not _confirmed():
            return None
        body = _body(EpisodeForgetting, stored, reason, {})
        return await client.forget_episode(episode_id, body)

    with one_line():
        details = _ask(target, change)
    if details is None:
        print("nothing was forgotten", file=sys.stderr)
        raise SystemExit(1)
    _show(details, ["forgotten; old decisions still say: one forgotten episode"], as_json=as_json)


async def find_episode(client: "OrchestratorClient", name: str) -> UUID:
    """Return the id of the episode that an id or a sprint's id means.

    Raises: `Invalid` for what names several, `NotFound` for what names none.
    """
    from domain_services.kernel.errors import Invalid, NotFound

    try:
        return UUID(name)
    except ValueError:
        pass
    page = await client.episodes(text=name.strip()[:100] or "-", limit=MOST_EPISODES)
    named = [line for line in page.episodes if (line.sprint_id or "").upper() == name.upper()]
    named = named or [line for line in page.episodes if str(line.episode_id).startswith(name)]
    if not named:
        raise NotFound(f"no episode is named {name}; list them with: dsm memory list")
    if len(named) > 1:
        raise Invalid(f"{name} names {len(named)} episodes; give the id of one")
    return named[0].episode_id


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        print("give --yes to forget it; there is no way back", file=sys.stderr)
        return False
    return typer.confirm("Forget it? There is no way back.", err=True)


def _body(kind: Any, stored: "EpisodeDetails", reason: str, numbers: dict[str, Any]) -> Any:
    from pydantic import ValidationError

    from domain_services.kernel.errors import Invalid

    try:
        return kind(base=stored.episode.version, reason=reason, **numbers)
    except ValidationError as error:
        detail = error.errors()[0]
        option = str(detail["loc"][-1]).removesuffix("_tasks").removeprefix("duration_")
        raise Invalid(f"--{option}: {detail['msg']}") from error


def _ask(target: Target, work: Any) -> Any:
    from agent.cli.connect import connect

    async def ask() -> Any:
        async with connect(target) as clients:
            return await work(clients.orchestrator)

    return asyncio.run(ask())


def _show(answer: Any, lines: list[str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer.model_dump(mode="json"), indent=2))
    else:
        print("\n".join(lines))
