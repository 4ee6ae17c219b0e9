"""Mutations: each disables one protective mechanism, to show that a test notices.

A mutation replaces values "module:attribute" in the present process: `remove` for good, `undoable`
until the test ends. A constraint of a database is dropped by its statement in `CONSTRAINTS`.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from importlib import import_module
from typing import Any

from sqlalchemy import text

from deploy.catalogue import resolve

Put = Callable[[str, Any], None]


def _inbox_row(put: Put) -> None:
    every_id = "SELECT CAST(unnest(CAST(:event_ids AS text[])) AS uuid)"
    put("domain_services.kernel.messaging.effects:_FIRST_TIME", text(every_id))


def _version_guard(put: Put) -> None:
    put("domain_services.backlog.logic.events:_is_newer", lambda *_: True)


def _reclaim(put: Put) -> None:
    async def nothing(_self: Any) -> list[Any]:
        return []

    put("domain_services.kernel.messaging.inbox:Consumer._reclaim", nothing)


def _dead_letters(put: Put) -> None:
    async def never(*_: Any) -> bool:
        return False

    put("domain_services.kernel.messaging.inbox:Consumer._park_if_exhausted", never)


def _group_recreation(put: Put) -> None:
    async def nothing(_self: Any) -> None:
        await asyncio.sleep(0.05)

    put("domain_services.kernel.messaging.group_member:GroupMember.create_group", nothing)


def _confirmation(put: Put) -> None:
    awaiting = "closed_at = CASE WHEN awaiting = '{}' THEN now() END"
    _edit(put, "domain_services.kernel.messaging.outbox_rows:_SENT", awaiting, "closed_at = now()")


def _busy_store(put: Put) -> None:
    put("domain_services.kernel.messaging.inbox:is_busy", lambda _error: False)


def _publishing_after_commit(put: Put) -> None:
    put("domain_services.kernel.messaging.relay:Relay.take", lambda _self, _appended: None)


def _no_publishing_before_commit(put: Put) -> None:
    """Hand events over while their transaction is open."""
    relays: list[Any] = []
    begin = resolve("domain_services.kernel.messaging.relay:Relay").__init__

    def noted(self: Any, *arguments: Any, **options: Any) -> None:
        begin(self, *arguments, **options)
        relays.append(self)

    put("domain_services.kernel.messaging.relay:Relay.__init__", noted)

    def at_once(_connection: Any, events: Any) -> None:
        relays[-1].take(events)

    put("domain_services.kernel.messaging.outbox:hand_over", at_once)


def _outbox_poll(put: Put) -> None:
    async def nothing(_self: Any) -> int:
        return 0

    put("domain_services.kernel.messaging.relay:Relay.send_batch", nothing)


def _one_active_sprint(put: Put) -> None:
    _edit(
        put,
        "domain_services.sprint.logic.saga:_OPEN",
        "ON CONFLICT (project_id) WHERE status IN ('planned', 'in_progress') DO NOTHING",
    )


def _saga_recovery(put: Put) -> None:
    async def nothing(_self: Any) -> bool:
        return False

    put("domain_services.sprint.logic.planning:Planner.recover_one", nothing)


def _run_recovery(put: Put) -> None:
    async def nothing(_self: Any) -> int:
        return 0

    put("agent.runs.resumption:Resumption.recover", nothing)


def _idempotency_key(put: Put) -> None:
    async def unknown(*_: Any, **__: Any) -> None:
        return None

    put("domain_services.kernel.database.idempotency:find", unknown)
    put("domain_services.kernel.database.idempotency:claim", unknown)


def _effect_key(put: Put) -> None:
    """Give every call of a run another key at every attempt."""
    from uuid import uuid4

    call = resolve("tools.guard:Guard").call

    async def unkeyed(self: Any, step: int, planned: Any) -> Any:
        self._run_id = str(uuid4())
        return await call(self, step, planned)

    put("tools.guard:Guard.call", unkeyed)


def _fencing_token(put: Put) -> None:
    for statement in ("_DECIDED", "_END"):
        _edit(put, f"memory.runs:{statement}", "AND token = %(token)s")


def _one_unfinished_run(put: Put) -> None:
    _edit(
        put,
        "memory.runs:_START",
        "ON CONFLICT DO NOTHING",
    )


def _episode_in_the_last_transaction(put: Put) -> None:
    """Write the episode in a task of its own, after the answer."""
    from psycopg.types.json import Jsonb

    _edit(
        put,
        "memory.runs:_END",
        "INSERT INTO episode_journal (episode)\n        SELECT %(episode)s::jsonb FROM ended"
        " WHERE %(episode)s::jsonb IS NOT NULL",
        "SELECT %(episode)s::jsonb",
    )
    finish, tasks = resolve("memory.runs:RunTable").finish, set[Any]()

    async def later(self: Any, episode: Any) -> None:
        await asyncio.sleep(0.2)
        async with self._pool.connection() as connection:
            insert = "INSERT INTO episode_journal (episode) VALUES (%s)"
            await connection.execute(insert, (Jsonb(episode.model_dump(mode="json")),))

    async def finish_first(self: Any, *args: Any, **options: Any) -> None:
        await finish(self, *args, **options)
        [episode] = [value for value in args if type(value).__name__ == "Episode"]
        tasks.add(asyncio.create_task(later(self, episode)))

    put("memory.runs:RunTable.finish", finish_first)


def _breaker(put: Put) -> None:
    put("domain_services.kernel.client.breaker:Breaker._record_failure", lambda _self: None)


def _pool_check(put: Put) -> None:
    make = resolve("sqlalchemy.ext.asyncio:create_async_engine")

    def unchecked(*args: Any, **kwargs: Any) -> Any:
        return make(*args, **(kwargs | {"pool_pre_ping": False}))

    put("domain_services.kernel.database.database:create_async_engine", unchecked)


def _one_scrum_a_day(put: Put) -> None:
    async def none(*_: Any) -> None:
        return None

    put("domain_services.sprint.logic.daily_scrum:_earlier", none)


def _cron_claim(put: Put) -> None:
    async def always(*_: Any) -> bool:
        return True

    put("agent.jobs.claims:Claims.claim", always)


def _unread_entries(put: Put) -> None:
    async def everything(*_: Any) -> tuple[int, int]:
        return (2**62, 0)

    put("domain_services.kernel.messaging.trimming:_first_needed", everything)


def _admission(put: Put) -> None:
    def at_once(_self: Any, _name: str, *, may_fill: bool) -> Any:
        return nullcontext(may_fill)

    put("domain_services.kernel.web.admission:Admission.admitted", at_once)


def _drain(put: Put) -> None:
    import os

    def at_once(_self: Any, _number: int, _frame: Any) -> None:
        os._exit(0)

    put("uvicorn:Server.handle_exit", at_once)


def _peer_timeout(put: Put) -> None:
    make = resolve("httpx:AsyncClient")

    def patient(*args: Any, **kwargs: Any) -> Any:
        return make(*args, **(kwargs | {"timeout": None}))

    put("domain_services.kernel.client.http_client:httpx.AsyncClient", patient)
    put("domain_services.kernel.context:seconds_left", lambda: None)


MUTATIONS: Mapping[str, Callable[[Put], None]] = {
    "inbox row": _inbox_row,
    "busy store": _busy_store,
    "publishing after commit": _publishing_after_commit,
    "no publishing before commit": _no_publishing_before_commit,
    "outbox poll": _outbox_poll,
    "version guard": _version_guard,
    "reclaim": _reclaim,
    "dead letters": _dead_letters,
    "group re-creation": _group_recreation,
    "confirmation": _confirmation,
    "saga recovery": _saga_recovery,
    "run recovery": _run_recovery,
    "idempotency key": _idempotency_key,
    "effect key": _effect_key,
    "fencing token": _fencing_token,
    "one unfinished run": _one_unfinished_run,
    "episode in the last transaction": _episode_in_the_last_transaction,
    "breaker": _breaker,
    "pool check": _pool_check,
    "one scrum a day": _one_scrum_a_day,
    "cron claim": _cron_claim,
    "unread entries": _unread_entries,
    "admission": _admission,
    "drain": _drain,
    "peer timeout": _peer_timeout,
    "one active sprint": _one_active_sprint,
    "confirmation of events": _confirmation,
}

# Mechanism of a database -> the service that has the database, and the statement that drops it.
CONSTRAINTS: Mapping[str, tuple[str, str]] = {
    "one active sprint": ("sprint", "DROP INDEX one_active_sprint"),
    "one unfinished run": ("orchestrator", "DROP INDEX runs_one_unfinished"),
    "one scrum a day": ("sprint", "ALTER TABLE daily_scrums DROP CONSTRAINT daily_scrums_pkey"),
}


def remove(name: str) -> None:
    """Disable a mechanism in this process for good."""
    MUTATIONS[name](_put)


def undoable(monkeypatch: Any) -> Put:
    """Replace values in the test's own process until the test ends."""

    def put(target: str, value: Any) -> None:
        owner, name = _place(target)
        monkeypatch.setattr(owner, name, value)

    return put


def _put(target: str, value: Any) -> None:
    owner, name = _place(target)
    getattr(owner, name)  # fails if the service renamed it
    setattr(owner, name, value)


def _place(target: str) -> tuple[Any, str]:
    """Return the owner and the attribute of "module:Class.name" or "module:name"."""
    module, _, path = target.partition(":")
    *owners, name = path.split(".")
    owner = resolve(f"{module}:{owners[0]}") if owners else import_module(module)
    return owner, name


def _edit(put: Put, target: str, old: str, new: str = "") -> None:
    """Replace a part of an SQL statement; fail if the statement does not contain it."""
    statement = resolve(target)
    sql = statement if isinstance(statement, str) else statement.text
    assert old in sql, f"{target} has no {old!r} any more"
    edited = sql.replace(old, new)
    put(target, edited if isinstance(statement, str) else text(edited))
