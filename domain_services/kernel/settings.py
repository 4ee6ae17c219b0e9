"""What every service is told from outside: its address, its stores, its peers, its keys."""

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

Role = Literal["viewer", "operator", "admin", "service"]


Call = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z-]*( ([A-Z]+|\*\*) /[A-Za-z0-9_./*-]*)?$")
]


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
    """Who may call, and the key with which this service calls its peers."""

    model_config = ConfigDict(frozen=True)

    service_key: SecretStr | None = None
    keys: tuple[ApiKey, ...] = ()


class Peers(BaseModel):
    """Base URLs of the services; the defaults are the ports of one machine."""

    model_config = ConfigDict(frozen=True)

    orchestrator: str = "http://127.0.0.1:8100"
    project: str = "http://127.0.0.1:8101"
    backlog: str = "http://127.0.0.1:8102"
    sprint: str = "http://127.0.0.1:8103"
    chronicle: str = "http://127.0.0.1:8104"
    embedding: str = "http://127.0.0.1:8105"


class KernelSettings(BaseSettings):
    """Settings common to all services, from `DSM_*` (`DSM_PEERS__PROJECT`, ...)."""

    model_config = SettingsConfigDict(
        env_prefix="DSM_", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    peers: Peers = Peers()
    auth: AuthSettings = AuthSettings()
    pool_size: int = Field(default=10, ge=1, le=100, description="database connections kept open")
    peer_timeout_seconds: float = Field(default=2.0, gt=0, le=30)
    request_seconds: float = Field(default=30, gt=0, description="when a caller says nothing")
    slow_request_seconds: float = Field(default=1, gt=0, description="slower ones are logged")
    max_body_bytes: int = Field(default=1024 * 1024, ge=1024)
    max_json_depth: int = Field(default=32, ge=1)
    max_running_requests: int = Field(default=32, ge=1)
    max_waiting_requests: int = Field(default=64, ge=0, description="the next is answered 503")
    max_wait_seconds: float = Field(default=1, gt=0, description="in the queue, then 503")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
