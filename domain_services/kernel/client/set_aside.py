"""Typed client of the items that one service's loops have set aside."""

import httpx

from domain_services.kernel.client.http_client import ServiceClient
from domain_services.kernel.database.set_aside import Resolution, SetAsideItem

_PATH = "/admin/set-aside"


class SetAsideClient(ServiceClient):
    """Client whose `peer` names the service in errors and metrics."""

    def __init__(self, http: httpx.AsyncClient, base_url: str, peer: str = "set_aside") -> None:
        self.peer = peer
        super().__init__(http, base_url)

    async def list_set_aside(self, *, limit: int = 1000) -> list[SetAsideItem]:
        return await self._call("GET", _PATH, list[SetAsideItem], params={"limit": limit})

    async def replay_item(self, kind: str, item_id: str) -> Resolution:
        return await self._call("POST", f"{_PATH}/{kind}/{item_id}/replay", Resolution)

    async def discard_item(self, kind: str, item_id: str) -> Resolution:
        return await self._call("DELETE", f"{_PATH}/{kind}/{item_id}", Resolution)
