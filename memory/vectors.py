"""Embeddings: vectors of unit length in half precision, checked before they are stored."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pgvector import HalfVector

from memory.episode import EMBEDDING_DIMENSIONS

MIN_NORM = 1e-6  # a shorter vector has no direction


class VectorRefused(ValueError):
    """A vector that is no embedding: of the wrong length, not finite, or without direction."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """An embedding with its model: vectors of different models cannot be compared."""

    vector: HalfVector
    """1024 numbers of unit length."""
    model: str
    """Name of the model."""


def checked(vector: Sequence[float], model: str) -> Embedding:
    """Scale a vector to unit length. Raises: `VectorRefused`."""
    if len(vector) != EMBEDDING_DIMENSIONS:
        raise VectorRefused(f"it has {len(vector)} dimensions, not {EMBEDDING_DIMENSIONS}")
    norm = math.hypot(*vector)
    if not math.isfinite(norm):
        raise VectorRefused("it holds NaN or an infinity")
    if norm <= MIN_NORM:
        raise VectorRefused("it is zero")
    return Embedding(HalfVector([number / norm for number in vector]), model)
