"""Embedding of texts, and the record of latency and errors."""

import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram

from domain_services.embedding import schema
from domain_services.embedding.engines.port import EngineFailed, Vector
from domain_services.embedding.engines.selection import Selection
from domain_services.kernel.errors import Unavailable

# Requests behind mean and percentile; 8 KB.
RECENT_REQUESTS = 1000


class UsageRecord:
    """Usage of one app, as JSON for people and as Prometheus metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = 0
        self._ollama_errors = 0
        self._recent_ms: deque[float] = deque(maxlen=RECENT_REQUESTS)
        self._texts = Counter(
            "dsm_embedding_texts_total", "Embedded texts", ["model"], registry=registry
        )
        self._latency = Histogram(
            "dsm_embedding_seconds",
            "Time to embed the texts of one request",
            ["model"],
            registry=registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1, 3, 10, 30),
        )
        self._errors = Counter(
            "dsm_embedding_ollama_errors_total",
            "Requests that Ollama failed",
            ["reason"],
            registry=registry,
        )

    def count_request(self) -> None:
        """Count a request, served or not."""
        self._requests += 1

    def count_served(self, model: str, texts: int, seconds: float) -> None:
        """Record a served request and its time."""
        self._recent_ms.append(seconds * 1000)
        self._texts.labels(model).inc(texts)
        self._latency.labels(model).observe(seconds)

    def count_ollama_error(self, error: EngineFailed) -> None:
        """Count a request that Ollama failed, by its reason."""
        self._ollama_errors += 1
        self._errors.labels(error.reason).inc()

    def summarise(self) -> schema.Usage:
        """Summarise counts and latencies as JSON."""
        recent = sorted(self._recent_ms)
        return schema.Usage(
            total_requests=self._requests,
            avg_latency_ms=round(sum(recent) / len(recent), 2) if recent else None,
            p95_latency_ms=round(_percentile(recent, 0.95), 2) if recent else None,
            ollama_errors=self._ollama_errors,
        )


def _percentile(ascending: Sequence[float], share: float) -> float:
    """Find the least value that `share` of the values do not exceed (nearest rank)."""
    return ascending[math.ceil(share * len(ascending)) - 1]


@dataclass(frozen=True)
class Served:
    """Embedded texts with the time that it took."""

    vectors: list[Vector]
    """One vector a text, in order."""
    model: str
    """Model that made the vectors."""
    milliseconds: int
    """Time to embed."""


class Embedder:
    """Available models and the record of their use."""

    def __init__(self, selection: Selection, usage: UsageRecord) -> None:
        self._selection = selection
        self.usage = usage

    async def embed(self, texts: Sequence[str]) -> Served:
        """Embed `texts` with one model. Raises: `Unavailable` when none can serve."""
        self.usage.count_request()
        started = time.perf_counter()
        embedded = await self._selection.embed(texts)
        seconds = time.perf_counter() - started
        self.usage.count_served(embedded.model, len(texts), seconds)
        return Served(embedded.vectors, embedded.model, round(seconds * 1000))

    def health(self) -> schema.Health:
        """Name the models that can serve, by the result of the last probe or request."""
        model = self._selection.model
        return schema.Health(
            status="healthy" if model else "unhealthy",
            ollama_available=self._selection.ollama_available,
            local_model_available=self._selection.local_model_available,
            model=model,
        )

    async def check(self) -> None:
        """Check readiness. Raises: `Unavailable` when no model can serve."""
        if self._selection.model is None:
            raise Unavailable(
                "no embedding model is available: start Ollama or install the local model"
            )
