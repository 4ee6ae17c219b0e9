"""Runs of a plan without a decision: to take a run back, or to make a call that was asked for.

Such a run begins as `waiting`. A person's approval makes it `decided`; then its calls are made and
its end is stored with the end of the run that it takes back, in one transaction
(docs/adr/0144-undo-by-compensation.md).
"""

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import BaseModel

from domain_services.chronicle.schema import DecisionAuditCreate
from domain_services.kernel.errors import Conflict, NotFound
from domain_services.kernel.messaging import deliveries
from memory.audits import ROUTE, enqueue
from memory.decision import Decision
from memory.episode_documents import JsonObject
from memory.pool import Connection, Pool
from memory.run import LeaseLost, Run, RunError, RunKind, run_url
from memory.waiting_requests import CallKey, Request, make_room, run_of_key

# The row stays as it is until the undo run is stored.
_ORIGINAL = "SELECT status, undone_by FROM runs WHERE run_id = %s FOR UPDATE"
_OTHER_UNDO = """
    SELECT run_id, status FROM runs WHERE undoes = %s AND status IN ('waiting', 'decided')
"""
_SUPERSEDE_UNDO = """
    UPDATE runs SET status = 'superseded', superseded_by = %(run_id)s, ended_at = now(),
        response = response || '{"status": "superseded", "approval": null}'
    WHERE undoes = %(original)s AND status = 'waiting'
        AND (fingerprint <> %(fingerprint)s OR expires_at <= now())
"""
_OPEN: LiteralString = """
    INSERT INTO runs (run_id, project_id, kind, status, lease_seconds, lease_until, request,
        decision, decided_at, response, fingerprint, rests_on, expires_at, undoes,
        caller, request_key)
    VALUES (%(run_id)s, %(project_id)s, %(kind)s, 'waiting', %(lease)s, now(), %(request)s,
        %(decision)s, now(), %(response)s, %(fingerprint)s, %(rests_on)s, %(expires_at)s,
        %(undoes)s, %(caller)s, %(key)s)
"""
_END: LiteralString = f"""
    WITH ended AS (
        UPDATE runs SET status = %(status)s, response = %(response)s, error = %(error)s,
            ended_at = now()
        WHERE run_id = %(run_id)s AND token = %(token)s AND status = 'decided'
        RETURNING run_id, undoes
    ), undone AS (
        UPDATE runs AS original SET undone_by = ended.run_id,
            status = CASE WHEN %(taken_back)s = 'whole' THEN 'undone' ELSE original.status END
        FROM ended WHERE original.run_id = ended.undoes AND original.status IN ('done', 'failed')
            AND %(taken_back)s IN ('whole', 'part')
    ), audited AS (
        INSERT INTO deliveries (id, route, body)
        SELECT %(deed_id)s::uuid, '{ROUTE}', %(deed)s::jsonb FROM ended
        WHERE %(deed)s::jsonb IS NOT NULL
    )
    SELECT count(*) FROM ended
"""


TakenBack = Literal["whole", "part", "nothing"]
"""What an undo run has taken back of the other run, of that which can be taken back."""


class AlreadyUndone(Conflict):
    """The run was taken back; `undone_by` names the run that did it."""

    code = "already_undone"
    title = "The run is already undone"


class UndoWaits(Conflict):
    """Another undo of the run waits for a person, or acts; `undo_run_id` names it."""

    code = "undo_waits"
    title = "Another undo of the run is under way"


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
    key: CallKey | None = None
    """Identity of the call that asks; None without one."""


class PlanRuns:
    """Runs of a plan without a decision, in the agent's database."""

    def __init__(self, pool: Pool, lease_seconds: float) -> None:
        self._pool = pool
        self._lease_seconds = lease_seconds

    async def of_key(self, key: CallKey) -> Run | None:
        """Return the run that a call opened before; None without one."""
        async with self._pool.connection() as connection:
            return await run_of_key(connection, key)

    async def open(self, plan: WaitingPlan) -> Run | None:
        """Store a waiting run and the audit of who asked for it.

        A request that was made before opens no second run: its run is returned, else None.
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
            "caller": plan.key and plan.key.caller,
            "key": plan.key and plan.key.key,
        }
        async with self._pool.connection() as connection, connection.transaction():
            if plan.undoes is not None:
                await _make_room_for_undo(connection, plan.run_id, plan.undoes, plan.fingerprint)
            else:
                request = Request(
                    plan.run_id, plan.project_id, plan.decision.plan, plan.fingerprint, plan.key
                )
                if (earlier := await make_room(connection, request)) is not None:
                    return earlier
            await connection.execute(_OPEN, values)
            await enqueue(connection, plan.deed)
        return None

    async def finish(
        self,
        run: Run,
        status: Literal["done", "failed"],
        response: BaseModel,
        *,
        error: RunError | None = None,
        taken_back: TakenBack = "nothing",
        deed: DecisionAuditCreate | None = None,
    ) -> None:
        """End a decided run; the run that it takes back is `undone` when `taken_back` as a whole.

        Raises: `LeaseLost`.
        """
        values = {
            "run_id": run.run_id,
            "token": run.token,
            "status": status,
            "response": _json(response),
            "error": None if error is None else Jsonb(error),
            "taken_back": taken_back,
            "deed_id": deed and deed.audit_id,
            "deed": None if deed is None else Jsonb(deliveries.body_of(deed)),
        }
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_END, values)).fetchone()
            if not row or not row[0]:
                raise LeaseLost(run.run_id)


async def _make_room_for_undo(
    connection: Connection, run_id: UUID, original: UUID, fingerprint: str
) -> None:
    """Hold the run that the undo `run_id` takes back; an undo on other facts makes room.

    Raises: `NotFound`, `AlreadyUndone`, `UndoWaits`.
    """
    row = await (await connection.execute(_ORIGINAL, (original,))).fetchone()
    if row is None:
        raise NotFound(f"run {original} was deleted by its age meanwhile")
    status, undone_by = row
    if status == "undone":
        raise already_undone(original, undone_by)
    # Its facts have changed, or its time is over: an approval of the older one is refused.
    values = {"run_id": run_id, "original": original, "fingerprint": fingerprint}
    await connection.execute(_SUPERSEDE_UNDO, values)
    row = await (await connection.execute(_OTHER_UNDO, (original,))).fetchone()
    if row is not None:
        undo, status = row
        answer = f"dsm approve {undo} or dsm reject {undo} answers it"
        raise UndoWaits(
            f"run {undo} that takes {original} back is {status};"
            f" {answer if status == 'waiting' else f'see dsm run {undo}'}",
            undo_run_id=str(undo),
            run_url=run_url(undo),
        )


def already_undone(original: UUID, undone_by: UUID) -> AlreadyUndone:
    """Return the refusal to take a run back once more."""
    return AlreadyUndone(
        f"run {original} is undone already, by run {undone_by}; see dsm run {undone_by}",
        undone_by=str(undone_by),
        undo_run_id=str(undone_by),
        run_url=run_url(undone_by),
    )


def _json(model: BaseModel) -> Jsonb:
    return Jsonb(model.model_dump(mode="json"))
