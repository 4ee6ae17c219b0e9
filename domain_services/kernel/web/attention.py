"""Attention: sentences for a person about what a service cannot mend by itself.

They stand in the answer of /health/ready, and `dsm status` prints them. An app adds its own
functions to `app.state.attention`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.datastructures import State

from domain_services.kernel.background import Background
from domain_services.kernel.database import set_aside
from domain_services.kernel.database.database import Database
from domain_services.kernel.database.failures import outage
from domain_services.kernel.database.set_aside import ItemKind
from domain_services.kernel.database.write_probe import Unwritable
from domain_services.kernel.errors import Problem
from domain_services.kernel.messaging import deliveries
from domain_services.kernel.messaging.dead_letters import store as dead_letters
from domain_services.kernel.messaging.redis import redis_trouble

logger = structlog.get_logger()

Sentences = Callable[[], Awaitable[list[str]]]

SECONDS = 1.0
# A delivery that waits longer than this is shown: its peer is away, or cannot answer it.
OLD_DELIVERY_SECONDS = 600
LIST = "list them: dsm events dead list"


async def collect(service: str, state: State, broken: Mapping[str, Exception]) -> list[str]:
    """Return the sentences about an app; `broken` holds the failures of its own stores."""
    name = service.removesuffix("-service")
    sentences = [_store_sentence(store, error, name) for store, error in broken.items()]
    background: Background = state.background
    sentences += background.sentences()
    own: list[Sentences] = getattr(state, "attention", [])
    sources = [*own] if "database" in broken else [*own, lambda: _of_tables(state)]
    for answer in await asyncio.gather(*(_attempt(source) for source in sources)):
        sentences += answer
    return sentences


async def _attempt(source: Sentences) -> list[str]:
    try:
        async with asyncio.timeout(SECONDS):
            return await source()
    except Exception as error:
        logger.warning("attention.not_read", error=f"{type(error).__name__}: {error}")
        return []


def _store_sentence(store: str, error: Exception, service: str) -> str:
    if store == "redis":
        return f"events of {service} wait in its database: {redis_trouble(error)}"
    subject = f"the database of {service}"
    if isinstance(error, Unwritable):
        return f"{subject} cannot be written: {error}"
    if (trouble := outage(error)) is not None:
        return trouble.sentence(subject)
    if isinstance(error, Problem):
        return f"{subject} does not answer: {error.detail}"
    # Without its text: readiness needs no key.
    return f"{subject} does not answer ({type(error).__name__}); the log says why"


async def _of_tables(state: State) -> list[str]:
    """Return sentences about what the app's tables hold for a person."""
    database: Database | None = getattr(state, "database", None)
    if database is None:
        return []
    kinds: tuple[ItemKind, ...] = getattr(state, "item_kinds", ())
    sentences: list[str] = []
    async with database.reading() as connection:
        for kind in kinds:
            count = await set_aside.count_items(connection, kind)
            if count:
                noun = kind.name.replace("_", " ") if count == 1 else kind.plural
                verb = "was" if count == 1 else "were"
                sentences.append(f"{count} {noun} {verb} set aside after failing; {LIST}")
        if getattr(state, "consumers", None):
            letters = await dead_letters.count_open(connection)
            if letters:
                noun = "event" if letters == 1 else "events"
                sentences.append(f"{letters} {noun} could not be handled; {LIST}")
        if getattr(state, "delivers", False):
            owed = await deliveries.owed(connection)
            if owed.oldest_seconds > OLD_DELIVERY_SECONDS:
                minutes = int(owed.oldest_seconds // 60)
                sentences.append(
                    f"{owed.rows} deliveries wait for another service, the oldest for"
                    f" {minutes} minutes"
                )
    return sentences
