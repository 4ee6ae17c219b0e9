"""Settings of every service, from the environment: address, stores, peers, keys, limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain_services.kernel.http_limits import HttpLimits
from domain_services.kernel.store_urls import PostgresUrl, RedisUrl
from domain_services.kernel.types import Role

Call = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z-]*( ([A-Z]+|\*\*) /[A-Za-z0-9_./*-]*)?$")
]


Port = Annotated[int, Field(ge=1, le=65535)]


class ApiKey(BaseModel):
    """A bearer key as it is stored: the SHA-256 of its text, never the text.

    `calls` is what a service key may call: `backlog-service` (all of it), or one of its routes as
    `backlog-service POST /backlogs/*/reservations`; `*` is one part of a path, `**` any number.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    role: Role
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    calls: tuple[Call, ...] = ()

    @model_validator(mode="after")
    def _scoped(self) -> "ApiKey":
        if (self.role == "service") != bool(self.calls):
            raise ValueError("a service key, and no other, names what it calls")
        return self


class AuthSettings(BaseModel):
    """Keys of callers, and the key with which this service calls its peers."""

    model_config = ConfigDict(frozen=True)

    service_key: SecretStr | None = Field(
        default=None, description="key with which this service calls others; none: it calls without"
    )
    keys: tuple[ApiKey, ...] = Field(
        default=(), description="JSON list of accepted keys: name, role, sha256, calls"
    )
    keys_file: Path | None = Field(
        default=None,
        description="JSON file of people's keys, read again when it changes; none: DSM_AUTH__KEYS"
        " holds all keys",
    )


class Peers(BaseModel):
    """Base URLs of the services; the defaults are the ports of one machine."""

    model_config = ConfigDict(frozen=True)

    orchestrator: str = Field(
        default="http://127.0.0.1:8100", description="base URL of the orchestrator"
    )
    project: str = Field(
        default="http://127.0.0.1:8101", description="base URL of the project service"
    )
    backlog: str = Field(
        default="http://127.0.0.1:8102", description="base URL of the backlog service"
    )
    sprint: str = Field(
        default="http://127.0.0.1:8103", description="base URL of the sprint service"
    )
    chronicle: str = Field(default="http://127.0.0.1:8104", description="base URL of the chronicle")
    embedding: str = Field(
        default="http://127.0.0.1:8105", description="base URL of the embedding service"
    )


@dataclass(frozen=True)
class DatabaseRoute:
    """Way of a process to a database, and what it opens there."""

    setting: str
    """Environment variable with the URL."""
    url: SecretStr
    pools: Mapping[str, int]
    """Sizes of its pools, by environment variable."""
    most_connections: int
    """Most connections that the process opens there."""
    past_setting: str
    """Environment variable with the URL that must lead past a pooler in transaction mode."""
    past_url: SecretStr | None = None
    """URL past such a pooler; None: there is none."""
    session_settings: Mapping[str, str] = field(default_factory=dict[str, str])
    """Settings that the role must have behind a pooler, beside those of every session."""


