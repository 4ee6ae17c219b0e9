"""Hostile values in every field of every request: a 4xx with a problem, and nothing stored."""

import asyncio
import json
import os
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from domain_services.kernel.web.auth import OPEN_PATHS
from tests.conftest import ADMIN_KEY
from tests.house.conftest import NAMES, Operation, Service

# Requests of each operation. They are the same in each run, so that more of them are for a person
# who changes many routes.
CASES = int(os.environ.get("DSM_HOSTILE_CASES", "15"))

JSON = {"Content-Type": "application/json"}

# Every field of every type refuses these.
REFUSED: tuple[tuple[str, str], ...] = (
    ("NUL", '"a\\u0000b"'),
    ("a lone surrogate", '"\\ud800"'),
    ("NaN", "NaN"),
    ("an infinity", "1e999"),
    ("a number of 5,000 digits", "9" * 5000),
    ("a long text", json.dumps("x" * 200_000)),
    ("depth", "[" * 40 + "]" * 40),
    ("no JSON", '"'),
)
# A field may accept these or not, but no request may fail with a 5xx.
ODD: tuple[str, ...] = (
    '"\'; DROP TABLE tasks; --"',
    '"{{7*7}}${7*7}<script>alert(1)</script>"',
    '"../../etc/passwd"',
    '"\u202eabc\u0007"',
    '""',
    '"9999-12-31"',
    "-1",
    "1e308",
    "9223372036854775808",
    "true",
    "null",
    "[]",
    "{}",
    "[[null]]",
)
PATHS = (
    "%00",
    "%ED%A0%80",
    "%FF",
    "x" * 3000,
    "P1%0A",
    "%27--",
    "..%2F..%2Fx",
    "%F0%9F%98%80",
    "-1",
)
IDS = {"sprint_id": "P1-S01", "task_id": "P1-TASK001", "project_id": "P1"}


