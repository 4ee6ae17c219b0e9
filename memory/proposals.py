"""Proposals: runs that wait for a person, from their plan to the one answer that holds.

A waiting run has no lease, so that no recovery and no replica executes it. One UPDATE from
`waiting` has one winner; the row says from there on what is carried out
(docs/adr/0140-waiting-is-a-status.md).
"""

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from domain_services.kernel.messaging import deliveries
from memory import run_inputs, run_steps
from memory.audits import ROUTE
from memory.decision import Decision
from memory.deleted_schedules import insert_rejection_of
from memory.episode import Episode
from memory.episode_documents import JsonObject
from memory.pool import Connection, Pool
from memory.run import ROW, LeaseLost, Run, RunInProgress, run_url
from memory.run_inputs import RunInputs
from memory.run_steps import Step
from memory.unapproved import RECORD, SUPERSEDE

AT_ONCE = 20  # expired runs of one search

# Locks are taken in one order, unfinished run before waiting one, or two statements could wait for
# each other.
_HOLD = """
    SELECT run_id, project_id, kind, request FROM runs
    WHERE run_id = %(run_id)s AND token = %(token)s AND status = 'running' FOR UPDATE
"""
_SUPERSEDE: LiteralString = f"""
    WITH newer AS (SELECT run_id, project_id, kind, request FROM runs WHERE run_id = %(run_id)s),
    unapproved AS ({SUPERSEDE}), {RECORD}
    SELECT count(*) FROM unapproved
"""
_PROPOSE: LiteralString = f"""
    WITH held AS (
        UPDATE runs SET status = 'waiting', decision = %(decision)s, response = %(response)s,
            fingerprint = %(fingerprint)s, rests_on = %(rests_on)s, expires_at = %(expires_at)s,
            drafts = %(drafts)s, decided_at = now(), lease_until = now()
        WHERE run_id = %(run_id)s RETURNING run_id, project_id
    ), kept AS ({run_inputs.insert_from("held")})
    {run_steps.insert_of("held")}
"""
_UNFINISHED = """
    SELECT run_id FROM runs WHERE project_id = %s AND status IN ('running', 'decided')
        AND run_id <> %s FOR UPDATE
"""
# The answer of the proposal goes: the run's own one comes when it has acted.
_APPROVE: LiteralString = f"""
    WITH approved AS (
        UPDATE runs SET status = 'decided', token = token + 1, response = NULL, drafts = NULL,
            lease_until = now() + make_interval(secs => lease_seconds),
            proposal = CASE WHEN %(decision)s::jsonb IS NULL THEN NULL ELSE decision END,
            decision = coalesce(%(decision)s::jsonb, decision),
            review = %(review)s, reviewed_at = now(), reviewed_by = %(by)s
        WHERE run_id = %(run_id)s AND status = 'waiting' AND fingerprint = %(fingerprint)s
            AND expires_at > now()
        RETURNING {ROW}
    ), deed AS (
        INSERT INTO deliveries (id, route, body)
        SELECT %(deed_id)s::uuid, '{ROUTE}', %(deed)s::jsonb FROM approved
    ), unscheduled AS ({insert_rejection_of("approved")})
    SELECT * FROM approved
"""
_REJECT: LiteralString = f"""
    WITH rejected AS (
        UPDATE runs SET status = 'rejected', ended_at = now(), drafts = NULL,
            review = %(review)s, reviewed_at = now(), reviewed_by = %(by)s,
            response = response || '{{"status": "rejected", "approval": null}}'
        WHERE run_id = %(run_id)s AND status = 'waiting' AND fingerprint = %(fingerprint)s
        RETURNING {ROW}, old.drafts AS drafts
    ), unapproved AS (
        SELECT run_id, status, drafts, jsonb_build_object(
            'status', status, 'reviewed_by', reviewed_by, 'review', review) AS ending
        FROM rejected
    ), {RECORD}, deed AS (
        INSERT INTO deliveries (id, route, body)
        SELECT %(deed_id)s::uuid, '{ROUTE}', %(deed)s::jsonb FROM rejected
    ), unscheduled AS ({insert_rejection_of("rejected")})
    SELECT run_id FROM rejected
"""
_DUE: LiteralString = f"""
    SELECT {ROW} FROM runs WHERE status = 'waiting' AND expires_at <= now()
    ORDER BY expires_at LIMIT %s
"""
_EXPIRE: LiteralString = f"""
    WITH unapproved AS (
        UPDATE runs SET status = 'expired', ended_at = now(), drafts = NULL,
            response = response || '{{"status": "expired", "approval": null}}'
        WHERE run_id = %(run_id)s AND status = 'waiting' AND expires_at <= now()
        RETURNING run_id, status, old.drafts,
            jsonb_build_object('status', status, 'expires_at', expires_at) AS ending
    ), {RECORD}
    SELECT count(*) FROM unapproved
"""
_WAITING: LiteralString = f"""
    SELECT {ROW} FROM runs WHERE project_id = %s AND status = 'waiting' ORDER BY run_id DESC
"""
_COUNT = """
    SELECT count(*), extract(epoch FROM min(expires_at) - now())::float FROM runs
    WHERE status = 'waiting'
"""
_FIRST = """
    SELECT count(*) OVER (), run_id, expires_at FROM runs WHERE status = 'waiting'
    ORDER BY expires_at LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan that waits for a person."""

    decision: Decision
    """The decision with its plan."""
    response: BaseModel
    """Answer to the caller while the run waits."""
    fingerprint: str
    """Digest of the calls and of what they rest on."""
    rests_on: JsonObject
    """What the calls rest on."""
    expires_at: datetime
    """Time from which it can no longer be approved."""
    episode: Episode | None
    """Episode of a plan that nobody approves; None for a run without one."""
    audit: BaseModel | None
    """Its audit; None as above."""
    steps: Sequence[Step] = ()
    """Updates of the run by its nodes."""
    inputs: RunInputs | None = None
    """What the decision was made from; None for a run without inputs."""


