"""`dsm events dead list | replay | discard`: events that a service could not take in."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import DEFAULT_DATA_DIR, AsJson, DataDir

if TYPE_CHECKING:
    from domain_services.kernel.messaging.dead_letters.client import DeadLettersClient
    from domain_services.kernel.messaging.dead_letters.schema import DeadLetter

PAGE = 1000

Service = Annotated[str, typer.Argument(metavar="SERVICE", help="As `list` names it.")]
LetterId = Annotated[int, typer.Argument(metavar="ID", min=1, help="As `list` names it.")]
Resolved = Annotated[bool, typer.Option("--all", help="Also those replayed or discarded.")]


def list_dead(
    resolved: Resolved = False, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False
) -> None:
    """List what waits for a decision, with stream, group, error, tries and time."""
    from agent.cli.failures import one_line

    with one_line():
        found = asyncio.run(_list_all(data_dir, resolved))
    if as_json:
        rows = [{"service": name, **letter.model_dump(mode="json")} for name, letter in found]
        print(json.dumps(rows, indent=2))
    elif found:
        _show(found)
    else:
        print("no dead letters")


def replay(
    service: Service,
    letter_id: LetterId,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Take an event in, after what it failed on has been repaired; twice is as once."""
    _resolve(
        data_dir, service, lambda client: client.replay_dead_letter(letter_id), as_json=as_json
    )


def discard(
    service: Service,
    letter_id: LetterId,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Give an event up."""
    _resolve(
        data_dir, service, lambda client: client.discard_dead_letter(letter_id), as_json=as_json
    )


def _resolve(
    data_dir: Path,
    service: str,
    act: "Callable[[DeadLettersClient], Awaitable[DeadLetter]]",
    *,
    as_json: bool,
) -> None:
    from agent.cli.failures import one_line

    with one_line():
        letter = asyncio.run(_act(data_dir, service, act))
    if as_json:
        print(json.dumps({"service": service, **letter.model_dump(mode="json")}, indent=2))
    else:
        print(f"{service} {letter.id}: {letter.resolution} by {letter.resolved_by}")


async def _act(
    data_dir: Path, service: str, act: "Callable[[DeadLettersClient], Awaitable[DeadLetter]]"
) -> "DeadLetter":
    from agent.cli.connect import connect
    from domain_services.kernel.errors import Invalid

    async with connect(data_dir) as clients:
        client = clients.dead_letters.get(service)
        if client is None:
            known = ", ".join(clients.dead_letters)
            raise Invalid(f"{service} consumes no events; those that do: {known}")
        return await act(client)


async def _list_all(data_dir: Path, resolved: bool) -> "list[tuple[str, DeadLetter]]":
    from agent.cli.connect import connect

    found: list[tuple[str, DeadLetter]] = []
    async with connect(data_dir) as clients:
        for name, client in clients.dead_letters.items():
            after = 0
            while page := await client.list_dead_letters(
                after=after, limit=PAGE, resolved=resolved
            ):
                found += [(name, letter) for letter in page]
                after = page[-1].id
    return found


def _show(found: "list[tuple[str, DeadLetter]]") -> None:
    """A head and an indented error for each: tables tear long names and errors apart."""
    for service, letter in found:
        event = letter.event_type or "no event"
        print(f"{service} {letter.id}  {event}  {letter.stream} as {letter.consumer_group}")
        told = " ".join(letter.error.split())[:200]
        print(f"    {letter.tries} tries, parked {letter.parked_at:%Y-%m-%d %H:%M:%S} UTC: {told}")
        if letter.resolution is not None:
            print(f"    {letter.resolution} by {letter.resolved_by}")
