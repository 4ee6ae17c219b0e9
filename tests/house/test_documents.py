"""OpenAPI documents: failures, roles and idempotency keys of every operation."""

import pytest

from deploy.catalogue import SERVICES
from domain_services.kernel.errors import ProblemDocument
from domain_services.kernel.web.auth import OPEN_PATHS, ROLE_FIELD
from tests.house.conftest import NAMES, described_app, operations

VALIDATION = {
    "backlog": 422,
    "sprint": 422,
    "daily_scrum": 422,
}  # 400 elsewhere, as each service's section has it
PROBLEM = "application/problem+json"


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_documents_its_errors_and_role(name: str) -> None:
    document = described_app(name).openapi()
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
        if operation.spec[ROLE_FIELD] not in ("viewer", "operator", "service", "admin"):
            missing.append(f"{operation.name}: role")
    assert missing == []
    problem = document["components"]["schemas"]["ProblemDocument"]
    assert set(problem["properties"]) == set(ProblemDocument.model_fields)
    assert "HTTPValidationError" not in document["components"]["schemas"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "embedding"])
def test_every_post_takes_a_key(name: str) -> None:
    document = described_app(name).openapi()
    # What a viewer may post reads, or checks and keys each part by itself.
    posts = [
        operation
        for operation in operations(document)
        if operation.method == "POST" and operation.spec[ROLE_FIELD] != "viewer"
    ]
    without = [
        post.name
        for post in posts
        if "idempotency-key" not in {p["name"].lower() for p in post.spec.get("parameters", [])}
        or "409" not in post.spec["responses"]
    ]
    assert without == []


def test_embeddings_store_nothing_and_take_no_key() -> None:
    [spec] = [spec for spec in SERVICES if spec.name == "embedding"]
    assert spec.database is None
    assert "Idempotency-Key" not in str(described_app("embedding").openapi())
