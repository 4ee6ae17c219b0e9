"""Several migrations and starts at once, and one that was killed."""

import asyncio
import os
import subprocess
import sys
import threading

import psycopg
import pytest
from structlog.testing import capture_logs

from agent.runs import checkpoints
from deploy.migrating.migration import migrate
from deploy.migrating.targets import Target
from domain_services.kernel.database import schema
from domain_services.kernel.database.migrate import locked, newest, upgrade
from tests.migrating.conftest import Site

INDEXES = (
    "SELECT bool_and(indisvalid), count(*) FROM pg_index WHERE indrelid::regclass::text LIKE 'ch%'"
)

PROGRAM = "from agent.cli.main import main; main()"


def begin_migration(memory: Target) -> "subprocess.Popen[str]":
    environment = {**os.environ, "DSM_OWNER_URLS__ORCHESTRATOR": memory.url}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "migrate", "orchestrator"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_three_migrations_of_one_empty_database_all_succeed(site: Site) -> None:
    memory = site.target("orchestrator")
    processes = [begin_migration(memory) for _ in range(3)]
    for process in processes:
        output, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        assert output == f"ready for this release: {memory.database}\n"
    assert site.read(memory, INDEXES)[0][0]


def test_waiting_migration_does_not_stop_an_index_that_is_built_concurrently(site: Site) -> None:
    project = site.target("project")
    url = project.beside(project.database)
    waits = threading.Event()

    def wait_for_lock() -> None:
        with (
            psycopg.connect(url, autocommit=True) as other,
            locked(other, lambda _: waits.set()),
        ):
            pass

    with psycopg.connect(url, autocommit=True) as connection:
        with locked(connection):
            waiting = threading.Thread(target=wait_for_lock)
            waiting.start()
            assert waits.wait(60)
            connection.execute("CREATE TABLE plan (id int)")
            connection.execute("SET statement_timeout = '30s'")
            connection.execute("CREATE INDEX CONCURRENTLY plan_by_id ON plan (id)")
        waiting.join(60)
    assert not waiting.is_alive()


def test_steps_run_in_the_session_that_holds_the_lock(site: Site) -> None:
    project = site.target("project")
    holders = (
        "SELECT array_agg(pid) = ARRAY[pg_backend_pid()] FROM pg_locks WHERE locktype = 'advisory'"
    )
    alone: list[object] = []

    def look(connection: psycopg.Connection) -> None:
        alone.extend(connection.execute(holders).fetchone() or ())

    upgrade(project.url, project.package, after=look)
    assert alone == [True]


def test_index_of_a_killed_creation_is_built_again(site: Site) -> None:
    memory = site.target("orchestrator")
    migrate([memory])
    site.admin(
        "UPDATE pg_index SET indisvalid = false"
        " WHERE indexrelid = 'checkpoints_thread_id_idx'::regclass",
        memory.database,
    )
    site.read(memory, "DELETE FROM checkpoint_migrations WHERE v >= 6")
    migrate([memory])
    assert site.read(memory, INDEXES)[0][0]


async def test_service_waits_for_a_schema_and_then_serves(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "POLL_SECONDS", 0.01)
    chronicle = site.target("chronicle")
    site.admin(f"CREATE ROLE {chronicle.spec.role} LOGIN")
    service_url = site.servers.database_url(chronicle.database, chronicle.spec.role)
    waiting = asyncio.create_task(schema.wait_for_schema(service_url, chronicle.package))
    empty = await schema.read_schema(service_url, newest(chronicle.package))
    assert (empty.state, waiting.done()) == ("waiting", False)
    await asyncio.to_thread(migrate, [chronicle])
    async with asyncio.timeout(60):
        await waiting


async def test_orchestrator_waits_for_the_tables_of_langgraph(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "WAIT_SECONDS", 0.01)
    memory = site.target("orchestrator")
    upgrade(memory.url, memory.package)
    with capture_logs() as logs:
        waiting = asyncio.create_task(checkpoints.wait_for_tables(memory.url))
        async with asyncio.timeout(60):
            while not logs:
                await asyncio.sleep(0.01)
        with psycopg.connect(memory.beside(memory.database), autocommit=True) as connection:
            checkpoints.create_tables(connection)
        async with asyncio.timeout(60):
            await waiting
    assert {log["reason"].partition(";")[2] for log in logs} == {" run dsm migrate"}


@pytest.mark.parametrize(
    ("revision", "state"),
    [
        (None, "waiting"),
        ("project_0002", "waiting"),
        ("project_0003", "ready"),
        ("project_0004", "ready"),
        ("sprint_0003", "foreign"),
    ],
)
def test_schema_is_compared_with_the_newest_that_the_service_knows(
    revision: str | None, state: str
) -> None:
    assert schema.compare(revision, "project_0003").state == state
