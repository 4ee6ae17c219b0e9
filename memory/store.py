"""The store of past decisions, as the rest of the program sees it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from memory.episode import Episode


@dataclass(frozen=True, slots=True)
class Counts:
    """How many episodes there are."""

    episodes: int
    """All of them."""
    with_outcome: int
    """Those whose sprint has ended."""
    recallable: int
    """Those that recall may find: with an outcome, and complete enough."""
    to_embed: int
    """Those that wait for their embedding."""


class EpisodeStore(Protocol):
    """Where episodes are kept."""

    async def add(self, episodes: Iterable[Episode]) -> int:
        """Store all or none and return how many were new; known ids are left as they are.

        Embeddings are added later, by the backfill. Raises: `Invalid` for text that cannot be
        stored.
        """
        ...

    async def count(self, project_id: str | None = None) -> Counts:
        """Count the episodes of one project, or of all."""
        ...
