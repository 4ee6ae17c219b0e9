"""Client of the embedding service, reduced to the one call that memory makes."""

from collections.abc import Sequence
from typing import Protocol

from domain_services.embedding.client import EmbeddingClient
from domain_services.embedding.schema import BatchRequest

# The service allows a slow model 5 s for each 8 texts; waiting less would waste its work.
CALL_SECONDS = 6.0
SECONDS_A_TEXT = 0.7


class Embedder(Protocol):
    """A source of embeddings."""

    async def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], str]:
        """Return one vector for each text, in order, and the name of the model.

        Raises: `domain_services.kernel.errors.Problem` when the service fails or refuses.
        """
        ...


class ServiceEmbedder(Embedder):
    """The embedding service over HTTP."""

    def __init__(self, client: EmbeddingClient) -> None:
        self._client = client

    async def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], str]:
        answer = await self._client.embed_batch(
            BatchRequest(texts=list(texts)), timeout=CALL_SECONDS + SECONDS_A_TEXT * len(texts)
        )
        return answer.embeddings, answer.model
