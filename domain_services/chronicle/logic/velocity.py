"""Velocity: finished tasks per closed sprint, and where it is going."""

from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic.wording import counted
from domain_services.chronicle.schema import ProjectVelocity, SprintVelocity, VelocityTrend
from domain_services.chronicle.schema_analytics import Trend

TREND_SPRINTS = 12  # sprints; older ones say little about the team of today
TREND_MIN_SPRINTS = 3  # below, the standard error of a line is not defined
DIRECTION_MIN_SPRINTS = 5  # below, a direction is mostly chance
DIRECTION_Z = 1.96  # standard errors: two-sided 95 % of a normal distribution

# Standard error of the slope: sqrt(sum of squared residuals / (n - 2) / Sxx).
_MEASURE = text(
    """
    WITH sprints AS (
        SELECT sprint_id, sprint_name, start_date, end_date, completed_tasks, total_tasks,
               row_number() OVER (
                   ORDER BY start_date DESC, end_date DESC, length(sprint_id) DESC, sprint_id DESC
               ) AS ago
        FROM sprint_retrospectives WHERE project_id = :project_id),
    recent AS (
        SELECT CAST(-ago AS float8) AS x, CAST(completed_tasks AS float8) AS y
        FROM sprints WHERE ago <= :trend_sprints),
    line AS (
        SELECT count(*) AS trend_sprints, regr_slope(y, x) AS slope,
               sqrt(greatest(regr_syy(y, x) - regr_sxy(y, x) ^ 2 / nullif(regr_sxx(y, x), 0), 0)
                    / nullif(count(*) - 2, 0) / nullif(regr_sxx(y, x), 0)) AS standard_error
        FROM recent),
    figures AS (
        SELECT count(*) AS sprint_count, CAST(avg(completed_tasks) AS float8) AS average,
               min(completed_tasks) AS least, max(completed_tasks) AS most
        FROM sprints)
    SELECT * FROM figures CROSS JOIN line LEFT JOIN sprints ON ago <= :newest ORDER BY ago DESC
    """
)
ALL = 2**31 - 1


async def measure(
    connection: AsyncConnection, project_id: str, newest: int = ALL
) -> ProjectVelocity:
    """Mean and trend of the project's closed sprints, and the `newest` of them one by one."""
    values = {"project_id": project_id, "trend_sprints": TREND_SPRINTS, "newest": newest}
    rows = (await connection.execute(_MEASURE, values)).all()
    found = rows[0]
    sprints = [
        SprintVelocity.model_validate(row, from_attributes=True)
        for row in rows
        if row.sprint_id is not None
    ]
    trend = None
    if found.trend_sprints >= TREND_MIN_SPRINTS:
        trend = VelocityTrend(
            slope=found.slope,
            standard_error=found.standard_error,
            sprint_count=found.trend_sprints,
        )
    reasons: dict[str, str] = {}
    if not found.sprint_count:
        reasons["average_velocity"] = "no closed sprint is recorded"
    if trend is None:
        few = f"a trend needs {TREND_MIN_SPRINTS} closed sprints, recorded: {found.sprint_count}"
        reasons |= {"trend": few, "velocity_trend": few}
    return ProjectVelocity(
        project_id=project_id,
        sprint_count=found.sprint_count,
        velocity_trend_data=sprints,
        average_velocity=found.average,
        trend=trend,
        velocity_trend=direction(trend) if trend else None,
        velocity_analysis=_describe(found, trend),
        reasons=reasons,
    )


def direction(trend: VelocityTrend) -> Trend:
    """What may be said of the slope; a slope that chance explains is `stable`."""
    if trend.sprint_count < DIRECTION_MIN_SPRINTS:
        return "stable"
    if abs(trend.slope) <= DIRECTION_Z * trend.standard_error:
        return "stable"
    return "increasing" if trend.slope > 0 else "decreasing"


def _describe(found: Row[Any], trend: VelocityTrend | None) -> str:
    if not found.sprint_count:
        return "No closed sprint is recorded."
    told = (
        f"{counted(found.sprint_count, 'closed sprint')} finished {found.average:.1f} tasks on "
        f"average (from {found.least} to {found.most})."
    )
    if trend is None:
        return f"{told} That is too few for a trend."
    return (
        f"{told} Over the last {trend.sprint_count} the slope is {trend.slope:+.2f} tasks per "
        f"sprint (standard error {trend.standard_error:.2f}): {direction(trend)}."
    )
