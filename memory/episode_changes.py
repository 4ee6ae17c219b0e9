"""Corrections of episodes by people, as versions, and forgetting."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from domain_services.chronicle.schema import DecisionAuditCreate
from domain_services.kernel.errors import Conflict, Invalid, NotFound
from memory import forgotten_runs, quality
from memory.audits import enqueue
from memory.episode import Outcome, Perception
from memory.episode_documents import JsonObject
from memory.pool import Connection, Pool
from memory.text import describe

_READ = """
    SELECT episode_id, project_id, sprint_id, version, quality, perception, completed_tasks,
        planned_tasks, completion_rate, spill_over, duration_days, worked, forgotten_at
    FROM episodes WHERE episode_id = %s FOR UPDATE
"""
# The first correction also keeps what held before it.
_KEEP_FIRST = """
    INSERT INTO episode_versions (episode_id, version, outcome, changed_at)
    SELECT episode_id, version, %s, decided_at FROM episodes WHERE episode_id = %s
    ON CONFLICT DO NOTHING
"""
_ADD_VERSION = """
    INSERT INTO episode_versions (episode_id, version, outcome, reason, changed_by)
    VALUES (%(episode_id)s, %(version)s, %(document)s, %(reason)s, %(by)s)
"""
_CORRECT = """
    UPDATE episodes
    SET version = %(version)s, completed_tasks = %(completed_tasks)s,
        planned_tasks = %(planned_tasks)s, completion_rate = %(completion_rate)s,
        spill_over = %(spill_over)s, duration_days = %(duration_days)s, worked = %(worked)s,
        quality = %(quality)s, recallable = %(recallable)s
    WHERE episode_id = %(episode_id)s
"""
_FORGET = """
    UPDATE episodes
    SET forgotten_at = now(), forgotten_by = %(by)s, version = version + 1, recallable = false,
        requires_embedding = false, features = NULL, embedding = NULL, embedding_model = NULL,
        perception = '{}', reasoning = '{}', action = '{}', quality = 0, completed_tasks = NULL,
        planned_tasks = NULL, completion_rate = NULL, spill_over = NULL, duration_days = NULL,
        ended_on = NULL, progress_source = NULL, worked = NULL, completed_outside = NULL,
        rule_tasks = NULL, recommended_tasks = NULL, applied_tasks = NULL, raw_confidence = NULL,
        stated_confidence = NULL, evidence_kind = NULL
    WHERE episode_id = %(episode_id)s RETURNING forgotten_at
