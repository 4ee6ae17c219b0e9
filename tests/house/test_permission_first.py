"""Permission comes first: before a stored answer, before a key's claim, before a look at a body."""

from collections.abc import Iterator, Mapping

import httpx
import pytest
from sqlalchemy import text

from domain_services.kernel.database.database import Database
from domain_services.kernel.database.idempotency import keyed
from domain_services.kernel.web.auth import ROLE_FIELD
from tests.conftest import ADMIN_KEY, OPERATOR_KEY, VIEWER_KEY
from tests.house.conftest import NAMES, STRANGER_KEY, Operation, Service
from tests.house.test_identities import address

# Callers who write, with the roles of the routes that they do not reach.
REFUSED = {
    "viewer": (VIEWER_KEY, ("operator", "service", "admin")),
    "operator": (OPERATOR_KEY, ("service", "admin")),
    "stranger": (STRANGER_KEY, ("operator", "service", "admin")),
}
BODY = "{}"
_STORE = text(
    """
    INSERT INTO keyed_requests (caller, route, key, request_hash, status, headers, body)
    VALUES (:caller, :route, :key, :hash, 200, '[]', '"a stored answer"')
    """
)


def _refused(service: Service) -> Iterator[tuple[Operation, str, str]]:
    """List the operations that change something, each with a caller whom it refuses."""
    for operation in service.operations:
        for caller, (key, roles) in REFUSED.items():
            if operation.method != "GET" and operation.spec[ROLE_FIELD] in roles:
                yield operation, caller, key


async def _send(
    http: httpx.AsyncClient, operation: Operation, key: str, body: str | bytes, **headers: str
) -> httpx.Response:
    standard = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    return await http.request(
        operation.method, address(operation), headers=standard | headers, content=body
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name != "embedding"])
async def test_no_stored_answer_and_no_claim_without_permission(
    town: Mapping[str, Service], name: str
) -> None:
    service = town[name]
    assert service.owner_url is not None
    database = Database(service.owner_url, pool_size=1)
    problems: list[str] = []
    tried = 0
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:
        for operation, caller, key in _refused(service):
            if operation.method != "POST":
                continue
            route = f"POST {operation.path}"
            # The caller's own answer: it may have been stored before the key lost its role.
            stored = keyed(caller, route, "stored", address(operation), "", BODY)
            async with database.transaction() as connection:
                values = {"caller": caller, "route": route, "key": "stored"}
                await connection.execute(_STORE, values | {"hash": stored.request_hash})
            for idempotency_key in ("stored", "new"):
                answer = await _send(
                    http, operation, key, BODY, **{"Idempotency-Key": idempotency_key}
                )
                if answer.status_code != 403:
                    problems.append(f"{operation.name} by {caller}: {answer.status_code}")
            tried += 1
    async with database.transaction() as connection:
        new = "SELECT caller, route FROM keyed_requests WHERE key = 'new'"
        claimed = (await connection.execute(text(new))).all()
    await database.close()
    assert (problems, claimed) == ([], [])
    assert tried


@pytest.mark.parametrize("name", NAMES)
async def test_a_body_tells_nothing_without_permission(
    town: Mapping[str, Service], name: str
) -> None:
    service = town[name]
    problems: list[str] = []
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:
        for operation, caller, key in _refused(service):
            for content_type, body in (
                ("application/json", b'{"unknown": 1}'),
                ("application/json", b"{"),
                ("text/plain", b"no JSON"),
                ("application/json", b"1" * (1024 * 1024 + 1)),
            ):
                answer = await _send(http, operation, key, body, **{"Content-Type": content_type})
                if answer.status_code != 403:
                    problems.append(f"{operation.name} by {caller}: {answer.status_code}")
    assert problems == []


async def test_an_operator_does_not_get_an_admins_stored_answer(
    town: Mapping[str, Service],
) -> None:
    body, path = {"version": 0, "reason": "x"}, "/orchestrate/intelligence/learn/rollback"
    answers: list[httpx.Response] = []
    async with httpx.AsyncClient(base_url=town["orchestrator"].url, timeout=30) as http:
        for key in (ADMIN_KEY, OPERATOR_KEY, ADMIN_KEY):
            headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "admins-key"}
            answers.append(await http.post(path, json=body, headers=headers))
    assert [answer.status_code for answer in answers] == [200, 403, 200]
    assert "idempotency-replayed" in answers[2].headers
