"""Client of the routes of remembered decisions."""

from datetime import datetime
from uuid import UUID

from agent.episodes import schema
from domain_services.kernel.client.http_client import ServiceClient

# Twenty decisions are made again.
EFFECT_SECONDS = 60.0


class EpisodesClient(ServiceClient):
    """Part of the orchestrator's client; every method raises the problems of `ServiceClient`."""

    async def episodes(
        self,
        project_id: str | None = None,
        *,
        origin: str | None = None,
        has_outcome: bool | None = None,
        forgotten: bool | None = None,
        since: datetime | None = None,
        text: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> schema.EpisodePage:
        params = {
            "project_id": project_id,
            "origin": origin,
            "has_outcome": has_outcome,
            "forgotten": forgotten,
            "since": since,
            "text": text,
            "cursor": cursor,
            "limit": limit,
        }
        return await self._call("GET", "/memory/episodes", schema.EpisodePage, params=params)

    async def episode(self, episode_id: UUID) -> schema.EpisodeDetails:
        """Read one episode. Raises: `PeerRefused` (404) for an unknown id."""
        return await self._call("GET", f"/memory/episodes/{episode_id}", schema.EpisodeDetails)

    async def episode_uses(
        self, episode_id: UUID, before: UUID | None = None, limit: int = 50
    ) -> schema.EpisodeUses:
        params = {"before": before, "limit": limit}
        path = f"/memory/episodes/{episode_id}/uses"
        return await self._call("GET", path, schema.EpisodeUses, params=params)

    async def episode_effect(self, episode_id: UUID) -> schema.EpisodeEffect:
        path = f"/memory/episodes/{episode_id}/effect"
        return await self._call("GET", path, schema.EpisodeEffect, timeout=EFFECT_SECONDS)

    async def correct_episode(
        self, episode_id: UUID, body: schema.EpisodeCorrection
    ) -> schema.EpisodeDetails:
        path = f"/memory/episodes/{episode_id}/corrections"
        return await self._call("POST", path, schema.EpisodeDetails, body=body)

    async def forget_episode(
        self, episode_id: UUID, body: schema.EpisodeForgetting
    ) -> schema.EpisodeDetails:
        path = f"/memory/episodes/{episode_id}/forget"
        return await self._call("POST", path, schema.EpisodeDetails, body=body)

    async def recalled(self, run_id: UUID) -> schema.RecalledEpisodes:
        return await self._call("GET", f"/runs/{run_id}/recalled", schema.RecalledEpisodes)
