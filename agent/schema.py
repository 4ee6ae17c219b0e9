"""Wire types of the orchestrator's requests and of its answers about a project."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, model_validator

from domain_services.chronicle.schema.notes import check_sprint
from domain_services.kernel.types import Answer, ProjectId, Role, SprintId, Wire
from domain_services.project.schema import Clock
from domain_services.sprint.schema import TaskIds
from memory.episode import ModeName
from memory.episode_documents import EpisodeDocument
from tools.cron_dialect import MAX_SCHEDULE_CHARACTERS

MOST_TASKS = 500  # of a sprint that is decided; as many as the backlog lists by name
# As the rules know them; here for the request's schema.
Certainty = Literal[50, 60, 70, 85]
Schedule = Annotated[str, StringConstraints(max_length=MAX_SCHEDULE_CHARACTERS)]


class Options(Wire):
    """Options of a request to decide."""

    create_sprint_if_needed: bool = True
    """False creates no sprint."""
    assign_tasks: bool = True
    """False creates no sprint either: a sprint always gets tasks."""
    create_cronjob: bool = True
    """False schedules no daily scrum."""
    schedule: Schedule | None = None
    """Five cron fields of the daily scrum, in the project's time zone.

    Null: a running sprint keeps its own, and a new one gets `0 14 * * 1-5`.
    """
    sprint_duration_weeks: Annotated[int, Field(strict=True, ge=1, le=8)] = 2
    """Weeks of a new sprint."""
    max_tasks_per_sprint: Annotated[int, Field(strict=True, ge=1, le=MOST_TASKS)] | None = None
    """Limit that neither the rule nor an adjustment passes; null: none."""
    task_ids: Annotated[TaskIds, Field(max_length=MOST_TASKS)] | None = None
    """Scope on the table: only these tasks are planned, and the answer reviews them.

    Null: the tasks are chosen from all that are free.
    """


class OrchestrationRequest(Wire):
    """Request to decide on a project."""

    action: Literal["analyze_and_orchestrate"] = "analyze_and_orchestrate"
    """The only action."""
    options: Options = Options()
    """Options of the decision."""
    dry_run: bool = False
    """True to decide, explain and plan the exact calls, and make none of them."""
    record: bool = True
    """False leaves nothing behind: no run, episode or audit; only with `dry_run`."""

    @model_validator(mode="after")
    def _records_what_it_does(self) -> "OrchestrationRequest":
        if not self.record and not self.dry_run:
            raise ValueError(
                "only a dry run can go unrecorded; send dry_run true, or leave out record"
            )
        return self


class DecisionModeChange(Wire):
    """Change of a project's decision mode from its next run on; absent fields stay as they are."""

    mode: ModeName | None = None
    """`rule_based_only` applies no adjustment, `intelligence_enhanced` those that pass the gate.

    `shadow`, the older name of the autonomy `observe`, decides as `intelligence_enhanced` does and
    acts on nothing.
    """
    confidence_threshold: Annotated[float, Field(strict=True, ge=0, le=1)] | None = None
    """Lowest probability that following evidence pays at which it is followed."""
    enable_task_count_adjustment: Annotated[bool, Field(strict=True)] | None = None
    """True lets evidence change the number of tasks."""
    enable_sprint_duration_adjustment: Annotated[bool, Field(strict=True)] | None = None
    """True lets evidence change the length of a sprint."""
    certainty: Certainty | None = None
    """Percent of the sprints that are to complete their plan: a surer plan is a smaller one."""

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
    """The mode."""
    confidence_threshold: float
    """Lowest confidence that passes the gate, 0..1."""
    enable_task_count_adjustment: bool
    """True when evidence may change the number of tasks."""
    enable_sprint_duration_adjustment: bool
    """True when evidence may change the length of a sprint."""
    certainty: int
    """Percent of the sprints that are to complete their plan."""
    changed_at: datetime
    """Time of the change."""
    changed_by: str
    """Name of the API key."""


class DecisionMode(Answer):
    """The decision mode of a project."""

    project_id: str
    """Id of the project."""
    version: int
    """Version in force; 0 for the mode of the settings."""
    mode: ModeName
    """The mode."""
    confidence_threshold: float
    """Lowest confidence that passes the gate, 0..1."""
    enable_task_count_adjustment: bool
    """True when evidence may change the number of tasks."""
    enable_sprint_duration_adjustment: bool
    """True when evidence may change the length of a sprint."""
    certainty: int
    """Percent of the sprints that are to complete their plan."""
    history: list[DecisionModeVersion]
    """Changes, newest first."""


class Caller(Answer):
    """Caller of a request."""

    name: str
    """Name of the API key."""
    role: Role
    """Role of the key: `viewer` reads, `operator` also does everyday work, `admin` everything."""


class CronJobDeleted(Answer):
    """Confirmation of a deletion."""

    message: str
    """The deletion in words."""
    cronjob_name: str
    """Name of the deleted CronJob."""