def _resolve(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for choice in ("anyOf", "oneOf"):
        options = [_resolve(document, option) for option in schema.get(choice, [])]
        objects = [option for option in options if option.get("type") == "object"]
        if objects:
            return objects[0]
    return schema


def _sample(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Any:
    """Make a value that the schema describes, with its required fields alone."""
    schema = _resolve(document, schema)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("examples"):
        return schema["examples"][0]
    kind = schema.get("type", "string")
    if kind == "object" and depth < 5:
        properties = schema.get("properties", {})
        return {
            name: _sample(document, properties[name], depth + 1)
            for name in schema.get("required", [])
        }
    if kind == "array":
        return [_sample(document, schema["items"], depth + 1)] * schema.get("minItems", 0)
    formats = {"date": "2025-03-03", "date-time": "2025-03-03T00:00:00Z"}
    formats["uuid"] = "0189dcd5-0000-7000-8000-000000000000"
    plain = {"string": formats.get(schema.get("format", ""), "text"), "boolean": True}
    return plain.get(kind, schema.get("minimum", 1))


def _fields(
    document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0
) -> Iterator[tuple[str | int, ...]]:
    """List the path of every field of a body, those in lists and in objects too."""
    schema = _resolve(document, schema)
    if schema.get("type") == "array" and "items" in schema:
        for rest in _fields(document, schema["items"], depth):
            yield (0, *rest)
    for name, inner in schema.get("properties", {}).items():
        yield (name,)
        if depth < 2:
            for rest in _fields(document, inner, depth + 1):
                yield (name, *rest)


def _put(body: Any, where: tuple[str | int, ...], value: str) -> bytes:
    """Write the body as JSON text with `value`, which may be no JSON, at the path `where`."""
    marker = "@here@"
    changed = json.loads(json.dumps(body))
    inner = changed
    for step, following in pairwise(where):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(inner, list):
            if not inner:
                inner.append(empty)
            inner = inner[0]
            continue
        if not isinstance(inner.get(step), type(empty)):
            inner[step] = empty
        inner = inner[step]
    if isinstance(inner, list):
        inner[:] = [marker]
    else:
        inner[where[-1]] = marker
    return json.dumps(changed).replace(json.dumps(marker), value).encode()


def _address(operation: Operation) -> str:
    return re.sub(r"{(\w+)}", lambda match: IDS.get(match[1], "P1"), operation.path)


def _refused(answer: httpx.Response) -> bool:
    problem = answer.headers.get("content-type") == "application/problem+json"
    return 400 <= answer.status_code < 500 and problem and len(answer.content) < 50_000


def _with_bodies(service: Service) -> Iterator[tuple[Operation, Mapping[str, Any]]]:
    for operation in service.operations:
        content = operation.spec.get("requestBody", {}).get("content", {})
        # Files are no JSON and have no fields.
        if "application/json" in content:
            yield operation, content["application/json"]["schema"]


@pytest.mark.parametrize("name", NAMES)
async def test_every_field_refuses_hostile_values(town: Mapping[str, Service], name: str) -> None:
    service = town[name]
    before = await service.counts()
    problems: list[str] = []
    sent = 0
    for operation, schema in _with_bodies(service):
        body = _sample(service.document, schema)
        for where in _fields(service.document, schema):
            for kind, value in REFUSED:
                answer = await service.http.request(
                    operation.method,
                    _address(operation),
                    content=_put(body, where, value),
                    headers=JSON,
                )
                sent += 1
                if not _refused(answer):
                    problems.append(f"{operation.name} {where} {kind}: {answer.status_code}")
    assert problems == []
    assert await service.counts() == before
    assert sent > 0 or name == "daily_scrum"


@pytest.mark.parametrize("name", NAMES)
async def test_odd_values_never_cause_a_server_error(
    town: Mapping[str, Service], name: str
) -> None:
    service = town[name]
    problems: list[str] = []
    for operation, schema in _with_bodies(service):
        body = _sample(service.document, schema)
        for where in _fields(service.document, schema):
            for value in ODD:
                answer = await service.http.request(
                    operation.method,
                    _address(operation),
                    content=_put(body, where, value),
                    headers=JSON,
                )
                if answer.status_code >= 500:
                    problems.append(f"{operation.name} {where} {value}: {answer.status_code}")
    assert problems == []


@pytest.mark.parametrize("name", NAMES)
async def test_odd_addresses_never_cause_a_server_error(
    town: Mapping[str, Service], name: str
) -> None:
    service = town[name]
    before = await service.counts()
    problems: list[str] = []
    for operation in service.operations:
        if operation.path in OPEN_PATHS:
            continue
        addresses = [
            re.sub(r"{\w+}", path, operation.path) for path in PATHS if "{" in operation.path
        ]
        queries = [p["name"] for p in operation.spec.get("parameters", []) if p["in"] == "query"]
        address = _address(operation).replace("P1", "NONE-1")
        addresses += [f"{address}?{quote(q)}={path}" for q in queries for path in PATHS]
        for url in addresses:
            answer = await service.http.request(operation.method, url)
            if answer.status_code >= 500:
                problems.append(f"{operation.method} {url[:200]}: {answer.status_code}")
    assert problems == []
    assert await service.counts() == before


def _explore(service: Service) -> list[str]:
    """List the failures that schemathesis finds in `CASES` requests for each operation."""
    schema = schemathesis.openapi.from_dict(service.document)
    schema.config.update(base_url=service.url)
    failures: list[str] = []
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    with requests.Session() as session:
        for result in schema.get_all_operations():
            operation = result.ok()

            @settings(
                max_examples=CASES,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def send(case: schemathesis.Case) -> None:
                answer = case.call(session=session, headers=headers)
                case.validate_response(answer, checks=checks)

            try:
                send()
            except (FailureGroup, Failure) as failure:
                failures.append(f"{operation.label}: {failure}"[:1500])
    return failures


# The service runs beside the generator, in the same process, and draws random numbers of its own.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.parametrize("name", NAMES)
async def test_answers_are_as_documented(town: Mapping[str, Service], name: str) -> None:
    failures = await asyncio.to_thread(_explore, town[name])
    assert not failures, "\n".join(failures)
