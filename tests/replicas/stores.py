"""PostgreSQL and Valkey on TCP with passwords, as an installation outside one machine has them."""

import secrets
import socket
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.catalogue import SERVICES, ServiceSpec
from deploy.local.postgres import Postgres
from deploy.local.servers import EmbeddedServers
from deploy.local.valkey import Valkey

HOST = "127.0.0.1"
OWNER_ROLE = "dsm_owner"
# The administrator comes through the unix socket, everybody else with a password.
_ACCESS = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


class TcpPostgres(Postgres):
    """PostgreSQL that also listens on a port of loopback."""

    port = 0

    def start(self) -> None:
        (self.folder / "pg_hba.conf").write_text(_ACCESS)
        super().start()

    def command(self) -> list[str]:
        settings = {"listen_addresses": HOST, "port": self.port, "max_connections": 400}
        pairs = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [*super().command(), *pairs]

    def administrator(self, database: str = "postgres") -> psycopg.Connection:
        """Connect as the superuser, through the unix socket."""
        url = f"{self.url(database)}&port={self.port}"
        return psycopg.connect(url, autocommit=True)


class TcpValkey(Valkey):
    """Valkey that listens on a port of loopback and asks for a password."""

    port = 0
    password = ""

    def command(self) -> list[str]:
        options = {"port": self.port, "bind": HOST, "requirepass": self.password}
        pairs = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        return [*super().command(), *pairs]

    def answers(self) -> bool:
        with socket.socket() as connection:
            connection.settimeout(1)
            try:
                connection.connect((HOST, self.port))
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (more := connection.recv(64)):
                    answer += more
            except OSError:
                return False
        return answer == b"+OK\r\n+PONG\r\n"


class TcpServers(EmbeddedServers):
    """Both servers of one folder, with new passwords and nothing in them."""

    def __init__(self, data_dir: Path, postgres_port: int, valkey_port: int) -> None:
        super().__init__(data_dir, durable=False)
        folder = self.folder
        self.postgres = TcpPostgres(folder.postgres, folder.logs / "postgres.log", durable=False)
        self.postgres.port = postgres_port
        self.valkey = TcpValkey(folder.valkey, folder.logs / "valkey.log", durable=False)
        self.valkey.port = valkey_port
        self.valkey.password = secrets.token_urlsafe(16)
        self.passwords = {
            role: secrets.token_urlsafe(16)
            for role in (OWNER_ROLE, *(spec.role for spec in SERVICES if spec.role))
        }

    def prepare_databases(self) -> None:
        """Do what an administrator does once: roles, empty databases, the extension."""
        with self.postgres.administrator() as administrator:
            for role, password in self.passwords.items():
                create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
                administrator.execute(create.format(sql.Identifier(role), password))
            for name in {spec.database for spec in SERVICES if spec.database}:
                create = sql.SQL("CREATE DATABASE {} OWNER {}")
                identifiers = sql.Identifier(name), sql.Identifier(OWNER_ROLE)
                administrator.execute(create.format(*identifiers))
        for spec in SERVICES:
            if spec.migrations == "memory":
                with self.postgres.administrator(spec.database or "") as administrator:
                    administrator.execute("CREATE EXTENSION vector")

    def url_of(self, spec: ServiceSpec) -> str:
        """Return the URL by which a service reaches its database."""
        return self._url(spec.role or OWNER_ROLE, spec.database or "")

    @property
    def owner_url(self) -> str:
        """Return the server's URL for the role that migrates."""
        return self._url(OWNER_ROLE, "postgres")

    def owner_urls(self) -> dict[str, str]:
        """Return each database's URL for its owner, by service."""
        return {
            spec.name: self._url(OWNER_ROLE, spec.database) for spec in SERVICES if spec.database
        }

    @property
    def redis_url(self) -> str:
        return f"redis://:{self.valkey.password}@{HOST}:{self.valkey.port}/0"

    @property
    def secrets(self) -> list[str]:
        """List the passwords, which must appear in no log."""
        return [*self.passwords.values(), self.valkey.password]

    def _url(self, role: str, database: str) -> str:
        address = f"{HOST}:{self.postgres.port}"
        return f"postgresql+psycopg://{role}:{self.passwords[role]}@{address}/{database}"
