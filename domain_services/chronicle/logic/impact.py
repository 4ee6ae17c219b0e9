"""How the sprints of enhanced decisions turned out, beside those of rule-based ones."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.schema import DecisionImpact, DecisionOutcome, TimePeriod
from domain_services.kernel.errors import Invalid

DEFAULT_PERIOD = timedelta(days=30)
SUCCESS_COMPLETION_RATE = 0.8  # share of finished tasks, at least; own convention
INTERVAL_Z = 1.96  # two-sided 95 % of a normal distribution
MAX_DETAILS = 1000

_GROUPS = text(
    """
    SELECT source, count(d.audit_id) AS decisions, count(*) FILTER (WHERE d.closed) AS closed,
           count(d.completion_rate) AS outcomes,
           avg(d.completion_rate) AS completion_rate,
           var_samp(d.completion_rate) AS completion_variance,
           avg(d.efficiency) AS efficiency, avg(d.utilization) AS utilization
    FROM (VALUES ('intelligence_enhanced'), ('rule_based_only')) AS s(source)
    LEFT JOIN decision_outcomes d
        ON d.decision_source = source AND d.project_id = :project_id
       AND d.timestamp BETWEEN :start AND :end
    GROUP BY source ORDER BY source
    """
)
_DETAILS = text(
    """
    SELECT *, completion_rate >= :success AS success
    FROM (SELECT * FROM decision_outcomes
          WHERE project_id = :project_id AND timestamp BETWEEN :start AND :end
          ORDER BY timestamp DESC, sequence DESC LIMIT :details) AS newest
    ORDER BY timestamp, sequence
    """
)


@dataclass(frozen=True)
class Group:
    """The decisions of one source; `closed` of their sprints have ended, `outcomes` with a known
    scope. Means are None without outcomes."""

    decisions: int
    closed: int
    outcomes: int
    completion_rate: float | None
    completion_variance: float | None
    efficiency: float | None
    utilization: float | None


def period(start: date | None, end: date | None, now: datetime) -> TimePeriod:
    """Whole UTC days from `start` to `end`, by default the 30 days up to `now`.

    Raises: `Invalid` when it ends before it begins.
    """
    until = now if end is None else datetime.combine(end, time.max, UTC)
    since = until - DEFAULT_PERIOD if start is None else datetime.combine(start, time.min, UTC)
    if until < since:
        raise Invalid("end_date is before start_date")
    return TimePeriod(start_date=since, end_date=until)


async def assess(
    connection: AsyncConnection, project_id: str, within: TimePeriod
) -> DecisionImpact:
    """Compare the two sources over the decisions made within the period."""
    values = {"project_id": project_id, "start": within.start_date, "end": within.end_date}
    groups = (await connection.execute(_GROUPS, values)).all()
    enhanced, ruled = (Group(*row[1:]) for row in groups)
    chosen = {**values, "success": SUCCESS_COMPLETION_RATE, "details": MAX_DETAILS}
    details = await connection.execute(_DETAILS, chosen)
    reasons: dict[str, str] = {}
    improvements = {
        "completion_rate_improvement_percent": (enhanced.completion_rate, ruled.completion_rate),
        "task_efficiency_improvement_percent": (enhanced.efficiency, ruled.efficiency),
        "resource_utilization_improvement_percent": (enhanced.utilization, ruled.utilization),
    }
    improved: dict[str, float | None] = {}
    for name, (new, old) in improvements.items():
        improved[name] = improvement(new, old)
        if improved[name] is None:
            reasons[name] = _why_not(name, enhanced, ruled)
    for name, group in (("intelligence", enhanced), ("rule_based", ruled)):
        if group.outcomes == 0:
            reasons[f"{name}_completion_rate_avg"] = _why_no_outcome(group)
    interval = difference_interval(enhanced, ruled)
    if interval is None:
        reasons["completion_rate_difference_95"] = "an interval needs 2 outcomes of each source"
    return DecisionImpact(
        time_period=within,
        total_decisions_analyzed=enhanced.decisions + ruled.decisions,
        intelligence_enhanced_decisions=enhanced.decisions,
        rule_based_decisions=ruled.decisions,
        intelligence_outcomes=enhanced.outcomes,
        rule_based_outcomes=ruled.outcomes,
        intelligence_completion_rate_avg=enhanced.completion_rate,
        rule_based_completion_rate_avg=ruled.completion_rate,
        completion_rate_difference_95=interval,
        details=[DecisionOutcome.model_validate(row, from_attributes=True) for row in details],
        reasons=reasons,
        **improved,
    )


def improvement(new: float | None, old: float | None) -> float | None:
    """Change from `old` to `new` in percent of `old`; None when one is None or `old` is 0."""
    return None if new is None or not old else (new - old) / old * 100


def difference_interval(new: Group, old: Group) -> tuple[float, float] | None:
    """The 95 % interval of the difference of the completion rates; None below 2 outcomes each."""
    if new.completion_rate is None or old.completion_rate is None:
        return None
    if new.completion_variance is None or old.completion_variance is None:
        return None
    difference = new.completion_rate - old.completion_rate
    error = math.sqrt(
        new.completion_variance / new.outcomes + old.completion_variance / old.outcomes
    )
    return difference - INTERVAL_Z * error, difference + INTERVAL_Z * error


def _why_no_outcome(group: Group) -> str:
    if group.decisions == 0:
        return "no such decision was made in the period"
    if group.closed == 0:
        return "no sprint of these decisions is closed"
    return "of no closed sprint of these decisions all tasks are known"


def _why_not(name: str, enhanced: Group, ruled: Group) -> str:
    if not enhanced.outcomes or not ruled.outcomes:
        return (
            f"a comparison needs closed sprints of both sources; there are {enhanced.outcomes} "
            f"enhanced and {ruled.outcomes} rule-based"
        )
    if name.startswith("resource") and None in (enhanced.utilization, ruled.utilization):
        return "attendees are not recorded for sprints of both sources"
    return "the rule-based mean is 0"
