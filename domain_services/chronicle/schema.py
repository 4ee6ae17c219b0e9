"""Wire types of the chronicle service: what is recorded of sprints, days and decisions."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AliasChoices, Field, model_validator

from domain_services.chronicle import schema_action_items, schema_analytics
from domain_services.chronicle.values import Day, Instant, JsonObject
from domain_services.kernel.types import (
    Answer,
    Count,
    EmployeeId,
    Line,
    ProjectId,
    Prose,
    SprintId,
    TaskId,
    Wire,
)

# Action items and the answers of the analytics are part of this module for its readers.
ActionItemChange = schema_action_items.ActionItemChange
ActionItemStatus = schema_action_items.ActionItemStatus
RecordedChange = schema_action_items.RecordedChange
TrackedActionItem = schema_action_items.TrackedActionItem
DecisionImpact = schema_analytics.DecisionImpact
DecisionOutcome = schema_analytics.DecisionOutcome
DecisionSource = schema_analytics.DecisionSource
MetricsSummary = schema_analytics.MetricsSummary
ProjectEvidence = schema_analytics.ProjectEvidence
ProjectImpediments = schema_analytics.ProjectImpediments
ProjectPatterns = schema_analytics.ProjectPatterns
ProjectVelocity = schema_analytics.ProjectVelocity
SimilarProject = schema_analytics.SimilarProject
SprintVelocity = schema_analytics.SprintVelocity
TimePeriod = schema_analytics.TimePeriod
VelocityTrend = schema_analytics.VelocityTrend

TaskOutcomeStatus = Literal["open", "in-progress", "close"]
Origin = Literal["sprint_service", "import"]
Percentage = Annotated[int, Field(strict=True, ge=0, le=100)]
Weeks = Annotated[int, Field(strict=True, ge=1, le=52)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
MAX_TASKS = 2000
MAX_BULK = 100


def _distinct_ids(ids: list[str]) -> list[str]:
    if len(set(ids)) < len(ids):
        raise ValueError("names a task twice")
    return ids


TaskIds = Annotated[list[TaskId], Field(max_length=MAX_TASKS), AfterValidator(_distinct_ids)]


def _check_sprint(sprint_id: str, project_id: str) -> None:
    if sprint_id.rpartition("-S")[0] != project_id:
        raise ValueError("the sprint_id is not one of the project")


class _OfSprint(Wire):
    sprint_id: SprintId
    project_id: ProjectId

    @model_validator(mode="after")
    def _belongs(self) -> "_OfSprint":
        _check_sprint(self.sprint_id, self.project_id)
        return self


class _OfSprintWindow(_OfSprint):
    """`end_date` is the sprint's last day; `duration_weeks` null: the dates alone say how long."""

    sprint_name: Line
    start_date: Day
    end_date: Day
    duration_weeks: Weeks | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "_OfSprintWindow":
        if self.end_date < self.start_date:
            raise ValueError("end_date is before start_date")
        return self


class NoteCreated(Answer):
    message: str
    note_id: UUID


class SprintPlanningCreate(_OfSprintWindow):
    sprint_goal: Prose | None = None
    planned_tasks: TaskIds = []


class SprintPlanning(Answer):
    note_id: UUID
    sprint_id: str
    project_id: str
    sprint_name: str
    sprint_goal: str | None
    start_date: date
    end_date: date
    duration_weeks: int | None
    planned_tasks: list[str]
    created_at: datetime


class ActionItemCreate(Wire):
    description: Prose
    status: ActionItemStatus = "open"


class TaskOutcomeCreate(Wire):
    """How a task stood when its sprint closed; an import keeps the id that its source gave."""

    task_id: Annotated[Line, Field(max_length=100)]
    description: Prose
    status: TaskOutcomeStatus
    employee_id: EmployeeId | None = None
    progress_percentage: Percentage = 0


TaskOutcomes = Annotated[list[TaskOutcomeCreate], Field(max_length=MAX_TASKS)]
ActionItems = Annotated[list[ActionItemCreate], Field(max_length=200)]


class SprintRetrospectiveCreate(_OfSprintWindow):
    """One closed sprint. `retrospective_id` null: the chronicle makes one.

    `tasks_summary` of the sprint service is the whole sprint. An import may know only the finished
    tasks: then `planned_tasks_count` (the commitment at the start) is null and no completion rate
    is computed. `open_at_start`: the project's open tasks when the sprint began;
    `tasks_created_during`: those that came up while it ran; both null when not known.
    """

    retrospective_id: UUID | None = None
    what_went_well: Prose = ""
    what_could_be_improved: Prose = ""
    action_items: ActionItems = []
    facilitator_id: EmployeeId | None = None
    attendees: Annotated[list[EmployeeId], Field(max_length=500)] = []
    tasks_summary: TaskOutcomes = []
    origin: Origin = "sprint_service"
    planned_tasks_count: Count | None = None
    open_at_start: Count | None = None
    tasks_created_during: Count | None = None

    @model_validator(mode="after")
    def _tasks_once(self) -> "SprintRetrospectiveCreate":
        _distinct_ids([task.task_id for task in self.tasks_summary])
        return self


