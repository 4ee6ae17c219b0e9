"""Runs of a plan without a decision: to take a run back, or to make a call that was asked for.

Such a run begins as `waiting`. A person's approval makes it `decided`; then its calls are made and
its end is stored with the end of the run that it takes back, in one transaction
(docs/adr/0144-undo-by-compensation.md).
"""

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import BaseModel

from domain_services.chronicle.schema import DecisionAuditCreate
from domain_services.kernel.errors import Conflict, NotFound
from domain_services.kernel.messaging import deliveries
from memory.audits import ROUTE, enqueue
from memory.decision import Decision
from memory.episode_documents import JsonObject
from memory.pool import Pool
from memory.run import LeaseLost, Run, RunError, RunKind, run_url

MOST_REQUESTS = 20  # that wait for a person in one project

# Two requests at once would both count the others only.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('requests of ' || %s, 0))"
_COUNT = """
    SELECT count(*) FROM runs WHERE project_id = %s AND status = 'waiting' AND kind = 'request'
"""
# The row stays as it is until the undo run is stored.
_ORIGINAL = "SELECT status FROM runs WHERE run_id = %s FOR UPDATE"
_OTHER_UNDO = """
    SELECT run_id, status FROM runs
    WHERE undoes = %s AND status IN ('running', 'waiting', 'decided', 'done')
"""
_OPEN: LiteralString = """
    INSERT INTO runs (run_id, project_id, kind, status, lease_seconds, lease_until, request,
        decision, decided_at, response, fingerprint, rests_on, expires_at, undoes)
    VALUES (%(run_id)s, %(project_id)s, %(kind)s, 'waiting', %(lease)s, now(), %(request)s,
        %(decision)s, now(), %(response)s, %(fingerprint)s, %(rests_on)s, %(expires_at)s,
        %(undoes)s)
"""
_END: LiteralString = f"""
    WITH ended AS (
        UPDATE runs SET status = %(status)s, response = %(response)s, error = %(error)s,
            ended_at = now()
        WHERE run_id = %(run_id)s AND token = %(token)s AND status = 'decided'
        RETURNING run_id, undoes
    ), undone AS (
        UPDATE runs AS original SET status = 'undone', undone_by = ended.run_id
        FROM ended WHERE original.run_id = ended.undoes AND original.status = 'done'
            AND %(status)s = 'done'
    ), audited AS (
        INSERT INTO deliveries (id, route, body)
        SELECT %(deed_id)s::uuid, '{ROUTE}', %(deed)s::jsonb FROM ended
        WHERE %(deed)s::jsonb IS NOT NULL
    )
    SELECT count(*) FROM ended
"""


class AlreadyUndone(Conflict):
    """The run was taken back, or is about to be; `undone_by` names the run that does."""

    code = "already_undone"
    title = "The run is already undone"


class UndoWaits(Conflict):
    """Another undo of the run waits for a person, or acts; `undo_run_id` names it."""

    code = "undo_waits"
    title = "Another undo of the run is under way"


class TooManyRequests(Conflict):
    """As many requests of the project wait as may."""

    code = "too_many_requests_waiting"
    title = "Too many requests wait"


@dataclass(frozen=True, slots=True)
class WaitingPlan:
    """A plan that begins as a waiting run."""

    run_id: UUID
    """Id of the new run."""
    project_id: str
    """Id of the project."""
    kind: RunKind
    """`undo` or `request`."""
    request: JsonObject
    """What was asked, and by whom."""
    decision: Decision
    """Holds the plan; no rule and no evidence stands behind it."""
    response: BaseModel
    """Answer to the caller while the run waits."""
    fingerprint: str
    """Digest of the calls and of what they rest on."""
    rests_on: JsonObject
    """What the calls rest on."""
    expires_at: datetime
    """Time from which it can no longer be approved."""
    deed: DecisionAuditCreate
    """Audit of the request."""
    undoes: UUID | None = None
    """Run that it takes back; None for a request."""


class PlanRuns:
    """Runs of a plan without a decision, in the agent's database."""

    def __init__(self, pool: Pool, lease_seconds: float) -> None:
        self._pool = pool
        self._lease_seconds = lease_seconds

    async def open(self, plan: WaitingPlan) -> None:
        """Store a waiting run and the audit of who asked for it.

        Raises: `AlreadyUndone`, `UndoWaits`, `TooManyRequests`; `NotFound` for a run that is gone.
        """
        values = {
            "run_id": plan.run_id,
            "project_id": plan.project_id,
            "kind": plan.kind,
            "lease": self._lease_seconds,
            "request": Jsonb(plan.request),
            "decision": _json(plan.decision),
            "response": _json(plan.response),
            "fingerprint": plan.fingerprint,
            "rests_on": Jsonb(plan.rests_on),
            "expires_at": plan.expires_at,
            "undoes": plan.undoes,
        }
        async with self._pool.connection() as connection, connection.transaction():
            if plan.undoes is None:
                await connection.execute(_LOCK, (plan.project_id,))
                row = await (await connection.execute(_COUNT, (plan.project_id,))).fetchone()
                if row and row[0] >= MOST_REQUESTS:
                    raise TooManyRequests(
                        f"{MOST_REQUESTS} requests of {plan.project_id} wait for a person; ask"
                        " again when some are answered: dsm runs --status waiting"
                    )
            else:
                if not (await connection.execute(_ORIGINAL, (plan.undoes,))).rowcount:
                    raise NotFound(f"run {plan.undoes} was deleted by its age meanwhile")
                other = await (await connection.execute(_OTHER_UNDO, (plan.undoes,))).fetchone()
                if other is not None:
                    raise _refusal(plan.undoes, *other)
            await connection.execute(_OPEN, values)
            await enqueue(connection, plan.deed)

    async def finish(
        self,
        run: Run,
        status: Literal["done", "failed"],
        response: BaseModel,
        *,
        error: RunError | None = None,
        deed: DecisionAuditCreate | None = None,
    ) -> None:
        """End a decided run; when it is `done`, the run that it takes back becomes `undone`.

        Raises: `LeaseLost`.
        """
        values = {
            "run_id": run.run_id,
            "token": run.token,
            "status": status,
            "response": _json(response),
            "error": None if error is None else Jsonb(error),
            "deed_id": deed and deed.audit_id,
            "deed": None if deed is None else Jsonb(deliveries.body_of(deed)),
        }
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_END, values)).fetchone()
            if not row or not row[0]:
                raise LeaseLost(run.run_id)


def _refusal(original: UUID, undo: UUID, status: str) -> Conflict:
    place: dict[str, Any] = {"undo_run_id": str(undo), "run_url": run_url(undo)}
    if status == "done":
        return AlreadyUndone(
            f"run {original} is undone already, by run {undo}; see dsm run {undo}",
            undone_by=str(undo),
            **place,
        )
    return UndoWaits(
        f"run {undo} that takes {original} back is {status}; see dsm run {undo}", **place
    )


def _json(model: BaseModel) -> Jsonb:
    return Jsonb(model.model_dump(mode="json"))
