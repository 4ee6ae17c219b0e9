"""Databases of a role that is no superuser, and whatever else such a role may have."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import pytest

from deploy.catalogue import SERVICES, ServiceSpec
from deploy.local.servers import EmbeddedServers
from deploy.migrating.targets import Target, target

_numbers = itertools.count()


@dataclass
class Site:
    """Server with an owner that has no rights but its login."""

    servers: EmbeddedServers
    owner: str
    names: list[str] = field(default_factory=list[str])
    roles: list[str] = field(default_factory=list[str])

    def admin(self, statement: str, database: str = "postgres") -> list[Any]:
        """Run a statement as the administrator."""
        return self._run(self.servers.postgres.url(database), statement)

    def read(self, of: Target, statement: str) -> list[Any]:
        """Run a statement as the owner."""
        return self._run(of.beside(of.database), statement)

    def _run(self, url: str, statement: str) -> list[Any]:
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def target(self, service: str, *, exists: bool = True, vector: bool = True) -> Target:
        """Name a database of a service, and its role, that no other test has."""
        spec = next(spec for spec in SERVICES if spec.name == service)
        name = f"{self.owner}_{service}"
        self.names.append(name)
        if spec.role:
            self.roles.append(f"{name}_role")
        if exists:
            self.admin(f"CREATE DATABASE {name} OWNER {self.owner}")
            if vector and spec.extensions:
                self.admin("CREATE EXTENSION vector", name)
        return target(self._own(spec, name), self.servers.database_url(name, self.owner))

    def _own(self, spec: ServiceSpec, name: str) -> ServiceSpec:
        return replace(spec, database=name, role=f"{name}_role" if spec.role else None)


@pytest.fixture
def site(servers: EmbeddedServers) -> Iterator[Site]:
    site = Site(servers, f"plain_owner_{next(_numbers)}")
    site.admin(f"CREATE ROLE {site.owner} LOGIN")
    yield site
    for name in site.names:
        site.admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    for role in (*site.roles, site.owner):
        site.admin(f"DROP ROLE IF EXISTS {role}")
