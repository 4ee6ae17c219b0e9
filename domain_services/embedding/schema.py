"""Wire types of the embedding service (section 7.3 of the specification)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, FiniteFloat

from domain_services.kernel.types import Answer, Prose, Wire

# Numbers in every vector; the stored vectors and their index have as many.
DIMENSIONS = 1024
# Texts in one request.
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
    """Request to embed one text."""

    text: Text
    """Text, not blank."""


class Embedding(Answer):
    """Vector of one text. Vectors of different models must not be compared."""

    embedding: Vector
    """The vector."""
    dimensions: int = DIMENSIONS
    """Numbers in the vector."""
    model: str
    """Model that made the vector."""
    generation_time_ms: int
    """Time to embed, in milliseconds."""


class BatchRequest(Wire):
    """Request to embed many texts."""

    texts: Annotated[list[Text], Field(min_length=1, max_length=MAX_TEXTS)]
    """Texts, none of them blank."""


class EmbeddingBatch(Answer):
    """Vectors of many texts, all made by one model."""

    embeddings: list[Vector]
    """One vector a text, in the order of the texts."""
    count: int
    """Vectors in the answer."""
    dimensions: int = DIMENSIONS
    """Numbers in each vector."""
    model: str
    """Model that made the vectors."""
    total_time_ms: int
    """Time to embed all texts, in milliseconds."""


class Health(Answer):
    """Models that can serve now."""

    status: Literal["healthy", "unhealthy"]
    """`healthy` when a model can serve."""
    ollama_available: bool
    """True when Ollama answered last."""
    local_model_available: bool
    """True when the local model is loaded."""
    model: str | None
    """Model that serves next; null when none can."""


class Usage(Answer):
    """Use of the service since its start."""

    total_requests: int
    """Valid requests to embed, served or not."""
    avg_latency_ms: float | None
    """Mean time of the last 1,000 served requests, in milliseconds; null before the first."""
    p95_latency_ms: float | None
    """95 % of these took at most this time, in milliseconds; null before the first."""
    ollama_errors: int
    """Requests that Ollama failed."""
