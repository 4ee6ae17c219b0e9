"""The orchestrator's answer: the wire types of section 6.3 of the specification."""

from datetime import date, datetime
from uuid import UUID

from domain_services.chronicle.schema import DecisionEffect, SimilarProject
from domain_services.kernel.types import Answer
from domain_services.project.schema import Clock
from domain_services.sprint.schema import SprintTask
from graphs.approval import Approval, RunOutcome
from memory.decision import DecisionSource, ExpectedSprint, PlannedCall, Selection
from memory.documents import AdjustmentReport, RuleBasedDecision
from memory.episode import ModeName, RecallPath, SimilarEpisode


class CurrentSprint(Answer):
    """The sprint in progress."""

    sprint_id: str
    """Id of the sprint."""
    end_date: date
    """Its last day."""
    total_tasks: int
    """Tasks of the sprint."""
    pending_tasks: int
    """Tasks that are not completed."""
    cronjob: str | None
    """Name of the CronJob of its daily scrum; null without one."""


class HistoricalContext(Answer):
    """The project's past; a field is null where nothing is known."""

    past_sprints: int
    """How many past sprints are known."""
    completed_per_sprint: list[int]
    """Tasks completed in each, oldest first."""
    average_velocity: float | None
    """Tasks a sprint."""
    velocity_trend: str | None
    """Direction of the velocity."""
    completion_rate: float | None
    """Completed over planned tasks, 0..1."""
    avg_sprint_duration: float | None
    """In days."""
    open_impediments: list[str]
    """Impediments without a resolution, by name."""
    similar_projects: list[SimilarProject]
    """Projects whose history resembles this one."""
    similar_episodes: int
    """How many episodes were recalled."""


class Analysis(Answer):
    """The project as the run read it."""

    backlog_tasks: int
    """Tasks that are not completed."""
    unassigned_tasks: int
    """Tasks free to be planned."""
    active_sprints: int
    """0 or 1."""
    team_size: int | None
    """People; null when no team is known."""
    working_days: int | None
    """Working days of the window; null when not known."""
    team_working_days: int | None
    """Days that the team can work in the window, summed over people; null without a team."""
    days_off: list[str]
    """Holidays and leave in the window, in words."""
    current_sprint: CurrentSprint | None
    """Null when no sprint is in progress."""
    historical_context: HistoricalContext
    """Past sprints and similar projects."""


class ConfidenceScores(Answer):
    """Confidences of the decision, 0..1."""

    overall_decision_confidence: float | None
    """The lowest of all adjustments; null when none was stated."""
    intelligence_threshold_met: bool
    """True when at least one adjustment passed the gate."""
    minimum_threshold: float
    """The threshold of the project."""


class Decisions(Answer):
    """The decision: the rules' own, the adjustments, and what holds."""

    create_new_sprint: bool
    """True when a sprint is created."""
    close_sprint: bool
    """True when the sprint in progress is closed."""
    tasks_to_assign: int | None
    """Tasks of the new sprint; null when none is created."""
    sprint_duration_weeks: int | None
    """Weeks of the new sprint; null when none is created."""
    reasoning: str
    """The reasons of the rules and of the gate."""
    decision_source: DecisionSource
    """`intelligence_enhanced` when evidence changed a number."""
    rule_based_decision: RuleBasedDecision
    """Decision of the rules alone."""
    intelligence_adjustments: dict[str, AdjustmentReport]
    """By the number that each is about."""
    confidence_scores: ConfidenceScores
    """Confidence of the decision."""


class PerformanceMetrics(Answer):
    """Durations of the run in milliseconds, and its missing sources."""

    steps_ms: dict[str, float]
    """By node of the graph."""
    total_ms: float
    """The critical path: nodes that run side by side count as the longest."""
    recall_path: RecallPath
    """Where the embedding of the recall came from; `structured` when there was none."""
    recall_ms: float
    """Duration of the recall."""
    degraded: list[str]
    """What did not answer, in words."""


class CreatedCronJob(Answer):
    """The schedule of a sprint's daily scrum."""

    name: str
    """Name of the CronJob."""
    project_id: str
    """Id of the project."""
    sprint_id: str
    """Id of the sprint."""
    schedule: str
    """Five cron fields, in the project's time zone."""
    timezone: str
    """IANA name."""
    ends_on: date
    """The last day of the sprint."""
    last_due_at: datetime | None
    """When a daily scrum was due last; null before the first."""


class Created(Answer):
    """Sprint and CronJob as the services stored them for this run."""

    sprint_id: str | None
    """Null when only a CronJob was created, as are the two dates."""
    start_date: date | None
    """The first day of the sprint."""
    end_date: date | None
    """The last day of the sprint."""
    tasks: list[SprintTask]
    """Tasks of the sprint."""
    warnings: list[str]
    """What the sprint service says of the new sprint."""
    cronjob: CreatedCronJob | None
    """Null when only a sprint was created."""


class IntelligenceMetadata(Answer):
    """Part of evidence in the decision."""

    decision_mode: ModeName
    """Mode of the project."""
    decision_mode_version: int
    """Version of the project's mode; 0 for that of the settings."""
    modifications_applied: int
    """How many of the rule's numbers were changed."""
    similar_episodes: list[SimilarEpisode]
    """The recalled episodes, nearest first."""
    embedding_model: str | None
    """Model of the recall's embedding; null without one."""


class Orchestration(Answer):
    """The full account of one run."""

    project_id: str
    """Id of the project."""
    run_id: UUID | None
    """Id of the run; null for a dry run that was not recorded."""
    run_url: str | None = None
    """Path at which the run is read; null as above."""
    recorded: bool = True
    """False for a dry run that left nothing behind."""
    as_of: date
    """The project's own day."""
    clock: Clock | None = None
    """`live`: the project follows the clock; `held`: its day changes only when it is moved.

    Null for a run that an earlier release decided.
    """
    dry_run: bool
    """True when no call was to be made, as in shadow mode."""
    effect: DecisionEffect = "acted"
    """`acted` when its calls were to be made; `dry_run` and `shadow` decisions make none.

    `not_approved` while no person has approved the plan.
    """
    analysis: Analysis
    """The project as the run read it."""
    decisions: Decisions
    """The decision with its reasons."""
    expectation: ExpectedSprint | None = None
    """Expectation of the new sprint; null when none is created."""
    selection: Selection | None = None
    """Tasks of the new sprint with reasons and chances, and what was left out; null as above."""
    actions_planned: list[PlannedCall]
    """The exact calls of the decision, in order."""
    actions_taken: list[str]
    """What was done, in words; refusals too."""
    created: Created | None
    """What the services stored; null when nothing."""
    performance_metrics: PerformanceMetrics
    """Durations and missing sources."""
    intelligence_metadata: IntelligenceMetadata
    """Part of evidence in the decision."""
    status: RunOutcome = "done"
    """`waiting` until a person decides; a plan that nobody approved has made no call."""
    approval: Approval | None = None
    """Request for a person's decision; null unless the run waits."""
