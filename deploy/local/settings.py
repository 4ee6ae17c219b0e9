"""Settings of a stack on one machine."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class LocalSettings(BaseSettings):
    """Bounds of the log files under a data folder."""

    model_config = SettingsConfigDict(env_prefix="DSM_", extra="ignore", frozen=True)

    keep_log_megabytes: int = Field(
        default=10, ge=1, description="a log file that is larger is put aside for a new one"
    )
    keep_log_files: int = Field(
        default=5, ge=1, description="files that are put aside; the oldest makes room"
    )