class BacklogStatus(Answer):
    """Tasks of a backlog by status."""

    total_tasks: int
    """All tasks of the backlog."""
    unassigned: int
    """Tasks that are free to be planned."""
    in_progress: int
    """Tasks of a sprint that were begun."""
    completed: int
    """Completed tasks."""


class HistoricalTrends(Answer):
    """Figures of the chronicle; null where nothing is known."""

    avg_sprint_duration: float | None
    """In days."""
    completion_rate: float | None
    """Completed over planned tasks, 0..1."""
    velocity_trend: str | None
    """Direction of the velocity."""


class PredictiveInsights(Answer):
    """Forecast of a sprint, probabilities in 0..1; null where too little is known."""

    overall_risk: float | None
    """The larger of failure and capacity overload probability."""
    sprint_failure_probability: float | None
    """Probability that fewer tasks are completed than planned."""
    expected: float | None = None
    """Tasks that the sprint in progress, or else the next one, completes on average."""
    low: int | None = None
    """Lower end of the central 70 %, in tasks."""
    high: int | None = None
    """Upper end of the central 70 %, in tasks."""
    promise: int | None = None
    """Tasks that are reached in 85 % of the sprints."""
    arriving: float | None = None
    """Tasks that arrive in the sprint's days and are finished, on average."""
    expectation: str | None = None
    """The expectation in words, as a decision states it."""
    review: str | None = None
    """What to expect of the sprint's tasks by past commitments, in words."""


class ProjectStatus(Answer):
    """State of a project and its forecast."""

    project_id: str
    """Id of the project."""
    today: date
    """Present day of the project."""
    clock: Clock
    """`live`: the project follows the clock; `held`: its day changes only when it is moved."""
    last_analysis: datetime | None
    """Start of the newest run; null without a run."""
    current_sprint: str | None
    """Id of the sprint in progress; null without one."""
    sprint_status: str
    """Status of the sprint in words."""
    backlog_status: BacklogStatus
    """Tasks by status."""
    cronjobs: list[str]
    """Names of the project's CronJobs."""
    historical_trends: HistoricalTrends
    """Figures of past sprints."""
    predictive_insights: PredictiveInsights
    """Forecast."""
    reasons: dict[str, str]
    """Reason of each null, by field."""
    degraded: list[str]
    """Sources that did not answer, in words."""


_PROJECT_ID: TypeAdapter[str] = TypeAdapter(ProjectId)
_SPRINT_ID: TypeAdapter[str] = TypeAdapter(SprintId)


def _of_one_project(document: EpisodeDocument) -> EpisodeDocument:
    """Refuse ids that no audit of the episode could name. Raises: `ValueError`."""
    project_id = _PROJECT_ID.validate_python(document.project_id)
    if document.perception.project_id != project_id:
        raise ValueError("perceives another project than its own")
    if document.sprint_id is not None:
        check_sprint(_SPRINT_ID.validate_python(document.sprint_id), project_id)
    return document


PastEpisode = Annotated[EpisodeDocument, AfterValidator(_of_one_project)]


class EpisodeImport(Wire):
    """Past decisions of an import."""

    episodes: Annotated[list[PastEpisode], Field(min_length=1, max_length=200)]
    """Past decisions, up to 200."""


class EpisodesImported(Answer):
    """Result of an import of past decisions."""

    created: int
    """Decisions that were new."""
    existing: int
    """Decisions that were stored before; they stay as they are."""


class ImportedEpisodes(Wire):
    """Past decisions of an import that replace those of earlier imports of the project."""

    episodes: Annotated[list[PastEpisode], Field(max_length=200)] = []
    """Imported decisions, up to 200; one that is stored otherwise is replaced."""
    keep: Annotated[list[UUID], Field(max_length=5000)] | None = None
    """All imported decisions that the project has now, others are removed; null: none is."""

    @model_validator(mode="after")
    def _only_imports(self) -> "ImportedEpisodes":
        if any(episode.origin != "import" for episode in self.episodes):
            raise ValueError("has an episode that is no import; decisions of runs never change")
        ids = [episode.episode_id for episode in self.episodes]
        if len(set(ids)) < len(ids):
            raise ValueError("names an episode twice")
        if self.keep is not None and set(ids) - set(self.keep):
            raise ValueError("removes an episode of its own; name it in keep as well")
        return self


class ImportedEpisodesReplaced(Answer):
    """Result of replacing the imported decisions of a project."""

    project_id: str
    """Id of the project."""
    created: int
    """Decisions that are new."""
    replaced: int
    """Decisions that were stored otherwise before."""
    unchanged: int
    """Decisions that were stored before with the same content."""
    removed: int
    """Decisions that the project no longer has."""


class BackfillRequest(Wire):
    """Request to embed a batch of episodes."""

    limit: Annotated[int, Field(strict=True, ge=1, le=1000)] = 200
    """Episodes to embed, at most."""


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
