"""Wire types of the embedding service (section 7.3 of the specification)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, FiniteFloat

from domain_services.kernel.types import Answer, Prose, Wire

DIMENSIONS = 1024
MAX_TEXTS = 256


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Text = Annotated[Prose, AfterValidator(_not_blank)]
Vector = Annotated[
    list[FiniteFloat],
    Field(min_length=DIMENSIONS, max_length=DIMENSIONS, description="unit length (L2 norm 1)"),
]


class EmbedRequest(Wire):
    text: Text


class Embedding(Answer):
    """`model` made the vector; vectors of different models must not be compared."""

    embedding: Vector
    dimensions: int = DIMENSIONS
    model: str
    generation_time_ms: int


class BatchRequest(Wire):
    texts: Annotated[list[Text], Field(min_length=1, max_length=MAX_TEXTS)]


class EmbeddingBatch(Answer):
    """One vector a text, in the order of the texts, all made by `model`."""

    embeddings: list[Vector]
    count: int
    dimensions: int = DIMENSIONS
    model: str
    total_time_ms: int


class Health(Answer):
    """`model` is the one that serves next; null, with status `unhealthy`, when none can."""

    status: Literal["healthy", "unhealthy"]
    ollama_available: bool
    local_model_available: bool
    model: str | None


class Usage(Answer):
    """Since the start; latencies of the last 1,000 served requests, null when none was served."""

    total_requests: int
    avg_latency_ms: float | None
    p95_latency_ms: float | None
    ollama_errors: int
