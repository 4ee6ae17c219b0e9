"""Settings and address of a served process are checked before anything else starts."""

import socket

import pytest
from pydantic import SecretStr

from deploy.catalogue import ServiceSpec, find
from deploy.environment import read_environment
from deploy.errors import PortTaken, StackError
from deploy.migrating.settings import MigrationSettings
from deploy.serving.start import (
    is_loopback,
    listen,
    read_settings,
    refuse_missing_stores,
    refuse_open_door,
)
from domain_services.kernel.settings import ApiKey, AuthSettings, KernelSettings
from tests.ports import free_port

PROJECT = find("project")
KEYS = AuthSettings(keys=(ApiKey(name="admin", role="admin", sha256="0" * 64),))


def settings(host: str, auth: AuthSettings) -> KernelSettings:
    return KernelSettings(host=host, port=1, auth=auth, database_url=SecretStr("postgresql://a/b"))


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.7", False),
        ("project-service", False),
    ],
)
def test_address_that_others_reach_needs_keys(host: str, is_own: bool) -> None:
    assert is_loopback(host) == is_own
    refuse_open_door(PROJECT, settings(host, KEYS))
    if is_own:
        refuse_open_door(PROJECT, settings(host, AuthSettings()))
    else:
        with pytest.raises(StackError, match="without any API key"):
            refuse_open_door(PROJECT, settings(host, AuthSettings()))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DSM_PORT", "tcp://10.0.0.7:80"),
        ("DSM_PORT", "0"),
        ("DSM_PORT", "99999"),
        ("DSM_DRAIN_SECONDS", "-1"),
        ("DSM_AUTH__KEYS", '["x"]'),
        ("DSM_DATABASE_URL", "postgresql://dsm:se%cret@host/database"),
        ("DSM_DATABASE_URL", "postgresql://dsm:se cret@host/database"),
        ("DSM_DATABASE_URL", "postgresql://dsm:sec@ret@host/database"),
        ("DSM_DATABASE_URL", "postgresql://dsm:se/cret@host/database"),
        ("DSM_DATABASE_URL", "postgresql://dsm:secret@host:port/database"),
        ("DSM_DATABASE_URL", "mysql://dsm:secret@host/database"),
        ("DSM_DATABASE_DIRECT_URL", "host=server dbname=database password=secret"),
        ("DSM_REDIS_URL", "redis://:se/cret@host:6379/0"),
        ("DSM_REDIS_URL", "http://:secret@host:6379/0"),
        ("DSM_REDIS_URL", ""),
    ],
)
def test_wrong_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(StackError, match=variable) as refusal:
        read_settings(PROJECT)
    assert not value or value not in str(refusal.value)
    assert "cret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DSM_DATABASE_URL", "postgresql://dsm:s%40%2Fcret#!$&'()*+,;=~-._@[::1]:5432/database"),
        ("DSM_DATABASE_URL", "postgres://one:5432,two:5433/database?target_session_attrs=any"),
        ("DSM_DATABASE_URL", "postgresql+psycopg://dsm@/database?host=%2Fvar%2Frun"),
        ("DSM_DATABASE_URL", "postgresql:///database"),
        ("DSM_REDIS_URL", "rediss://user:s%20cret@host:6379/0?ssl_cert_reqs=none"),
        ("DSM_REDIS_URL", "unix:///var/run/valkey.sock"),
    ],
)
def test_url_that_a_driver_understands_is_taken(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    settings = read_settings(PROJECT)
    url = settings.database_url if variable == "DSM_DATABASE_URL" else settings.redis_url
    assert url is not None
    assert url.get_secret_value() == value


def test_text_that_is_not_json_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSM_AUTH", "{")
    with pytest.raises(StackError, match="JSON is expected"):
        read_settings(PROJECT)


def test_wrong_settings_of_a_migration_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSM_OWNER_URLS", "{")
    with pytest.raises(StackError, match=r'"owner_urls".*; JSON is expected there\Z'):
        read_environment(MigrationSettings)


@pytest.mark.parametrize("name", ["backlog", "sprint", "daily_scrum"])
def test_service_that_needs_redis_does_not_start_without(name: str) -> None:
    spec = find(name)
    stores = {"database_url": "postgresql://a/b"}
    with pytest.raises(StackError, match="no Redis is set; set DSM_REDIS_URL"):
        refuse_missing_stores(spec, read_settings(spec, **stores))
    refuse_missing_stores(spec, read_settings(spec, **stores, redis_url="redis://a"))


def test_orchestrator_starts_without_redis() -> None:
    orchestrator = find("orchestrator")
    own = read_settings(orchestrator, database_url="postgresql://a/b")
    assert own.redis_url is None
    refuse_missing_stores(orchestrator, own)


def test_taken_port_is_named() -> None:
    port = free_port()
    with listen("127.0.0.1", port), pytest.raises(PortTaken, match=f"port {port}: .*DSM_PORT"):
        listen("127.0.0.1", port)


def test_service_is_found_by_either_spelling() -> None:
    specs: list[ServiceSpec] = [find("daily-scrum"), find("daily_scrum")]
    assert {spec.name for spec in specs} == {"daily_scrum"}
    with pytest.raises(StackError, match="there is no service sprints; choose one of: backlog"):
        find("sprints")


def test_every_address_of_ipv6_takes_ipv4_too() -> None:
    port = free_port()
    with listen("::", port) as bound, socket.create_connection(("127.0.0.1", port), timeout=30):
        bound.settimeout(30)
        connection, (address, *_) = bound.accept()
        connection.close()
    assert address == "::ffff:127.0.0.1"
