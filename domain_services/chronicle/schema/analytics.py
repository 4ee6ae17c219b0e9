"""Wire types of a project's analytics: patterns, velocity, impediments, similar projects."""

from datetime import date
from typing import Literal

from domain_services.events import ProgressSource
from domain_services.kernel.statistics import Direction
from domain_services.kernel.types import Answer

CountedSource = Literal["reported", "simulated"]


class ReasonedAnswer(Answer):
    """Base of answers that say why a field is null."""

    reasons: dict[str, str] = {}
    """Reason by name of the field that is null."""


class ProjectPatterns(ReasonedAnswer):
    """Recurring facts of a project."""

    project_id: str
    """The project."""
    daily_scrum_count: int
    """Recorded daily scrums."""
    retrospective_count: int
    """Recorded retrospectives."""
    sprint_count: int
    """Sprints that any note names."""
    total_tasks_completed_in_daily_scrums: int
    """Finished tasks, by each sprint's newest daily report."""
    common_retrospective_action_items: dict[str, int]
    """Frequency of the most common action items."""
    avg_sprint_duration_days: float | None
    """Mean length of a sprint in calendar days, last day included; null without sprints."""
    completion_rate: float | None
    """Finished over all tasks, in 0..1, where both are known; null where they never are."""
    patterns_analysis_summary: str
    """Summary for people."""


class SprintVelocity(Answer):
    """Finished tasks of one closed sprint; velocity counts those in it and outside it."""

    sprint_id: str
    """The sprint."""
    sprint_name: str
    """Name of the sprint for people."""
    start_date: date
    """First day of the sprint."""
    end_date: date
    """Planned last day of the sprint."""
    ended_on: date | None = None
    """Last day that the sprint ran; null: the planned one, in a chronicle of the release before."""
    progress_source: ProgressSource | None = None
    """Origin of the progress, `reported` for an import; null: not known."""
    completed_tasks: int
    """Tasks finished in the sprint."""
    completed_outside: int | None = None
    """Tasks of the project finished in the sprint's days outside it; null: not known."""
    completed_arrived: int | None = None
    """Tasks finished in the sprint's days and created after it began; null: not known."""
    total_tasks: int | None
    """All tasks of the sprint; null when only the finished ones are known."""

    @property
    def velocity(self) -> int:
        """Return all tasks that the team finished in the sprint's days."""
        return self.completed_tasks + (self.completed_outside or 0)

    @property
    def days(self) -> int:
        """Return the calendar days that the sprint ran."""
        return ((self.ended_on or self.end_date) - self.start_date).days + 1


class VelocityTrend(Answer):
    """Least-squares line through the tasks finished in the newest sprints."""

    slope: float
    """Change in tasks a sprint, per sprint."""
    standard_error: float
    """Standard error of the slope, in the same unit."""
    sprint_count: int
    """Sprints that the line is fitted to, 3 to 12."""


class ProjectVelocity(ReasonedAnswer):
    """Finished tasks of the worked sprints of a project, with mean and trend.

    Simulated sprints count only in a project without any reported or imported one.
    """

    project_id: str
    """The project."""
    sprint_count: int
    """Sprints that count in all."""
    progress_source: CountedSource | None = None
    """Origin of the progress of the sprints that count; null without one."""
    simulated_sprints: int = 0
    """Simulated sprints that do not count."""
    unworked_sprints: int = 0
    """Closed sprints in which nobody worked, or not for long enough."""
    velocity_trend_data: list[SprintVelocity]
    """Sprints that count, oldest first; as part of the evidence only the newest."""
    average_velocity: float | None
    """Mean of finished tasks over all these sprints; null without one."""
    trend: VelocityTrend | None
    """Line through the newest sprints; null below 3 sprints."""
    velocity_trend: Direction | None
    """Direction of the line; `stable` below 5 sprints or within 1.96 standard errors, null as
    `trend`."""
    velocity_analysis: str
    """Summary for people."""


class ProjectImpediments(Answer):
    """Impediments of daily reports and action items of retrospectives, most frequent first.

    Texts that differ only in case, blanks or a full stop are one. An action item that removes an
    impediment counts as that impediment, and only where no daily report names it. An action item
    that decides about a task is not counted.
    """

    project_id: str
    """The project."""
    impediment_frequency: dict[str, int]
    """Frequency by text."""
    impediment_status_counts: dict[str, dict[str, int]]
    """Action items by text and status; a daily report has no status."""
    open_impediments: list[str] = []
    """What is in the way now, the newest first: open action items, and the last reports on the
    tasks of sprints without a retrospective."""
    impediment_analysis_summary: str
    """Summary for people."""


class SimilarProject(Answer):
    """Project with a similar history."""

    project_id: str
    """The similar project."""
    similarity_score: float
    """exp(-mean squared distance) over `shared_features`, in 0..1; 1 for equal histories."""
    sprint_count: int
    """Closed sprints of the similar project."""
    average_velocity: float
    """Mean of its finished tasks a sprint."""
    shared_features: list[str]
    """Names of the features that both projects have."""


class ProjectEvidence(ReasonedAnswer):
    """Everything that a decision reads of a project's history, in one answer."""

    project_id: str
    """The project."""
    velocity: ProjectVelocity
    """Finished tasks of the newest sprints, with mean and trend."""
    patterns: ProjectPatterns
    """Recurring facts."""
    impediments: ProjectImpediments
    """Impediments by frequency."""
    similar_projects: list[SimilarProject]
    """Similar projects, the most similar first; empty, with a reason, when there is none."""


class MetricsSummary(ReasonedAnswer):
    """Counts over all projects."""

    total_projects: int
    """Projects with anything recorded."""
    total_sprints: int
    """Sprints that any note or decision names."""
    total_daily_scrum_reports: int
    """Recorded daily scrums."""
    total_retrospectives: int
    """Recorded retrospectives."""
    total_action_items: int
    """Recorded action items."""
    overall_system_health: Literal["Good", "Fair", "Poor"] | None
    """Rating of the share of finished tasks; null when no sprint's tasks are all known."""
    summary_analysis: str
    """Summary for people."""
