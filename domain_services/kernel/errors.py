"""Errors that callers see, and their shape on the wire: problem+json (RFC 9457)."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


class Problem(Exception):
    """Base of every error that a caller sees.

    `detail` is one sentence for people; `fields` are extra members of the problem document.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"

    def __init__(
        self, detail: str, *, headers: dict[str, str] | None = None, **fields: Any
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}
        self.fields = fields


class NotFound(Problem):
    status = 404
    code = "not_found"
    title = "Not found"


class Conflict(Problem):
    status = 409
    code = "conflict"
    title = "Conflict"


class RequestInProgress(Conflict):
    """Refusal of a repeated request while the first is in progress."""

    code = "request_in_progress"
    title = "The same request is in progress"

    def __init__(self) -> None:
        super().__init__(
            "a request with this Idempotency-Key is in progress; repeat it for its answer",
            headers={"Retry-After": "1"},
        )


class PreconditionFailed(Problem):
    """Refusal to write: the resource has changed since the caller read it."""

    status = 412
    code = "precondition_failed"
    title = "Precondition failed"


class Invalid(Problem):
    """Refusal of input; the edge answers it with the service's validation status."""

    status = 422
    code = "invalid"
    title = "Invalid input"


class Unauthorized(Problem):
    status = 401
    code = "unauthorized"
    title = "Unauthorized"


class Forbidden(Problem):
    status = 403
    code = "forbidden"
    title = "Forbidden"


class RequestTimeout(Problem):
    """Refusal of a request that did not arrive in time; it has had no effect."""

    status = 408
    code = "request_timeout"
    title = "Request timeout"


class TooLarge(Problem):
    status = 413
    code = "too_large"
    title = "Request too large"


class NotJson(Problem):
    status = 415
    code = "not_json"
    title = "Not JSON"


class Unavailable(Problem):
    """Failure to reach a store or a peer; try again after `retry_after_seconds`."""

    status = 503
    code = "unavailable"
    title = "Service unavailable"

    def __init__(self, detail: str, *, retry_after_seconds: int = 1, **fields: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)}, **fields)


class ProblemDocument(BaseModel):
    """RFC 9457 problem details, as answered with `application/problem+json`."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None = None
    errors: list[dict[str, Any]] | None = None


def document(
    problem: Problem, *, status: int | None = None, request_id: str | None
) -> dict[str, Any]:
    """Return the problem as a JSON object; `status` replaces the class's own."""
    return {
        "type": f"urn:dsm:problem:{problem.code}",
        "title": problem.title,
        "status": status or problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": request_id,
        **problem.fields,
    }
