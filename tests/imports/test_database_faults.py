"""Imports whose database goes away: a short while is outlasted, and a lost import is let go."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import psycopg
import pytest

from deploy.local.servers import EmbeddedServers
from memory.imports import Imports
from tests.agent.conftest import until
from tests.faults.proxy import FaultProxy, proxying
from tests.graphs.conftest import System
from tests.imports.conftest import export
from tests.imports.faults import Disturbed, disturbed, wait_for_end, worker

TEAM = export(40, finished=16)


@dataclass
class Stores:
    """An import's place, and the way to its database."""

    place: Disturbed
    database: FaultProxy


@pytest.fixture
async def stores(
    servers: EmbeddedServers, system: System, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stores]:
    # Renewed as often as shipped, in a third of the time.
    monkeypatch.setattr("agent.imports.worker.LEASE_SECONDS", 10)
    path = str(servers.postgres.sockets / ".s.PGSQL.5432")
    async with proxying(path) as database, disturbed(system, database) as place:
        yield Stores(place, database)


async def test_writing_outlasts_a_database_that_is_gone_for_a_moment(stores: Stores) -> None:
    place = stores.place
    import_id = await place.stuck(TEAM)
    process = await worker()
    before = stores.database.connections
    stores.database.set("refuse")

    async def was_missed() -> bool:
        return stores.database.connections > before

    await until(was_missed, 60)
    stores.database.set("pass")
    assert process.is_running()
    # The way to the backlog hangs for as long as the call, so this one ends by a refusal.
    place.backlog.set("pass")
    ended = await place.room.ended(import_id)
    if ended["state"] == "failed":
        assert "try again" in ended["message"]
        await place.completes(import_id)
    assert (await place.room.load(TEAM))["imported"][0]["changed"] is False


async def test_import_is_let_go_when_its_database_is_silent_longer_than_its_lease(
    stores: Stores,
) -> None:
    place = stores.place
    import_id = await place.stuck(TEAM)
    process = await worker()
    # It would end by itself when the backlog does not answer.
    process.suspend()
    stores.database.set("blackhole")
    await wait_for_end(process)
    stores.database.set("pass")
    place.execute("orchestrator", "UPDATE imports SET busy_until = now() - interval '1 s'")
    assert (await place.room.reaches(import_id, "failed"))["state"] == "failed"
    await place.completes(import_id)
    assert place.count_stored("SHOP")[0] == 24


async def test_upload_that_could_not_be_kept_is_gone_and_its_key_is_free(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"Idempotency-Key": "one-upload"}
    add_part = Imports.add_part

    async def lose_the_database(*_: object) -> None:
        raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(Imports, "add_part", lose_the_database)
    assert (await stores.place.room.upload(TEAM, headers=key)).status_code == 503
    monkeypatch.setattr(Imports, "add_part", add_part)
    again = await stores.place.room.upload(TEAM, headers=key)
    assert (again.status_code, again.json()["rows_read"]) == (201, 40), again.text


async def test_files_that_arrive_after_a_cancellation_are_not_kept(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = stores.place
    add_part = Imports.add_part

    async def cancel_first(self: Imports, *values: object) -> None:
        listed = (await place.room.system.http.get(place.room.url)).json()["imports"]
        assert (await place.room.delete(listed[0]["import_id"])).json()["state"] == "cancelled"
        await add_part(self, *values)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Imports, "add_part", cancel_first)
    answer = await place.room.upload(TEAM)
    assert answer.status_code == 409
    assert "cancelled while its files arrived" in answer.json()["detail"]
    for table in ("import_files", "import_parts"):
        assert place.execute("orchestrator", f"SELECT count(*) FROM {table}") == [(0,)]  # pyright: ignore[reportArgumentType]
