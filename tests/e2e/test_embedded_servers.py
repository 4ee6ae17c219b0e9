"""Embedded PostgreSQL and Valkey without services."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from deploy.errors import DataFolderInUse, StackError
from deploy.local.accounts import Account
from deploy.local.servers import EmbeddedServers


def connect(servers: EmbeddedServers, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(servers.database_url(database).replace("+psycopg", ""))


def setting(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row
    return row[0]


def test_servers_are_durable_and_carry_pgvector(tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path / "data") as servers:
        servers.create_databases(["one", "two"])
        servers.create_databases(["one", "three"])
        with connect(servers, "three") as connection:
            durable = ("fsync", "synchronous_commit", "full_page_writes")
            assert {setting(connection, name) for name in durable} == {"on"}
            assert setting(connection, "max_connections") == "200"
            assert setting(connection, "listen_addresses") == ""
            assert setting(connection, "server_version").startswith("18.")
            connection.execute("CREATE EXTENSION vector")
            near = connection.execute("SELECT '[1,0]'::vector <=> '[1,0]'::vector").fetchone()
            assert near == (0.0,)
        command = servers.valkey.command()
        assert command[command.index("--appendonly") + 1] == "yes"
        assert command[command.index("--port") + 1] == "0"


def test_killed_postgres_flushes_its_files_at_once_and_a_minute_of_work(tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path / "data", durable=False) as servers:
        with connect(servers) as connection:
            one_by_one = setting(connection, "recovery_init_sync_method") == "fsync"
            assert one_by_one == (sys.platform != "linux")
            assert setting(connection, "checkpoint_timeout") == "1min"
        process = servers.postgres.process
        assert process
        process.kill()
        process.wait()
        assert servers.restart_dead() == ["PostgreSQL"]
        with connect(servers) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_second_stack_on_a_folder_is_refused_and_the_first_keeps_running(tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path / "data", durable=False) as servers:
        with pytest.raises(DataFolderInUse), EmbeddedServers(tmp_path / "data"):
            raise AssertionError("both hold the folder")
        with connect(servers) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_pid_of_another_program_in_the_pid_file_is_ignored(tmp_path: Path) -> None:
    servers = EmbeddedServers(tmp_path / "data", durable=False)
    servers.start()
    pid_file = servers.folder.postgres / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    servers.stop()
    account = servers.postgres.account
    # As after a power cut: the file is there, and its pid has been given to another program, of
    # the account that runs Postgres, which therefore takes it for a running server.
    with subprocess.Popen(
        ["/bin/sleep", "600"],
        user=account.uid if account else None,
    ) as other:
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]))
        try:
            with servers, connect(servers) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
            assert other.poll() is None
        finally:
            other.kill()


def test_half_initialised_cluster_is_initialised_again(tmp_path: Path) -> None:
    half = tmp_path / "data" / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedServers(tmp_path / "data", durable=False) as servers, connect(servers) as open_:
        assert open_.execute("SELECT 1").fetchone() == (1,)
    assert not half.exists()


def test_cluster_of_another_version_is_refused_in_one_line(tmp_path: Path) -> None:
    old = tmp_path / "data" / "postgres"
    old.mkdir(parents=True)
    (old / "PG_VERSION").write_text("16\n")
    with (
        pytest.raises(StackError, match="belongs to PostgreSQL 16, this is 18"),
        EmbeddedServers(tmp_path / "data"),
    ):
        raise AssertionError("it started")
    assert EmbeddedServers(tmp_path / "data").folder.holder() is None


def test_failed_start_reports_the_reason(tmp_path: Path) -> None:
    servers = EmbeddedServers(tmp_path / "data", durable=False)
    with servers:
        pass
    config = servers.folder.postgres / "postgresql.conf"
    config.write_text("no_such_setting = 1\n")
    with pytest.raises(StackError, match=r"PostgreSQL did not start: .*contains errors"):
        servers.start()
    servers.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the owner of a folder")
def test_root_opens_folders_for_passing_not_for_reading(tmp_path: Path) -> None:
    deep = tmp_path / "closed" / "data" / "postgres"
    deep.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    account = Account(65534, 65534)
    account.own(deep)
    account.reach(deep)
    assert stat.S_IMODE((tmp_path / "closed").stat().st_mode) == 0o701
    assert stat.S_IMODE(deep.stat().st_mode) == 0o700
    assert deep.stat().st_uid == 65534
