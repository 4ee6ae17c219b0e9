"""Impact of enhanced decisions: their sprints' outcomes compared with those of rule-based ones."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.schema import DecisionImpact, DecisionOutcome, TimePeriod
from domain_services.kernel.errors import Invalid
from domain_services.kernel.statistics import Interval, Sample, difference_interval

DEFAULT_PERIOD = timedelta(days=30)
# Share of finished tasks, at least; own convention.
SUCCESS_COMPLETION_RATE = 0.8
# Newest decisions listed one by one.
MAX_DETAILS = 1000

# The values name both sources, so that one without decisions still has a row.
_GROUPS = text(
    """
    SELECT source, count(d.audit_id) AS decisions, count(*) FILTER (WHERE d.closed) AS closed,
           count(w.completion_rate) AS outcomes,
           avg(w.completion_rate) AS completion_rate,
           var_samp(w.completion_rate) AS completion_variance,
           avg(w.efficiency) AS efficiency, avg(w.utilization) AS utilization,
           count(*) FILTER (WHERE d.simulated) AS simulated
    FROM (VALUES ('intelligence_enhanced'), ('rule_based_only')) AS s(source)
    LEFT JOIN decision_outcomes d
        ON d.decision_source = source AND d.project_id = :project_id
       AND d.timestamp BETWEEN :start AND :end AND d.effect = 'acted'
       AND NOT EXISTS (SELECT FROM cancelled_sprints c WHERE c.sprint_id = d.sprint_id)
    LEFT JOIN LATERAL (
        SELECT d.completion_rate, d.efficiency, d.utilization WHERE NOT d.simulated) AS w ON true
    GROUP BY source ORDER BY source
    """
)
_WITHOUT_EFFECT = text(
    """
    SELECT count(*) FILTER (WHERE effect = 'shadow') AS shadow,
           count(*) FILTER (WHERE effect = 'dry_run') AS dry_runs,
           count(*) FILTER (WHERE effect = 'not_approved') AS not_approved,
           count(*) FILTER (WHERE effect = 'edited' AND NOT cancelled) AS edited,
           count(*) FILTER (WHERE effect IN ('acted', 'edited') AND cancelled) AS cancelled
    FROM (SELECT project_id, made_at, effect, EXISTS (
              SELECT FROM cancelled_sprints c WHERE c.sprint_id = counted.sprint_id) AS cancelled
          FROM counted_decisions counted) AS d
    WHERE project_id = :project_id AND made_at BETWEEN :start AND :end
    """
)
# The newest are taken first, then listed in the order of time.
_DETAILS = text(
    """
    SELECT *, completion_rate >= :success AS success
    FROM (SELECT * FROM decision_outcomes AS d
          WHERE project_id = :project_id AND timestamp BETWEEN :start AND :end
            AND effect = 'acted'
            AND NOT EXISTS (SELECT FROM cancelled_sprints c WHERE c.sprint_id = d.sprint_id)
          ORDER BY timestamp DESC, sequence DESC LIMIT :details) AS newest
    ORDER BY timestamp, sequence
    """
)


@dataclass(frozen=True)
class Group:
    """Decisions of one source in a period, and the outcomes of their sprints."""

    decisions: int
    """Decisions of the source."""
    closed: int
    """Those whose sprint has ended."""
    outcomes: int
    """Those whose sprint has ended with all its tasks known."""
    completion_rate: float | None
    """Mean share of finished tasks, in 0..1; None without outcomes."""
    completion_variance: float | None
    """Sample variance of that share; None below two outcomes."""
    efficiency: float | None
    """Mean of finished tasks per calendar day; None without outcomes."""
    utilization: float | None
    """Mean share of people who held a task, in 0..1; None when no attendees are recorded."""
    simulated: int = 0
    """Those whose simulated sprint has ended; no number but `decisions` and `closed` has them."""


def period(start: date | None, end: date | None, now: datetime) -> TimePeriod:
    """Take whole UTC days from `start` to `end`, by default the 30 days up to `now`.

    Raises: `Invalid` when it ends before it begins.
    """
    until = now if end is None else datetime.combine(end, time.max, UTC)
    since = until - DEFAULT_PERIOD if start is None else datetime.combine(start, time.min, UTC)
    if until < since:
        raise Invalid(
            "end_date is before start_date: name a period that ends on or after its start"
        )
    return TimePeriod(start_date=since, end_date=until)


async def assess(
    connection: AsyncConnection, project_id: str, within: TimePeriod
) -> DecisionImpact:
    """Compare the two sources over the decisions that acted within the period."""
    values = {"project_id": project_id, "start": within.start_date, "end": within.end_date}
    groups = (await connection.execute(_GROUPS, values)).all()
    enhanced, ruled = (Group(*row[1:]) for row in groups)
    without_effect = (await connection.execute(_WITHOUT_EFFECT, values)).one()
    detail_values = {**values, "success": SUCCESS_COMPLETION_RATE, "details": MAX_DETAILS}
    details = await connection.execute(_DETAILS, detail_values)
    interval = completion_rate_interval(enhanced, ruled)
    return DecisionImpact(
        time_period=within,
        total_decisions_analyzed=enhanced.decisions + ruled.decisions,
        shadow_decisions=without_effect.shadow,
        dry_runs=without_effect.dry_runs,
        not_approved_decisions=without_effect.not_approved,
        edited_decisions=without_effect.edited,
        cancelled_decisions=without_effect.cancelled,
        simulated_outcomes=enhanced.simulated + ruled.simulated,
        intelligence_enhanced_decisions=enhanced.decisions,
        rule_based_decisions=ruled.decisions,
        intelligence_outcomes=enhanced.outcomes,
        rule_based_outcomes=ruled.outcomes,
        intelligence_completion_rate_avg=enhanced.completion_rate,
        rule_based_completion_rate_avg=ruled.completion_rate,
        completion_rate_improvement_percent=improvement(
            enhanced.completion_rate, ruled.completion_rate
        ),
        completion_rate_difference_95=interval,
        task_efficiency_improvement_percent=improvement(enhanced.efficiency, ruled.efficiency),
        resource_utilization_improvement_percent=improvement(
            enhanced.utilization, ruled.utilization
        ),
        details=[DecisionOutcome.model_validate(row, from_attributes=True) for row in details],
        reasons=_reasons(enhanced, ruled, interval),
    )


def improvement(new: float | None, old: float | None) -> float | None:
    """Compute the change from `old` to `new` in percent; None when one is None or `old` is 0."""
    return None if new is None or not old else (new - old) / old * 100


def completion_rate_interval(new: Group, old: Group) -> Interval | None:
    """Estimate the 95 % interval of the difference of the mean completion rates.

    None below 2 outcomes on either side, and when the rates of each side are all equal.
    """
    # Welch's, and the one that the orchestrator computes (docs/adr/0070-one-formula-each.md).
    return difference_interval(_completion_rates(new), _completion_rates(old), most=1.0)


def _completion_rates(group: Group) -> Sample:
    return Sample(group.outcomes, group.completion_rate or 0.0, group.completion_variance or 0.0)


def _reasons(enhanced: Group, ruled: Group, interval: Interval | None) -> dict[str, str]:
    """Name for each null field of the answer why it is null."""
    reasons: dict[str, str] = {}
    for name, group in (("intelligence", enhanced), ("rule_based", ruled)):
        if group.outcomes == 0:
            reasons[f"{name}_completion_rate_avg"] = _why_no_outcome(group)
    means = {
        "completion_rate_improvement_percent": (enhanced.completion_rate, ruled.completion_rate),
        "task_efficiency_improvement_percent": (enhanced.efficiency, ruled.efficiency),
        "resource_utilization_improvement_percent": (enhanced.utilization, ruled.utilization),
    }
    for name, (new, old) in means.items():
        if improvement(new, old) is None:
            reasons[name] = _why_no_improvement(name, enhanced, ruled)
    if interval is None:
        reasons["completion_rate_difference_95"] = (
            "an interval needs 2 outcomes of each source"
            if min(enhanced.outcomes, ruled.outcomes) < 2
            else "all values are equal: no spread to estimate an interval from"
        )
    return reasons


def _why_no_outcome(group: Group) -> str:
    if group.decisions == 0:
        return "no such decision acted in the period"
    if group.closed == 0:
        return "no worked sprint of these decisions is closed"
    if group.closed == group.simulated:
        return "all closed sprints of these decisions were simulated"
    return "of no closed sprint of these decisions all tasks are known"


def _why_no_improvement(name: str, enhanced: Group, ruled: Group) -> str:
    if not enhanced.outcomes or not ruled.outcomes:
        return (
            f"a comparison needs closed sprints of both sources; there are {enhanced.outcomes} "
            f"enhanced and {ruled.outcomes} rule-based"
        )
    if name.startswith("resource") and None in (enhanced.utilization, ruled.utilization):
        return "attendees are not recorded for sprints of both sources"
    return "the rule-based mean is 0"
