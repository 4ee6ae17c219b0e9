"""Interface of the episode store."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from memory.episode import Episode


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of episodes."""

    episodes: int
    """All episodes."""
    with_outcome: int
    """Episodes whose sprint has ended."""
    recallable: int
    """Episodes that recall may find: with an outcome, and complete enough."""
    to_embed: int
    """Episodes that wait for their embedding."""


class EpisodeStore(Protocol):
    """A store of episodes."""

    async def add(self, episodes: Iterable[Episode]) -> int:
        """Store all episodes or none; return how many were new. A stored one stays as it is.

        The backfill embeds them later. Raises: `Invalid` for text that cannot be stored.
        """
        ...

    async def count(self, project_id: str | None = None) -> Counts:
        """Count the episodes of one project, or of all."""
        ...
