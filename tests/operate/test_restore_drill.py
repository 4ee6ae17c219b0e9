"""The restore drill: dump six databases as the CronJob does, restore them into an empty server."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from agent.app import create_app as create_agent
from agent.settings import AgentSettings
from deploy.catalogue import SERVICES
from deploy.local.servers import EmbeddedServers
from domain_services.chronicle.app import create_app
from domain_services.chronicle.settings import ChronicleSettings
from tests.agent.conftest import give_history, until
from tests.agent.conftest import whole as whole
from tests.conftest import ADMIN_KEY, AUTH, roomy_memory, serving
from tests.graphs.conftest import System
from tests.graphs.conftest import system as system
from tests.ports import free_port

FOLDER = Path("deploy/k8s/base/backup")
STORED = {spec.name: spec for spec in SERVICES if spec.database}
DSM = str(Path(sys.executable).with_name("dsm"))
OWNER = "dsm_owner"


@pytest.fixture(scope="module")
def empty_server() -> Iterator[EmbeddedServers]:
    """Start a server with what an administrator makes: roles, empty databases, the extension."""
    with (
        tempfile.TemporaryDirectory(prefix="dsm-tests-", dir=roomy_memory()) as folder,
        EmbeddedServers(Path(folder), durable=False) as server,
    ):
        for role in (OWNER, *(spec.role for spec in STORED.values() if spec.role)):
            execute(server, "postgres", f"CREATE ROLE {role} LOGIN")
        for spec in STORED.values():
            execute(server, "postgres", f"CREATE DATABASE {spec.database} OWNER {OWNER}")
            for extension, _ in spec.extensions:
                execute(server, spec.database or "", f"CREATE EXTENSION {extension}")
        yield server


def execute(server: EmbeddedServers, database: str, statement: str) -> list[Any]:
    """Run a statement as the superuser."""
    with psycopg.connect(server.postgres.url(database), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def run(
    repository: Path, servers: EmbeddedServers, script: str, *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a script of the CronJob with the programs of the embedded PostgreSQL."""
    programs = servers.postgres.binary.parent
    return subprocess.run(
        ["sh", str(repository / FOLDER / script), *words],
        env={"PATH": f"{programs}:{os.environ['PATH']}", "TZ": "Pacific/Auckland", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


def sources(databases: Mapping[str, str]) -> dict[str, str]:
    return {f"DSM_OWNER_URLS__{name.upper()}": url for name, url in databases.items()}


def counts(url: str) -> dict[str, int]:
    """Count the rows of every table."""
    with psycopg.connect(plain(url)) as connection:
        tables = connection.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables"
            " WHERE table_type = 'BASE TABLE'"
            " AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        ).fetchall()
        return {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for (name,) in tables
        }


async def test_a_backup_is_restored_into_an_empty_server(
    repository: Path,
    tmp_path: Path,
    whole: System,
    servers: EmbeddedServers,
    empty_server: EmbeddedServers,
) -> None:
    await _decide_and_stop(whole)
    before = {name: counts(url) for name, url in whole.databases.items()}
    assert before.keys() == STORED.keys()
    assert before["orchestrator"]["public.runs"] == 1

    places = sources(whole.databases) | {"BACKUP_FOLDER": str(tmp_path / "backups")}
    dumped = run(repository, servers, "backup.sh", **places)
    assert dumped.returncode == 0, dumped.stderr
    [backup] = (tmp_path / "backups").iterdir()
    assert {file.name for file in backup.iterdir()} == {
        f"{spec.database}.dump" for spec in STORED.values()
    }

    place = {
        "DSM_OWNER_URL": empty_server.database_url("postgres", OWNER),
        "BACKUP_FOLDER": str(tmp_path / "backups"),
    }
    restored = run(repository, servers, "restore.sh", backup.name, **place)
    assert restored.returncode == 0, restored.stderr

    migrated = subprocess.run(  # noqa: ASYNC221 (nothing else runs)
        [DSM, "migrate"], env={**os.environ, **place}, capture_output=True, text=True, check=False
    )
    assert migrated.returncode == 0, migrated.stderr
    after = {
        name: counts(empty_server.database_url(spec.database or ""))
        for name, spec in STORED.items()
    }
    assert after == before
    await _verify_audits(empty_server, tmp_path)

    again = run(repository, servers, "restore.sh", backup.name, **place)
    assert again.returncode == 1
    assert "restore into an empty database" in again.stderr
    _dump_as_the_plain_owner(repository, empty_server)


async def _decide_and_stop(whole: System) -> None:
    """Fill each database, and stop all services."""
    await whole.make_project("P-DRILL", tasks=8)
    await give_history(whole, "P-DRILL", [6, 7, 8])
    decision = await whole.orchestrate("P-DRILL")
    assert decision.status_code == 200, decision.text

    async def is_audited() -> bool:  # a later delivery would find its service stopped
        return counts(whole.databases["chronicle"])["public.decision_audits"] == 1

    await until(is_audited)
    await whole.start("daily_scrum")
    for name in list(whole.running):
        await whole.stop(name)


def _dump_as_the_plain_owner(repository: Path, server: EmbeddedServers) -> None:
    """Dump what was restored, as a role that is no superuser and owns every table."""
    is_superuser = f"SELECT rolsuper FROM pg_roles WHERE rolname = '{OWNER}'"
    assert execute(server, "postgres", is_superuser) == [(False,)]
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    for spec in STORED.values():
        assert execute(server, spec.database or "", owners) == [(OWNER,)]
    with tempfile.TemporaryDirectory() as folder:
        place = {
            "DSM_OWNER_URL": server.database_url("postgres", OWNER),
            "BACKUP_FOLDER": folder,
        }
        dumped = run(repository, server, "backup.sh", **place)
    assert dumped.returncode == 0, dumped.stderr


async def _verify_audits(server: EmbeddedServers, folder: Path) -> None:
    """Run `dsm audit verify` against chronicle and orchestrator on the restored databases."""
    key = folder / "key"
    key.write_text(ADMIN_KEY)
    ports = {name: free_port() for name in ("chronicle", "orchestrator")}
    peers = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    stores = {
        name: {
            "port": ports[name],
            "database_url": server.database_url(
                STORED[name].database or "", STORED[name].role or OWNER
            ),
            "redis_url": server.redis_url,
            "auth": AUTH,
        }
        for name in ports
    }
    chronicle = create_app(ChronicleSettings.model_validate(stores["chronicle"]))
    agent = create_agent(AgentSettings.model_validate(stores["orchestrator"] | {"peers": peers}))
    async with serving(chronicle, ports["chronicle"]), serving(agent, ports["orchestrator"]):
        place = ["--url", f"orchestrator={peers['orchestrator']}", "--key-file", str(key)]
        command = [DSM, "audit", "verify", *place]
        verified = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, check=False
        )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert verified.stdout.startswith("ok      P-DRILL  1 audit, head ")


def test_a_database_that_fails_does_not_lose_the_others(
    repository: Path, tmp_path: Path, servers: EmbeddedServers
) -> None:
    there = servers.database_url("postgres")
    places = {f"DSM_OWNER_URLS__{name.upper()}": there for name in STORED}
    places["DSM_OWNER_URLS__SPRINT"] = servers.database_url("no_such_database")
    done = run(repository, servers, "backup.sh", BACKUP_FOLDER=str(tmp_path), **places)
    assert done.returncode == 1
    assert "not dumped: dsm_sprint" in done.stdout
    [backup] = tmp_path.iterdir()
    assert backup.name.endswith(".incomplete")
    assert len(list(backup.glob("*.dump"))) == len(STORED) - 1
    assert not list(backup.glob("*.part"))


def test_a_restore_of_an_incomplete_backup_is_refused(
    repository: Path, tmp_path: Path, servers: EmbeddedServers
) -> None:
    (tmp_path / "20260101T000000Z").mkdir()
    place = {"DSM_OWNER_URL": servers.database_url("postgres"), "BACKUP_FOLDER": str(tmp_path)}
    done = run(repository, servers, "restore.sh", "20260101T000000Z", **place)
    assert done.returncode == 1
    assert "choose a complete backup" in done.stderr


def test_old_backups_are_removed_and_leftovers_of_a_killed_run(
    repository: Path, tmp_path: Path, servers: EmbeddedServers
) -> None:
    old, recent = tmp_path / "20200101T020000Z", tmp_path / "20260102T020000Z"
    other, part = tmp_path / "lost+found", tmp_path / ".20200101T020000Z.part"
    for folder in (old, recent, other, part):
        folder.mkdir()
    for folder in (old, other):
        os.utime(folder, (0, 0))
    places = {
        f"DSM_OWNER_URLS__{name.upper()}": servers.database_url("postgres") for name in STORED
    }
    done = run(repository, servers, "backup.sh", BACKUP_FOLDER=str(tmp_path), **places)
    assert done.returncode == 0, done.stderr
    assert not old.exists()
    assert not part.exists()
    assert recent.exists()
    assert other.exists()


def test_the_scripts_know_every_database_of_the_catalogue(repository: Path) -> None:
    text = (repository / FOLDER / "databases.sh").read_text()
    named = text.split("databases='")[1].split("'")[0].split()
    assert named == [f"{spec.name.upper()}:{spec.database}" for spec in STORED.values()]


def test_the_cronjob_runs_the_scripts_that_are_tried_here(repository: Path) -> None:
    job = yaml.safe_load((repository / FOLDER / "cronjob.yaml").read_text())
    [container] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    generator = yaml.safe_load((repository / FOLDER / "kustomization.yaml").read_text())
    [scripts] = generator["configMapGenerator"]
    assert Path(container["command"][1]).name in scripts["files"]
    assert set(scripts["files"]) == {file.name for file in (repository / FOLDER).glob("*.sh")}
