"""Search for projects with a similar history."""

from datetime import date

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic.wording import counted
from domain_services.chronicle.schema import SimilarProject
from domain_services.kernel.errors import NotFound

# Mean squared distance; PostgreSQL refuses exp() of less than about -745.
FARTHEST = 700.0
# Closed sprints; fewer have no variation worth comparing.
MIN_SPRINTS = 3

# One spread of a feature is one unit of distance. Origin of the first four: the standard deviation
# among 42 real teams with at least 3 sprints (issues of Choetkiertikul et al., IEEE TSE 2017). The
# last two are assumptions: those data do not have them.
SPREADS = {
    "mean_velocity": 0.88,  # ln(1 + tasks per sprint)
    "velocity_variation": 0.33,  # standard deviation / mean of tasks per sprint
    "sprint_duration": 0.31,  # ln(days)
    "completion_rate": 0.21,  # finished / all tasks, 0..1
    "impediment_rate": 0.5,  # impediments per daily report
    "open_work_at_start": 1.0,  # ln(1 + median of open tasks when a sprint began)
}

# Means are kept in numeric, whose sums do not depend on the order: equal histories are equal.
_VALUES = {
    "completion_rate": "h.known_scope_finished / nullif(CAST(h.known_scope_tasks AS float8), 0)",
    "impediment_rate": "CAST(h.impediment_rate AS float8)",
    "mean_velocity": "ln(1 + CAST(h.mean_velocity AS float8))",
    "open_work_at_start": "ln(1 + h.median_open_at_start)",
    "sprint_duration": "ln(CAST(h.mean_days AS float8))",
    "velocity_variation": "CAST(h.velocity_deviation / nullif(h.mean_velocity, 0) AS float8)",
}

# One row a project. One row a feature, joined by name, takes eight times as long.
_SIMILAR = """
    WITH features AS MATERIALIZED (
        SELECT h.project_id, h.progress_source, h.sprint_count,
               CAST(h.mean_velocity AS float8) AS average_velocity, {scaled}
        FROM ({histories}) AS h WHERE h.sprint_count >= :min_sprints),
    distances AS (
        SELECT other.project_id, other.sprint_count, other.average_velocity, {distances}
        FROM features own JOIN features other
            ON other.project_id <> own.project_id
           AND other.progress_source = own.progress_source
        WHERE own.project_id = :project_id),
    scored AS (
        SELECT *, exp(-least(({total}) / num_nonnulls({names}), :farthest)) AS similarity_score
        FROM distances WHERE num_nonnulls({names}) > 0)
    SELECT project_id, sprint_count, average_velocity, similarity_score,
           array_remove(ARRAY[{shared}], NULL) AS shared_features
    FROM scored WHERE similarity_score >= :threshold
    ORDER BY similarity_score DESC, project_id LIMIT :limit
    """


def _similar(histories: str) -> TextClause:
    """Write the query over these histories."""
    names = list(_VALUES)
    statement = _SIMILAR.format(
        histories=histories,
        names=", ".join(names),
        scaled=", ".join(f"{_VALUES[name]} / {SPREADS[name]} AS {name}" for name in names),
        distances=", ".join(f"(other.{name} - own.{name}) ^ 2 AS {name}" for name in names),
        total=" + ".join(f"coalesce({name}, 0)" for name in names),
        shared=", ".join(f"CASE WHEN {name} IS NOT NULL THEN '{name}' END" for name in names),
    )
    return text(statement)


_OF_ALL_NOTES = _similar("SELECT * FROM project_history")
# What was known before a day is kept nowhere: it is computed for each project.
_BEFORE_A_DAY = _similar(
    "SELECT b.* FROM project_history AS p, LATERAL history_of(p.project_id, :until) AS b"
)
_SPRINT_COUNT = text("SELECT sprint_count FROM history_of(:project_id, CAST(:until AS date))")


async def find(
    connection: AsyncConnection,
    project_id: str,
    threshold: float,
    limit: int | None = None,
    until: date | None = None,
) -> list[SimilarProject]:
    """Find at most `limit` projects of `threshold` (0..1) similarity or more, most similar first.

    A history of reported sprints is compared with such histories, a simulated one with simulated
    ones. `until` leaves out what ended on that day or later, in every project.

    Similarity is exp(-mean squared distance) over the features that both projects have, in
    spreads. Raises: `NotFound` when there is none, or too little is known of the project.
    """
    values = {
        "project_id": project_id,
        "threshold": threshold,
        "limit": limit,
        "until": until,
        "min_sprints": MIN_SPRINTS,
        "farthest": FARTHEST,
    }
    statement = _OF_ALL_NOTES if until is None else _BEFORE_A_DAY
    rows = (await connection.execute(statement, values)).all()
    if not rows:
        reason = await _why_none(connection, project_id, threshold, until)
        raise NotFound(reason, project_id=project_id)
    return [SimilarProject.model_validate(row, from_attributes=True) for row in rows]


async def _why_none(
    connection: AsyncConnection, project_id: str, threshold: float, until: date | None
) -> str:
    values = {"project_id": project_id, "until": until}
    count = int(await connection.scalar(_SPRINT_COUNT, values) or 0)
    if count < MIN_SPRINTS:
        closed = counted(count, "closed sprint")
        return f"{project_id} has {closed}, a comparison needs {MIN_SPRINTS}"
    return f"no project is similar to {project_id} at {threshold:g}: try a lower threshold"
