"""A start refuses, by name, pools that never fit and poolers that do not do what is needed."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from agent.settings import AgentSettings
from deploy.errors import StackError
from deploy.migrating.migration import migrate
from deploy.migrating.targets import Target
from domain_services.kernel.database import session
from domain_services.kernel.database.fitness import UnfitDatabase, check_database
from domain_services.kernel.settings import KernelSettings
from tests.migrating.conftest import Site

PGBOUNCER = shutil.which("pgbouncer")


def _version() -> tuple[int, ...]:
    if PGBOUNCER is None:
        return ()
    shown = subprocess.run([PGBOUNCER, "--version"], capture_output=True, text=True, check=True)
    return tuple(int(part) for part in shown.stdout.split()[1].split(".")[:2])


# Releases before 1.21 keep none, and do not know the setting.
WITHOUT_PREPARED = ["max_prepared_statements = 0"] if _version() >= (1, 21) else []
IGNORING = "ignore_startup_parameters = options"
needs_pgbouncer = pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed")


def settings(url: str, **others: Any) -> KernelSettings:
    return KernelSettings(port=8101, database_url=url, **others)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def project(site: Site) -> Target:
    return site.target("project")


async def test_pools_beyond_the_limit_of_the_role_are_refused_by_name(
    site: Site, project: Target
) -> None:
    site.admin(f"ALTER ROLE {site.owner} CONNECTION LIMIT 14")
    with pytest.raises(UnfitDatabase, match=r"DSM_POOL_SIZE = 10 \+ DSM_READ_POOL_SIZE = 5.*role"):
        await check_database(settings(project.url))
    site.admin(f"ALTER ROLE {site.owner} CONNECTION LIMIT 15")
    await check_database(settings(project.url))


async def test_pools_beyond_the_limit_of_the_database_are_refused(
    site: Site, project: Target
) -> None:
    site.admin(f"ALTER DATABASE {project.database} CONNECTION LIMIT 14")
    with pytest.raises(UnfitDatabase, match="of the database"):
        await check_database(settings(project.url))


async def test_pools_beyond_what_the_server_leaves_are_refused(project: Target) -> None:
    # 200, of which three are kept for superusers.
    with pytest.raises(UnfitDatabase, match="max_connections = 200"):
        await check_database(settings(project.url, pool_size=100, read_pool_size=98))


async def test_pools_that_do_not_fit_now_are_a_warning(project: Target) -> None:
    url = project.beside(project.database)
    with psycopg.connect(url), psycopg.connect(url), capture_logs() as logs:
        await check_database(settings(project.url, pool_size=100, read_pool_size=96))
    assert [log["event"] for log in logs] == ["database.connections_scarce"]


async def test_pool_of_recall_is_compared_with_the_limits_of_its_own_database(
    site: Site, project: Target
) -> None:
    replica = site.target("backlog")
    own = {"database_url": project.url, "recall_url": replica.url}
    await check_database(AgentSettings.model_validate(own))
    site.admin(f"ALTER DATABASE {replica.database} CONNECTION LIMIT 9")
    with pytest.raises(UnfitDatabase, match=r"DSM_RECALL_POOL_SIZE = 10\) by DSM_RECALL_URL"):
        await check_database(AgentSettings.model_validate(own))
    await check_database(AgentSettings.model_validate(own | {"recall_pool_size": 9}))


async def test_replica_that_is_away_keeps_no_orchestrator_from_its_start(project: Target) -> None:
    away = {"database_url": project.url, "recall_url": "postgresql://postgres@/none?host=/nowhere"}
    with capture_logs() as logs:
        await check_database(AgentSettings.model_validate(away))
    assert [(log["event"], log["setting"]) for log in logs] == [
        ("database.not_checked", "DSM_RECALL_URL")
    ]


async def test_database_that_is_away_is_not_judged() -> None:
    with capture_logs() as logs:
        await check_database(settings("postgresql://postgres@/none?host=/nowhere"))
    assert [log["event"] for log in logs] == ["database.not_checked"]


Pooler = Callable[..., str]


@pytest.fixture
def pooler(site: Site, project: Target, tmp_path: Path) -> Iterator[Pooler]:
    """Start a PgBouncer before the site's server; return the project's URL through it."""
    processes: list[subprocess.Popen[bytes]] = []
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    folder = tmp_path

    def start(mode: str, *lines: str) -> str:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port: int = free.getsockname()[1]
        users, configuration = folder / f"users-{port}", folder / f"{port}.ini"
        users.write_text(f'"{site.owner}" ""\n')
        configuration.write_text(
            "\n".join(
                [
                    "[databases]",
                    f"* = host={site.servers.postgres.sockets}",
                    "[pgbouncer]",
                    f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =",
                    f"auth_type = trust\nauth_file = {users}\npool_mode = {mode}",
                    *lines,
                ]
            )
        )
        if account:
            for path in (users, configuration):
                os.chown(path, account.pw_uid, account.pw_gid)
            for path in (folder, *folder.parents[:-1]):
                path.chmod(path.stat().st_mode | 0o011)
        process = subprocess.Popen(
            [str(PGBOUNCER), "-q", *(["-u", "nobody"] if account else []), str(configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        processes.append(process)
        while process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return f"postgresql://{site.owner}@127.0.0.1:{port}/{project.database}"
        raise AssertionError(f"pgbouncer ended with {process.returncode}")

    yield start
    for process in processes:
        process.terminate()
        process.wait()


def give_settings(site: Site) -> None:
    for name, value in session.settings().items():
        site.admin(f"ALTER ROLE {site.owner} SET {name} = '{value}'")


@needs_pgbouncer
async def test_pooler_that_refuses_settings_is_named(pooler: Pooler) -> None:
    with pytest.raises(UnfitDatabase, match="refuses the settings"):
        await check_database(settings(pooler("transaction")))


@needs_pgbouncer
async def test_session_mode_serves_when_the_role_has_the_settings(
    site: Site, pooler: Pooler
) -> None:
    with pytest.raises(UnfitDatabase, match=rf"ALTER ROLE {site.owner} SET statement_timeout"):
        await check_database(settings(pooler("session", IGNORING)))
    give_settings(site)
    await check_database(settings(pooler("session", IGNORING)))


@needs_pgbouncer
async def test_transaction_mode_without_a_direct_url_is_refused(site: Site, pooler: Pooler) -> None:
    give_settings(site)
    with pytest.raises(UnfitDatabase, match="transaction mode; set DSM_DATABASE_DIRECT_URL"):
        await check_database(settings(pooler("transaction", IGNORING)))


@needs_pgbouncer
async def test_pooler_that_forgets_prepared_statements_is_refused(
    site: Site, project: Target, pooler: Pooler
) -> None:
    give_settings(site)
    url = pooler("transaction", *WITHOUT_PREPARED)
    with pytest.raises(UnfitDatabase, match="forgets prepared"):
        await check_database(settings(url, database_direct_url=project.url))


@needs_pgbouncer
async def test_statement_mode_is_refused(project: Target, pooler: Pooler) -> None:
    with pytest.raises(UnfitDatabase, match="statement mode"):
        await check_database(settings(pooler("statement"), database_direct_url=project.url))


@needs_pgbouncer
@pytest.mark.parametrize(
    ("mode", "lines", "refusal"),
    [
        (
            "transaction",
            [IGNORING],
            "transaction mode; set DSM_RECALL",
        ),
        ("statement", [IGNORING], "statement mode"),
        ("session", [], "refuses the settings of a session; set DSM_RECALL_URL"),
    ],
)
async def test_replica_behind_a_pooler_that_does_not_do_is_refused(
    site: Site, project: Target, pooler: Pooler, mode: str, lines: list[str], refusal: str
) -> None:
    give_settings(site)
    own = {"database_url": project.url, "recall_url": pooler(mode, *lines)}
    with pytest.raises(UnfitDatabase, match=f"DSM_RECALL_URL leads through a pooler .*{refusal}"):
        await check_database(AgentSettings.model_validate(own))


@needs_pgbouncer
async def test_replica_behind_a_pooler_in_session_mode_serves(
    site: Site, project: Target, pooler: Pooler
) -> None:
    own = {"database_url": project.url}
    with pytest.raises(UnfitDatabase, match="the pooler in DSM_RECALL_URL lacks its settings"):
        through = own | {"recall_url": pooler("session", IGNORING)}
        await check_database(AgentSettings.model_validate(through))
    give_settings(site)
    through = own | {"recall_url": pooler("session", IGNORING)}
    await check_database(AgentSettings.model_validate(through))


@needs_pgbouncer
async def test_direct_url_through_the_pooler_is_refused(pooler: Pooler) -> None:
    url = pooler("session")
    with pytest.raises(UnfitDatabase, match="DSM_DATABASE_DIRECT_URL leads through"):
        await check_database(settings(url, database_direct_url=url))


@needs_pgbouncer
def test_migration_through_a_pooler_is_refused(project: Target, pooler: Pooler) -> None:
    through = type(project)(project.spec, project.package, pooler("session"))
    with pytest.raises(StackError, match="set DSM_OWNER_URL to the PostgreSQL server itself"):
        migrate([through])
