"""The key of a service reaches exactly the routes that its code calls."""

import ast
import re

import pytest

from deploy.calls import CALLS
from deploy.catalogue import SERVICES, ServiceSpec
from docs.generate import scopes
from domain_services.kernel.web.auth import ROLE_FIELD
from tests.deploy.test_job_scopes import reached
from tests.house.conftest import make_app, operations

CALLERS = [spec for spec in SERVICES if spec.calls]
# Of the steps of services, the one service whose work each is a step of.
OWNERS = {
    "backlog-service POST /backlogs/*/reservations": "sprint",
    "backlog-service DELETE /backlogs/*/reservations/*": "sprint",
    "chronicle-service POST /v1/notes/sprint_cancellation": "sprint",
    "chronicle-service POST /v1/notes/decision_audit": "orchestrator",
}


def template(operation: str) -> str:
    return re.sub(r"{\w+}", "*", operation)


def test_scopes_are_what_the_code_calls() -> None:
    """Compare both ways: a call without its scope, and a scope without its call."""
    assert {name: tuple(calls) for name, calls in scopes.scopes().items()} == CALLS, (
        "run `make docs` and commit the result"
    )


@pytest.mark.parametrize("spec", CALLERS, ids=lambda spec: spec.name)
def test_a_key_reaches_exactly_its_scope(spec: ServiceSpec) -> None:
    routes = {template(name) for name in reached(spec.calls)}
    assert routes >= set(spec.calls)
    # A `*` matches words of the same place too, as in `GET /sprints/active`: reading, never more.
    assert {name.split()[1] for name in routes - set(spec.calls)} <= {"GET"}
    for name in routes - set(spec.calls):
        assert any(re.fullmatch(_pattern(call), name) for call in spec.calls)


def _pattern(call: str) -> str:
    return re.escape(call).replace(r"\*", "[^/]*")


def test_each_step_of_services_belongs_to_one_service() -> None:
    steps = {
        f"{spec.identity} {template(operation.name)}"
        for spec in SERVICES
        for operation in operations(make_app(spec).openapi())
        if operation.spec.get(ROLE_FIELD) == "service"
    }
    assert steps == OWNERS.keys()
    for call, owner in OWNERS.items():
        assert [spec.name for spec in SERVICES if call in spec.calls] == [owner]


@pytest.mark.parametrize("spec", SERVICES, ids=lambda spec: spec.name)
def test_services_call_each_other_by_typed_clients_alone(spec: ServiceSpec) -> None:
    """A call past the clients would be in no scope, and no test would tell."""
    clients = {path.resolve() for path in scopes.clients()}
    callers = {
        module
        for module in scopes.modules(spec)
        if (path := scopes.file_of(module)) is not None
        and path.resolve() not in clients
        and any(
            isinstance(node, ast.Attribute) and node.attr in ("_call", "build_request")
            for node in ast.walk(ast.parse(path.read_text()))
        )
    }
    # Services answer the doctor with types of its client, which only a command opens. The others
    # call an API server or a model, which know no key of this project.
    assert callers <= {
        "domain_services.kernel.client.http_client",
        "domain_services.kernel.client.streaming",
        "domain_services.kernel.client.diagnosis",
        "agent.jobs.cluster.api",
        "agent.jobs.cluster.permissions",
        "domain_services.embedding.engines.ollama",
    }
