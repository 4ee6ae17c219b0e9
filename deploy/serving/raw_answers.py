"""Answers that are written without an app: refusals of what is not a request yet."""

import json
from http import HTTPStatus

from domain_services.kernel.errors import Problem, document


def problem(status: int, detail: str, request_id: str) -> bytes:
    """Return a whole answer, problem+json, that says that the connection is closed."""
    known = HTTPStatus(status)
    fields = document(Problem(detail), status=status, request_id=request_id)
    code = f"http_{status}"
    fields |= {"title": known.phrase, "code": code, "type": f"urn:dsm:problem:{code}"}
    body = json.dumps(fields).encode()
    retry = "retry-after: 1\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else ""
    head = (
        f"HTTP/1.1 {status} {known.phrase}\r\n"
        "content-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\n"
        f"x-request-id: {request_id}\r\n"
        f"{retry}connection: close\r\n\r\n"
    )
    return head.encode() + body