"""
_FORGET_VERSIONS = "DELETE FROM episode_versions WHERE episode_id = %s"
_FORGET_FAILURES = "DELETE FROM embedding_failures WHERE episode_id = %s"
_FORGET_CANCELLATION = "UPDATE cancelled_sprints SET reason = NULL WHERE sprint_id = %s"
# Another episode of the same text is embedded anew when it is asked for.
_FORGET_EMBEDDING = "DELETE FROM embedding_cache WHERE text_sha256 = %s"


class EpisodeChanged(Conflict):
    """Somebody else has corrected or forgotten the episode; `version` is its newest one."""

    code = "episode_changed"
    title = "The episode has changed"


@dataclass(frozen=True, slots=True)
class Correction:
    """Corrected numbers of an outcome; None leaves one as it is."""

    base: int
    """Version that the person has seen."""
    completed_tasks: int | None = None
    """Tasks completed in the sprint."""
    planned_tasks: int | None = None
    """Tasks that entered the sprint."""
    duration_days: int | None = None
    """Calendar days of the sprint."""
    worked: bool | None = None
    """False when the sprint says nothing of the team: nothing recalls it or learns from it."""


@dataclass(frozen=True, slots=True)
class StoredEpisode:
    """Part of an episode that corrections change."""

    episode_id: UUID
    project_id: str
    sprint_id: str | None
    version: int
    quality: float
    perception: JsonObject
    completed_tasks: int | None
    planned_tasks: int | None
    completion_rate: float | None
    spill_over: int | None
    duration_days: int | None
    worked: bool | None
    forgotten_at: datetime | None

    @property
    def outcome(self) -> Outcome | None:
        """Return its outcome; None while that is not known."""
        if self.completed_tasks is None or self.duration_days is None:
            return None
        return Outcome(
            completed_tasks=self.completed_tasks,
            planned_tasks=self.planned_tasks,
            completion_rate=self.completion_rate,
            spill_over=self.spill_over,
            duration_days=self.duration_days,
        )


# Makes the audit of a deed from the episode before it and what changed.
Audited = Callable[[StoredEpisode, JsonObject], DecisionAuditCreate]


async def correct(
    pool: Pool, episode_id: UUID, change: Correction, by: str, reason: str, audited: Audited
) -> None:
    """Add a version of an episode's outcome; recall and learning use the newest from now on.

    Version, episode and audit are one transaction. Raises: `NotFound`; `EpisodeChanged` when
    `change.base` is not the newest version; `Invalid` for one without an outcome, and for numbers
    that no sprint has.
    """
    async with pool.connection() as connection, connection.transaction():
        stored = await _locked(connection, episode_id, change.base)
        if (before := stored.outcome) is None:
            raise Invalid("its sprint has not ended: there is no outcome to correct yet")
        after, worked = _corrected(before, change), change.worked
        worked = (stored.worked is not False) if worked is None else worked
        score = quality.score_with_outcome(stored.quality, before, after)
        document = _document(after, worked)
        version = stored.version + 1
        first = _document(before, stored.worked)
        if document == first | {"worked": stored.worked is not False}:
            raise Invalid("it has these numbers already; name one that is to change")
        await connection.execute(_KEEP_FIRST, (Jsonb(first), episode_id))
        values = after.model_dump() | {
            "episode_id": episode_id,
            "version": version,
            "worked": worked,
            "quality": score,
            "recallable": worked and quality.recallable(after, score),
            "document": Jsonb(document),
            "reason": reason,
            "by": by,
        }
        await connection.execute(_CORRECT, values)
        await connection.execute(_ADD_VERSION, values)
        details: JsonObject = {"version": version, "before": first, "after": document}
        await enqueue(connection, audited(stored, details))


async def forget(pool: Pool, episode_id: UUID, base: int, by: str, audited: Audited) -> None:
    """Remove text, vectors, numbers and versions of an episode; its ids stay.

    The reasons, steps and inputs of its own run go with it.

    Raises: `NotFound`; `EpisodeChanged` when `base` is not the newest version.
    """
    async with pool.connection() as connection, connection.transaction():
        stored = await _locked(connection, episode_id, base)
        if (text := _text(stored.perception)) is not None:
            key = sha256(text.encode()).digest()
            await connection.execute(_FORGET_EMBEDDING, (key,))
        await connection.execute(_FORGET, {"episode_id": episode_id, "by": by})
        await connection.execute(_FORGET_VERSIONS, (episode_id,))
        await connection.execute(_FORGET_FAILURES, (episode_id,))
        await connection.execute(_FORGET_CANCELLATION, (stored.sprint_id,))
        await forgotten_runs.empty(connection, episode_id)
        await enqueue(connection, audited(stored, {"version": stored.version + 1}))


async def _locked(connection: Connection, episode_id: UUID, base: int) -> StoredEpisode:
    """Lock an episode that may be changed. Raises: `NotFound`, `EpisodeChanged`."""
    async with connection.cursor(row_factory=class_row(StoredEpisode)) as cursor:
        await cursor.execute(_READ, (episode_id,))
        stored = await cursor.fetchone()
    if stored is None:
        raise NotFound(f"there is no episode {episode_id}; list them at /memory/episodes")
    if stored.forgotten_at is not None:
        raise EpisodeChanged(
            f"episode {episode_id} was forgotten, and nothing of it can be changed",
            version=stored.version,
            forgotten_at=stored.forgotten_at.isoformat(),
        )
    if stored.version != base:
        raise EpisodeChanged(
            f"episode {episode_id} has version {stored.version} by now; read it and try again",
            version=stored.version,
        )
    return stored


def _corrected(before: Outcome, change: Correction) -> Outcome:
    """Return the outcome after a change. Raises: `Invalid`."""

    def chosen(new: int | None, old: int | None) -> int | None:
        return old if new is None else new

    completed = chosen(change.completed_tasks, before.completed_tasks)
    planned = chosen(change.planned_tasks, before.planned_tasks)
    days = chosen(change.duration_days, before.duration_days)
    # An import counts what was completed, also where it does not know the plan.
    rate = None if not planned or completed is None else completed / planned
    spill_over = None if planned is None or completed is None else max(0, planned - completed)
    try:
        return Outcome.model_validate(
            {
                "completed_tasks": completed,
                "planned_tasks": planned,
                "completion_rate": rate,
                "spill_over": spill_over,
                "duration_days": days,
            }
        )
    except ValidationError as error:
        detail = error.errors()[0]
        raise Invalid(f"{detail['loc'][0]}: {detail['msg']}; give a number of tasks") from error


def _document(outcome: Outcome, worked: bool | None) -> JsonObject:
    return {**outcome.model_dump(mode="json"), "worked": worked}


def _text(perception: JsonObject) -> str | None:
    try:
        return describe(Perception.model_validate(perception))
    except ValidationError:
        return None
