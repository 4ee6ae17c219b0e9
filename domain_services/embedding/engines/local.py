"""Loading of the local model, when it is installed."""

import asyncio

import structlog

from domain_services.embedding.engines.port import Engine

logger = structlog.get_logger()


async def open_local() -> Engine | None:
    """Load the local model in a thread; None, and a log line, without the extra `local`."""
    try:
        return await asyncio.to_thread(_load)
    except ImportError as error:
        logger.warning("embedding.local_model_missing", error=str(error))
        return None


def _load() -> Engine:
    # The import takes 0.3 s, and needs packages that a deployment beside Ollama does not install.
    from domain_services.embedding.engines.minilm import MiniLm, find_model

    return MiniLm(find_model())
