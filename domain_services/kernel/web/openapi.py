"""Parts of an OpenAPI document that are the same for all routes: problems and roles."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import JsonValue

from domain_services.kernel.errors import ProblemDocument
from domain_services.kernel.web.auth import OPEN_PATHS, ROLE_FIELD
from domain_services.kernel.web.parameters import complete_parameter

MEDIA_TYPE = "application/problem+json"

Examples = Mapping[str, dict[str, JsonValue]]
"""Example of a request body by operation, as "POST /projects"."""

_KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "an API key: of a viewer to read, of an operator or admin to change",
}

DESCRIPTIONS = {
    400: "Invalid input",
    401: "No known API key",
    403: "The key's role or scope does not allow it",
    404: "Not found",
    408: "The body did not arrive in time",
    409: "Conflict",
    412: "Precondition failed",
    413: "Request too large",
    415: "Not JSON",
    422: "Invalid input",
    500: "Internal error",
    503: "Overloaded, or a dependency is unavailable",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Make the `responses` of a route: a problem document for each status."""
    return {
        status: {
            "model": ProblemDocument,
            "content": {MEDIA_TYPE: {}},
            "description": DESCRIPTIONS[status],
        }
        for status in statuses
    }


def complete(app: FastAPI, validation_status: int, examples: Examples) -> None:
    """Add the edge's answers, the API key and an example to every operation.

    An operation is named as its function, so that a generated client has short names that stay.
    """
    for route in app.routes:
        if isinstance(route, APIRoute):
            route.operation_id = route.name
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = generate()
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            schemas.setdefault("ProblemDocument", ProblemDocument.model_json_schema())
            schema["components"]["securitySchemes"] = {"api_key": _KEY}
            for path, method, operation in _operations(schema):
                if path not in OPEN_PATHS:
                    _complete_operation(method, operation, validation_status)
                    operation["security"] = [{"api_key": []}]
                _add_examples(operation, examples.get(f"{method.upper()} {path}"))
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _complete_operation(method: str, operation: dict[str, Any], validation_status: int) -> None:
    operation.setdefault(ROLE_FIELD, "viewer" if method == "get" else "operator")
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]
    statuses = [validation_status, 401, 403, 500, 503]
    if "requestBody" in operation:
        statuses += [413, 415]
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    if "Idempotency-Key" in names or "idempotency-key" in names:
        statuses.append(409)
    for status in statuses:
        answers.setdefault(str(status), _answer(status))


def _add_examples(operation: dict[str, Any], body: dict[str, JsonValue] | None) -> None:
    if body is not None and "requestBody" in operation:
        operation["requestBody"]["content"]["application/json"]["example"] = body
    for parameter in operation.get("parameters", []):
        complete_parameter(parameter)


def _answer(status: int) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/ProblemDocument"}
    return {
        "description": DESCRIPTIONS[status],
        "content": {MEDIA_TYPE: {"schema": reference}},
    }
