"""Run table: request, decision, answer and lease of each orchestration.

A run is `running`, then `decided`, then `done` or `failed`. A run whose lease has ended is
`abandoned` when it had not decided: nothing has happened. When it had decided, it may have acted,
so another process recovers it. Each new holder gets a higher fencing token. A write with an older
token is refused.
"""

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString, TypedDict
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from domain_services.kernel.errors import Conflict, Unavailable
from domain_services.kernel.messaging import deliveries
from memory import follow_ups
from memory.audits import ROUTE
from memory.decision import Decision
from memory.episode import Episode, ModeName
from memory.episode_documents import JsonObject
from memory.pool import Connection, Pool

Values = Mapping[str, object] | Sequence[object]

Status = Literal["running", "decided", "done", "failed", "abandoned"]


def run_url(run_id: UUID) -> str:
    """Return the orchestrator's path at which a run is read."""
    return f"/runs/{run_id}"


class RunInProgress(Conflict):
    """Another run of the project is unfinished; the field `run_id` holds its id."""

    code = "run_in_progress"
    title = "A run is in progress"


class RunError(TypedDict):
    """Reason of a failed run."""

    kind: str
    """Name of the error's class."""
    detail: str
    """Its message."""


class ModeRow(TypedDict):
    """A row of `decision_modes` as JSON; its other columns are not read."""

    mode: ModeName
    """Name of the mode."""
    confidence_threshold: float
    """Lowest confidence that passes the gate, 0..1."""
    enable_task_count_adjustment: bool
    """True when evidence may change the number of tasks."""
    enable_sprint_duration_adjustment: bool
    """True when evidence may change the length of a sprint."""
    certainty: int
    """Percent of the sprints that are to complete their plan."""
    version: int
    """Counted from 1 for each project."""


class LeaseLost(Conflict):
    """The run is finished, or another process holds it; the caller must stop."""

    code = "lease_lost"
    title = "The run is no longer held"


@dataclass(frozen=True, slots=True)
class Run:
    """One orchestration as the run table holds it."""

    run_id: UUID
    """Id of the run, of its episode and of its audit."""
    project_id: str
    """Id of the project."""
    status: Status
    """State of the run."""
    token: int
    """Fencing token; a write needs the newest one."""
    lease_seconds: float
    """Length of the lease."""
    lease_until: datetime
    """End of the lease; the run counts as dead after it."""
    request: JsonObject
    """The request as JSON."""
    decision: JsonObject | None
    """The decision (`memory.decision.Decision`) as JSON; None before it is made."""
    response: JsonObject | None
    """The answer to the caller; None before the run is done."""
    error: JsonObject | None
    """A `RunError`; None unless the run failed."""
    started_at: datetime
    """Time of the start."""
    decided_at: datetime | None
    """None before the decision, and for a run that planned no call."""
    ended_at: datetime | None
    """None while the run is not finished."""
    mode: ModeRow | None
    """Newest decision mode of the project; None when none was ever set."""


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
# A row of the same shape that is stored nowhere: only the mode is read.
_UNRECORDED: LiteralString = """
    SELECT uuidv7() AS run_id, %(project_id)s AS project_id, 'running' AS status,
        0::bigint AS token, 0::double precision AS lease_seconds, now() AS lease_until,
        %(request)s::jsonb AS request, NULL::jsonb AS decision, NULL::jsonb AS response,
        NULL::jsonb AS error, now() AS started_at, NULL::timestamptz AS decided_at,
        NULL::timestamptz AS ended_at,
        (SELECT to_jsonb(newest) FROM decision_modes AS newest
         WHERE newest.project_id = %(project_id)s ORDER BY version DESC LIMIT 1) AS mode
"""
_ABANDON: LiteralString = """
    UPDATE runs SET status = 'abandoned', ended_at = now(), token = token + 1
    WHERE status = 'running' AND lease_until < now()
"""
_UNFINISHED: LiteralString = f"""
    SELECT {_ROW} FROM runs WHERE project_id = %s AND status IN ('running', 'decided')
"""
# The fencing token of the statement: a former holder's write finds no row.
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
    ), followed_up AS ({follow_ups.INSERT})
    SELECT count(*) FROM ended
