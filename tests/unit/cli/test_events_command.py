"""A service that is away does not hide what the others have set aside."""

import asyncio
from typing import Any, cast

import pytest

from agent.cli import connect, events
from agent.cli.target import Target
from domain_services.kernel.client.http_client import Lost


class Answering:
    """Clients of one service: it has set one item aside, or does not answer."""

    def __init__(self, name: str, away: str) -> None:
        self._name, self._away = name, away

    async def list_set_aside(self) -> list[str]:
        if self._name == self._away:
            raise Lost(self._name, "cannot be reached", True)
        return [f"item of {self._name}"]

    async def list_dead_letters(self, **_: object) -> list[str]:
        return []


@pytest.mark.parametrize("away", ["sprint", "daily_scrum", "orchestrator", "nobody"])
def test_list_names_the_service_that_is_away_and_shows_the_others(
    away: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = connect.SETTING_ASIDE
    services: Any = {name: Answering(name, away) for name in names}

    class Connected:
        async def __aenter__(self) -> Any:
            return type("Clients", (), {"dead_letters": services, "set_aside": services})

        async def __aexit__(self, *_: object) -> None:
            return

    monkeypatch.setattr(connect, "connect", lambda _: Connected())
    failed = asyncio.run(events._list_all(cast(Target, None), resolved=False))  # pyright: ignore[reportPrivateUsage]
    expected = [name for name in names if name != away]
    assert [name for name, _ in failed.items] == expected
    assert list(failed.unread) == ([away] if away in names else [])
