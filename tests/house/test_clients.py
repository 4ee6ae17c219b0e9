"""Every method of every typed client against the OpenAPI document of its service."""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

import httpx
import pytest
from pydantic import BaseModel, TypeAdapter

from agent.client import OrchestratorClient
from docs.generate import scopes
from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.daily_scrum.client import DailyScrumClient
from domain_services.embedding.client import EmbeddingClient
from domain_services.kernel.client.dead_letters import DeadLettersClient
from domain_services.kernel.client.diagnosis import DiagnosisClient
from domain_services.kernel.client.http_client import ServiceClient, tls
from domain_services.kernel.client.set_aside import SetAsideClient
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient
from tests.house.conftest import NAMES, Operation, described_app, operations

CLIENTS: tuple[tuple[str, type[ServiceClient]], ...] = (
    ("project", ProjectClient),
    ("backlog", BacklogClient),
    ("sprint", SprintClient),
    ("chronicle", ChronicleClient),
    ("embedding", EmbeddingClient),
    ("daily_scrum", DailyScrumClient),
    ("orchestrator", OrchestratorClient),
    ("backlog", DeadLettersClient),
    ("sprint", DeadLettersClient),
    ("orchestrator", DeadLettersClient),
    ("sprint", SetAsideClient),
    ("daily_scrum", SetAsideClient),
    ("orchestrator", SetAsideClient),
    *((name, DiagnosisClient) for name in NAMES),
)


class InterceptedCall(Exception):
    """Request that a client would have sent."""

    def __init__(self, method: str, path: str, answer: Any, options: Mapping[str, Any]) -> None:
        super().__init__(path)
        self.method, self.path, self.answer, self.options = method, path, answer, options


@dataclass(frozen=True)
class Method:
    """Method of a client."""

    service: str
    client: type[ServiceClient]
    name: str


def _methods() -> Iterator[Method]:
    for service, client in CLIENTS:
        for name, _ in inspect.getmembers(client, inspect.iscoroutinefunction):
            if not name.startswith("_"):
                yield Method(service, client, name)


def _value(hint: Any) -> Any:
    """Make a value of the type; models are not validated, as nothing is sent."""
    options = [option for option in get_args(hint) if option is not type(None)]
    if get_origin(hint) in (list, tuple) or str(get_origin(hint)).endswith("Sequence'>"):
        return [_value(options[0])]
    if options and not isinstance(options[0], type):
        return _value(options[0]) if get_origin(options[0]) else options[0]
    if options:
        return _value(options[0])
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint.model_construct()
    plain = {date: date(2025, 3, 3), int: 1, float: 0.5, bool: True, UUID: UUID(int=1)}
    return plain.get(hint, "P1")


async def _called(method: Method) -> InterceptedCall:
    class Recording(method.client):
        async def _call(self, verb: str, path: str, answer: Any, **options: Any) -> Any:
            raise InterceptedCall(verb, path, answer, options)

    async with httpx.AsyncClient(verify=tls()) as http:
        bound = getattr(Recording(http, "http://nowhere"), method.name)
        hints = get_type_hints(getattr(method.client, method.name))
        arguments = {n: _value(hints[n]) for n in inspect.signature(bound).parameters}
        with pytest.raises(InterceptedCall) as called:
            await bound(**arguments)
    return called.value


def _operation(document: Mapping[str, Any], called: InterceptedCall) -> Operation:
    """Find the operation that serves the call; one without path parameters goes first."""
    candidates = [
        operation
        for operation in operations(document)
        if operation.method == called.method
        and re.fullmatch(re.sub(r"{\w+}", "[^/]+", operation.path), called.path)
    ]
    assert candidates, f"no operation serves {called.method} {called.path}"
    return min(candidates, key=lambda operation: operation.path.count("{"))


def _shape(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Reduce a schema to types and names of fields, through all references."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return (name.rpartition("__")[2], frozenset(definitions[name].get("properties", {})))
    if schema.get("type") == "array":
        return ("array", _shape(schema.get("items", {}), definitions))
    if "properties" in schema:
        return (schema.get("title"), frozenset(schema["properties"]))
    return schema.get("type")


METHODS = list(_methods())
METHOD_IDS = [f"{method.service}.{method.client.__name__}.{method.name}" for method in METHODS]


@pytest.mark.parametrize(
    "method",
    METHODS,
    ids=METHOD_IDS,
)
async def test_client_method_matches_the_openapi_document(method: Method) -> None:
    document = described_app(method.service).openapi()
    called = await _called(method)
    operation = _operation(document, called)
    # The scopes of keys are read from the clients' text.
    function = getattr(method.client, method.name)
    if (source := Path(inspect.getfile(function))) in scopes.clients():
        template = re.sub(r"{\w+}", "*", operation.path)
        assert scopes.routes(source)[method.name] == f"{operation.method} {template}"
    documented = {p["name"].lower() for p in operation.spec.get("parameters", [])}
    assert set(called.options.get("params") or {}) <= documented
    if called.options.get("key") is not None:
        assert "idempotency-key" in documented
    if called.options.get("if_match") is not None:
        assert "if-match" in documented
    definitions = document["components"]["schemas"]
    body = called.options.get("body")
    if body is None:
        assert not operation.spec.get("requestBody", {}).get("required", False)
    else:
        accepted = str(operation.spec["requestBody"]["content"]["application/json"]["schema"])
        assert f"/{type(body).__name__}'" in accepted
        assert set(definitions[type(body).__name__]["properties"]) == set(type(body).model_fields)
    answers = [item for code, item in operation.spec["responses"].items() if code[0] == "2"]
    assert answers
    ours = TypeAdapter(called.answer).json_schema(mode="serialization")
    for answer in answers:
        theirs = answer["content"]["application/json"]["schema"]
        # A route that answers one of several types has a method for each.
        options = [_shape(option, definitions) for option in theirs.get("anyOf", [theirs])]
        assert _shape(ours, ours.get("$defs", {})) in options


# Called by kubelets, Prometheus and people, not by a client.
WITHOUT_CLIENT = {"GET /health", "GET /health/ready", "GET /health/serving", "GET /metrics"}


@pytest.mark.parametrize("service", NAMES)
async def test_every_operation_has_a_client_method(service: str) -> None:
    document = described_app(service).openapi()
    called = {
        _operation(document, await _called(method)).name
        for method in METHODS
        if method.service == service
    }
    assert {operation.name for operation in operations(document)} - WITHOUT_CLIENT - called == set()
