"""The embedding service, as far as memory needs it."""

from collections.abc import Sequence
from typing import Protocol

from domain_services.embedding.client import EmbeddingClient
from domain_services.embedding.schema import BatchRequest

# The service allows a slow model 5 s for each 8 texts; waiting less would waste its work.
CALL_SECONDS = 6.0
SECONDS_A_TEXT = 0.7


class Embedder(Protocol):
    async def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], str]:
        """One vector a text, in order, and the model that made them all.

        Raises: `domain_services.kernel.errors.Problem` when the service fails or refuses.
        """
        ...


class ServiceEmbedder(Embedder):
    """Asks the embedding service over HTTP."""

    def __init__(self, client: EmbeddingClient) -> None:
        self._client = client

    async def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], str]:
        made = await self._client.embed_batch(
            BatchRequest(texts=list(texts)), timeout=CALL_SECONDS + SECONDS_A_TEXT * len(texts)
        )
        return made.embeddings, made.model