@dataclass(frozen=True, slots=True)
class Review:
    """Answer of a person to a proposal."""

    by: str
    """Name of the API key."""
    fingerprint: str
    """Fingerprint of the plan that the person saw."""
    document: JsonObject
    """The answer by steps, as it is stored."""
    deed_id: UUID
    """Id of the audit of the deed."""
    deed: BaseModel
    """Audit of the deed."""
    decision: Decision | None = None
    """The decision as the person changed it; None for one that stays as it is."""
    unscheduled: str | None = None
    """Sprint in progress whose daily scrum the person rejected; None for no such answer."""


class Proposals:
    """Waiting runs of one database; `on_episode` is called after an episode was journalled."""

    def __init__(self, pool: Pool, on_episode: Callable[[], None] = lambda: None) -> None:
        self._pool = pool
        self._on_episode = on_episode

    async def propose(self, run: Run, proposal: Proposal) -> None:
        """Let a running run wait for a person; an older proposal of its project is superseded.

        Raises: `LeaseLost`.
        """
        drafts = {"episode": _json(proposal.episode), "audit": _body(proposal.audit)}
        values = {
            "run_id": run.run_id,
            "token": run.token,
            "decision": Jsonb(_json(proposal.decision)),
            "response": Jsonb(_json(proposal.response)),
            "fingerprint": proposal.fingerprint,
            "rests_on": Jsonb(proposal.rests_on),
            "expires_at": proposal.expires_at,
            "drafts": Jsonb(drafts),
            "steps": run_steps.document_of(proposal.steps),
            **run_inputs.values_of(proposal.inputs),
        }
        async with self._pool.connection() as connection, connection.transaction():
            if not (await connection.execute(_HOLD, values)).rowcount:
                raise LeaseLost(run.run_id)
            await connection.execute(_SUPERSEDE, values)
            await connection.execute(_PROPOSE, values)
        self._on_episode()

    async def approve(
        self, run: Run, review: Review, check: Callable[[Run], None] = lambda _: None
    ) -> Run | None:
        """Take a waiting run to be carried out, with a new token and lease.

        None when it no longer waits, has expired, or has another fingerprint. `check` gets the row
        as it is taken, and what it raises leaves the run waiting. Raises: `RunInProgress` while
        another run of the project is unfinished.
        """
        async with self._pool.connection() as connection:
            try:
                async with connection.transaction():
                    await _refuse_unfinished(connection, run)
                    approved = await _first(connection, _APPROVE, _values(run, review))
                    # Facts were read since the run was: somebody may have changed its autonomy.
                    if approved is not None:
                        check(approved)
                    return approved
            except psycopg.errors.UniqueViolation as violation:
                # A run of the project began between the two statements.
                raise RunInProgress(
                    f"another run of {run.project_id} has begun; try again when it is finished"
                ) from violation

    async def reject(self, run: Run, review: Review) -> bool:
        """End a waiting run that a person does not want; False when it no longer waits."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_REJECT, _values(run, review))
            rejected = await cursor.fetchone() is not None
        if rejected:
            self._on_episode()
        return rejected

    async def due(self) -> list[Run]:
        """Return waiting runs whose time is over."""
        async with self._pool.connection() as connection:
            return await _all(connection, _DUE, (AT_ONCE,))

    async def expire(self, run: Run) -> bool:
        """End a waiting run whose time is over; False when it no longer waits."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_EXPIRE, {"run_id": run.run_id})
            row = await cursor.fetchone()
        expired = row is not None and row[0] == 1
        if expired:
            self._on_episode()
        return expired

    async def of_project(self, project_id: str) -> list[Run]:
        """Return the waiting runs of a project, newest first."""
        async with self._pool.connection() as connection:
            return await _all(connection, _WAITING, (project_id,))

    async def count(self) -> tuple[int, float | None]:
        """Return the number of waiting runs, and the seconds until the first expires.

        None without one; negative for one whose end is late.
        """
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_COUNT)).fetchone()
        return (int(row[0]), row[1]) if row else (0, None)

    async def first(self) -> tuple[int, UUID, datetime] | None:
        """Return the number of waiting runs, and the first to expire; None without one."""
        async with self._pool.connection() as connection:
            return await (await connection.execute(_FIRST)).fetchone()


