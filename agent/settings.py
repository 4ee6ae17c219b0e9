"""Settings of the orchestrator."""

from pydantic import Field, SecretStr

from domain_services.kernel.settings import KernelSettings
from memory.episode import ModeName


class AgentSettings(KernelSettings):
    port: int = 8100
    recall_url: SecretStr | None = Field(
        default=None, description="a replica to recall from; the database itself by default"
    )
    decision_mode: ModeName = "intelligence_enhanced"
    confidence_threshold: float = Field(default=0.75, ge=0, le=1)
    lease_seconds: float = Field(default=30, gt=1, description="a run not renewed is recovered")
    patience: float = Field(
        default=1,
        ge=1,
        le=100,
        description="factor on what a decision waits for memory and history",
    )
    schedule_poll_seconds: float = Field(default=5, gt=0)
