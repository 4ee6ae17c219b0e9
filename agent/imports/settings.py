"""Settings of imports by route."""

from pydantic import BaseModel, ConfigDict, Field

# Part of the OpenAPI document, and so no setting: one file, and all files of one import.
MOST_FILE_BYTES = 100 * 1024 * 1024
MOST_UPLOAD_BYTES = 2 * MOST_FILE_BYTES
MOST_FILES = 100


class ImportLimits(BaseModel):
    """Limits of imports by route (`DSM_IMPORTS__AT_ONCE`, ...)."""

    model_config = ConfigDict(frozen=True)

    at_once: int = Field(
        default=2, ge=1, le=16, description="imports whose files are read or written at one time"
    )
    memory_bytes: int = Field(
        default=1024**3,
        ge=32 * 1024**2,
        description="memory of one import, beside that of its code",
    )
    read_seconds: float = Field(
        default=300, gt=0, description="longest reading of the files of one import"
    )
    write_seconds: float = Field(
        default=3600, gt=0, description="longest work on one import; what was written then stays"
    )
    answer_seconds: float = Field(
        default=10, ge=0, description="an upload waits so long for its preview, then answers 202"
    )
