"""Wire types of the intelligence routes (section 6.3 of the specification).

A number that cannot be computed is null, and `reasons` says why, by field.
"""

from datetime import date, datetime
from typing import Literal

from agent.learning.schema import CalibrationReport
from domain_services.chronicle.schema import DecisionAudit, ProjectVelocity, SimilarProject
from domain_services.kernel.types import Answer
from domain_services.project.schema import Clock
from graphs.evidence.calibration import Bin
from memory.episode import SimilarEpisode

Interval = tuple[float, float]


class DataQualityReport(Answer):
    """Rating of the data that a project's decisions rest on."""

    data_available: bool
    """True when at least one closed sprint is recorded."""
    historical_sprints: int | None
    """Closed sprints; null when none is recorded."""
    avg_completion_rate: float | None
    """Completed tasks over planned ones, in 0..1; null when not known."""
    common_team_velocity: float | None
    """Median of the tasks completed in the newest sprints; null without a sprint."""
    data_quality_score: float | None
    """Weighted mean of `parts`, in 0..1; null when the chronicle did not answer."""
    parts: dict[str, float]
    """Share of each kind of data that is there, in 0..1."""
    observation_note: str
    """Summary in one or two sentences."""
    # The specification's example has this field inside the report too, always null; the
    # recommendations stand beside the report.
    recommendations: None = None
    """Always null."""


class DataQuality(Answer):
    """Data quality of a project, with recommendations."""

    project_id: str
    """Project that was rated."""
    data_quality_report: DataQualityReport
    """The rating."""
    recommendations: list[str]
    """What to add to the data, most valuable first."""
    degraded: list[str]
    """What did not answer, with the reason; empty when all did."""


class Group(Answer):
    """Decisions of one source; intervals end at the bounds of possible values."""

    decisions: int
    """Decisions of the source that acted, also those that found nothing to do."""
    outcomes: int
    """Decisions whose sprint has ended, and in which people worked."""
    completion_rate: float | None
    """Mean share of planned tasks that was completed, in 0..1; null when not known."""
    completion_rate_95: Interval | None
    """Its 95 % interval; null with too few values, or with equal ones."""
    mean_miss: float | None
    """Mean distance between planned and completed tasks; null without outcomes."""
    mean_miss_95: Interval | None
    """Its 95 % interval in tasks; null with too few values, or with equal ones."""


class Difference(Answer):
    """Mean of enhanced decisions less mean of rule-based ones."""

    value: float | None
    """The difference; null below the least number of outcomes."""
    interval_95: Interval | None
    """Its 95 % interval; null as `value`, or when the values of both are equal."""


class Recommendations(Answer):
    """Comparison of the recommended number with the rule's, applied or not.

    Ties, and sprints whose plan let only one side win, are left out.
    """

    compared: int
    """Outcomes that could be compared."""
    won: int
    """Outcomes that ended nearer to the recommended number."""
    lost: int
    """Outcomes that ended nearer to the rule's number."""
    win_rate: float | None
    """`won` over `compared`, in 0..1; null without a comparison."""
    win_rate_95: Interval | None
    """Wilson's 95 % interval of the win rate; null without a comparison."""
    # The gate compares stated confidence with a threshold, so every level must hold by itself: a
    # good mean alone would hide wrong high ones.
    table: tuple[Bin, ...]
    """Stated confidence against the observed win rate, by bins."""


