"""Run table: request, decision, answer and lease of each orchestration.

A run is `running`, then `decided`, then `done` or `failed`. A run whose lease has ended is
`abandoned` when it had not decided: nothing has happened. When it had decided, it may have acted,
so another process recovers it. Each new holder gets a higher fencing token. A write with an older
token is refused. A run that waits for a person is in `memory/proposals.py`; a newer decision of
its project supersedes it here.
"""

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import BaseModel
from uuid_utils.compat import uuid7

from domain_services.kernel.database.idempotency import KEEP_HOURS
from domain_services.kernel.errors import Unavailable
from domain_services.kernel.messaging import deliveries
from memory import earlier_keys, follow_ups, run_inputs, run_steps
from memory.audits import ROUTE
from memory.decision import Decision
from memory.deleted_schedules import insert_rejection_of
from memory.episode import Episode
from memory.pool import Connection, Pool
from memory.run import (
    ROW,
    LeaseLost,
    RequestKey,
    Run,
    RunError,
    RunInProgress,
    run_url,
    settings_of,
)
from memory.run_inputs import RunInputs
from memory.run_recovery import HungUpStarts
from memory.run_steps import Step
from memory.unapproved import RECORD, SUPERSEDE

Values = Mapping[str, object] | Sequence[object]

# One unfinished run for each project, and one that has not failed for each key of a caller.
_START: LiteralString = f"""
    INSERT INTO runs (run_id, project_id, status, lease_seconds, lease_until, request, caller,
        request_key)
    VALUES (%(run_id)s, %(project_id)s, 'running', %(lease)s,
        now() + make_interval(secs => %(lease)s), %(request)s, %(caller)s, %(key)s)
    ON CONFLICT DO NOTHING RETURNING {ROW}
"""
# Its index holds no failed and no abandoned run: their request may be sent again with its key.
_OF_KEY: LiteralString = f"""
    SELECT {ROW} FROM runs WHERE caller = %(caller)s AND request_key = %(key)s
        AND status NOT IN ('failed', 'abandoned')
"""
_RELEASE_OLD_KEY = """
    UPDATE runs SET request_key = NULL
    WHERE caller = %(caller)s AND request_key = %(key)s AND status NOT IN ('running', 'decided')
        AND started_at < now() - make_interval(hours => %(hours)s)
"""
_ABANDON_OF_PROJECT = """
    UPDATE runs SET status = 'abandoned', ended_at = now(), token = token + 1
    WHERE project_id = %(project_id)s AND status = 'running'
        AND (lease_until < now() OR run_id = ANY(%(hung_up)s))
"""
# A row of the same shape that is stored nowhere: only the project's settings are read.
_UNRECORDED: LiteralString = f"""
    SELECT uuidv7() AS run_id, %(project_id)s AS project_id, 'running' AS status,
        0::bigint AS token, 0::double precision AS lease_seconds, now() AS lease_until,
        %(request)s::jsonb AS request, NULL::jsonb AS decision, NULL::jsonb AS response,
        NULL::jsonb AS error, 0 AS tries, now() AS started_at, NULL::timestamptz AS decided_at,
        NULL::timestamptz AS ended_at, 'decision' AS kind, NULL::text AS fingerprint,
        NULL::jsonb AS rests_on, NULL::timestamptz AS expires_at, NULL::jsonb AS proposal,
        NULL::jsonb AS review, NULL::timestamptz AS reviewed_at, NULL::text AS reviewed_by,
        NULL::uuid AS superseded_by, NULL::uuid AS undoes, NULL::uuid AS undone_by,
        NULL::text AS caller, {settings_of("%(project_id)s")}
"""
_UNFINISHED: LiteralString = f"""
    SELECT {ROW} FROM runs WHERE project_id = %s AND status IN ('running', 'decided')
"""
# The fencing token of the statement: a former holder's write finds no row.
_HELD: LiteralString = "WHERE run_id = %(run_id)s AND token = %(token)s AND status = "
_DECIDED: LiteralString = f"""
    WITH newer AS (
        UPDATE runs SET status = 'decided', decision = %(decision)s, decided_at = now(),
            lease_until = now() + make_interval(secs => lease_seconds) {_HELD} 'running'
        RETURNING run_id, project_id, kind, request
    ), unapproved AS ({SUPERSEDE}), {RECORD}, stepped AS ({run_steps.insert_of("newer")}
    ), kept AS ({run_inputs.insert_from("newer")})
    SELECT (SELECT count(*) FROM newer), (SELECT count(*) FROM unapproved)
"""
# One statement is one transaction and one round trip: all of it, or nothing.
_END: LiteralString = f"""
    WITH ended AS (
        UPDATE runs SET status = %(status)s, response = %(response)s, error = %(error)s,
            ended_at = now() {_HELD} ANY('{{running,decided}}')
        RETURNING run_id, project_id, kind, request, reviewed_by, reviewed_at
    ), newer AS (
        SELECT * FROM ended WHERE %(response)s::jsonb IS NOT NULL
    ), unapproved AS ({SUPERSEDE}), {RECORD}, remembered AS (
        INSERT INTO episode_journal (episode)
        SELECT %(episode)s::jsonb FROM ended WHERE %(episode)s::jsonb IS NOT NULL
    ), audited AS (
        INSERT INTO deliveries (id, route, body)
        SELECT run_id, '{ROUTE}', %(audit)s::jsonb FROM ended WHERE %(audit)s::jsonb IS NOT NULL
        ON CONFLICT (id) DO NOTHING
    ), stepped AS ({run_steps.insert_of("ended")}
    ), kept AS ({run_inputs.insert_from("ended")}
    ), followed_up AS ({follow_ups.INSERT}), unscheduled AS ({insert_rejection_of("ended")})
    SELECT (SELECT count(*) FROM ended), (SELECT count(*) FROM unapproved)
"""
_COUNT_UNFINISHED: LiteralString = """
    SELECT count(*), coalesce(extract(epoch FROM now() - min(started_at)), 0)::float
    FROM runs WHERE status IN ('running', 'decided')
"""
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
        self.hung_up = HungUpStarts()

    async def start(
        self,
        project_id: str,
        request: Mapping[str, object],
        lease_seconds: float,
        *,
        run_id: UUID | None = None,
        key: RequestKey | None = None,
        caller: str | None = None,
    ) -> Run:
        """Start a run that holds the project, or return the run of an earlier request with `key`.

        A new run has the id `run_id`; None: any. `caller` names the API key that asked, as `key`
        does. Raises: `RunInProgress`;
        `psycopg.OperationalError` within `start_seconds` when the database does not answer. No run
        remains then.
        """
        run_id = run_id or uuid7()
        try:
            return await self._start(
                project_id, request, lease_seconds, run_id, key, key.caller if key else caller
            )
        except psycopg.OperationalError:
            # The server may store the row all the same, after the caller has gone.
            self.hung_up.add(run_id)
            raise

    async def _start(
        self,
        project_id: str,
        request: Mapping[str, object],
        lease_seconds: float,
        run_id: UUID,
        key: RequestKey | None,
        caller: str | None,
    ) -> Run:
        values = {
            "run_id": run_id,
            "project_id": project_id,
            "lease": lease_seconds,
            "request": Jsonb(request),
            "caller": caller,
            "key": key and key.key,
            "hours": KEEP_HOURS,
            "hung_up": self.hung_up.ids,
        }
        async with self._pool.connection(
            self._start_seconds, hang_up_seconds=self._start_seconds
        ) as connection:
            for _ in range(_ATTEMPTS):
                if run := await _first(connection, _START, values):
                    return run
                abandoned = await connection.execute(_ABANDON_OF_PROJECT, values)
                if key is not None:
                    await connection.execute(_RELEASE_OLD_KEY, values)
                    if earlier := await _first(connection, _OF_KEY, values):
                        return earlier
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

    async def earlier_answer(self, key: RequestKey) -> dict[str, Any] | None:
        """Return the answer that the release before gave to a request; None without one.

        Raises: as `earlier_keys.find_answer`, within `start_seconds`.
        """
        return await earlier_keys.find_answer(self._pool, key, self._start_seconds)

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

    async def decided(
        self,
        run_id: UUID,
        token: int,
        decision: Decision,
        steps: Sequence[Step] = (),
        inputs: RunInputs | None = None,
    ) -> None:
        """Store the decision before it is acted on, and renew the lease. Raises: `LeaseLost`."""
        values = {
            "run_id": run_id,
            "token": token,
            "decision": _document(decision),
            "steps": run_steps.document_of(steps),
            **run_inputs.values_of(inputs),
        }
        if await self._write(run_id, _DECIDED, values):
            self._on_episode()

    async def finish(
        self,
        run_id: UUID,
        token: int,
        response: BaseModel,
        episode: Episode,
        audit: BaseModel | None = None,
        *,
        inputs: RunInputs | None = None,
        closed_sprint: str | None = None,
        unscheduled_sprint: str | None = None,
        error: RunError | None = None,
        steps: Sequence[Step] = (),
    ) -> None:
        """Store answer, episode and audit, and mark the run as done, all in one transaction.

        `inputs` are those of a decision that was not stored before. With `error` the run is marked
        as failed: part of its plan was not done. The delivery worker sends `audit` to the
        chronicle. A run that closed a sprint leaves a follow-up where the project has a schedule.
        The sprint `unscheduled_sprint` gets no daily scrum by itself: a person rejected it.
        Raises: `LeaseLost`, `Invalid`.
        """
        await self._end(
            run_id,
            token,
            "done" if error is None else "failed",
            response=response,
            error=error,
            episode=episode,
            audit=audit,
            inputs=inputs,
            closed_sprint=closed_sprint,
            unscheduled_sprint=unscheduled_sprint,
            steps=steps,
        )

    async def fail(
        self, run_id: UUID, token: int, error: RunError, steps: Sequence[Step] = ()
    ) -> None:
        """End a run by an error. Raises: `LeaseLost`, `Invalid`."""
        await self._end(run_id, token, "failed", error=error, steps=steps)

    async def unfinished(self) -> tuple[int, float]:
        """Return the number of unfinished runs, and the age of the oldest in seconds."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_COUNT_UNFINISHED)).fetchone()
        return row or (0, 0.0)

    async def get(self, run_id: UUID) -> Run | None:
        """Return a run; None for an unknown id."""
        async with self._pool.connection() as connection:
            return await _first(connection, f"SELECT {ROW} FROM runs WHERE run_id = %s", (run_id,))

    async def last(self, project_id: str) -> Run | None:
        """Return the newest run of a project; None without one."""
        query = f"SELECT {ROW} FROM runs WHERE project_id = %s ORDER BY run_id DESC LIMIT 1"
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
        inputs: RunInputs | None = None,
        closed_sprint: str | None = None,
        unscheduled_sprint: str | None = None,
        steps: Sequence[Step] = (),
    ) -> None:
        values = {
            **run_inputs.values_of(inputs),
            "run_id": run_id,
            "token": token,
            "status": status,
            "response": _document(response),
            "error": None if error is None else Jsonb(error),
            "episode": _document(episode),
            "audit": None if audit is None else Jsonb(deliveries.body_of(audit)),
            "closed_sprint": closed_sprint,
            "unscheduled": unscheduled_sprint,
            "follow_up_seconds": follow_ups.WAIT_SECONDS,
            "steps": run_steps.document_of(steps),
        }
        if await self._write(run_id, _END, values) or episode is not None:
            self._on_episode()

    async def _write(self, run_id: UUID, statement: LiteralString, values: Values) -> int:
        """Write to a held run; return how many proposals it superseded. Raises: `LeaseLost`."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(statement, values)).fetchone()
        if row is None or not row[0]:
            raise LeaseLost(run_id)
        return int(row[1])


def _document(model: BaseModel | None) -> Jsonb | None:
    return None if model is None else Jsonb(model.model_dump(mode="json"))


async def _all(connection: Connection, query: LiteralString, values: Values) -> list[Run]:
    async with connection.cursor(binary=True, row_factory=class_row(Run)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()


async def _first(connection: Connection, query: LiteralString, values: Values) -> Run | None:
    runs = await _all(connection, query, values)
    return runs[0] if runs else None