"""
_CLAIM: LiteralString = f"""
    UPDATE runs SET token = token + 1, lease_until = now() + make_interval(secs => lease_seconds)
    WHERE run_id IN (
        SELECT run_id FROM runs WHERE status = 'decided' AND lease_until < now()
        ORDER BY lease_until LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING {_ROW}
"""
# Not earlier: who claims it next must see a lease that has ended.
_GIVE_BACK = """
    UPDATE runs SET lease_until = least(lease_until, now())
    FROM unnest(%(ids)s::uuid[], %(tokens)s::bigint[]) AS held (id, held_token)
    WHERE run_id = held.id AND token = held.held_token AND status = 'decided'
"""
_COUNT_UNFINISHED: LiteralString = """
    SELECT count(*), coalesce(extract(epoch FROM now() - min(started_at)), 0)::float
    FROM runs WHERE status IN ('running', 'decided')
"""
RECOVERED_AT_ONCE = 20
_ATTEMPTS = 5  # more than one only when runs of the project begin and end at the same moment
START_SECONDS = 0.4  # of the 500 ms that a whole orchestration may take


class RunTable:
    """Runs of one database; `on_episode` is called after an episode was added to the journal."""

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

    async def start(
        self, project_id: str, request: Mapping[str, object], lease_seconds: float
    ) -> Run:
        """Start a run that holds the project.

        Raises: `RunInProgress`; `psycopg.OperationalError` within `start_seconds` when the
        database does not answer. Nothing has begun then.
        """
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
                        f"run {holder.run_id} of {project_id} is not finished;"
                        " try again when it is",
                        run_id=str(holder.run_id),
                        run_url=run_url(holder.run_id),
                    )
        raise Unavailable(
            f"many runs of {project_id} begin and end at once; try again", project_id=project_id
        )

    async def unrecorded(self, project_id: str, request: Mapping[str, object]) -> Run:
        """Return a run that is stored nowhere and holds nothing: a look at a decision.

        Raises: `psycopg.OperationalError` within `start_seconds`.
        """
        async with self._pool.connection(
            self._start_seconds, hang_up_seconds=self._start_seconds
        ) as connection:
            values = {"project_id": project_id, "request": Jsonb(request)}
            run = await _first(connection, _UNRECORDED, values)
        assert run is not None  # a SELECT of constants has one row
        return run

    async def decided(self, run_id: UUID, token: int, decision: Decision) -> None:
        """Store the decision before it is acted on, and renew the lease. Raises: `LeaseLost`."""
        async with self._pool.connection() as connection:
            values = {"run_id": run_id, "token": token, "decision": _document(decision)}
            if not (await connection.execute(_DECIDED, values)).rowcount:
                raise _lease_lost(run_id)

    async def finish(
        self,
        run_id: UUID,
        token: int,
        response: BaseModel,
        episode: Episode,
        audit: BaseModel | None = None,
        *,
        closed_sprint: str | None = None,
    ) -> None:
        """Store answer, episode and audit, and mark the run as done, all in one transaction.

        The delivery worker sends `audit` to the chronicle. A run that closed a sprint leaves a
        follow-up where the project has a schedule. Raises: `LeaseLost`, `Invalid`.
        """
        await self._end(
            run_id,
            token,
            "done",
            response=response,
            episode=episode,
            audit=audit,
            closed_sprint=closed_sprint,
        )

    async def fail(self, run_id: UUID, token: int, error: RunError) -> None:
        """End a run by an error. Raises: `LeaseLost`, `Invalid`."""
        await self._end(run_id, token, "failed", error=error)

    async def due_for_recovery(self) -> list[Run]:
        """Claim decided runs whose lease has ended, and abandon undecided ones."""
        async with self._pool.connection() as connection:
            await connection.execute(_ABANDON)
            return await _all(connection, _CLAIM, (RECOVERED_AT_ONCE,))

    async def give_back(self, runs: Sequence[Run]) -> None:
        """End the leases of decided runs, so that another process resumes them at once."""
        values = {"ids": [run.run_id for run in runs], "tokens": [run.token for run in runs]}
        async with self._pool.connection() as connection:
            await connection.execute(_GIVE_BACK, values)

    async def unfinished(self) -> tuple[int, float]:
        """Return the number of unfinished runs, and the age of the oldest in seconds."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_COUNT_UNFINISHED)).fetchone()
        return row or (0, 0.0)

    async def get(self, run_id: UUID) -> Run | None:
        """Return a run; None for an unknown id."""
        async with self._pool.connection() as connection:
            return await _first(connection, f"SELECT {_ROW} FROM runs WHERE run_id = %s", (run_id,))

    async def last(self, project_id: str) -> Run | None:
        """Return the newest run of a project; None without one."""
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
        closed_sprint: str | None = None,
    ) -> None:
        values = {
            "run_id": run_id,
            "token": token,
            "status": status,
            "response": _document(response),
            "error": None if error is None else Jsonb(error),
            "episode": _document(episode),
            "audit": None if audit is None else Jsonb(deliveries.body_of(audit)),
            "closed_sprint": closed_sprint,
            "follow_up_seconds": follow_ups.WAIT_SECONDS,
        }
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_END, values)).fetchone()
            if not row or not row[0]:
                raise _lease_lost(run_id)
        if episode is not None:
            self._on_episode()


def _document(model: BaseModel | None) -> Jsonb | None:
    return None if model is None else Jsonb(model.model_dump(mode="json"))


def _lease_lost(run_id: UUID) -> LeaseLost:
    return LeaseLost(
        f"run {run_id} is finished, or another process holds it; read its answer there",
        run_id=str(run_id),
        run_url=run_url(run_id),
    )


async def _all(connection: Connection, query: LiteralString, values: Values) -> list[Run]:
    async with connection.cursor(binary=True, row_factory=class_row(Run)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()


async def _first(connection: Connection, query: LiteralString, values: Values) -> Run | None:
    runs = await _all(connection, query, values)
    return runs[0] if runs else None
