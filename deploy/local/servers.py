"""Embedded servers of one data folder: PostgreSQL with pgvector, and Valkey."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from deploy.local.folder import DataFolder
from deploy.local.logs import Bounds
from deploy.local.postgres import OWNER, Postgres
from deploy.local.valkey import Valkey


class EmbeddedServers:
    """Servers under `data_dir`, reached through unix sockets that only this account opens.

    `durable=False` skips fsync; only for tests. Raises: `StackError` when a server package is
    not installed.
    """

    def __init__(self, data_dir: Path, durable: bool = True) -> None:
        self.folder = DataFolder(data_dir)
        self.postgres = Postgres(
            self.folder.postgres, self.folder.logs / "postgres.log", durable=durable
        )
        self.valkey = Valkey(self.folder.valkey, self.folder.logs / "valkey.log", durable=durable)

    def start(self) -> None:
        """Claim the folder, clean up after a killed parent, start both servers.

        Raises: `DataFolderInUse`, `StackError`.
        """
        self.folder.prepare()
        self.folder.claim()
        self._stop_servers()
        sockets = self.folder.make_sockets()
        self.postgres.start_in(sockets)
        self.valkey.start_in(sockets)

    def stop(self) -> None:
        """Stop Valkey, then PostgreSQL, remove the sockets and release the folder."""
        self.folder.claim()
        self._stop_servers()
        self.folder.clear_sockets()
        self.folder.release()

    def restart_dead(self) -> list[str]:
        """Start servers again that ended by themselves; returns their names."""
        restarted: list[str] = []
        for server in (self.postgres, self.valkey):
            if not server.running():
                server.start()
                restarted.append(server.name)
        return restarted

    def rotate_logs(self, limits: Bounds) -> None:
        """Put full logs aside; both servers go on in new ones."""
        for server in (self.postgres, self.valkey):
            server.rotate_log(limits)

    def create_databases(self, names: Iterable[str]) -> None:
        """Create the databases that are missing."""
        self.postgres.create_databases(list(names))

    def create_role(self, name: str) -> None:
        """Create a role that may log in and nothing else, if it is missing."""
        self.postgres.create_role(name)

    def database_url(self, name: str, role: str | None = None) -> str:
        """Return a database's SQLAlchemy URL (psycopg 3), for `role` or, by default, its owner."""
        return self.postgres.url(name, "+psycopg", role or OWNER)

    @property
    def redis_url(self) -> str:
        """Return the redis-py URL of Valkey."""
        return f"unix://{quote(str(self.valkey.socket))}"

    def _stop_servers(self) -> None:
        self.valkey.stop()
        self.postgres.stop()

    def __enter__(self) -> "EmbeddedServers":
        try:
            self.start()
        except BaseException:
            if self.folder.claimed:
                self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
