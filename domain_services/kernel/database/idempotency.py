"""The same Idempotency-Key with the same request gets the first answer again, for 24 hours.

A claim is a row written in the caller's transaction. A route that is one transaction claims,
works and finishes in it: a second request with the key waits for the first to commit, then gets
its answer. A route of several transactions commits its claim first; until it is finished or
released, the key answers `RequestInProgress`. Only successes are kept: a failed request may be
tried again with its key. Routes get this from `keyed.IdempotentRoute`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.errors import Conflict, Invalid

KEEP_HOURS = 24
_KEEP_SECONDS = KEEP_HOURS * 3600
_LOCK_NOT_AVAILABLE = "55P03"

MIGRATION = """
CREATE TABLE idempotency_keys (
    route text NOT NULL,
    key text NOT NULL,
    request_hash text NOT NULL,
    status integer,
    headers jsonb,
    body text,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (route, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (claimed_at);
"""

_CLAIM = text(
    """
    INSERT INTO idempotency_keys (route, key, request_hash) VALUES (:route, :key, :request_hash)
    ON CONFLICT (route, key) DO UPDATE
    SET request_hash = excluded.request_hash, status = NULL, body = NULL, claimed_at = now()
    WHERE idempotency_keys.claimed_at < now() - make_interval(secs => :keep)
       OR (idempotency_keys.status IS NULL
           AND idempotency_keys.request_hash = excluded.request_hash
           AND idempotency_keys.claimed_at < now() - make_interval(secs => :lease))
    RETURNING 1
    """
)
_FIND = text(
    """
    SELECT request_hash, status, headers, body FROM idempotency_keys
    WHERE route = :route AND key = :key AND claimed_at >= now() - make_interval(secs => :keep)
    """
)
_FINISH = text(
    """
    UPDATE idempotency_keys
    SET status = :status, headers = CAST(:headers AS jsonb), body = :body
    WHERE route = :route AND key = :key
    """
)
_RELEASE = text(
    "DELETE FROM idempotency_keys WHERE route = :route AND key = :key AND status IS NULL"
)
_PURGE = text(
    "DELETE FROM idempotency_keys WHERE claimed_at < now() - make_interval(secs => :keep)"
)


class RequestInProgress(Conflict):
    """The first request with this key has not ended; its answer can be had a little later."""

    code = "request_in_progress"
    title = "The same request is in progress"

    def __init__(self) -> None:
        super().__init__(
            "a request with this Idempotency-Key is in progress", headers={"Retry-After": "1"}
        )


@dataclass(frozen=True)
class KeyedRequest:
    """One request under one key. `route` is the template (`POST /sprints/{project_id}`)."""

    route: str
    key: str
    request_hash: str


@dataclass(frozen=True)
class StoredAnswer:
    """What the first request was answered; `body` is JSON text."""

    status: int
    body: str
    headers: Sequence[tuple[str, str]] = ()


def keyed(route: str, key: str, *parts: str | BaseModel) -> KeyedRequest:
    """The request whose path values, query and body are `parts`."""
    plain = [part if isinstance(part, str) else part.model_dump(mode="json") for part in parts]
    digest = hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return KeyedRequest(route, key, digest)


async def find(connection: AsyncConnection, request: KeyedRequest) -> StoredAnswer | None:
    """The answer of an earlier request with this key; None when there was none.

    Raises: `Invalid` when that was another request, `RequestInProgress` when it has not ended.
    """
    row = (
        await connection.execute(
            _FIND, {"route": request.route, "key": request.key, "keep": _KEEP_SECONDS}
        )
    ).first()
    if row is None:
        return None
    if row.request_hash != request.request_hash:
        raise Invalid("this Idempotency-Key was used for another request")
    if row.status is None:
        raise RequestInProgress
    return StoredAnswer(row.status, row.body, [(name, value) for name, value in row.headers])


async def claim(
    connection: AsyncConnection, request: KeyedRequest, *, lease_seconds: float = _KEEP_SECONDS
) -> StoredAnswer | None:
    """Take the key: None when it is the caller's now, otherwise the answer given before.

    A claim of the same request that is older than `lease_seconds` and unfinished is taken over.
    Raises: as `find`.
    """
    values = {
        "route": request.route,
        "key": request.key,
        "request_hash": request.request_hash,
        "keep": _KEEP_SECONDS,
        "lease": lease_seconds,
    }
    try:
        taken = await connection.scalar(_CLAIM, values)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise RequestInProgress from error
        raise
    return None if taken is not None else await find(connection, request)


async def finish(connection: AsyncConnection, route: str, key: str, answer: StoredAnswer) -> None:
    """Keep the answer of a claimed key; it is visible when the transaction commits."""
    values = {
        "route": route,
        "key": key,
        "status": answer.status,
        "headers": orjson.dumps(answer.headers).decode(),
        "body": answer.body,
    }
    await connection.execute(_FINISH, values)


async def release(connection: AsyncConnection, route: str, key: str) -> None:
    """Give an unfinished key back: the request failed and may be sent again."""
    await connection.execute(_RELEASE, {"route": route, "key": key})


async def purge(connection: AsyncConnection) -> int:
    """Delete what is older than `KEEP_HOURS`; returns how many rows."""
    return (await connection.execute(_PURGE, {"keep": _KEEP_SECONDS})).rowcount
