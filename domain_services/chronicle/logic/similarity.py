"""Search for projects with a similar history."""

from datetime import date

import orjson
from sqlalchemy import text
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
_SIMILAR = """
    WITH histories AS MATERIALIZED ({histories}),
    features AS (
        SELECT h.project_id, h.progress_source, f.name,
               CAST(f.value AS float8)
                   / CAST(CAST(:spreads AS jsonb) ->> f.name AS float8) AS scaled
        FROM histories h,
             LATERAL (VALUES
                 ('mean_velocity', ln(1 + h.mean_velocity)),
                 ('velocity_variation', h.velocity_deviation / nullif(h.mean_velocity, 0)),
                 ('sprint_duration', ln(h.mean_days)),
                 ('completion_rate',
                  CAST(h.known_scope_finished AS numeric) / h.known_scope_tasks),
                 ('impediment_rate', h.impediment_rate),
                 ('open_work_at_start', ln(1 + CAST(h.median_open_at_start AS numeric)))
             ) AS f(name, value)
        WHERE h.sprint_count >= :min_sprints AND f.value IS NOT NULL),
    scored AS (
        SELECT other.project_id,
               exp(-least(avg((other.scaled - own.scaled) ^ 2), :farthest)) AS similarity_score,
               array_agg(other.name ORDER BY other.name) AS shared_features
        FROM features own JOIN features other
            ON other.name = own.name AND other.project_id <> own.project_id
           AND other.progress_source = own.progress_source
        WHERE own.project_id = :project_id GROUP BY other.project_id)
    SELECT s.project_id, s.similarity_score, s.shared_features, h.sprint_count,
           CAST(h.mean_velocity AS float8) AS average_velocity
    FROM scored s JOIN histories h ON h.project_id = s.project_id
    WHERE s.similarity_score >= :threshold
    ORDER BY s.similarity_score DESC, s.project_id LIMIT :limit
    """
_OF_ALL_NOTES = text(_SIMILAR.format(histories="SELECT * FROM project_history"))
# What was known before a day is kept nowhere: it is computed for each project.
_BEFORE_A_DAY = text(
    _SIMILAR.format(
        histories="""
        SELECT h.* FROM project_history AS p, LATERAL history_of(p.project_id, :until) AS h"""
    )
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
        "spreads": orjson.dumps(SPREADS).decode(),
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
