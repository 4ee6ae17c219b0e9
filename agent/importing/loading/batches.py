"""Batches of documents that fit into one request, by count and by bytes."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from pydantic import BaseModel

DocumentT = TypeVar("DocumentT", bound=BaseModel)

# About half of what a service takes as a body.
MAX_BATCH_BYTES = 500_000


def byte_size(document: BaseModel) -> int:
    """Count the bytes of a document as it is sent."""
    return len(document.model_dump_json().encode())


def batches(
    documents: Iterable[DocumentT], max_count: int, max_bytes: int = MAX_BATCH_BYTES
) -> Iterator[list[DocumentT]]:
    """Yield the documents in their order, in batches within both limits.

    A single document over `max_bytes` is a batch of its own.
    """
    batch: list[DocumentT] = []
    batch_bytes = 0
    for document in documents:
        # One more for the comma between documents.
        document_bytes = byte_size(document) + 1
        if batch and (len(batch) == max_count or batch_bytes + document_bytes > max_bytes):
            yield batch
            batch, batch_bytes = [], 0
        batch.append(document)
        batch_bytes += document_bytes
    if batch:
        yield batch
