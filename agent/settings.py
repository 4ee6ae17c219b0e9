"""Settings of the orchestrator."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.chat.settings import AdvisorSettings, ChatSettings
from agent.imports.settings import ImportLimits
from domain_services.kernel.settings import DatabaseRoute, KernelSettings, Port
from domain_services.kernel.store_urls import PostgresUrl
from memory import session
from memory.episode import ModeName
from memory.run import AutonomyLevel


class McpSettings(BaseModel):
    """Settings of the tools for clients of the Model Context Protocol."""

    model_config = ConfigDict(frozen=True)

    enabled: bool = Field(
        default=False, description="serve the tools at POST /mcp; needs the extra [mcp]"
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=("127.0.0.1", "localhost", "[::1]"),
        description="JSON list of names under which clients may call /mcp, without ports",
    )


class AgentSettings(KernelSettings):
    session_settings: ClassVar[dict[str, str]] = session.SETTINGS

    port: Port = Field(default=8100, description="port to listen on")
    # One for each stream, one for deliveries, two for Idempotency-Keys.
    pool_size: int = Field(
        default=5, ge=1, le=100, description="database connections of the writing pool"
    )
    memory_pool_size: int = Field(
        default=10, ge=2, le=100, description="database connections of runs and memory"
    )
    recall_pool_size: int = Field(
        default=10, ge=2, le=100, description="database connections of recall"
    )
    recall_url: PostgresUrl | None = Field(
        default=None, description="PostgreSQL replica to recall from; none: the database"
    )
    decision_mode: ModeName = Field(
        default="intelligence_enhanced", description="mode of a project that has none of its own"
    )
    autonomy: AutonomyLevel = Field(
        default="act",
        description="how far a project acts that has no autonomy of its own",
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
    keep_runs_days: int = Field(
        default=90, ge=0, description="days for which ended runs are stored; 0: for good"
    )
    keep_inputs_days: int = Field(
        default=400, ge=0, description="days for which inputs of decisions are stored; 0: for good"
    )
    keep_checkpoints_days: int = Field(
        default=7, ge=1, description="days for which checkpoints of ended runs are stored"
    )
    keep_episodes_days: int = Field(
        default=90,
        ge=0,
        description="days for which decisions without an outcome to come are stored; 0: for good",
    )
    keep_embeddings_days: int = Field(
        default=30, ge=1, description="days for which embeddings of texts are cached"
    )
    tracing_langsmith: bool = Field(
        default=False,
        description="true sends the state of runs to LangSmith; its own variables alone never do",
    )
    mcp: McpSettings = McpSettings()
    keep_chats_days: int = Field(
        default=30, ge=0, description="days for which conversations are stored; 0: for good"
    )
    keep_imports_days: int = Field(
        default=7, ge=1, description="days for which uploads of imports are stored"
    )
    imports: ImportLimits = ImportLimits()
    chat: ChatSettings = ChatSettings()
    advisor: AdvisorSettings = AdvisorSettings()
    schedules: Literal["embedded", "kubernetes"] = Field(
        default="embedded", description="who fires schedules: this process, or the cluster"
    )
    schedule_poll_seconds: float = Field(
        default=5, gt=0, description="pause between two looks for due schedules"
    )
    image: str | None = Field(
        default=None, description="image of the Jobs of schedules: the one that this process runs"
    )
    jobs_namespace: str = Field(
        default="dsm-jobs", description="namespace of the schedules' CronJobs"
    )
    jobs_key_secret: str = Field(
        default="dsm-jobs-key",
        description="Secret there whose key service-key holds what the Jobs call with",
    )
    kubeconfig: str | None = Field(
        default=None,
        description="path of a kubeconfig; none: KUBECONFIG, or the pod's service account",
    )

    @property
    def recalls_elsewhere(self) -> bool:
        """True when recall has a database URL of its own."""
        return self.recall_url not in (None, self.database_url)

    @property
    def pool_sizes(self) -> dict[str, int]:
        """Sizes of the pools on the agent's database, by setting."""
        sizes = super().pool_sizes | {"DSM_MEMORY_POOL_SIZE": self.memory_pool_size}
        return sizes if self.recalls_elsewhere else sizes | self._recall_pool

    @property
    def database_routes(self) -> tuple[DatabaseRoute, ...]:
        """Ways to the agent's database, and to the replica of recall if there is one."""
        routes = super().database_routes
        if self.recall_url is None or not self.recalls_elsewhere:
            return routes
        replica = DatabaseRoute(
            setting="DSM_RECALL_URL",
            url=self.recall_url,
            pools=self._recall_pool,
            most_connections=self.recall_pool_size,
            past_setting="DSM_RECALL_URL",
        )
        return (*routes, replica)

    @property
    def _recall_pool(self) -> dict[str, int]:
        return {"DSM_RECALL_POOL_SIZE": self.recall_pool_size}