class KernelSettings(BaseSettings):
    """Settings common to all services, from `DSM_*` (`DSM_PEERS__PROJECT`, ...)."""

    model_config = SettingsConfigDict(
        env_prefix="DSM_", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    needs_redis: ClassVar[bool] = False
    """True for a service that cannot do without events."""
    session_settings: ClassVar[dict[str, str]] = {}
    """Settings of its database sessions, beside those of every service."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: Port = Field(description="port to listen on")
    database_url: PostgresUrl | None = Field(
        default=None, description="PostgreSQL database of this service"
    )
    database_direct_url: PostgresUrl | None = Field(
        default=None,
        description="the same database past a PgBouncer that DSM_DATABASE_URL leads through;"
        " none: there is no PgBouncer",
    )
    redis_url: RedisUrl | None = Field(
        default=None, description="Redis 6.2 or newer, or Valkey, that carries the events"
    )
    peers: Peers = Peers()
    auth: AuthSettings = AuthSettings()
    http: HttpLimits = HttpLimits()
    pool_size: int = Field(
        default=10, ge=1, le=100, description="database connections of the writing pool"
    )
    read_pool_size: int = Field(
        default=5, ge=1, le=100, description="database connections of the pool for frequent reads"
    )
    peer_timeout_seconds: float = Field(
        default=2.0, gt=0, le=30, description="longest wait for another service's answer"
    )
    request_seconds: float = Field(
        default=30, gt=0, description="deadline of a request whose caller names none"
    )
    slow_request_seconds: float = Field(
        default=1, gt=0, description="a slower request is logged as slow"
    )
    max_body_bytes: int = Field(
        default=1024 * 1024, ge=1024, description="a larger request body is answered 413"
    )
    max_json_depth: int = Field(
        default=32, ge=1, description="a JSON body nested deeper is refused"
    )
    max_running_requests: int = Field(
        default=32, ge=1, description="requests served at the same time"
    )
    max_waiting_requests: int = Field(
        default=64, ge=0, description="requests in the queue; the next is answered 503"
    )
    max_running_requests_per_caller: int = Field(
        default=24,
        ge=1,
        description="of those, the most of one key, so that others find a place; keys of services,"
        " which call for many people, may have all",
    )
    max_waiting_requests_per_caller: int = Field(
        default=48, ge=0, description="requests of one key in the queue; the next is answered 503"
    )
    max_wait_seconds: float = Field(
        default=1, gt=0, description="longest wait in the queue, then 503"
    )
    drain_seconds: float = Field(
        default=5,
        ge=0,
        le=60,
        description="time in which a stopping process still accepts requests; above 4, for which"
        " a peer keeps an idle connection",
    )
    # What is kept, and why: docs/operate/retention.md.
    keep_answers_days: int = Field(
        default=1, ge=1, description="days for which answers under Idempotency-Keys are stored"
    )
    keep_events_days: int = Field(
        default=7, ge=1, description="days for which confirmed events stay in outbox and stream"
    )
    keep_inbox_days: int = Field(
        default=30,
        ge=1,
        description="days for which ids of applied events stay; at least DSM_KEEP_EVENTS_DAYS",
    )
    keep_deliveries_days: int = Field(
        default=7, ge=0, description="days for which delivered records are stored; 0: for good"
    )
    keep_dead_letters_days: int = Field(
        default=90, ge=0, description="days for which resolved dead letters stay; 0: for good"
    )
    item_tries: int = Field(
        default=10,
        ge=1,
        le=100,
        description="tries of one failing item of background work, as a delivery or an episode; it"
        " is then set aside for a person, with 10 tries after about 17 minutes",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severe level that is logged"
    )

    @model_validator(mode="after")
    def _ids_outlive_events(self) -> "KernelSettings":
        if self.keep_inbox_days < self.keep_events_days:
            raise ValueError(
                "an event that outlives its id would take effect twice;"
                " set DSM_KEEP_INBOX_DAYS to DSM_KEEP_EVENTS_DAYS or more"
            )
        return self

    @property
    def is_pooled(self) -> bool:
        """True when a PgBouncer stands between the service and its database."""
        return self.database_direct_url is not None

    @property
    def pool_sizes(self) -> dict[str, int]:
        """Sizes of the pools on the service's database, by setting."""
        return {"DSM_POOL_SIZE": self.pool_size, "DSM_READ_POOL_SIZE": self.read_pool_size}

    @property
    def most_connections(self) -> int:
        """Most connections that one process opens to its database."""
        if self.database_url is None:
            return 0
        return sum(self.pool_sizes.values())

    @property
    def database_routes(self) -> tuple[DatabaseRoute, ...]:
        """Ways to databases, that of the service first."""
        if self.database_url is None:
            return ()
        own = DatabaseRoute(
            setting="DSM_DATABASE_URL",
            url=self.database_url,
            pools=self.pool_sizes,
            most_connections=self.most_connections,
            past_setting="DSM_DATABASE_DIRECT_URL",
            past_url=self.database_direct_url,
            # Without a pooler a pool sets its own at each connection that it opens.
            session_settings=self.session_settings if self.is_pooled else {},
        )
        return (own,)
