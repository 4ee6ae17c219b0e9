"""Typed client of the embedding service: one method a route."""

from domain_services.embedding import schema
from domain_services.kernel.client.http_client import ServiceClient


class EmbeddingClient(ServiceClient):
    """Client of the embedding service; every method raises as `ServiceClient` does."""

    peer = "embedding_service"

    async def health(self) -> schema.Health:
        return await self._call("GET", "/health", schema.Health)

    async def metrics(self) -> schema.Usage:
        return await self._call("GET", "/metrics", schema.Usage)

    async def embed(
        self, body: schema.EmbedRequest, timeout: float | None = None
    ) -> schema.Embedding:
        """Embed one text; `timeout` in seconds replaces the client's own."""
        return await self._call("POST", "/embed", schema.Embedding, body=body, timeout=timeout)

    async def embed_batch(
        self, body: schema.BatchRequest, timeout: float | None = None
    ) -> schema.EmbeddingBatch:
        """Embed many texts; `timeout` in seconds replaces the client's own."""
        path = "/embed/batch"
        return await self._call("POST", path, schema.EmbeddingBatch, body=body, timeout=timeout)
