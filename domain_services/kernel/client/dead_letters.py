"""Typed client of one service's dead letters: one method a route."""

import httpx

from domain_services.kernel.client.http_client import ServiceClient
from domain_services.kernel.messaging.dead_letters.schema import DeadLetter

_PATH = "/admin/dead-letters"


class DeadLettersClient(ServiceClient):
    """Client whose `peer` names the service in errors and metrics."""

    def __init__(self, http: httpx.AsyncClient, base_url: str, peer: str = "dead_letters") -> None:
        self.peer = peer
        super().__init__(http, base_url)

    async def list_dead_letters(
        self, *, after: int = 0, limit: int = 100, resolved: bool = False
    ) -> list[DeadLetter]:
        params = {"after": after, "limit": limit, "resolved": resolved}
        return await self._call("GET", _PATH, list[DeadLetter], params=params)

    async def replay_dead_letter(self, letter_id: int) -> DeadLetter:
        return await self._call("POST", f"{_PATH}/{letter_id}/replay", DeadLetter)

    async def discard_dead_letter(self, letter_id: int) -> DeadLetter:
        return await self._call("DELETE", f"{_PATH}/{letter_id}", DeadLetter)
