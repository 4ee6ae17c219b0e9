"""Answers that the release before stored for keyed requests of decisions.

It kept their keys in `idempotency_keys` and not in its runs. A request that is repeated across the
upgrade must not be decided a second time (docs/adr/0121-keys-of-callers.md).
"""

from typing import Any

import orjson

from domain_services.kernel.database.idempotency import KEEP_HOURS, LEASE_SECONDS
from domain_services.kernel.errors import RequestInProgress
from memory.pool import Pool
from memory.run import RequestKey

ROUTE = "POST /orchestrate/project/{project_id}"

# A claim without an answer is that of a process that decides, or of one that has died.
_FIND = """
    SELECT status, body FROM idempotency_keys
    WHERE route = %(route)s AND key = %(key)s AND request_hash = %(request_hash)s
        AND claimed_at >= now() - make_interval(hours => %(hours)s)
        AND (status IS NOT NULL OR claimed_at >= now() - make_interval(secs => %(lease)s))
"""


async def find_answer(pool: Pool, key: RequestKey, seconds: float) -> dict[str, Any] | None:
    """Return the answer to the same request of anybody; None without one.

    Raises: `RequestInProgress` before its end; `psycopg.OperationalError` within `seconds` when
    the database does not answer.
    """
    values = {
        "route": ROUTE,
        "key": key.key,
        "request_hash": key.request_hash,
        "hours": KEEP_HOURS,
        "lease": LEASE_SECONDS,
    }
    async with pool.connection(seconds, hang_up_seconds=seconds) as connection:
        row = await (await connection.execute(_FIND, values)).fetchone()
    if row is None:
        return None
    status, body = row
    if status is None:
        raise RequestInProgress
    return orjson.loads(body)
