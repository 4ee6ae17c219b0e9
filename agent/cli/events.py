"""`dsm events dead list | replay | discard`: repair events that a service failed to handle."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from domain_services.kernel.client.dead_letters import DeadLettersClient
    from domain_services.kernel.messaging.dead_letters.schema import DeadLetter

# As many as the route answers at once.
PAGE_LETTERS = 1000
_SHOWN_ERROR_CHARACTERS = 200

Service = Annotated[str, typer.Argument(metavar="SERVICE", help="As `list` names it.")]
LetterId = Annotated[int, typer.Argument(metavar="ID", min=1, help="As `list` names it.")]
Resolved = Annotated[bool, typer.Option("--all", help="Also those replayed or discarded.")]


def list_dead(resolved: Resolved = False, *, target: Target, as_json: AsJson = False) -> None:
    """List failed events that wait for a decision, with stream, group, error, tries and time."""
    from agent.cli.failures import one_line

    with one_line():
        letters = asyncio.run(_list_all(target, resolved))
    if as_json:
        rows = [{"service": name, **letter.model_dump(mode="json")} for name, letter in letters]
        print(json.dumps(rows, indent=2))
    elif letters:
        _show(letters)
    else:
        print("no dead letters")


def replay(
    service: Service,
    letter_id: LetterId,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Handle an event again, once its fault is repaired; a second replay changes nothing."""
    _resolve(target, service, lambda client: client.replay_dead_letter(letter_id), as_json=as_json)


def discard(
    service: Service,
    letter_id: LetterId,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Discard an event: no service will handle it."""
    _resolve(target, service, lambda client: client.discard_dead_letter(letter_id), as_json=as_json)


def _resolve(
    target: Target,
    service: str,
    resolve: "Callable[[DeadLettersClient], Awaitable[DeadLetter]]",
    *,
    as_json: bool,
) -> None:
    from agent.cli.failures import one_line

    with one_line():
        letter = asyncio.run(_call(target, service, resolve))
    if as_json:
        print(json.dumps({"service": service, **letter.model_dump(mode="json")}, indent=2))
    else:
        print(f"{service} {letter.id}: {letter.resolution} by {letter.resolved_by}")


async def _call(
    target: Target, service: str, resolve: "Callable[[DeadLettersClient], Awaitable[DeadLetter]]"
) -> "DeadLetter":
    from agent.cli.connect import connect
    from domain_services.kernel.errors import Invalid

    async with connect(target) as clients:
        client = clients.dead_letters.get(service)
        if client is None:
            consumers = ", ".join(clients.dead_letters)
            raise Invalid(f"{service} consumes no events; name one that does: {consumers}")
        return await resolve(client)


async def _list_all(target: Target, resolved: bool) -> "list[tuple[str, DeadLetter]]":
    from agent.cli.connect import connect

    letters: list[tuple[str, DeadLetter]] = []
    # Each consumer parks its own failures; there is no list of all of them.
    async with connect(target) as clients:
        for name, client in clients.dead_letters.items():
            after = 0
            while page := await client.list_dead_letters(
                after=after, limit=PAGE_LETTERS, resolved=resolved
            ):
                letters += [(name, letter) for letter in page]
                after = page[-1].id
    return letters


def _show(letters: "list[tuple[str, DeadLetter]]") -> None:
    # No table: its columns would break long names and errors apart.
    for service, letter in letters:
        event = letter.event_type or "no event"
        print(f"{service} {letter.id}  {event}  {letter.stream} as {letter.consumer_group}")
        error = " ".join(letter.error.split())[:_SHOWN_ERROR_CHARACTERS]
        print(f"    {letter.tries} tries, parked {letter.parked_at:%Y-%m-%d %H:%M:%S} UTC: {error}")
        if letter.resolution is not None:
            print(f"    {letter.resolution} by {letter.resolved_by}")
