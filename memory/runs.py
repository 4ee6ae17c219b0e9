"""The run table: what each orchestration was asked, what it decided, whether it is finished.

A run is `running`, then `decided`, then `done` or `failed`. It holds a lease; one that is silent
for longer has died. If it had not decided, it is `abandoned`, for nothing has happened; if it had,
it is recovered, for it may have acted. The fencing token rises with each new holder, and a write
with an older one is refused.
"""

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString, TypedDict
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from domain_services.kernel.errors import Conflict, Unavailable
from memory.audits import ROUTE
from memory.decision import Decision
from memory.episode import Episode
from memory.pool import Connection, Pool

Status = Literal["running", "decided", "done", "failed", "abandoned"]


class RunInProgress(Conflict):
    """Another run of the project is unfinished; its id is in the field `run_id`."""

    code = "run_in_progress"
    title = "A run is in progress"


class RunError(TypedDict):
    """Why a run failed."""

    kind: str
    """Name of the error's class."""
    detail: str
    """Its message."""


class LeaseLost(Conflict):
    """The run has another holder by now, or is finished: this one must stop."""

    code = "lease_lost"
    title = "The run is no longer held"


@dataclass(frozen=True, slots=True)
class Run:
    """One orchestration; `token` proves who holds it.

    `mode` is the newest decision mode of the project, None when none was ever set.
    """

    run_id: UUID
    project_id: str
    status: Status
    token: int
    lease_seconds: float
    lease_until: datetime
    request: dict[str, Any]
    decision: dict[str, Any] | None
    response: dict[str, Any] | None
    error: dict[str, Any] | None
    started_at: datetime
    decided_at: datetime | None
    ended_at: datetime | None
    mode: dict[str, Any] | None


_ROW: LiteralString = """
    run_id, project_id, status, token, lease_seconds, lease_until, request, decision, response,
    error, started_at, decided_at, ended_at,
    (SELECT to_jsonb(newest) FROM decision_modes AS newest
     WHERE newest.project_id = runs.project_id ORDER BY version DESC LIMIT 1) AS mode
"""
_START: LiteralString = f"""
    INSERT INTO runs (project_id, status, lease_seconds, lease_until, request)
    VALUES (%(project_id)s, 'running', %(lease)s, now() + make_interval(secs => %(lease)s),
            %(request)s)
    ON CONFLICT (project_id) WHERE status IN ('running', 'decided') DO NOTHING RETURNING {_ROW}
"""
_ABANDON: LiteralString = """
    UPDATE runs SET status = 'abandoned', ended_at = now(), token = token + 1
    WHERE status = 'running' AND lease_until < now()
"""
_UNFINISHED: LiteralString = f"""
    SELECT {_ROW} FROM runs WHERE project_id = %s AND status IN ('running', 'decided')
"""
_HELD: LiteralString = "WHERE run_id = %(run_id)s AND token = %(token)s AND status = "
_DECIDED: LiteralString = f"""
    UPDATE runs SET status = 'decided', decision = %(decision)s, decided_at = now(),
        lease_until = now() + make_interval(secs => lease_seconds) {_HELD} 'running'
"""
# One statement is one transaction and one round trip: all of it, or nothing.
_END: LiteralString = f"""
    WITH ended AS (
        UPDATE runs SET status = %(status)s, response = %(response)s, error = %(error)s,
            ended_at = now() {_HELD} ANY('{{running,decided}}')
        RETURNING run_id, project_id
    ), remembered AS (
        INSERT INTO episode_journal (episode)
        SELECT %(episode)s::jsonb FROM ended WHERE %(episode)s::jsonb IS NOT NULL
    ), audited AS (
        INSERT INTO deliveries (id, route, body)
        SELECT run_id, '{ROUTE}', %(audit)s::jsonb FROM ended WHERE %(audit)s::jsonb IS NOT NULL
    )
    SELECT count(*) FROM ended
"""
_CLAIM: LiteralString = f"""
    UPDATE runs SET token = token + 1, lease_until = now() + make_interval(secs => lease_seconds)
    WHERE run_id IN (
        SELECT run_id FROM runs WHERE status = 'decided' AND lease_until < now()
        ORDER BY lease_until LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING {_ROW}
"""
RECOVERED_AT_ONCE = 20
_ATTEMPTS = 5
START_SECONDS = 0.4  # of the 500 ms that a whole orchestration may take


