"""Every route of every service against every kind of caller, generated from OpenAPI."""

import re
from collections.abc import Mapping

import httpx
import pytest

from domain_services.kernel.web.auth import OPEN_PATHS, ROLE_FIELD
from tests.conftest import ADMIN_KEY, OPERATOR_KEY, SERVICE_KEY, VIEWER_KEY
from tests.house.conftest import NAMES, STRANGER_KEY, Operation, Service

# Callers with their key and the roles of the routes that it reaches; None: every route answers 401.
REACHES: dict[str, tuple[str | None, tuple[str, ...] | None]] = {
    "nobody": (None, None),
    "a wrong key": ("dsm_not-a-key-of-anybody-000000000000", None),
    "a viewer": (VIEWER_KEY, ("viewer",)),
    "an operator": (OPERATOR_KEY, ("viewer", "operator")),
    "an admin": (ADMIN_KEY, ("viewer", "operator", "service", "admin")),
    "a service in scope": (SERVICE_KEY, ("viewer", "operator", "service")),
    "a service out of scope": (STRANGER_KEY, ()),
}
# Operations of admins alone. A route joins or leaves this list on purpose.
ADMINISTRATION = {
    "PUT /sprints/by-project/{project_id}/numbering",
    "POST /imports/{import_id}/start",
    "PUT /imports/projects/{project_id}/settings",
    "POST /memory/backfill",
    "POST /memory/episodes",
    "PUT /memory/episodes/imported/{project_id}",
    "POST /memory/episodes/{episode_id}/forget",
    "POST /orchestrate/intelligence/learn/rollback",
    "PATCH /orchestrate/schedules/{name}",
}
# Steps of other services' work. A route joins or leaves this list on purpose.
STEPS = {
    "POST /backlogs/{project_id}/reservations",
    "DELETE /backlogs/{project_id}/reservations/{sprint_id}",
    "POST /v1/notes/sprint_cancellation",
    "POST /v1/notes/decision_audit",
}
# The pause of all projects needs an admin, and that of one an operator.
ONE_PROJECT = {"project_id": "NONE-1"}
PAUSE = "/orchestrate/pause"
IDS = {"sprint_id": "NONE-1-S01", "task_id": "NONE-1-TASK001"}


def address(operation: Operation) -> str:
    """Make a path of well-formed ids that nothing has."""
    return re.sub(r"{(\w+)}", lambda match: IDS.get(match[1], "NONE-1"), operation.path)


def _expected(operation: Operation, reaches: tuple[str, ...] | None) -> set[int]:
    if operation.path in OPEN_PATHS:
        return set()
    if reaches is None:
        return {401}
    return set() if operation.spec[ROLE_FIELD] in reaches else {403}


def _body(operation: Operation) -> dict[str, str] | None:
    if "requestBody" not in operation.spec:
        return None
    return ONE_PROJECT if operation.path == PAUSE else {}


@pytest.mark.parametrize("name", NAMES)
async def test_every_route_admits_exactly_its_roles(town: Mapping[str, Service], name: str) -> None:
    service = town[name]
    if name == "orchestrator":  # no service is meant to call it
        reach = {caller: REACHES[caller] for caller in REACHES if caller != "a service in scope"}
    else:
        reach = REACHES
    problems: list[str] = []
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:
        for operation in service.operations:
            for caller, (key, reaches) in reach.items():
                answer = await http.request(
                    operation.method,
                    address(operation),
                    headers={"Authorization": f"Bearer {key}"} if key else {},
                    params=ONE_PROJECT if operation.path == PAUSE else None,
                    json=_body(operation),
                )
                refused = {answer.status_code} & {401, 403}
                if refused != _expected(operation, reaches):
                    problems.append(f"{operation.name} by {caller}: {answer.status_code}")
                if refused:
                    assert answer.headers["content-type"] == "application/problem+json"
    assert problems == []


def test_only_listed_routes_need_an_admin(town: Mapping[str, Service]) -> None:
    admin_operations = {
        operation.name
        for service in town.values()
        for operation in service.operations
        if operation.spec.get(ROLE_FIELD) == "admin"
    }
    assert {name for name in admin_operations if "/admin/" not in name} == ADMINISTRATION


def test_only_listed_routes_are_steps_of_services(town: Mapping[str, Service]) -> None:
    steps = {
        operation.name
        for service in town.values()
        for operation in service.operations
        if operation.spec.get(ROLE_FIELD) == "service"
    }
    assert steps == STEPS


async def test_a_step_of_services_names_the_route_for_people(town: Mapping[str, Service]) -> None:
    path = "/backlogs/NONE-1/reservations/NONE-1-S01"
    headers = {"Authorization": f"Bearer {OPERATOR_KEY}"}
    async with httpx.AsyncClient(base_url=town["backlog"].url, headers=headers) as http:
        answer = await http.delete(path)
    assert answer.status_code == 403
    assert "/sprints/{sprint_id}/close" in answer.json()["detail"]


@pytest.mark.parametrize("name", NAMES)
async def test_unknown_routes_need_a_key_and_health_does_not(
    town: Mapping[str, Service], name: str
) -> None:
    async with httpx.AsyncClient(base_url=town[name].url, timeout=30) as http:
        assert (await http.get("/nowhere")).status_code == 401
        for path in OPEN_PATHS:
            assert (await http.get(path)).status_code in (200, 503)
