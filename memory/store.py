"""Interface of the episode store."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

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


@dataclass(frozen=True, slots=True)
class ImportedEpisodes:
    """Effect of replacing imported episodes."""

    created: int
    """Episodes that are new."""
    replaced: int
    """Episodes that were stored otherwise before."""
    removed: int
    """Episodes that the project no longer has."""


class EpisodeStore(Protocol):
    """A store of episodes."""

    async def add(self, episodes: Iterable[Episode]) -> int:
        """Store all episodes or none; return how many were new. A stored one stays as it is.

        The backfill embeds them later. Raises: `Invalid` for text that cannot be stored.
        """
        ...

    async def replace_imported(
        self, project_id: str, episodes: Iterable[Episode], keep: Collection[UUID] | None
    ) -> ImportedEpisodes:
        """Store imported episodes of a project in place of those stored otherwise, all or none.

        With `keep`, imported episodes of the project that are not in it are removed. Episodes of
        runs never change. Raises: `Invalid` for text that cannot be stored.
        """
        ...

    async def count(self, project_id: str | None = None) -> Counts:
        """Count the episodes of one project, or of all."""
        ...