class RunTable:
    """The runs of one database; `on_episode` is called after an episode entered the journal."""

    def __init__(
        self,
        pool: Pool,
        on_episode: Callable[[], None] = lambda: None,
        *,
        start_seconds: float = START_SECONDS,
    ) -> None:
        self._pool = pool
        self._start_seconds = start_seconds
        self._on_episode = on_episode

    async def start(self, project_id: str, request: dict[str, Any], lease_seconds: float) -> Run:
        """A new run that holds the project. Raises: `RunInProgress`; `psycopg.OperationalError`
        within `start_seconds` when the database does not answer: nothing has begun then."""
        values = {"project_id": project_id, "lease": lease_seconds, "request": Jsonb(request)}
        async with self._pool.connection(
            self._start_seconds, hang_up_seconds=self._start_seconds
        ) as connection:
            for _ in range(_ATTEMPTS):
                if run := await _first(connection, _START, values):
                    return run
                abandoned = await connection.execute(
                    _ABANDON + "AND project_id = %s", (project_id,)
                )
                holder = await _first(connection, _UNFINISHED, (project_id,))
                if holder and not abandoned.rowcount:
                    raise RunInProgress(
                        f"run {holder.run_id} of {project_id} is not finished",
                        run_id=str(holder.run_id),
                    )
        raise Unavailable(f"many runs of {project_id} begin and end at once", project_id=project_id)

    async def decided(self, run_id: UUID, token: int, decision: Decision) -> None:
        """Keep the decision before it is acted on; renews the lease. Raises: `LeaseLost`."""
        async with self._pool.connection() as connection:
            values = {"run_id": run_id, "token": token, "decision": _document(decision)}
            await _write(connection, _DECIDED, values)

    async def finish(
        self,
        run_id: UUID,
        token: int,
        response: BaseModel,
        episode: Episode,
        audit: BaseModel | None = None,
    ) -> None:
        """Done, answered, remembered and audited, or none of these.

        `audit` is delivered to the chronicle. Raises: `LeaseLost`, `Invalid`.
        """
        await self._end(run_id, token, "done", response=response, episode=episode, audit=audit)

    async def fail(self, run_id: UUID, token: int, error: RunError) -> None:
        """End a run by an error. Raises: `LeaseLost`, `Invalid`."""
        await self._end(run_id, token, "failed", error=error)

    async def due_for_recovery(self) -> list[Run]:
        """Decided runs whose holder died, claimed with new tokens. Undecided ones are abandoned."""
        async with self._pool.connection() as connection:
            await connection.execute(_ABANDON)
            return await _all(connection, _CLAIM, (RECOVERED_AT_ONCE,))

    async def get(self, run_id: UUID) -> Run | None:
        async with self._pool.connection() as connection:
            return await _first(connection, f"SELECT {_ROW} FROM runs WHERE run_id = %s", (run_id,))

    async def last(self, project_id: str) -> Run | None:
        """The run of the project that was started last; None when there was none."""
        query = f"SELECT {_ROW} FROM runs WHERE project_id = %s ORDER BY run_id DESC LIMIT 1"
        async with self._pool.connection() as connection:
            return await _first(connection, query, (project_id,))

    async def _end(
        self,
        run_id: UUID,
        token: int,
        status: Literal["done", "failed"],
        *,
        response: BaseModel | None = None,
        error: RunError | None = None,
        episode: Episode | None = None,
        audit: BaseModel | None = None,
    ) -> None:
        values = {
            "run_id": run_id,
            "token": token,
            "status": status,
            "response": _document(response),
            "error": None if error is None else Jsonb(error),
            "episode": _document(episode),
            "audit": _document(audit),
        }
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_END, values)).fetchone()
            if not row or not row[0]:
                raise LeaseLost(f"run {run_id} is finished, or held by another")
        if episode is not None:
            self._on_episode()


def _document(model: BaseModel | None) -> Jsonb | None:
    return None if model is None else Jsonb(model.model_dump(mode="json"))


async def _write(connection: Connection, query: LiteralString, values: dict[str, Any]) -> None:
    written = await connection.execute(query, values)
    if not written.rowcount:
        raise LeaseLost(f"run {values['run_id']} is finished, or held by another")


async def _all(connection: Connection, query: LiteralString, values: Any) -> list[Run]:
    async with connection.cursor(binary=True, row_factory=class_row(Run)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()


async def _first(connection: Connection, query: LiteralString, values: Any) -> Run | None:
    found = await _all(connection, query, values)
    return found[0] if found else None
