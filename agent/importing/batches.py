"""Documents in requests that the services take: not too many, and not too large together."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)

MOST_BYTES = 500_000  # about half of what a service takes as a body


def size(document: BaseModel) -> int:
    """The bytes of a document as it is sent."""
    return len(document.model_dump_json().encode())


def batches(documents: Sequence[T], most: int, most_bytes: int = MOST_BYTES) -> Iterator[list[T]]:
    """The documents in their order, at most so many and so large a batch.

    A single document that is larger is a batch of its own.
    """
    batch: list[T] = []
    total = 0
    for document in documents:
        own = size(document) + 1
        if batch and (len(batch) == most or total + own > most_bytes):
            yield batch
            batch, total = [], 0
        batch.append(document)
        total += own
    if batch:
        yield batch
