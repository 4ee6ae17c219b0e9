"""What can be asked of the memory of past decisions."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from memory.episode import Episode, Outcome


@dataclass(frozen=True, slots=True)
class Counts:
    """Episodes in all, those with an outcome, those that recall may find, those to be embedded."""

    episodes: int
    with_outcome: int
    recallable: int
    to_embed: int


class EpisodeStore(Protocol):
    async def add(self, episodes: Iterable[Episode]) -> int:
        """Store all or none; those whose id is known are left as they are. How many were new.

        Embeddings are added later, by the backfill. Raises: `Invalid` for text that cannot be
        stored.
        """
        ...

    async def get(self, episode_id: UUID) -> Episode | None:
        """The episode; None when there is none, or when it is still in the journal."""
        ...

    async def find_by_sprint(self, sprint_id: str) -> Episode | None:
        """The decision that created a sprint; None when it is not remembered."""
        ...

    async def list_for_project(self, project_id: str, limit: int) -> list[Episode]:
        """Its newest decisions, newest first."""
        ...

    async def record_outcome(self, episode_id: UUID, outcome: Outcome) -> bool:
        """Keep how a decision turned out; False when that was known already.

        A different outcome replaces the earlier one: progress may be reported late. Raises:
        `NotFound`.
        """
        ...

    async def count(self, project_id: str | None = None) -> Counts:
        """Counts of one project, or of all."""
        ...
