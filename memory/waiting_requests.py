"""Requests that wait for a person: a bounded number in a project, and one for the same call.

A model, a client or a network sends a call again; a person is asked once
(docs/adr/0150-tools-for-models.md).
"""

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from domain_services.kernel.database.idempotency import KEEP_HOURS
from domain_services.kernel.errors import Conflict
from domain_services.kernel.types import utc_now
from memory.decision import Decision, PlannedCall
from memory.episode_documents import JsonObject
from memory.pool import Connection
from memory.run import ROW, Run

MOST_REQUESTS = 20  # that wait in one project

# Two requests at once would both see the others only.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('requests of ' || %s, 0))"
# As the unique index of the keys, which holds no failed run: its call may be asked for again.
_OF_KEY: LiteralString = f"""
    SELECT {ROW} FROM runs WHERE caller = %s AND request_key = %s
        AND status NOT IN ('failed', 'abandoned')
        AND started_at >= now() - make_interval(hours => %s)
"""
_RELEASE_OLD_KEY = """
    UPDATE runs SET request_key = NULL WHERE caller = %s AND request_key = %s
        AND started_at < now() - make_interval(hours => %s)
"""
_WAITING: LiteralString = f"""
    SELECT {ROW} FROM runs WHERE project_id = %s AND status = 'waiting' AND kind = 'request'
    ORDER BY run_id
"""
_SUPERSEDE = """
    UPDATE runs SET status = 'superseded', superseded_by = %s, ended_at = now(),
        response = response || '{"status": "superseded", "approval": null}'
    WHERE run_id = ANY(%s)
"""


class TooManyRequests(Conflict):
    """As many requests of the project wait as may."""

    code = "too_many_requests_waiting"
    title = "Too many requests wait"


@dataclass(frozen=True, slots=True)
class CallKey:
    """Identity of one call of a caller: the same one opens one run."""

    caller: str
    """Name of the API key."""
    key: str
    """Key of the call, with a digest of the call itself."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is about to wait."""

    run_id: UUID
    """Id of its run."""
    project_id: str
    """Id of the project."""
    plan: tuple[PlannedCall, ...]
    """The call that is asked for."""
    fingerprint: str
    """Digest of the call and of what it rests on."""
    key: CallKey | None
    """Identity of the call; None without one."""


async def run_of_key(connection: Connection, key: CallKey) -> Run | None:
    """Return the run that a key opened within `KEEP_HOURS`; older keys are free again."""
    values = (key.caller, key.key, KEEP_HOURS)
    async with connection.cursor(binary=True, row_factory=class_row(Run)) as cursor:
        run = await (await cursor.execute(_OF_KEY, values)).fetchone()
    if run is None:
        await connection.execute(_RELEASE_OLD_KEY, values)
    return run


async def make_room(connection: Connection, request: Request) -> Run | None:
    """Return the run of the same request; None when there is none, and `request` may wait.

    Requests that nobody can approve any more make room. Raises: `TooManyRequests`.
    """
    await connection.execute(_LOCK, (request.project_id,))
    if request.key is not None and (earlier := await run_of_key(connection, request.key)):
        return earlier
    waiting = await _waiting(connection, request.project_id)
    for run in waiting:
        if run.fingerprint == request.fingerprint and run.expires_at and run.expires_at > utc_now():
            return run
    # The same call on facts that have changed since: an approval of the older one is refused.
    stale = [run for run in waiting if _calls_of(run) == _calls(request.plan)]
    if len(waiting) - len(stale) >= MOST_REQUESTS:
        raise TooManyRequests(
            f"{MOST_REQUESTS} requests of {request.project_id} wait for a person; ask again when"
            " some are answered: dsm runs --status waiting"
        )
    if stale:
        await connection.execute(_SUPERSEDE, (request.run_id, [run.run_id for run in stale]))
    return None


async def _waiting(connection: Connection, project_id: str) -> list[Run]:
    """Return the requests of a project that wait for a person, oldest first."""
    async with connection.cursor(binary=True, row_factory=class_row(Run)) as cursor:
        return await (await cursor.execute(_WAITING, (project_id,))).fetchall()


def _calls_of(run: Run) -> list[tuple[str, JsonObject]]:
    return _calls(Decision.model_validate(run.decision).plan)


def _calls(plan: Sequence[PlannedCall]) -> list[tuple[str, JsonObject]]:
    return [(call.name, call.arguments) for call in plan]
