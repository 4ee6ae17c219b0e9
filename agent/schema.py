"""Wire types of the orchestrator's requests and of its answers about a project."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from domain_services.kernel.types import Answer, Wire
from memory.episode import ModeName
from memory.episode_documents import EpisodeDocument

Schedule = Annotated[str, StringConstraints(max_length=100)]


class Options(Wire):
    """Options of a request to decide."""

    create_sprint_if_needed: bool = True
    assign_tasks: bool = True
    """False creates no sprint either: a sprint always gets tasks."""
    create_cronjob: bool = True
    schedule: Schedule = "0 14 * * 1-5"
    """Five cron fields of the daily scrum, in the project's time zone."""
    sprint_duration_weeks: Annotated[int, Field(strict=True, ge=1, le=8)] = 2
    max_tasks_per_sprint: Annotated[int, Field(strict=True, ge=1, le=500)] | None = None
    """Limit that no adjustment passes; without it the rule plans 10, give or take a half."""


class OrchestrationRequest(Wire):
    """Request to decide on a project."""

    action: Literal["analyze_and_orchestrate"] = "analyze_and_orchestrate"
    options: Options = Options()
    dry_run: bool = False
    """True to decide, explain and plan the exact calls, and make none of them."""


class DecisionModeChange(Wire):
    """Change of a project's decision mode from its next run on; absent fields stay as they are."""

    mode: ModeName | None = None
    """`rule_based_only` applies no adjustment, `intelligence_enhanced` those that pass the gate.

    `shadow` decides as `intelligence_enhanced` does and acts on nothing.
    """
    confidence_threshold: Annotated[float, Field(strict=True, ge=0, le=1)] | None = None
    """Lowest confidence that passes the gate, a probability."""
    enable_task_count_adjustment: Annotated[bool, Field(strict=True)] | None = None
    enable_sprint_duration_adjustment: Annotated[bool, Field(strict=True)] | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "DecisionModeChange":
        if not self.model_dump(exclude_none=True):
            raise ValueError("names nothing to change; name at least one field")
        return self


class DecisionModeVersion(Answer):
    """A change of a project's decision mode, with the values that held after it."""

    version: int
    """Counted from 1."""
    mode: ModeName
    confidence_threshold: float
    enable_task_count_adjustment: bool
    enable_sprint_duration_adjustment: bool
    changed_at: datetime
    changed_by: str


class DecisionMode(Answer):
    """The decision mode of a project."""

    project_id: str
    version: int
    """Version in force; 0 for the mode of the settings."""
    mode: ModeName
    confidence_threshold: float
    enable_task_count_adjustment: bool
    enable_sprint_duration_adjustment: bool
    history: list[DecisionModeVersion]
    """Changes, newest first."""


class CronJobDeleted(Answer):
    """Confirmation of a deletion."""

    message: str
    cronjob_name: str


class BacklogStatus(Answer):
    """Tasks of a backlog by status."""

    total_tasks: int
    unassigned: int
    in_progress: int
    completed: int


class HistoricalTrends(Answer):
    """Figures of the chronicle; null where nothing is known."""

    avg_sprint_duration: float | None
    """In days."""
    completion_rate: float | None
    """Completed over planned tasks, 0..1."""
    velocity_trend: str | None
    """Direction of the velocity."""


class PredictiveInsights(Answer):
    """Probabilities, 0..1; null where too little is known."""

    overall_risk: float | None
    sprint_failure_probability: float | None


class ProjectStatus(Answer):
    """State of a project and its forecast."""

    project_id: str
    last_analysis: datetime | None
    """Start of the newest run; null without a run."""
    current_sprint: str | None
    """Id of the sprint in progress; null without one."""
    sprint_status: str
    backlog_status: BacklogStatus
    cronjobs: list[str]
    historical_trends: HistoricalTrends
    predictive_insights: PredictiveInsights
    reasons: dict[str, str]
    """Reason of each null, by field."""
    degraded: list[str]
    """Sources that did not answer, in words."""


class EpisodeImport(Wire):
    """Past decisions of an import."""

    episodes: Annotated[list[EpisodeDocument], Field(min_length=1, max_length=200)]


class EpisodesImported(Answer):
    """Result of an import of past decisions."""

    created: int
    existing: int
    """Decisions that were stored before; they stay as they are."""


class BackfillRequest(Wire):
    """Request to embed a batch of episodes."""

    limit: Annotated[int, Field(strict=True, ge=1, le=1000)] = 200


class BackfillProgress(Answer):
    """Result of embedding a batch of episodes."""

    done: int
    """Episodes that were embedded."""
    failed: int
    """Episodes that could not be embedded now."""
    left: int
    """Episodes without an embedding after this call, the failed ones too."""
    model: str | None
    """Model of the embeddings; null when none was made."""


class EmbeddingBacklog(Answer):
    """Episodes that wait for an embedding."""

    episodes: int
    """All episodes."""
    to_embed: int
    """Episodes without an embedding."""
