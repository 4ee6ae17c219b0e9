"""Velocity of a project: tasks finished in each worked sprint, their mean and their trend."""

from datetime import date

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic.wording import counted, nothing_recorded
from domain_services.chronicle.schema import (
    CountedSource,
    ProjectVelocity,
    SprintVelocity,
    VelocityTrend,
)
from domain_services.kernel.statistics import MIN_TREND_SPRINTS, Trend, fit_trend

# Newest sprints in the trend; older ones say little about the team of today.
TREND_SPRINTS = 12

# Ids of sprints on the same days are ordered by their length first: S100 came after S99.
_MEASURE = text(
    """
    WITH closed AS (
        SELECT sprint_id, sprint_name, start_date, end_date, last_day, completed_tasks,
               completed_outside, completed_arrived, total_tasks, velocity, worked, simulated,
               CASE origin WHEN 'import' THEN 'reported' ELSE progress_source END AS source,
               origin <> 'import' AND progress_source IN ('reported', 'simulated') AS progressed,
               worked AND simulated <> bool_or(worked AND NOT simulated) OVER () AS counts
        FROM sprint_retrospectives
        WHERE project_id = :project_id AND (CAST(:until AS date) IS NULL OR last_day < :until)),
    sprints AS (
        SELECT closed.*, row_number() OVER (
            ORDER BY start_date DESC, end_date DESC, length(sprint_id) DESC, sprint_id DESC) AS ago
        FROM closed WHERE counts),
    figures AS (
        SELECT count(*) AS sprint_count, CAST(avg(velocity) AS float8) AS average,
               min(velocity) AS least, max(velocity) AS most,
               bool_or(simulated) AS of_simulation,
               array_agg(velocity ORDER BY ago DESC)
                   FILTER (WHERE ago <= :trend_sprints) AS recent
        FROM sprints),
    excluded AS (
        SELECT count(*) FILTER (WHERE worked) AS simulated_sprints,
               count(*) FILTER (WHERE NOT worked AND progressed IS TRUE) AS short_sprints,
               count(*) FILTER (WHERE NOT worked AND progressed IS NOT TRUE) AS idle_sprints
        FROM closed WHERE NOT counts)
    SELECT *, last_day AS ended_on, source AS progress_source
    FROM figures CROSS JOIN excluded LEFT JOIN sprints ON ago <= :newest ORDER BY ago DESC
    """
)
# No limit, as a number that fits into PostgreSQL's integer.
ALL = 2**31 - 1


async def measure(
    connection: AsyncConnection, project_id: str, newest: int = ALL, until: date | None = None
) -> ProjectVelocity:
    """Measure mean and trend of the project's worked sprints, and list the `newest` of them.

    Simulated sprints count only without any reported one. `until` leaves out what ended on that day
    or later.
    """
    values = {
        "project_id": project_id,
        "trend_sprints": TREND_SPRINTS,
        "newest": newest,
        "until": until,
    }
    rows = (await connection.execute(_MEASURE, values)).mappings().all()
    # The same in every row; there is one even without a sprint.
    figures = rows[0]
    sprint_count: int = figures["sprint_count"]
    trend = fit_trend(figures["recent"] or ())
    excluded = _describe_excluded(figures)
    return ProjectVelocity(
        project_id=project_id,
        sprint_count=sprint_count,
        velocity_trend_data=[
            SprintVelocity.model_validate(row) for row in rows if row["sprint_id"] is not None
        ],
        average_velocity=figures["average"],
        progress_source=_progress_source(figures),
        simulated_sprints=figures["simulated_sprints"],
        unworked_sprints=figures["short_sprints"] + figures["idle_sprints"],
        trend=_as_answer(trend) if trend else None,
        velocity_trend=trend.direction if trend else None,
        velocity_analysis=_describe(figures, trend, excluded, until),
        reasons=_reasons(sprint_count, trend, excluded, until),
    )


def _as_answer(trend: Trend) -> VelocityTrend:
    return VelocityTrend(
        slope=trend.slope, standard_error=trend.standard_error, sprint_count=trend.sprints
    )


def _progress_source(figures: RowMapping) -> CountedSource | None:
    if figures["of_simulation"] is None:
        return None
    return "simulated" if figures["of_simulation"] else "reported"


def _reasons(
    sprint_count: int, trend: Trend | None, excluded: str | None, until: date | None
) -> dict[str, str]:
    reasons: dict[str, str] = {}
    if not sprint_count:
        reasons["average_velocity"] = excluded or nothing_recorded(until)
    if trend is None:
        few = f"a trend needs {MIN_TREND_SPRINTS} closed sprints, recorded: {sprint_count}"
        if excluded:
            few = f"{few}; {excluded}"
        reasons |= {"trend": few, "velocity_trend": few}
    return reasons


def _describe(
    figures: RowMapping, trend: Trend | None, excluded: str | None, until: date | None
) -> str:
    left_out = f" {excluded}." if excluded else ""
    if not figures["sprint_count"]:
        nothing = "no worked sprint is recorded" if excluded else nothing_recorded(until)
        return f"{nothing[0].upper()}{nothing[1:]}.{left_out}"
    noun = "simulated sprint" if figures["of_simulation"] else "closed sprint"
    description = (
        f"{counted(figures['sprint_count'], noun)} finished {figures['average']:.1f} "
        f"tasks on average (from {figures['least']} to {figures['most']}).{left_out}"
    )
    if trend is None:
        return f"{description} That is too few for a trend."
    return (
        f"{description} Over the last {trend.sprints} the slope is {trend.slope:+.2f} tasks per "
        f"sprint (standard error {trend.standard_error:.2f}): {trend.direction}."
    )


def _describe_excluded(figures: RowMapping) -> str | None:
    """Name the closed sprints that do not count; None when all count."""
    kinds = (
        ("simulated_sprints", "simulated sprint", ""),
        ("idle_sprints", "sprint", " in which nobody worked"),
        ("short_sprints", "sprint", " closed before half of the working days"),
    )
    phrases: list[str] = []
    for name, noun, detail in kinds:
        if number := figures[name]:
            phrases.append(f"{number if phrases else counted(number, noun)}{detail}")
    if not phrases:
        return None
    verb = "is" if sum(figures[name] for name, *_ in kinds) == 1 else "are"
    return f"{' and '.join(phrases)} {verb} not counted"