class DecisionImpact(Answer):
    """Enhanced beside rule-based decisions that acted, by how their sprints ended.

    Decisions that changed nothing are counted apart; so are those that a person changed.
    """

    project_id: str
    """Project whose decisions are compared."""
    conclusion: str
    """What the numbers show, in one sentence."""
    intelligence_enhanced: Group
    """Decisions with an applied adjustment."""
    rule_based: Group
    """Decisions by the rule alone."""
    shadow_decisions: int = 0
    """Decisions in shadow mode, which are in no other count."""
    dry_runs: int = 0
    """Recorded dry runs, which are in no other count."""
    not_approved_decisions: int = 0
    """Decisions that no person approved in time, which are in no other count."""
    edited_decisions: int = 0
    """Decisions that acted as a person changed them, which are in no other count."""
    cancelled_decisions: int = 0
    """Decisions whose sprint was cancelled, which are in no other count."""
    simulated_outcomes: int = 0
    """Decisions whose simulated sprint has ended; they are in no number of this answer."""
    completion_rate_difference: Difference
    """Difference of the completion rates."""
    miss_difference: Difference
    """Difference of the mean misses, in tasks; negative is better."""
    recommendations: Recommendations
    """How often recommendations ended nearer than the rule."""
    reasons: dict[str, str]
    """Why a number is null, by field."""


class DecisionAuditTrail(Answer):
    """Audits of a project's decisions, and of what people did to them.

    `effect` of an audit tells a decision that acted from a dry run, and from a `deed`.
    """

    project_id: str
    """Project that the decisions are about."""
    # More than `audits` may hold: the chronicle answers the newest 1,000 at once.
    total: int
    """All audits, those of `pending` included, and those that were cut off."""
    pending: int
    """Audits that the chronicle has not recorded yet."""
    truncated: bool
    """True when older audits than those listed were recorded."""
    audits: list[DecisionAudit]
    """The newest audits, oldest first."""


class SimilarProjectsAnalysis(Answer):
    """Projects with a similar history."""

    project_id: str
    """Project that they are compared with."""
    similarity_threshold: float
    """Least similarity that was asked for, in 0..1."""
    similar_projects: list[SimilarProject]
    """Similar projects, most similar first."""
    count: int
    """Number of similar projects."""
    average_similarity: float | None
    """Mean similarity, in 0..1; null when none is similar."""
    velocity_of_similar: float | None
    """Mean of their tasks a sprint; null when none is similar."""
    own_velocity: float | None
    """The project's own tasks a sprint; null without a closed sprint."""
    reason: str | None
    """Why nothing could be compared; null otherwise."""


class SimilarEpisodes(Answer):
    """Past decisions in a state like the present one of a project, nearest first."""

    project_id: str
    """Project that they are compared with."""
    day: date
    """Its present day: later outcomes are not known yet."""
    searched: int
    """Episodes that were compared."""
    episodes: list[SimilarEpisode]
    """The nearest ones, with their outcomes."""
    degraded: list[str]
    """Parts of the search that were missing, in words."""


class VelocityTrends(ProjectVelocity):
    """Velocity as the chronicle knows it, with a forecast of one sprint.

    That is the sprint in progress, or else the next one: the first sprint of the forecast.
    """

    expected: float | None
    """Planned tasks that it completes on average; null when the evidence is too thin."""
    low: int | None
    """Lower end of the central 70 %, in tasks; null as above."""
    high: int | None
    """Upper end of the central 70 %, in tasks; null as above."""
    expectation: str | None = None
    """The expectation in words, as a decision about the sprint states it; null as above."""


class ProjectPatterns(Answer):
    """Averages and frequent impediments of a project's sprints."""

    avg_sprint_duration: float | None
    """Mean length of a sprint in days; null without a closed sprint."""
    completion_rate: float | None
    """Completed tasks over planned ones, in 0..1; null when not known."""
    velocity_trend: str | None
    """Direction of the velocity; null below three sprints."""
    common_impediments: list[str]
    """The most frequent impediments."""


class SimilarProjectInsight(Answer):
    """A similar project, and what its retrospectives recommend."""

    project_id: str
    """The similar project."""
    similarity_score: float
    """Its similarity, in 0..1."""
    success_rate: float | None
    """Its own completion rate, in 0..1; null when not known."""
    lessons_learned: list[str]
    """The most frequent action items of its retrospectives."""


