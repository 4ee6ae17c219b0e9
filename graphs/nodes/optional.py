"""Ask for evidence that a decision can do without; a peer that is silent is named."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import structlog

from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Problem

logger = structlog.get_logger()

T = TypeVar("T")


async def ask(question: Awaitable[T], name: str, seconds: float) -> tuple[T | None, list[str]]:
    """Return the answer, or None with what was missing. A 404 says that nothing is known."""
    try:
        async with asyncio.timeout(seconds):
            return await question, []
    except PeerRefused as refused:
        if refused.peer_status == 404:
            return None, []
        missing = f"{name}: {refused.detail}"
    except TimeoutError:
        missing = f"{name}: no answer within {round(seconds * 1000)} ms"
    except Problem as problem:
        missing = f"{name}: {problem.detail}"
    logger.warning("graph.evidence_missing", missing=missing)
    return None, [missing]
