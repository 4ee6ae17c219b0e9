"""Route class that gives every POST its Idempotency-Key.

    router = APIRouter(route_class=IdempotentRoute)

A route on the unit of work claims its key, works and stores its answer in that one transaction.
A route of several transactions claims before and stores after, each in a transaction of its own.
When its process dies in between, the key is free again after `LEASE_SECONDS`, so that such a route
must be one that may be repeated. A route that declares the header itself handles it itself.
"""

import re
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy.exc import SQLAlchemyError

from domain_services.kernel.background import giving_back
from domain_services.kernel.database import idempotency
from domain_services.kernel.database.database import (
    CLAIM,
    Database,
    KeyedWork,
    Replay,
    unit_of_work,
)
from domain_services.kernel.database.idempotency import LEASE_SECONDS, KeyedRequest, StoredAnswer
from domain_services.kernel.errors import Invalid
from domain_services.kernel.telemetry import Metrics
from domain_services.kernel.web.auth import Identity

logger = structlog.get_logger()

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"  # of an answer that was given before
_KEY = re.compile(r"[\x21-\x7e]{1,200}")

PATTERN = f"^{_KEY.pattern}$"
DESCRIPTION = (
    "the caller's same key with the same request gets the first answer again, for "
    f"{idempotency.KEEP_HOURS} hours; with another request it is invalid input"
)
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": DESCRIPTION,
    "schema": {"type": "string", "pattern": PATTERN},
}

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class IdempotentRoute(APIRoute):
    """Route whose POST takes effect once for each key."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self._takes_keys():
            extra = self.openapi_extra or {}
            parameters = [*extra.get("parameters", []), PARAMETER]
            self.openapi_extra = {**extra, "parameters": parameters}

    def _takes_keys(self) -> bool:
        named = {field.alias.lower() for field in self.dependant.header_params}
        return "POST" in (self.methods or ()) and HEADER.lower() not in named

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        if not self._takes_keys():
            return handle
        answer_once = _in_its_transaction if _works_in_one(self.dependant) else _around_it
        route = f"POST {self.path_format}"

        async def once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None:
                return await handle(request)
            if _KEY.fullmatch(key) is None:
                raise Invalid(f"{HEADER}: send 1 to 200 visible ASCII characters")
            return await answer_once(handle, request, await identify(route, key, request))

        return once


def _works_in_one(dependant: Dependant) -> bool:
    return any(
        dependency.call is unit_of_work or _works_in_one(dependency)
        for dependency in dependant.dependencies
    )


async def identify(route: str, key: str, request: Request) -> KeyedRequest:
    """Make the keyed request of the template `route`, as `POST /sprints/{project_id}`."""
    body = (await request.body()).decode(errors="backslashreplace")
    caller: Identity = request.scope["dsm.identity"]
    return idempotency.keyed(caller.name, route, key, request.url.path, request.url.query, body)


async def _in_its_transaction(handle: Handler, request: Request, keyed: KeyedRequest) -> Response:
    work = request.scope[CLAIM] = KeyedWork(keyed)
    try:
        response = await handle(request)
    except Replay as earlier:
        return _replay(request, earlier.answer)
    # The transaction is open still: it ends when the route's dependencies do.
    if work.connection is not None:
        await idempotency.finish(work.connection, keyed, _stored(response))
    return response


async def _around_it(handle: Handler, request: Request, keyed: KeyedRequest) -> Response:
    database: Database = request.app.state.database
    async with database.transaction() as connection:
        earlier = await idempotency.claim(connection, keyed, lease_seconds=LEASE_SECONDS)
    if earlier is not None:
        return _replay(request, earlier)
    try:
        # Cancelled, as when the process leaves: the next process may do the work of this key.
        async with giving_back(f"key of {keyed.route}", lambda: _release(database, keyed)):
            response = await handle(request)
    except Exception:
        await _release(database, keyed)
        raise
    async with database.transaction() as connection:
        await idempotency.finish(connection, keyed, _stored(response))
    return response


async def _release(database: Database, keyed: KeyedRequest) -> None:
    try:
        async with database.transaction() as connection:
            await idempotency.release(connection, keyed)
    except (SQLAlchemyError, OSError) as error:
        # The lease frees it. The caller needs the first failure, not this one.
        logger.warning("idempotency.not_released", route=keyed.route, error=str(error))


def _stored(response: Response) -> StoredAnswer:
    headers = [(n, v) for n, v in response.headers.items() if n != "content-length"]
    return StoredAnswer(response.status_code, bytes(response.body).decode(), headers)


def _replay(request: Request, earlier: StoredAnswer) -> Response:
    metrics: Metrics = request.app.state.metrics
    metrics.replays.labels(request.scope["route"].path_format).inc()
    headers = dict(earlier.headers) | {REPLAYED: "true"}
    return Response(earlier.body, earlier.status, headers)