class RiskAssessment(Answer):
    """Risks of the sprint in progress, or of the one that the rule would plan.

    Of a sprint in progress they are about its pending tasks and the days that are left.
    """

    overall_risk: float | None
    """The largest of the two probabilities below; null when neither is known."""
    sprint_failure_probability: float | None
    """P(fewer tasks are completed than planned); null when the evidence is too thin."""
    capacity_overload_risk: float | None
    """The same at the team's own pace in its working time; null as above."""
    confidence: float | None
    """Share of the past sprints that ended inside their central 70 %; null below six sprints."""
    expected: float | None = None
    """Tasks that the team completes in the sprint's days, on average; null without evidence."""
    low: int | None = None
    """Lower end of the central 70 %, in tasks; null as above."""
    high: int | None = None
    """Upper end of the central 70 %, in tasks; null as above."""
    promise: int | None = None
    """Tasks that are reached in 85 % of the sprints; null as above."""
    arriving: float | None = None
    """Tasks that arrive in the sprint's days and are finished, on average; null: not known."""
    expectation: str | None = None
    """The expectation in words, as a decision states it; null as above."""
    review: str | None = None
    """What to expect of the planned tasks by past commitments, in words; null: not known."""
    planned_tasks: int
    """Tasks of the sprint; 0 when none is in progress and the rule plans none."""
    sample_size: int
    """Own past sprints and similar episodes behind the numbers."""
    explanation: str
    """The risk in one sentence."""
    reasons: dict[str, str]
    """Why a number is null, by field."""


class InsightsContext(Answer):
    """History of a project beside that of similar ones."""

    project_patterns: ProjectPatterns
    """Averages and frequent impediments of the project's sprints."""
    similar_projects: list[SimilarProjectInsight]
    """The most similar projects, at most three."""
    risk_assessment: RiskAssessment
    """Risks of the sprint in progress or planned."""


class InsightsMetadata(Answer):
    """Amount, age and completeness of the data behind the insights."""

    historical_data_points: int
    """Closed sprints of the project."""
    similar_projects_analyzed: int
    """Similar projects that the chronicle named."""
    similar_episodes_analyzed: int
    """Similar episodes that were recalled."""
    prediction_confidence: float | None
    """Share of the past sprints that ended inside their central 70 %; null below six sprints."""
    data_freshness_hours: float | None
    """Hours from the newest known outcome to the project's day; null when none is known."""
    recall_path: str
    """How similar episodes were searched for."""
    degraded: list[str]
    """What did not answer, with the reason; empty when all did."""


class ProjectInsights(Answer):
    """History, similar projects and risks of a project, with nothing decided."""

    project_id: str
    """Project that is described."""
    today: date
    """Present day of the project."""
    clock: Clock
    """`live`: the project follows the clock; `held`: its day changes only when it is moved."""
    historical_context: InsightsContext
    """History, similar projects and risks."""
    recommendations: list[str]
    """What to add to the project's data."""
    intelligence_metadata: InsightsMetadata
    """Amount, age and completeness of the data behind the insights."""


class ModelsHealth(Answer):
    """Freshness of what intelligence rests on."""

    intelligence_status: Literal["healthy", "degraded"]
    """`healthy` exactly when `problems` is empty."""
    cache_status: Literal["healthy", "error"]
    """`error` when the memory does not answer."""
    chronicle_service_connectivity: Literal["ok", "error"]
    """Answer of the chronicle's health route."""
    embedding_service_connectivity: Literal["ok", "error"]
    """Answer of the embedding service's health route."""
    data_freshness_hours: float | None
    """Hours since the newest known outcome; null when none is known."""
    model_last_updated: datetime | None
    """When the calibration came into force; null while it is the shipped one."""
    calibration: CalibrationReport
    """The calibration in force."""
    calibration_age_hours: float | None
    """Hours since it came into force; null while it is the shipped one."""
    embedding_backlog: int | None
    """Episodes without an embedding; null when the memory does not answer."""
    episodes: dict[str, int]
    """Episodes by state; empty when the memory does not answer."""
    # The process knows its own cache even when the memory does not answer.
    cache: dict[str, int | None]
    """Cached embeddings by place; `in_table` is null when the memory does not answer."""
    problems: list[str]
    """What is wrong, in sentences."""
