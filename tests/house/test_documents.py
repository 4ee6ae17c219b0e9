"""What documents promise is there: failures in OpenAPI, commands in the README."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from agent.cli.main import app
from deploy.local.catalogue import SERVICES, ServiceSpec
from domain_services.kernel.errors import ProblemDocument
from domain_services.kernel.web.auth import OPEN_PATHS, ROLE_FIELD
from tests.house.conftest import NAMES, make_app, operations

VALIDATION = {
    "backlog": 422,
    "sprint": 422,
    "daily_scrum": 422,
}  # 400 elsewhere, as each service's section has it
PROBLEM = "application/problem+json"


def _spec(name: str) -> ServiceSpec:
    return next(each for each in SERVICES if each.name == name)


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_says_how_it_may_fail(name: str) -> None:
    document = make_app(_spec(name)).openapi()
    missing: list[str] = []
    for operation in operations(document):
        if operation.path in OPEN_PATHS:
            continue
        answers = operation.spec["responses"]
        required = {401, 403, 500, VALIDATION.get(name, 400)}
        if "requestBody" in operation.spec:
            required |= {413, 415}
        for status in sorted(required):
            if PROBLEM not in answers.get(str(status), {}).get("content", {}):
                missing.append(f"{operation.name}: {status}")
        if operation.spec[ROLE_FIELD] not in ("viewer", "operator", "admin"):
            missing.append(f"{operation.name}: role")
    assert missing == []
    problem = document["components"]["schemas"]["ProblemDocument"]
    assert set(problem["properties"]) == set(ProblemDocument.model_fields)
    assert "HTTPValidationError" not in document["components"]["schemas"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "embedding"])
def test_every_post_takes_a_key(name: str) -> None:
    posts = [each for each in operations(make_app(_spec(name)).openapi()) if each.method == "POST"]
    without = [
        each.name
        for each in posts
        if "idempotency-key" not in {p["name"].lower() for p in each.spec.get("parameters", [])}
        or "409" not in each.spec["responses"]
    ]
    assert without == []


def test_embeddings_store_nothing_and_take_no_key() -> None:
    spec = _spec("embedding")
    assert spec.database is None
    assert "Idempotency-Key" not in str(make_app(spec).openapi())


def _targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def _commands(command: Any, prefix: str = "dsm") -> dict[str, set[str]]:
    """Every command line of the console script with its options."""
    found = {prefix: {option for each in command.params for option in each.opts}}
    for name, inner in getattr(command, "commands", {}).items():
        found |= _commands(inner, f"{prefix} {name}")
    return found


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_commands_of_a_page_exist(repository: Path, page: str) -> None:
    text = (repository / page).read_text()
    targets = _targets((repository / "Makefile").read_text())
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    assert named
    assert named <= targets
    known = _commands(typer.main.get_command(app))
    for line in re.findall(r"(?:^|`|; )(dsm [^#`;\n]+)", text, re.MULTILINE):
        words = line.split()
        command = words[0]
        for word in words[1:]:
            if f"{command} {word}" not in known:
                break
            command = f"{command} {word}"
        assert command != "dsm" or "|" in line, line
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert options <= known[command] | {"--help"}, line
