"""Embeddings as they are kept: checked, and in half precision ready for the wire."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pgvector import HalfVector

from memory.episode import EMBEDDING_DIMENSIONS

LEAST_NORM = 1e-6  # a shorter vector has no direction


class VectorRefused(ValueError):
    """A vector that is no embedding: of the wrong length, not finite, or without direction."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """halfvec[1024] of unit length, and the model that made it; models are never mixed."""

    vector: HalfVector
    model: str


def checked(vector: Sequence[float], model: str) -> Embedding:
    """`vector` scaled to unit length. Raises: `VectorRefused`."""
    if len(vector) != EMBEDDING_DIMENSIONS:
        raise VectorRefused(f"it has {len(vector)} dimensions, not {EMBEDDING_DIMENSIONS}")
    norm = math.hypot(*vector)
    if not math.isfinite(norm):
        raise VectorRefused("it holds NaN or an infinity")
    if norm <= LEAST_NORM:
        raise VectorRefused("it is zero")
    return Embedding(HalfVector([number / norm for number in vector]), model)
