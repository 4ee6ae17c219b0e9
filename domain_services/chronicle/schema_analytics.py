"""Answers of the chronicle's analytics; read them as `schema.<name>`."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from domain_services.kernel.types import Answer

DecisionSource = Literal["rule_based_only", "intelligence_enhanced"]
Trend = Literal["increasing", "decreasing", "stable"]


class _Reasoned(Answer):
    """`reasons` says, by field, why it is null."""

    reasons: dict[str, str] = {}


class ProjectPatterns(_Reasoned):
    """What recurs in a project.

    `avg_sprint_duration_days` in calendar days, last day included; `completion_rate` in 0..1:
    finished over all tasks of the sprints of which both are known;
    `total_tasks_completed_in_daily_scrums`: by each sprint's newest report.
    """

    project_id: str
    daily_scrum_count: int
    retrospective_count: int
    sprint_count: int
    total_tasks_completed_in_daily_scrums: int
    common_retrospective_action_items: dict[str, int]
    avg_sprint_duration_days: float | None
    completion_rate: float | None
    patterns_analysis_summary: str


class SprintVelocity(Answer):
    """`total_tasks` is null when only the finished tasks of the sprint are known."""

    sprint_id: str
    sprint_name: str
    start_date: date
    end_date: date
    completed_tasks: int
    total_tasks: int | None


class VelocityTrend(Answer):
    """Least-squares line through completed tasks of the last `sprint_count` (at most 12) sprints.

    `slope` and `standard_error` are in tasks per sprint.
    """

    slope: float
    standard_error: float
    sprint_count: int


class ProjectVelocity(_Reasoned):
    """Finished tasks of every closed sprint, oldest first; `average_velocity` is their mean.

    `sprint_count` is how many there are; as part of the evidence only the newest are listed.

    `velocity_trend` is `increasing` or `decreasing` only with at least 5 sprints and a slope of
    more than 1.96 standard errors; null, as `trend`, below 3 sprints.
    """

    project_id: str
    sprint_count: int
    velocity_trend_data: list[SprintVelocity]
    average_velocity: float | None
    trend: VelocityTrend | None
    velocity_trend: Trend | None
    velocity_analysis: str


class ProjectImpediments(Answer):
    """Impediments of daily reports and action items of retrospectives, the most frequent first.

    Texts that differ only in case, blanks or a full stop are one. The action item to remove an
    impediment is about that impediment: it is counted only where no daily report names it, and one
    to decide about a task never. A daily report has no status: `impediment_status_counts` counts
    the action items.
    """

    project_id: str
    impediment_frequency: dict[str, int]
    impediment_status_counts: dict[str, dict[str, int]]
    impediment_analysis_summary: str


class SimilarProject(Answer):
    """`similarity_score` in (0, 1]: exp(-mean squared distance) over `shared_features`."""

    project_id: str
    similarity_score: float
    sprint_count: int
    average_velocity: float
    shared_features: list[str]


class ProjectEvidence(_Reasoned):
    """Everything that a decision about a project asks of its history, in one answer.

    `similar_projects` is empty, with a reason, when there is none.
    """

    project_id: str
    velocity: ProjectVelocity
    patterns: ProjectPatterns
    impediments: ProjectImpediments
    similar_projects: list[SimilarProject]


class MetricsSummary(_Reasoned):
    """Counts over all projects.

    `overall_system_health` follows from the share of finished tasks in the sprints of which the
    scope is known; null when there are none.
    """

    total_projects: int
    total_sprints: int
    total_daily_scrum_reports: int
    total_retrospectives: int
    total_action_items: int
    overall_system_health: Literal["Good", "Fair", "Poor"] | None
    summary_analysis: str


class TimePeriod(Answer):
    start_date: datetime
    end_date: datetime


class DecisionOutcome(Answer):
    """A decision and what became of its sprint.

    A sprint's outcome belongs to the first decision that names it; `completion_rate` (0..1) and
    `success` are null for other decisions, and while the sprint is open.
    """

    audit_id: UUID
    project_id: str
    sprint_id: str | None
    decision_source: DecisionSource
    completion_rate: float | None
    success: bool | None
    timestamp: datetime


class DecisionImpact(_Reasoned):
    """Decisions made in a period, and how the sprints of both sources turned out.

    Rates are in 0..1, improvements in percent of the rule-based mean. `*_outcomes` are the sample
    sizes behind the means. `completion_rate_difference_95` is the 95 % interval (normal
    approximation) of the difference of the two means, null below 2 outcomes on either side.
    Task efficiency: finished tasks per calendar day of the sprint. Resource utilization: the share
    of the sprint's people (attendees and holders of tasks) that held a task. `details` are the
    newest 1,000 decisions, oldest first.
    """

    time_period: TimePeriod
    total_decisions_analyzed: int
    intelligence_enhanced_decisions: int
    rule_based_decisions: int
    intelligence_outcomes: int
    rule_based_outcomes: int
    intelligence_completion_rate_avg: float | None
    rule_based_completion_rate_avg: float | None
    completion_rate_improvement_percent: float | None
    completion_rate_difference_95: tuple[float, float] | None
    task_efficiency_improvement_percent: float | None
    resource_utilization_improvement_percent: float | None
    details: list[DecisionOutcome]
