"""Interface of embedding models, and the error that they raise."""

import math
from collections.abc import Sequence
from typing import Literal, Protocol

from domain_services.embedding.schema import DIMENSIONS
from domain_services.kernel.errors import Unavailable

# A shorter vector has no direction: the model recognised nothing in the text.
LEAST_NORM = 1e-6

Vector = list[float]
Reason = Literal["unreachable", "timeout", "error", "bad_vector"]


class EngineFailed(Unavailable):
    """A model did not answer, or answered no valid embedding; errors are counted by `reason`."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail, reason=reason)
        self.reason = reason


class Engine(Protocol):
    """A model that embeds texts as vectors: float[1024], unit length, one a text, in order."""

    name: str

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Embed `texts`. Raises: `EngineFailed`."""
        ...


class RemoteEngine(Engine, Protocol):
    """A model behind a network, which may be away or not loaded yet."""

    async def probe(self) -> None:
        """Return once the model has embedded something. Raises: `EngineFailed`."""
        ...


def to_unit_length(vector: Sequence[float]) -> Vector:
    """Divide `vector` by its L2 norm.

    Raises: `EngineFailed` when it is not 1024 finite numbers with a norm above 1e-6.
    """
    if len(vector) != DIMENSIONS:
        raise EngineFailed("bad_vector", f"a vector has {len(vector)} dimensions, not {DIMENSIONS}")
    norm = math.hypot(*vector)
    if not math.isfinite(norm):
        raise EngineFailed("bad_vector", "a vector holds NaN or an infinity")
    if norm <= LEAST_NORM:
        raise EngineFailed("bad_vector", "a vector is zero")
    return [number / norm for number in vector]
