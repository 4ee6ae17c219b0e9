"""Typed client of the daily-scrum service: one method a route."""

from domain_services.daily_scrum import schema
from domain_services.kernel.client.http_client import ServiceClient


class DailyScrumClient(ServiceClient):
    peer = "daily_scrum_service"

    async def health(self) -> schema.Health:
        return await self._call("GET", "/health", schema.Health)

    async def run_scrum(self, sprint_id: str) -> schema.ScrumRun:
        """Deprecated: `SprintClient.run_daily_scrum` does it all."""
        return await self._call("POST", f"/scrums/{sprint_id}/run", schema.ScrumRun)
