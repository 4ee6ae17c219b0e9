"""Optional evidence: ask a peer for it, and go on without it when the peer fails."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import structlog

from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Problem

logger = structlog.get_logger()

T = TypeVar("T")


async def value(known: T) -> T:
    """Return what is known already, beside questions that are asked at once."""
    return known


async def ask(question: Awaitable[T], name: str, seconds: float) -> tuple[T | None, list[str]]:
    """Await an answer; return None and the reason when it fails or takes too long."""
    try:
        async with asyncio.timeout(seconds):
            return await question, []
    except PeerRefused as refusal:
        # The chronicle knows nothing of the project, which is evidence and no failure.
        if refusal.peer_status == 404:
            return None, []
        missing = f"{name}: {refusal.detail}"
    except TimeoutError:
        missing = f"{name}: no answer within {round(seconds * 1000)} ms"
    except Problem as problem:
        missing = f"{name}: {problem.detail}"
    logger.warning("graph.evidence_missing", missing=missing)
    return None, [missing]
