"""Settings of `dsm migrate`."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class MigrationSettings(BaseSettings):
    """URLs of the role that owns the databases, which no service has."""

    model_config = SettingsConfigDict(
        env_prefix="DSM_", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    owner_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL server with the role that owns the databases;"
        " the database in it is ignored",
    )
    owner_urls: dict[str, SecretStr] = Field(
        default={},
        description="URL for the database of one service, as `DSM_OWNER_URLS__DAILY_SCRUM`;"
        " a database in it replaces the usual name",
    )
