"""Reads of stored episodes for people: pages of them, one with its versions, who recalled one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString, NamedTuple
from uuid import UUID

from psycopg.rows import class_row

from domain_services.chronicle.schema import DecisionEffect
from domain_services.events import ProgressSource
from memory.decision import DecisionSource
from memory.episode import Origin
from memory.episode_answers import EpisodeUse, EpisodeVersion
from memory.episode_documents import JsonObject
from memory.pool import Pool

_LINE: LiteralString = """
    SELECT episode_id, project_id, origin, decided_at, agent_version, decision_source, sprint_id,
        day, perception, left(reasoning ->> 'text', 1000) AS text, completed_tasks, planned_tasks,
        completion_rate, spill_over, duration_days, completed_outside, progress_source, worked,
        simulated, known_on, recallable, quality, effect, cancelled_at, embedding_model, version,
        forgotten_at, forgotten_by
    FROM episodes
"""
# By time and id: ids of imports are no times. Both stay as they are, so that a page does too.
_PAGE: LiteralString = f"""
    {_LINE}
    WHERE (%(project_id)s::text IS NULL OR project_id = %(project_id)s)
        AND (%(origin)s::text IS NULL OR origin = %(origin)s)
        AND (%(has_outcome)s::boolean IS NULL
            OR (completed_tasks IS NOT NULL) = %(has_outcome)s)
        AND (%(forgotten)s::boolean IS NULL OR (forgotten_at IS NOT NULL) = %(forgotten)s)
        AND (%(since)s::timestamptz IS NULL OR decided_at >= %(since)s)
        AND (%(text)s::text IS NULL OR strpos(lower(concat_ws(' ', sprint_id,
            episode_id::text, reasoning ->> 'text')), lower(%(text)s)) > 0)
        AND (%(before_id)s::uuid IS NULL
            OR (decided_at, episode_id) < (%(before_time)s, %(before_id)s))
    ORDER BY decided_at DESC, episode_id DESC LIMIT %(limit)s
"""
_ONE: LiteralString = f"{_LINE} WHERE episode_id = %s"
_DOCUMENTS = "SELECT reasoning, action FROM episodes WHERE episode_id = %s"
_VERSIONS = """
    SELECT version, outcome, reason, changed_by, changed_at FROM episode_versions
    WHERE episode_id = %s ORDER BY version DESC
"""
# The expression of the index `episodes_recalled`.
_USES: LiteralString = """
    SELECT decision.episode_id AS run_id, decision.project_id, decision.sprint_id, decision.day,
        decision.decided_at, decision.effect, recalled.place AS rank,
        (recalled.item ->> 'similarity')::float AS similarity,
        (recalled.item ->> 'structured_similarity')::float AS structured_similarity,
        (recalled.item ->> 'text_similarity')::float AS text_similarity,
        recalled.item ->> 'found_by' AS found_by, decision.rule_tasks, decision.applied_tasks
    FROM episodes AS decision,
        jsonb_array_elements(decision.reasoning -> 'similar_episodes')
            WITH ORDINALITY AS recalled (item, place)
    WHERE decision.origin = 'run'
        AND jsonb_path_query_array(decision.reasoning, '$.similar_episodes[*].episode_id')
            @> jsonb_build_array(%(episode_id)s::text)
        AND recalled.item ->> 'episode_id' = %(episode_id)s::text
        AND (%(before)s::uuid IS NULL OR decision.episode_id < %(before)s)
    ORDER BY decision.episode_id DESC LIMIT %(limit)s
"""
_STATES = """
    SELECT episode_id, version, forgotten_at IS NOT NULL FROM episodes WHERE episode_id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class EpisodeFilter:
    """Episodes of a list; None: any."""

    project_id: str | None = None
    """Id of the project."""
    origin: Origin | None = None
    """Origin of the episode."""
    has_outcome: bool | None = None
    """True for episodes whose sprint has ended."""
    forgotten: bool | None = None
    """True for forgotten episodes."""
    since: datetime | None = None
    """First moment of the decision."""
    text: str | None = None
    """Part of the id, of the sprint's id or of the reasons, in any case of letters."""


@dataclass(frozen=True, slots=True)
class EpisodeLine:
    """An episode in a list; the numbers are those of its newest version."""

    episode_id: UUID
    project_id: str
    origin: Origin
    decided_at: datetime
    agent_version: str
    decision_source: DecisionSource
    sprint_id: str | None
    day: date
    perception: JsonObject
    text: str | None
    completed_tasks: int | None
    planned_tasks: int | None
    completion_rate: float | None
    spill_over: int | None
    duration_days: int | None
    completed_outside: int | None
    progress_source: ProgressSource | None
    worked: bool | None
    simulated: bool | None
    known_on: date | None
    recallable: bool
    quality: float
    effect: DecisionEffect | None
    cancelled_at: datetime | None
    embedding_model: str | None
    version: int
    forgotten_at: datetime | None
    forgotten_by: str | None


class EpisodeState(NamedTuple):
    """State of an episode beside a decision that recalled it."""

    version: int
    """Newest version."""
    is_forgotten: bool
    """True once it was forgotten."""


async def read_page(
    pool: Pool,
    episodes: EpisodeFilter = EpisodeFilter(),
    *,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[EpisodeLine]:
    """Read up to `limit` episodes that match, newest decision first, from `before` on."""
    values = {name: getattr(episodes, name) for name in EpisodeFilter.__slots__} | {
        "before_time": before and before[0],
        "before_id": before and before[1],
        "limit": limit,
    }
    async with (
        pool.connection() as connection,
        connection.cursor(row_factory=class_row(EpisodeLine)) as cursor,
    ):
        await cursor.execute(_PAGE, values)
        return await cursor.fetchall()


async def read_one(pool: Pool, episode_id: UUID) -> EpisodeLine | None:
    """Read one episode; None for an unknown id."""
    async with (
        pool.connection() as connection,
        connection.cursor(row_factory=class_row(EpisodeLine)) as cursor,
    ):
        await cursor.execute(_ONE, (episode_id,))
        return await cursor.fetchone()


async def read_documents(pool: Pool, episode_id: UUID) -> tuple[JsonObject, JsonObject]:
    """Read reasoning and action of an episode; empty for an unknown id."""
    async with pool.connection() as connection:
        row = await (await connection.execute(_DOCUMENTS, (episode_id,))).fetchone()
    return (row[0], row[1]) if row else ({}, {})


async def read_versions(pool: Pool, episode_id: UUID) -> list[EpisodeVersion]:
    """Read the versions of an episode, newest first; empty for one that nobody corrected."""
    async with (
        pool.connection() as connection,
        connection.cursor(row_factory=class_row(EpisodeVersion)) as cursor,
    ):
        await cursor.execute(_VERSIONS, (episode_id,))
        return await cursor.fetchall()


async def read_uses(
    pool: Pool, episode_id: UUID, *, before: UUID | None = None, limit: int
) -> list[EpisodeUse]:
    """Read the decisions that recalled an episode, newest first."""
    async with (
        pool.connection() as connection,
        connection.cursor(row_factory=class_row(EpisodeUse)) as cursor,
    ):
        values = {"episode_id": str(episode_id), "before": before, "limit": limit}
        await cursor.execute(_USES, values)
        return await cursor.fetchall()


async def read_states(pool: Pool, episode_ids: Collection[UUID]) -> dict[UUID, EpisodeState]:
    """Return the states of those of the episodes that are stored."""
    async with pool.connection() as connection:
        rows = await (await connection.execute(_STATES, (list(episode_ids),))).fetchall()
    return {row[0]: EpisodeState(row[1], row[2]) for row in rows}
