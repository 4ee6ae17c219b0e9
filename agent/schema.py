"""The orchestrator's own wire types (section 6.3 of the specification)."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from domain_services.kernel.types import Answer, Wire
from memory.episode import ModeName
from memory.episode_documents import EpisodeDocument

Schedule = Annotated[str, StringConstraints(max_length=100)]


class Options(Wire):
    """`max_tasks_per_sprint` in a request is a limit that no adjustment passes; without it the
    rule's own 10 applies, which evidence may change by up to half."""

    create_sprint_if_needed: bool = True
    assign_tasks: bool = True
    create_cronjob: bool = True
    schedule: Schedule = "0 14 * * 1-5"
    sprint_duration_weeks: Annotated[int, Field(strict=True, ge=1, le=8)] = 2
    max_tasks_per_sprint: Annotated[int, Field(strict=True, ge=1, le=500)] | None = None


class OrchestrationRequest(Wire):
    """`dry_run` decides, explains and plans the exact calls, and makes none of them."""

    action: Literal["analyze_and_orchestrate"] = "analyze_and_orchestrate"
    options: Options = Options()
    dry_run: bool = False


class DecisionModeChange(Wire):
    """How a project is decided from its next run on; what is not named stays as it is.

    `rule_based_only` lets no adjustment through, `intelligence_enhanced` those whose confidence
    reaches the threshold (a probability), `shadow` decides the same and acts on nothing.
    """

    mode: ModeName | None = None
    confidence_threshold: Annotated[float, Field(strict=True, ge=0, le=1)] | None = None
    enable_task_count_adjustment: Annotated[bool, Field(strict=True)] | None = None
    enable_sprint_duration_adjustment: Annotated[bool, Field(strict=True)] | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "DecisionModeChange":
        if not self.model_dump(exclude_none=True):
            raise ValueError("names nothing to change")
        return self


class DecisionModeVersion(Answer):
    version: int
    mode: ModeName
    confidence_threshold: float
    enable_task_count_adjustment: bool
    enable_sprint_duration_adjustment: bool
    changed_at: datetime
    changed_by: str


class DecisionMode(Answer):
    """What holds for a project; version 0 is that of the settings. `history` is newest first."""

    project_id: str
    version: int
    mode: ModeName
    confidence_threshold: float
    enable_task_count_adjustment: bool
    enable_sprint_duration_adjustment: bool
    history: list[DecisionModeVersion]


class CronJobDeleted(Answer):
    message: str
    cronjob_name: str


class BacklogStatus(Answer):
    total_tasks: int
    unassigned: int
    in_progress: int
    completed: int


class HistoricalTrends(Answer):
    """`avg_sprint_duration` in days, `completion_rate` in 0..1; null where nothing is known."""

    avg_sprint_duration: float | None
    completion_rate: float | None
    velocity_trend: str | None


class PredictiveInsights(Answer):
    """Probabilities in 0..1, null where nothing can be said."""

    overall_risk: float | None
    sprint_failure_probability: float | None


class ProjectStatus(Answer):
    """`last_analysis` is when a run of the project began last; `reasons` says why a field is null.

    `degraded` names what did not answer.
    """

    project_id: str
    last_analysis: datetime | None
    current_sprint: str | None
    sprint_status: str
    backlog_status: BacklogStatus
    cronjobs: list[str]
    historical_trends: HistoricalTrends
    predictive_insights: PredictiveInsights
    reasons: dict[str, str]
    degraded: list[str]


class EpisodeImport(Wire):
    """Past decisions with known outcomes, brought by an importer."""

    episodes: Annotated[list[EpisodeDocument], Field(min_length=1, max_length=200)]


class EpisodesImported(Answer):
    created: int
    existing: int


class BackfillRequest(Wire):
    limit: Annotated[int, Field(strict=True, ge=1, le=1000)] = 200


class BackfillProgress(Answer):
    """Episodes embedded and not embedded by this call, those left, and the `model` that was used.

    `left` counts the failed ones too; they keep their flag.
    """

    done: int
    failed: int
    left: int
    model: str | None


class EmbeddingBacklog(Answer):
    episodes: int
    to_embed: int
