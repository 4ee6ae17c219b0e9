"""Settings of the orchestrator."""

from pydantic import Field, SecretStr

from domain_services.kernel.settings import KernelSettings
from memory.episode import ModeName


class AgentSettings(KernelSettings):
    port: int = Field(default=8100, description="port to listen on")
    recall_url: SecretStr | None = Field(
        default=None, description="PostgreSQL replica to recall from; none: the database"
    )
    decision_mode: ModeName = Field(
        default="intelligence_enhanced", description="mode of a project that has none of its own"
    )
    confidence_threshold: float = Field(
        default=0.75, ge=0, le=1, description="least probability at which an adjustment is applied"
    )
    lease_seconds: float = Field(
        default=30, gt=1, description="a run whose lease is older is resumed by another process"
    )
    patience: float = Field(
        default=1,
        ge=1,
        le=100,
        description="factor on the time a decision or report waits for memory and history",
    )
    schedule_poll_seconds: float = Field(
        default=5, gt=0, description="pause between two looks for due schedules"
    )