async def _refuse_unfinished(connection: Connection, run: Run) -> None:
    """Refuse while another run of the project is unfinished. Raises: `RunInProgress`."""
    values = (run.project_id, run.run_id)
    row = await (await connection.execute(_UNFINISHED, values)).fetchone()
    if row is not None:
        raise RunInProgress(
            f"run {row[0]} of {run.project_id} is not finished; try again when it is",
            run_id=str(row[0]),
            run_url=run_url(row[0]),
        )


def _values(run: Run, review: Review) -> Mapping[str, object]:
    return {
        "run_id": run.run_id,
        "fingerprint": review.fingerprint,
        "by": review.by,
        "review": Jsonb(review.document),
        "decision": None if review.decision is None else Jsonb(_json(review.decision)),
        "deed_id": review.deed_id,
        "deed": Jsonb(_body(review.deed)),
        "unscheduled": review.unscheduled,
    }


def _json(model: BaseModel | None) -> object:
    return None if model is None else model.model_dump(mode="json")


def _body(audit: BaseModel | None) -> object:
    return None if audit is None else deliveries.body_of(audit)


async def _all(
    connection: Connection, query: LiteralString, values: tuple[object, ...]
) -> list[Run]:
    async with connection.cursor(binary=True, row_factory=class_row(Run)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()


async def _first(
    connection: Connection, query: LiteralString, values: Mapping[str, object]
) -> Run | None:
    async with connection.cursor(binary=True, row_factory=class_row(Run)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchone()
