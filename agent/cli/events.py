"""`dsm events dead list | replay | discard`: repair what services failed at and have set aside."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.cli.connect import Clients
    from domain_services.kernel.client.dead_letters import DeadLettersClient
    from domain_services.kernel.client.set_aside import SetAsideClient
    from domain_services.kernel.database.set_aside import SetAsideItem
    from domain_services.kernel.messaging.dead_letters.schema import DeadLetter

Client = TypeVar("Client")

# As many as the route answers at once.
PAGE_LETTERS = 1000
_SHOWN_ERROR_CHARACTERS = 200

Service = Annotated[str, typer.Argument(metavar="SERVICE", help="As `list` names it.")]
LetterId = Annotated[str, typer.Argument(metavar="ID", help="As `list` names it.")]
Resolved = Annotated[bool, typer.Option("--all", help="Also those replayed or discarded.")]


def list_dead(resolved: Resolved = False, *, target: Target, as_json: AsJson = False) -> None:
    """List what failed and waits for a decision: events, and other items that were set aside."""
    from agent.cli.failures import one_line

    with one_line():
        letters, items = asyncio.run(_list_all(target, resolved))
    if as_json:
        rows = [{"service": name, **letter.model_dump(mode="json")} for name, letter in letters]
        rows += [{"service": name, **item.model_dump(mode="json")} for name, item in items]
        print(json.dumps(rows, indent=2))
    elif letters or items:
        _show(letters)
        _show_items(items)
    else:
        print("no dead letters")


def replay(
    service: Service,
    letter_id: LetterId,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Try an event or item again, once its fault is repaired; an event takes effect once."""
    kind, _, item_id = letter_id.partition("/")
    if item_id:
        _resolve_item(target, service, lambda client: client.replay_item(kind, item_id), "replayed")
    else:
        number = _number(letter_id)
        _resolve(target, service, lambda client: client.replay_dead_letter(number), as_json=as_json)


def discard(
    service: Service,
    letter_id: LetterId,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Discard an event or item: no service will work on it."""
    kind, _, item_id = letter_id.partition("/")
    if item_id:
        _resolve_item(
            target, service, lambda client: client.discard_item(kind, item_id), "discarded"
        )
    else:
        number = _number(letter_id)
        _resolve(
            target, service, lambda client: client.discard_dead_letter(number), as_json=as_json
        )


def _number(letter_id: str) -> int:
    if not (letter_id.isdecimal() and int(letter_id) > 0):
        raise typer.BadParameter(
            f"{letter_id} is no id; an event has a number, another item a kind and an id, as"
            " delivery/0199e0c4-..."
        )
    return int(letter_id)


def _resolve_item(
    target: Target,
    service: str,
    resolve: "Callable[[SetAsideClient], Awaitable[object]]",
    resolution: str,
) -> None:
    from agent.cli.failures import one_line

    async def call() -> None:
        from agent.cli.connect import connect

        async with connect(target) as clients:
            await resolve(_named(clients.set_aside, service, "sets nothing aside"))

    with one_line():
        asyncio.run(call())
    print(f"{service}: {resolution}")


def _named(clients: "Mapping[str, Client]", service: str, without: str) -> "Client":
    from domain_services.kernel.errors import Invalid

    client = clients.get(service)
    if client is None:
        raise Invalid(f"{service} {without}; name one that does: {', '.join(clients)}")
    return client


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

    async with connect(target) as clients:
        return await resolve(_named(clients.dead_letters, service, "consumes no events"))


async def _list_all(
    target: Target, resolved: bool
) -> "tuple[list[tuple[str, DeadLetter]], list[tuple[str, SetAsideItem]]]":
    from agent.cli.connect import connect

    # Each service keeps its own failures; there is no list of all of them.
    async with connect(target) as clients:
        letters = await _list_letters(clients, resolved)
        items = [
            (name, item)
            for name, client in clients.set_aside.items()
            for item in await client.list_set_aside()
        ]
    return letters, items


async def _list_letters(clients: "Clients", resolved: bool) -> "list[tuple[str, DeadLetter]]":
    letters: list[tuple[str, DeadLetter]] = []
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


def _show_items(items: "list[tuple[str, SetAsideItem]]") -> None:
    for service, item in items:
        print(f"{service} {item.kind}/{item.id}  {item.subject}")
        error = " ".join(item.error.split())[:_SHOWN_ERROR_CHARACTERS]
        moment = f"{item.set_aside_at:%Y-%m-%d %H:%M:%S} UTC"
        print(f"    {item.tries} tries, set aside {moment}: {error}")
