"""Wire types of the intelligence routes (section 6.3 of the specification).

A number that cannot be computed is null, and `reasons` says why, by field.
"""

from datetime import datetime
from typing import Any, Literal

from agent.learning.schema import CalibrationReport
from domain_services.chronicle.schema import DecisionAudit, ProjectVelocity, SimilarProject
from domain_services.kernel.types import Answer
from graphs.evidence.calibration import Bin

Interval = tuple[float, float]


class DataQualityReport(Answer):
    """`data_quality_score` in 0..1 is the weighted share of `parts` that is there.

    `historical_sprints` are closed sprints, `common_team_velocity` the median of completed tasks of
    the newest of them, `avg_completion_rate` in 0..1.
    """

    data_available: bool
    historical_sprints: int | None
    avg_completion_rate: float | None
    common_team_velocity: float | None
    data_quality_score: float | None
    parts: dict[str, float]
    observation_note: str
    recommendations: None = None


class DataQuality(Answer):
    project_id: str
    data_quality_report: DataQualityReport
    recommendations: list[str]
    degraded: list[str]


class Group(Answer):
    """Decisions of one source. Rates in 0..1, misses in tasks; `_95` are 95 % intervals.

    `mean_miss` is the mean distance between planned and completed tasks. Intervals end where what
    is possible ends; null with too few values, or with equal ones (see `reasons`).
    """

    decisions: int
    outcomes: int
    completion_rate: float | None
    completion_rate_95: Interval | None
    mean_miss: float | None
    mean_miss_95: Interval | None


class Difference(Answer):
    """Enhanced less rule-based, with its 95 % interval; null below the least number of outcomes.

    Only the interval is null when the values of both are equal among themselves (see `reasons`).
    """

    value: float | None
    interval_95: Interval | None


class Recommendations(Answer):
    """How often the recommended number ended nearer than the rule's, applied or not.

    Ties, and sprints whose plan let only one side win, are left out; `win_rate_95` is Wilson's.
    """

    compared: int
    won: int
    lost: int
    win_rate: float | None
    win_rate_95: Interval | None
    table: tuple[Bin, ...]


class DecisionImpact(Answer):
    """Enhanced beside rule-based decisions, by how their sprints ended."""

    project_id: str
    conclusion: str
    intelligence_enhanced: Group
    rule_based: Group
    completion_rate_difference: Difference
    miss_difference: Difference
    recommendations: Recommendations
    reasons: dict[str, str]


class DecisionAuditTrail(Answer):
    """The newest audits, oldest first; `pending` are decided and not yet in the chronicle.

    `total` are all decisions, by the length of the project's chain, pending ones included;
    `truncated` when older ones than `audits` are recorded.
    """

    project_id: str
    total: int
    pending: int
    truncated: bool
    audits: list[DecisionAudit]


class SimilarProjectsAnalysis(Answer):
    """`reason` says why nothing is similar; null otherwise."""

    project_id: str
    similarity_threshold: float
    similar_projects: list[SimilarProject]
    count: int
    average_similarity: float | None
    velocity_of_similar: float | None
    own_velocity: float | None
    reason: str | None


class VelocityTrends(ProjectVelocity):
    """The chronicle's velocity, and what the next sprint may complete by it.

    `expected` is a mean in tasks, `low` to `high` the central 70 %; null below three sprints.
    """

    expected: float | None
    low: int | None
    high: int | None


class ProjectPatterns(Answer):
    avg_sprint_duration: float | None
    completion_rate: float | None
    velocity_trend: str | None
    common_impediments: list[str]


class SimilarProjectInsight(Answer):
    """`success_rate` is the project's own completion rate in 0..1; null when not known."""

    project_id: str
    similarity_score: float
    success_rate: float | None
    lessons_learned: list[str]


class RiskAssessment(Answer):
    """Probabilities in 0..1 for the sprint in progress, or the one that the rule would plan.

    `sprint_failure_probability` is P(completed < planned), `capacity_overload_risk` the same at the
    team's own pace in the working time of the window. Of a sprint in progress both are of its
    pending tasks and the days that are left of it, leave not considered. `confidence` is the share
    of the project's replayed past sprints that ended inside the central 70 % interval.
    """

    overall_risk: float | None
    sprint_failure_probability: float | None
    capacity_overload_risk: float | None
    confidence: float | None
    planned_tasks: int
    sample_size: int
    explanation: str
    reasons: dict[str, str]


class HistoricalContext(Answer):
    project_patterns: ProjectPatterns
    similar_projects: list[SimilarProjectInsight]
    risk_assessment: RiskAssessment


class InsightsMetadata(Answer):
    historical_data_points: int
    similar_projects_analyzed: int
    similar_episodes_analyzed: int
    prediction_confidence: float | None
    data_freshness_hours: float | None
    recall_path: str
    degraded: list[str]


class ProjectInsights(Answer):
    project_id: str
    historical_context: HistoricalContext
    recommendations: list[str]
    intelligence_metadata: InsightsMetadata


class ModelsHealth(Answer):
    """Freshness of what intelligence rests on; `problems` is empty exactly when healthy.

    `data_freshness_hours` since the newest known outcome, null when none is known;
    `model_last_updated` is null while the calibration is the shipped one.
    """

    intelligence_status: Literal["healthy", "degraded"]
    cache_status: Literal["healthy", "error"]
    chronicle_service_connectivity: Literal["ok", "error"]
    embedding_service_connectivity: Literal["ok", "error"]
    data_freshness_hours: float | None
    model_last_updated: datetime | None
    calibration: CalibrationReport
    calibration_age_hours: float | None
    embedding_backlog: int | None
    episodes: dict[str, int]
    cache: dict[str, Any]
    problems: list[str]
