"""Idempotency-Keys: a repeated request gets the first answer again, for 24 hours.

A key belongs to its caller: another caller's same key is another key. A claim is a row written in
the request's transaction. A route of one transaction claims, works and
finishes in it: a second request with the key waits for the first to commit, then gets its answer.
A route of several transactions commits its claim first; until it finishes or releases the key, a
repeated request gets `RequestInProgress`. Only successes are stored: a failed request may be
repeated with its key. Routes get this from `web/idempotent_route.py`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.errors import Invalid, RequestInProgress

KEEP_HOURS = 24
# A claim of a route of several transactions is free again after it: its process has died.
LEASE_SECONDS = 60
_KEEP_SECONDS = KEEP_HOURS * 3600
_ATTEMPTS = 5  # more than one only when requests of a key fail at the same moment
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

# Keys by caller. The release before stores its keys in `idempotency_keys`, also when it serves
# beside this one or again: docs/adr/0121-keys-of-callers.md.
CALLERS_MIGRATION = """
CREATE TABLE keyed_requests (
    caller text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    request_hash text NOT NULL,
    status integer,
    headers jsonb,
    body text,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, route, key)
);
CREATE INDEX keyed_requests_by_age ON keyed_requests (claimed_at);
"""

# A claim of the release before counts for the same request of anybody: it names no caller.
_CLAIM = text(
    """
    INSERT INTO keyed_requests (caller, route, key, request_hash)
    SELECT :caller, :route, :key, :request_hash
    WHERE NOT EXISTS (
        SELECT FROM idempotency_keys
        WHERE route = :route AND key = :key AND request_hash = :request_hash
          AND claimed_at >= now() - make_interval(secs => :keep)
          AND (status IS NOT NULL OR claimed_at >= now() - make_interval(secs => :lease)))
    ON CONFLICT (caller, route, key) DO UPDATE
    SET request_hash = excluded.request_hash, status = NULL, body = NULL, claimed_at = now()
    WHERE keyed_requests.claimed_at < now() - make_interval(secs => :keep)
       OR (keyed_requests.status IS NULL
           AND keyed_requests.request_hash = excluded.request_hash
           AND keyed_requests.claimed_at < now() - make_interval(secs => :lease))
    RETURNING 1
    """
)
_FIND = text(
    """
    SELECT request_hash, status, headers, body FROM (
        SELECT 1 AS place, request_hash, status, headers, body, claimed_at FROM keyed_requests
        WHERE caller = :caller AND route = :route AND key = :key
        UNION ALL
        SELECT 2, request_hash, status, headers, body, claimed_at FROM idempotency_keys
        WHERE route = :route AND key = :key AND request_hash = :request_hash) AS stored
    WHERE claimed_at >= now() - make_interval(secs => :keep)
    ORDER BY place LIMIT 1
    """
)
_FINISH = text(
    """
    UPDATE keyed_requests
    SET status = :status, headers = CAST(:headers AS jsonb), body = :body
    WHERE caller = :caller AND route = :route AND key = :key
    """
)
_RELEASE = text(
    """
    DELETE FROM keyed_requests
    WHERE caller = :caller AND route = :route AND key = :key AND status IS NULL
    """
)
_FINISH_EARLIER = text(
    """
    UPDATE idempotency_keys
    SET status = :status, headers = CAST(:headers AS jsonb), body = :body
    WHERE route = :route AND key = :key
    """
)
_RELEASE_EARLIER = text(
    "DELETE FROM idempotency_keys WHERE route = :route AND key = :key AND status IS NULL"
)


@dataclass(frozen=True)
class RequestKey:
    """Idempotency-Key of one caller for one route."""

    caller: str | None
    """Name of the caller's API key; None: claimed by the release before, which stored no caller."""
    route: str
    """Template of the route, as `POST /sprints/{project_id}`."""
    key: str


@dataclass(frozen=True)
class KeyedRequest(RequestKey):
    """Request under an Idempotency-Key."""

    request_hash: str
    """SHA-256 of path, query and body."""


@dataclass(frozen=True)
class StoredAnswer:
    """Answer of the first request."""

    status: int
    body: str
    """JSON text."""
    headers: Sequence[tuple[str, str]] = ()


def keyed(caller: str, route: str, key: str, *parts: str | BaseModel) -> KeyedRequest:
    """Make the keyed request of a caller whose path values, query and body are `parts`."""
    plain = [part if isinstance(part, str) else part.model_dump(mode="json") for part in parts]
    digest = hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return KeyedRequest(caller, route, key, digest)


async def find(connection: AsyncConnection, request: KeyedRequest) -> StoredAnswer | None:
    """Return the answer of the caller's earlier request with this key; None without one.

    Raises: `Invalid` when that request was another, `RequestInProgress` before its end.
    """
    values = _place(request) | {"request_hash": request.request_hash, "keep": _KEEP_SECONDS}
    row = (await connection.execute(_FIND, values)).first()
    if row is None:
        return None
    if row.request_hash != request.request_hash:
        raise Invalid("this Idempotency-Key was used for another request; send a new key")
    if row.status is None:
        raise RequestInProgress
    return StoredAnswer(row.status, row.body, [(name, value) for name, value in row.headers])


async def claim(
    connection: AsyncConnection, request: KeyedRequest, *, lease_seconds: float = _KEEP_SECONDS
) -> StoredAnswer | None:
    """Claim the key; return None when the caller has it, else the earlier answer.

    A claim of the same request that is older than `lease_seconds` and unfinished is taken over.
    Raises: as `find`.
    """
    values = _place(request) | {
        "request_hash": request.request_hash,
        "keep": _KEEP_SECONDS,
        "lease": lease_seconds,
    }
    for _ in range(_ATTEMPTS):
        try:
            if await connection.scalar(_CLAIM, values) is not None:
                return None
        except OperationalError as error:
            # The first request holds the row's lock for longer than a statement may wait.
            if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
                raise RequestInProgress from error
            raise
        if (earlier := await find(connection, request)) is not None:
            return earlier
        # The row was released between the two statements: the key is free again.
    raise RequestInProgress


async def finish(connection: AsyncConnection, key: RequestKey, answer: StoredAnswer) -> None:
    """Store the answer of a claimed key; it is visible when the transaction commits."""
    values = _place(key) | {
        "status": answer.status,
        "headers": orjson.dumps(answer.headers).decode(),
        "body": answer.body,
    }
    await connection.execute(_FINISH_EARLIER if key.caller is None else _FINISH, values)


async def release(connection: AsyncConnection, key: RequestKey) -> None:
    """Release an unfinished key: the request failed and may be sent again."""
    statement = _RELEASE_EARLIER if key.caller is None else _RELEASE
    await connection.execute(statement, _place(key))


def _place(key: RequestKey) -> dict[str, str | None]:
    return {"caller": key.caller, "route": key.route, "key": key.key}
