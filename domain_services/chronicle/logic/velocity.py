"""Velocity of a project: tasks finished in each closed sprint, their mean and their trend."""

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic.wording import counted
from domain_services.chronicle.schema import ProjectVelocity, SprintVelocity, VelocityTrend
from domain_services.kernel.statistics import MIN_TREND_SPRINTS, Trend, fit_trend

# Newest sprints in the trend; older ones say little about the team of today.
TREND_SPRINTS = 12

# Ids of sprints on the same days are ordered by their length first: S100 came after S99.
_MEASURE = text(
    """
    WITH sprints AS (
        SELECT sprint_id, sprint_name, start_date, end_date, completed_tasks, total_tasks,
               row_number() OVER (
                   ORDER BY start_date DESC, end_date DESC, length(sprint_id) DESC, sprint_id DESC
               ) AS ago
        FROM sprint_retrospectives WHERE project_id = :project_id),
    figures AS (
        SELECT count(*) AS sprint_count, CAST(avg(completed_tasks) AS float8) AS average,
               min(completed_tasks) AS least, max(completed_tasks) AS most,
               array_agg(completed_tasks ORDER BY ago DESC)
                   FILTER (WHERE ago <= :trend_sprints) AS recent
        FROM sprints)
    SELECT * FROM figures LEFT JOIN sprints ON ago <= :newest ORDER BY ago DESC
    """
)
# No limit, as a number that fits into PostgreSQL's integer.
ALL = 2**31 - 1


async def measure(
    connection: AsyncConnection, project_id: str, newest: int = ALL
) -> ProjectVelocity:
    """Measure mean and trend of the project's closed sprints, and list the `newest` of them."""
    values = {"project_id": project_id, "trend_sprints": TREND_SPRINTS, "newest": newest}
    rows = (await connection.execute(_MEASURE, values)).mappings().all()
    # The same in every row; there is one even without a sprint.
    figures = rows[0]
    sprint_count: int = figures["sprint_count"]
    trend = fit_trend(figures["recent"] or ())
    return ProjectVelocity(
        project_id=project_id,
        sprint_count=sprint_count,
        velocity_trend_data=[
            SprintVelocity.model_validate(row) for row in rows if row["sprint_id"] is not None
        ],
        average_velocity=figures["average"],
        trend=_as_answer(trend) if trend else None,
        velocity_trend=trend.direction if trend else None,
        velocity_analysis=_describe(figures, trend),
        reasons=_reasons(sprint_count, trend),
    )


def _as_answer(trend: Trend) -> VelocityTrend:
    return VelocityTrend(
        slope=trend.slope, standard_error=trend.standard_error, sprint_count=trend.sprints
    )


def _reasons(sprint_count: int, trend: Trend | None) -> dict[str, str]:
    reasons: dict[str, str] = {}
    if not sprint_count:
        reasons["average_velocity"] = "no closed sprint is recorded"
    if trend is None:
        few = f"a trend needs {MIN_TREND_SPRINTS} closed sprints, recorded: {sprint_count}"
        reasons |= {"trend": few, "velocity_trend": few}
    return reasons


def _describe(figures: RowMapping, trend: Trend | None) -> str:
    if not figures["sprint_count"]:
        return "No closed sprint is recorded."
    description = (
        f"{counted(figures['sprint_count'], 'closed sprint')} finished {figures['average']:.1f} "
        f"tasks on average (from {figures['least']} to {figures['most']})."
    )
    if trend is None:
        return f"{description} That is too few for a trend."
    return (
        f"{description} Over the last {trend.sprints} the slope is {trend.slope:+.2f} tasks per "
        f"sprint (standard error {trend.standard_error:.2f}): {trend.direction}."
    )
