"""`dsm events dead list | replay | discard`: repair what services failed at and have set aside."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
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
        failed = asyncio.run(_list_all(target, resolved))
    rows = [*failed.letters, *failed.items]
    if as_json:
        documents = [{"service": name, **row.model_dump(mode="json")} for name, row in rows]
        print(json.dumps(documents, indent=2))
    elif rows:
        _show(failed.letters)
        _show_items(failed.items)
    elif not failed.unread:
        print("no dead letters")
    for name, reason in failed.unread.items():
        print(f"error: {name} is missing in this list: {reason}", file=sys.stderr)
    raise typer.Exit(1 if failed.unread else 0)


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


@dataclass
class _Failed:
    """Failed items of all services that answered."""

    letters: "list[tuple[str, DeadLetter]]" = field(default_factory=list)
    """Events, with the service that failed at them."""
    items: "list[tuple[str, SetAsideItem]]" = field(default_factory=list)
    """Other items, with the service that set them aside."""
    unread: dict[str, str] = field(default_factory=dict)
    """Reason for each service that did not answer."""


async def _list_all(target: Target, resolved: bool) -> _Failed:
    from agent.cli.connect import connect
    from domain_services.kernel.errors import Unavailable

    failed = _Failed()
    # Each service keeps its own failures; one that is away must not hide those of the others.
    async with connect(target) as clients:
        for name in dict.fromkeys([*clients.dead_letters, *clients.set_aside]):
            try:
                letters = await _list_letters(clients, name, resolved)
                client = clients.set_aside.get(name)
                items = await client.list_set_aside() if client else []
            except Unavailable as problem:
                failed.unread[name] = problem.detail
            else:
                failed.letters += [(name, letter) for letter in letters]
                failed.items += [(name, item) for item in items]
    return failed


async def _list_letters(clients: "Clients", name: str, resolved: bool) -> "list[DeadLetter]":
    client = clients.dead_letters.get(name)
    letters: list[DeadLetter] = []
    while client and (
        page := await client.list_dead_letters(
            after=letters[-1].id if letters else 0, limit=PAGE_LETTERS, resolved=resolved
        )
    ):
        letters += page
    return letters


def _show(letters: "list[tuple[str, DeadLetter]]") -> None:
    # No table: its columns would break long names and errors apart.
    for service, letter in letters:
        event = letter.event_type or "no event"
        print(f"{service} {letter.id}  {event}  {letter.stream} as {letter.consumer_group}")
        error = " ".join(letter.error.split())[:_SHOWN_ERROR_CHARACTERS]
        moment = f"{letter.parked_at:%Y-%m-%d %H:%M:%S} UTC"
        print(f"    {_tries(letter.tries)}, parked {moment}: {error}")
        if letter.resolution is not None:
            print(f"    {letter.resolution} by {letter.resolved_by}")


def _show_items(items: "list[tuple[str, SetAsideItem]]") -> None:
    for service, item in items:
        print(f"{service} {item.kind}/{item.id}  {item.subject}")
        error = " ".join(item.error.split())[:_SHOWN_ERROR_CHARACTERS]
        moment = f"{item.set_aside_at:%Y-%m-%d %H:%M:%S} UTC"
        print(f"    {_tries(item.tries)}, set aside {moment}: {error}")


def _tries(number: int) -> str:
    return "1 try" if number == 1 else f"{number} tries"