class SprintRetrospectiveBulk(Wire):
    """Closed sprints of an import, each sprint once."""

    notes: Annotated[list[SprintRetrospectiveCreate], Field(min_length=1, max_length=MAX_BULK)]

    @model_validator(mode="after")
    def _once(self) -> "SprintRetrospectiveBulk":
        given = [note.retrospective_id for note in self.notes if note.retrospective_id]
        if len({note.sprint_id for note in self.notes}) < len(self.notes):
            raise ValueError("names a sprint twice")
        if len(set(given)) < len(given):
            raise ValueError("gives a retrospective_id twice")
        return self


class BulkRecorded(Answer):
    """`existing` were recorded before, with the same content."""

    created: int
    existing: int


class ActionItem(Answer):
    description: str
    status: ActionItemStatus


class TaskOutcome(Answer):
    task_id: str
    description: str
    status: TaskOutcomeStatus
    employee_id: str | None
    progress_percentage: int


class SprintRetrospective(Answer):
    """`completed_tasks` counts the tasks of status `close`; `total_tasks` null: not known."""

    retrospective_id: UUID
    sprint_id: str
    project_id: str
    sprint_name: str
    start_date: date
    end_date: date
    duration_weeks: int | None
    what_went_well: str
    what_could_be_improved: str
    action_items: list[ActionItem]
    facilitator_id: str | None
    attendees: list[str]
    tasks_summary: list[TaskOutcome]
    origin: Origin
    planned_tasks_count: int | None
    open_at_start: int | None
    tasks_created_during: int | None
    completed_tasks: int
    total_tasks: int | None
    created_at: datetime


class SummaryMetrics(Wire):
    total_team_members: Count
    total_tasks: Count
    completed_tasks: Count
    pending_tasks: Count


class TaskReportCreate(Wire):
    id: Line
    yesterday_work: Prose = ""
    today_work: Prose = ""
    impediments: Prose = ""
    created_at: Instant | None = None


class EmployeeReportCreate(Wire):
    """What one person reports; requests may call the person `assigned_to` or `employee_id`."""

    employee_id: EmployeeId | None = Field(
        default=None, validation_alias=AliasChoices("assigned_to", "employee_id")
    )
    tasks: Annotated[list[TaskReportCreate], Field(max_length=MAX_TASKS)]


class DailyScrumReportCreate(_OfSprint):
    """One report a sprint and day. `report_id` null: the chronicle makes one."""

    report_id: UUID | None = None
    report_date: Day
    summary: Prose = ""
    summary_metrics: SummaryMetrics | None = None
    reports: Annotated[
        dict[Day, Annotated[list[EmployeeReportCreate], Field(max_length=500)]],
        Field(max_length=31),
    ]


class SprintMetrics(Answer):
    total_team_members: int
    total_tasks: int
    completed_tasks: int
    pending_tasks: int


class TaskReport(Answer):
    id: str
    yesterday_work: str
    today_work: str
    impediments: str
    created_at: datetime | None


class EmployeeReport(Answer):
    employee_id: str | None
    tasks: list[TaskReport]


class DailyScrumReports(Answer):
    """Reports by day. Summary, metrics and `created_at` are those of the newest report.

    `project_id` and `sprint_id` are null when the answer spans several of them.
    """

    project_id: str | None
    sprint_id: str | None
    created_at: datetime
    summary: str
    summary_metrics: SprintMetrics | None
    reports: dict[date, list[EmployeeReport]]


class DecisionAuditCreate(Wire):
    """One decision of the orchestrator. `audit_id` makes repeating it harmless.

    `confidence` in 0..1 is null when none was stated; `sprint_id` null: no sprint was concerned.
    """

    audit_id: UUID
    project_id: ProjectId
    sprint_id: SprintId | None = None
    decision_source: DecisionSource
    decision: JsonObject
    rule_based_decision: JsonObject | None = None
    intelligence_adjustments: JsonObject | None = None
    reasoning: Prose = ""
    confidence: Share | None = None
    actor: Line
    run_id: Line | None = None
    timestamp: Instant

    @model_validator(mode="after")
    def _belongs(self) -> "DecisionAuditCreate":
        if self.sprint_id is not None:
            _check_sprint(self.sprint_id, self.project_id)
        return self


class DecisionAudit(Answer):
    """An audit as it stands in its project's chain.

    `hash` is the SHA-256 (hex) of the bytes of `prev_hash` followed by the record's canonical JSON.
    """

    audit_id: UUID
    project_id: str
    sprint_id: str | None
    decision_source: DecisionSource
    decision: dict[str, Any]
    rule_based_decision: dict[str, Any] | None
    intelligence_adjustments: dict[str, Any] | None
    reasoning: str
    confidence: float | None
    actor: str
    run_id: str | None
    timestamp: datetime
    sequence: int
    prev_hash: str
    hash: str
    recorded_at: datetime


Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, hex")]


class ProjectChain(Answer):
    """The chain of one project. `first_broken` is the first audit whose link does not hold.

    A chain whose end was cut off is broken at its last remaining audit, or, when nothing
    remains, has no audit to name. `head` is the hash of its last audit as the chain recorded it;
    null when that record is gone.
    """

    project_id: str
    verified: bool
    records: int
    first_broken: UUID | None
    first_broken_sequence: int | None
    problem: str | None
    head: str | None


class ChainVerification(Answer):
    """`first_broken` is that of the first broken chain; `records` counts all.

    Who owns the database can rewrite a chain whole: only a head that was noted elsewhere shows
    that. `noted_head_found` is null when none was given.
    """

    verified: bool
    records: int
    first_broken: UUID | None
    noted_head_found: bool | None
    chains: list[ProjectChain]
