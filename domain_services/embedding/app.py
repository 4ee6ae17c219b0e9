"""The embedding service as an app."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from domain_services.embedding.api import SERVICE, router
from domain_services.embedding.engines.local import open_local
from domain_services.embedding.engines.ollama import Ollama
from domain_services.embedding.engines.selection import Selection
from domain_services.embedding.examples import EXAMPLES
from domain_services.embedding.logic import Embedder, UsageRecord
from domain_services.embedding.settings import EmbeddingSettings, ModelSettings
from domain_services.kernel.background import Background
from domain_services.kernel.web.app import build_app
from domain_services.kernel.web.health import Checks

# Longest wait at the start; a loaded model answers within.
FIRST_PROBE_SECONDS = 2.0


@asynccontextmanager
async def _open_ollama(settings: ModelSettings) -> AsyncIterator[Ollama | None]:
    if settings.ollama_url is None:
        yield None
        return
    ollama = Ollama(str(settings.ollama_url), budget_seconds=settings.ollama_budget_seconds)
    try:
        yield ollama
    finally:
        await ollama.close()


@asynccontextmanager
async def _open_embedder(
    settings: ModelSettings, usage: UsageRecord, background: Background
) -> AsyncIterator[Embedder]:
    local = await open_local() if settings.local_model else None
    async with _open_ollama(settings) as ollama:
        selection = Selection(
            ollama,
            local,
            recheck_seconds=settings.recheck_seconds,
            on_failure=usage.count_ollama_error,
        )
        async with background.running(selection.loop()):
            if ollama is not None:
                # The first requests should already get the model that will serve the later ones.
                with suppress(TimeoutError):
                    await asyncio.wait_for(selection.probed.wait(), FIRST_PROBE_SECONDS)
            yield Embedder(selection, usage)


def create_app(settings: EmbeddingSettings) -> FastAPI:
    """Build the app; it loads its models when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        usage = UsageRecord(app.state.metrics.registry)
        async with _open_embedder(settings.embedding, usage, app.state.background) as embedder:
            app.state.embedder = embedder
            app.state.checks = Checks(external_apis={"embedding_model": embedder.check})
            yield

    return build_app(
        SERVICE, settings, [router], lifespan=lifespan, validation_status=400, examples=EXAMPLES
    )
